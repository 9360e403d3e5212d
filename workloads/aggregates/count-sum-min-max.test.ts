// Proves that both forms of the aggregate fold as a plain loop does, that merging in parts gives the whole, and that results are placed.
import test from 'ava';
import { countSumMinMax as countSumMinMaxOf, mergedCountSumMinMax } from './count-sum-min-max.ts';

const countSumMinMax = countSumMinMaxOf(1);

test('numbers are folded into their slots, from the event asked for', (t) => {
  const accumulators = new Float64Array(8).fill(99);
  const present = new Uint8Array(2);
  countSumMinMax.fold(accumulators, present, Int32Array.of(7, 0, 1, 0, 0), 1, Float64Array.of(-1, 5, -3, 2, 7), 1, 4);
  t.deepEqual([...accumulators], [3, 14, 2, 7, 1, -3, -3, -3]);
  t.deepEqual([...present], [1, 1]);
});

test('a slot that is present is folded on', (t) => {
  const accumulators = Float64Array.of(2, 10, 4, 6);
  countSumMinMax.fold(accumulators, Uint8Array.of(1), Int32Array.of(0), 0, Float64Array.of(-8), 0, 1);
  t.deepEqual([...accumulators], [3, 2, -8, 6]);
});

test('merging the results of parts gives the result of the whole', (t) => {
  const values = Float64Array.from({ length: 100 }, (_, i) => ((i * 37) % 101) - 50);
  const whole = new Float64Array(4);
  countSumMinMax.fold(whole, new Uint8Array(1), new Int32Array(100), 0, values, 0, 100);
  const parts = new Float64Array(12);
  countSumMinMax.fold(
    parts,
    new Uint8Array(3),
    Int32Array.from(values, (_, i) => i % 3),
    0,
    values,
    0,
    100,
  );
  const results = new Float64Array(16);
  countSumMinMax.emit(parts, 0, 3, results, 4);
  const merged = new Float64Array(4);
  mergedCountSumMinMax.fold(merged, new Uint8Array(1), new Int32Array(3), 0, results, 1, 3);
  t.deepEqual(merged, whole);
  for (const part of [1, 2]) countSumMinMax.merge(parts, 0, parts, part);
  t.deepEqual(parts.subarray(0, 4), whole);
  t.deepEqual([...results.subarray(0, 4)], [0, 0, 0, 0]);
});
