// Proves that every bit of every element reaches the column `payload`, that the order of elements does not, and that elements without a
// payload have no such column.
import test from 'ava';
import { addHashes, elementHash, PAYLOAD_COLUMN, stageColumns } from '../contract.ts';
import { exactDistinct } from './exact-distinct.ts';
import { median } from './median.ts';

const WIDTH = 4;

function payloadOf(elements: readonly (readonly number[])[], aggregate = median(WIDTH)): number {
  const results = new Float64Array(4).fill(-1);
  aggregate.reduce(Float64Array.from(elements.flat()), elements.length, results, 1);
  return results[3]!;
}

const ELEMENTS = [
  [5, 16, 1.5e300, 0],
  [6, 9, -2.25, 1e-300],
  [7, 16, 1.5e300, 3],
] as const;

test('only lists of elements that carry a payload have the column', (t) => {
  t.deepEqual(median(1).columns, ['count', 'median']);
  t.deepEqual(median(2).columns, ['count', 'median', PAYLOAD_COLUMN]);
  t.deepEqual(exactDistinct(9).columns, ['count', 'distinct', PAYLOAD_COLUMN]);
  t.deepEqual(stageColumns({ kind: 'continuous-join', keyPrefixBytes: 4, inputWidth: 1 }), ['left', 'right']);
  t.deepEqual(stageColumns({ kind: 'continuous-join', keyPrefixBytes: 4, inputWidth: 3 }), ['left', 'right', PAYLOAD_COLUMN]);
});

test('a change of any bit of any element changes the hash', (t) => {
  const whole = payloadOf(ELEMENTS);
  t.true(Number.isSafeInteger(whole) && whole >= 0 && whole < 2 ** 52);
  t.is(payloadOf(ELEMENTS, exactDistinct(WIDTH)), whole);
  const seen = new Set([whole]);
  const words = new Uint32Array(Float64Array.from(ELEMENTS[0]).buffer);
  const rest = addHashes(payloadOf([ELEMENTS[1]]), payloadOf([ELEMENTS[2]]));
  t.is(addHashes(elementHash(words, 0, WIDTH), rest), whole);
  for (let bit = 0; bit < 64 * WIDTH; bit++) {
    words[bit >>> 5]! ^= 1 << (bit & 31);
    seen.add(addHashes(elementHash(words, 0, WIDTH), rest));
    words[bit >>> 5]! ^= 1 << (bit & 31);
  }
  t.is(seen.size, 1 + 64 * WIDTH);
});

test('the order of elements changes nothing; a payload at another value, an element more or one fewer does', (t) => {
  const [a, b, c] = ELEMENTS;
  const whole = payloadOf([a, b, c]);
  t.is(payloadOf([c, a, b]), whole);
  const [swapped, other] = [
    [a[0], ...b.slice(1)],
    [b[0], ...a.slice(1)],
  ];
  for (const elements of [
    [a, b],
    [a, b, c, c],
    [a, b, c, a],
    [swapped, other, c],
    [other, b, c],
  ])
    t.not(payloadOf(elements), whole);
  t.not(payloadOf([a, a]), 0, 'equal elements do not cancel each other out');
});

test('sums stay below 2^52 and are exact', (t) => {
  t.is(addHashes(2 ** 52 - 1, 2 ** 52 - 1), 2 ** 52 - 2);
  t.is(addHashes(2 ** 52 - 1, 1), 0);
  t.is(addHashes(3, 4), 7);
});
