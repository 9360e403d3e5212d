// Proves that the k greatest values are kept in descending order, duplicates too, and that places nothing takes are 0.
import test from 'ava';
import { topK } from './top-k.ts';

function top(k: number, values: readonly number[]): number[] {
  const aggregate = topK(1, k);
  const accumulators = new Float64Array(aggregate.accumulatorWidth).fill(99);
  aggregate.fold(accumulators, new Uint8Array(1), new Int32Array(values.length), 0, Float64Array.from(values), 0, values.length);
  const results = new Float64Array(k + 1);
  aggregate.emit(accumulators, 0, 1, results, 0);
  return [...results];
}

test('the greatest, in descending order', (t) => {
  t.deepEqual(top(3, [5, 1, 9, 7, 8]), [5, 9, 8, 7]);
  t.deepEqual(top(3, [-5, -1, -9, -7]), [4, -1, -5, -7]);
  t.deepEqual(top(1, [2, 3, 1]), [3, 3]);
});

test('duplicates are kept, missing places are 0', (t) => {
  t.deepEqual(top(4, [2, 2, 1, 2]), [4, 2, 2, 2, 1]);
  t.deepEqual(top(2, [2, 2, 2]), [3, 2, 2]);
  t.deepEqual(top(4, [-3, -1]), [2, -1, -3, 0, 0]);
});

test('columns and parameters say k', (t) => {
  t.deepEqual(topK(1, 2).columns, ['count', 'top1', 'top2']);
  t.deepEqual(topK(1, 2).parameters, { k: 2 });
  t.throws(() => topK(1, 0), { message: /k must be a positive integer, not 0/ });
});
