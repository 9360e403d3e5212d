// Proves that each distribution is the one its name says, by chi-square at alpha 0.001 a case with fixed seeds; that a small number of keys, a
// single key and a steep exponent work; and that keys are written as the hexadecimal text they should be.
import test from 'ava';
import { WorkloadError } from '../../contract.ts';
import { chiSquare, chiSquareLimit } from '../chi-square.ts';
import { counted, eachKey, pooled, zipfExpected } from './key-counts.ts';
import { KEYS_MAX, type KeyDistribution, keySampler } from './key-sampler.ts';
import { keyWriter } from './key-writer.ts';

const DRAWS = 2_000_000;

function drawn(seed: number, keys: number, distribution: KeyDistribution, draws = DRAWS): Float64Array {
  return counted(keySampler(seed, keys, distribution), keys, draws);
}

test('uniform: every key as often as every other', (t) => {
  for (const keys of [2, 10, 1_000, 65_537]) {
    const statistic = chiSquare(drawn(1, keys, { kind: 'uniform' }), DRAWS / keys);
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
    const counts = drawn(2, keys, { kind: 'zipf', exponent, scrambled: false });
    const cells = pooled(counts, zipfExpected(keys, exponent, DRAWS));
    const limit = chiSquareLimit(cells.counts.length - 1);
    const statistic = chiSquare(cells.counts, cells.expected);
    t.true(statistic < limit, `${keys} keys, exponent ${exponent}: ${statistic} above ${limit}`);
  }
});

test('the test of zipf can fail: another exponent by 1 % is seen', (t) => {
  const counts = drawn(2, 1_000, { kind: 'zipf', exponent: 1, scrambled: false });
  t.true(chiSquare(counts, zipfExpected(1_000, 1.01, DRAWS)) > chiSquareLimit(999));
});

test('scrambling moves the ranks and loses none', (t) => {
  for (const keys of [1, 2, 3, 10, 1_000, 4_096]) {
    const plain = drawn(3, keys, { kind: 'zipf', exponent: 1, scrambled: false }, 100_000);
    const scrambled = drawn(3, keys, { kind: 'zipf', exponent: 1, scrambled: true }, 100_000);
    t.deepEqual(scrambled.toSorted(), plain.toSorted(), `${keys} keys`);
    if (keys >= 10) t.notDeepEqual(scrambled, plain);
  }
});

test('hotspot: the hot keys get their share, evenly, and so do the others', (t) => {
  const keys = 1_000;
  const counts = drawn(4, keys, { kind: 'hotspot', hotFraction: 0.05, hotShare: 0.8 });
  const expected = Float64Array.from({ length: keys }, (_, key) => (key < 50 ? (0.8 * DRAWS) / 50 : (0.2 * DRAWS) / 950));
  const statistic = chiSquare(counts, expected);
  t.true(statistic < chiSquareLimit(keys - 1), `${statistic} above ${chiSquareLimit(keys - 1)}`);
});

test('latest: the age of a key, plus 1, is its rank', (t) => {
  for (const [keys, exponent] of [
    [2, 1],
    [50, 0.99],
    [10_000, 1.2],
  ] as const) {
    const cells = pooled(drawn(6, keys, { kind: 'latest', exponent }).reverse(), zipfExpected(keys, exponent, DRAWS));
    const statistic = chiSquare(cells.counts, cells.expected);
    t.true(statistic < chiSquareLimit(cells.counts.length - 1), `${keys} keys, exponent ${exponent}: ${statistic}`);
  }
});

test('ecdf: each part of the keys has its share, evenly', (t) => {
  const keys = 1_000;
  const points = [
    { keyFraction: 0.01, share: 0.4 },
    { keyFraction: 0.25, share: 0.9 },
    { keyFraction: 0.5, share: 0.9 },
    { keyFraction: 1, share: 1 },
  ];
  const counts = drawn(7, keys, { kind: 'ecdf', points });
  const expected = counts.map((_, key) => DRAWS * (key < 10 ? 0.4 / 10 : key < 250 ? 0.5 / 240 : key < 500 ? 0 : 0.1 / 500));
  t.is(Math.max(...counts.subarray(250, 500)), 0);
  const cells = pooled(counts, expected);
  const statistic = chiSquare(cells.counts, cells.expected);
  t.true(statistic < chiSquareLimit(cells.counts.length - 1), `${statistic}`);
});

test('sequential: one after the other and around; constant: one', (t) => {
  for (const from of [0, 999, 2 ** 40 + 3]) {
    eachKey(keySampler(8, 77, { kind: 'sequential' }), from, from + 200, (key, position) => {
      if (key !== position % 77) t.fail(`event ${position} has key ${key}`);
    });
    eachKey(keySampler(8, 77, { kind: 'constant' }), from, from + 200, (key) => {
      if (key !== 0) t.fail(`key ${key}`);
    });
  }
  t.pass();
});

test('steep exponents and single keys stay within the keys', (t) => {
  t.deepEqual([...drawn(5, 1, { kind: 'uniform' }, 1_000)], [1_000]);
  t.deepEqual([...drawn(5, 1, { kind: 'zipf', exponent: 1, scrambled: true }, 1_000)], [1_000]);
  t.is(
    drawn(5, KEYS_MAX, { kind: 'zipf', exponent: 16, scrambled: false }, 10_000).reduce((sum, count) => sum + count),
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
  refused(10, { kind: 'latest', exponent: 17 }, /exponent must be from 0/);
  const points = [
    { keyFraction: 0.01, share: 0.4 },
    { keyFraction: 1, share: 1 },
  ];
  refused(10, { kind: 'ecdf', points }, /of 10 keys, the fraction up to 0.01 has no key of its own/);
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
