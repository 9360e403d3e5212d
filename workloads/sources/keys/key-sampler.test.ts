// Proves that each distribution is the one its name says, by chi-square at alpha 0.001 with fixed seeds; that a small number of keys, a
// single key and a steep exponent work; and that keys are written as the hexadecimal text they should be.
import test from 'ava';
import { WorkloadError } from '../../contract.ts';
import { chiSquare, chiSquareLimit } from '../chi-square.ts';
import { KEYS_MAX, type KeyDistribution, keySampler } from './key-sampler.ts';
import { keyWriter } from './key-writer.ts';

const DRAWS = 2_000_000;

function counted(seed: number, keys: number, distribution: KeyDistribution, draws = DRAWS): Float64Array {
  const sample = keySampler(seed, keys, distribution);
  const numbers = new Uint32Array(1000);
  const counts = new Float64Array(keys);
  for (let position = 0; position < draws; position += numbers.length) {
    sample(numbers, position, numbers.length);
    for (const number of numbers) counts[number]!++;
  }
  return counts;
}

/** Puts neighbouring cells together so that each is expected at least 20 times, since the statistic needs that. */
function pooled(counts: ArrayLike<number>, expected: ArrayLike<number>): { counts: number[]; expected: number[] } {
  const result = { counts: [0], expected: [0] };
  let left = DRAWS;
  for (let i = 0; i < counts.length; i++) {
    if (result.expected.at(-1)! >= 20 && left >= 20) {
      result.counts.push(0);
      result.expected.push(0);
    }
    result.counts[result.counts.length - 1]! += counts[i]!;
    result.expected[result.expected.length - 1]! += expected[i]!;
    left -= expected[i]!;
  }
  return result;
}

function zipfExpected(keys: number, exponent: number, draws: number): Float64Array {
  const weights = Float64Array.from({ length: keys }, (_, i) => (i + 1) ** -exponent);
  const total = weights.reduce((sum, weight) => sum + weight);
  return weights.map((weight) => (weight / total) * draws);
}

test('uniform: every key as often as every other', (t) => {
  for (const keys of [2, 10, 1_000, 65_537]) {
    const statistic = chiSquare(counted(1, keys, { kind: 'uniform' }), DRAWS / keys);
    t.true(statistic < chiSquareLimit(keys - 1), `${keys} keys: ${statistic} above ${chiSquareLimit(keys - 1)}`);
  }
});

test('zipf: rank r has its share 1 / r^s', (t) => {
  for (const [keys, exponent] of [
    [2, 1],
    [40, 0.99],
    [100, 2.5],
    [1_000, 0],
    [1_000, 0.5],
    [1_000, 1],
    [100_000, 0.99],
    [1_000_000, 1.2],
  ] as const) {
    const counts = counted(2, keys, { kind: 'zipf', exponent, scrambled: false });
    const cells = pooled(counts, zipfExpected(keys, exponent, DRAWS));
    const limit = chiSquareLimit(cells.counts.length - 1);
    const statistic = chiSquare(cells.counts, cells.expected);
    t.true(statistic < limit, `${keys} keys, exponent ${exponent}: ${statistic} above ${limit}`);
  }
});

test('the test of zipf can fail: another exponent by 1 % is seen', (t) => {
  const counts = counted(2, 1_000, { kind: 'zipf', exponent: 1, scrambled: false });
  t.true(chiSquare(counts, zipfExpected(1_000, 1.01, DRAWS)) > chiSquareLimit(999));
});

test('scrambling moves the ranks and loses none', (t) => {
  for (const keys of [1, 2, 3, 10, 1_000, 4_096]) {
    const plain = counted(3, keys, { kind: 'zipf', exponent: 1, scrambled: false }, 100_000);
    const scrambled = counted(3, keys, { kind: 'zipf', exponent: 1, scrambled: true }, 100_000);
    t.deepEqual(scrambled.toSorted(), plain.toSorted(), `${keys} keys`);
    if (keys >= 10) t.notDeepEqual(scrambled, plain);
  }
});

test('hotspot: the hot keys get their share, evenly, and so do the others', (t) => {
  const keys = 1_000;
  const counts = counted(4, keys, { kind: 'hotspot', hotFraction: 0.05, hotShare: 0.8 });
  const expected = Float64Array.from({ length: keys }, (_, key) => (key < 50 ? (0.8 * DRAWS) / 50 : (0.2 * DRAWS) / 950));
  const statistic = chiSquare(counts, expected);
  t.true(statistic < chiSquareLimit(keys - 1), `${statistic} above ${chiSquareLimit(keys - 1)}`);
});

test('steep exponents and single keys stay within the keys', (t) => {
  t.deepEqual([...counted(5, 1, { kind: 'uniform' }, 1_000)], [1_000]);
  t.deepEqual([...counted(5, 1, { kind: 'zipf', exponent: 1, scrambled: true }, 1_000)], [1_000]);
  t.is(
    counted(5, KEYS_MAX, { kind: 'zipf', exponent: 16, scrambled: false }, 10_000).reduce((sum, count) => sum + count),
    10_000,
  );
});

test('what cannot be is refused, with the reason', (t) => {
  const refused = (keys: number, distribution: KeyDistribution, message: RegExp): void => {
    t.throws(() => keySampler(1, keys, distribution), { instanceOf: WorkloadError, code: 'impossible-settings', message });
  };
  refused(0, { kind: 'uniform' }, /keys must be an integer from 1/);
  refused(KEYS_MAX + 1, { kind: 'uniform' }, /keys must be/);
  refused(10, { kind: 'hotspot', hotFraction: 1.5, hotShare: 0.5 }, /of 10 keys makes 15 hot ones/);
  refused(10, { kind: 'hotspot', hotFraction: 1, hotShare: 0.5 }, /1 other/);
  refused(10, { kind: 'hotspot', hotFraction: 0, hotShare: 0.5 }, /makes 0 hot ones/);
  refused(10, { kind: 'hotspot', hotFraction: 0.1, hotShare: 1.5 }, /hotShare must be from 0 to 1/);
  refused(10, { kind: 'zipf', exponent: -1, scrambled: false }, /exponent must be from 0/);
  t.throws(() => keyWriter(65_537, 4), {
    instanceOf: WorkloadError,
    code: 'impossible-settings',
    message: /do not fit 4 hexadecimal digits/,
  });
  t.throws(() => keyWriter(10, 6), { instanceOf: WorkloadError, code: 'impossible-settings', message: /multiple of 4/ });
});

test('keys are written as zero-padded lower-case hexadecimal text', (t) => {
  for (const [keyBytes, numbers] of [
    [4, [0, 1, 0xabc, 0xffff]],
    [8, [0, 0x10000, 0xfedcba, 0xffffff]],
    [20, [0, 1, 0xabcdef]],
  ] as const) {
    const words = new Uint32Array(((numbers.length + 2) * keyBytes) / 4).fill(0xffffffff);
    keyWriter(0x10000, keyBytes)(Uint32Array.from(numbers), numbers.length, words, 1);
    const bytes = Buffer.from(words.buffer);
    for (const [i, number] of numbers.entries()) {
      t.is(bytes.toString('latin1', (i + 1) * keyBytes, (i + 2) * keyBytes), number.toString(16).padStart(keyBytes, '0'));
    }
    t.is(words[0], 0xffffffff);
    t.is(words.at(-1), 0xffffffff);
  }
});
