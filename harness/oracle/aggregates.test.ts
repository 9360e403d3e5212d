// Proves the oracle's exact aggregates against numbers worked out by hand, and that those it does not know are refused.
import test from 'ava';
import type { Aggregate } from '../../workloads/contract.ts';
import { keptOf } from './aggregates.ts';
import { COUNT_SUM_MIN_MAX, holistic, incremental, MEDIAN } from './by-hand.ts';

function resultOf(aggregate: Aggregate, values: readonly number[]): number[] {
  const kept = keptOf(aggregate, false)();
  for (const value of values) kept.add([value]);
  return kept.result();
}

test('count, sum, minimum, maximum; of rows of its own, merged', (t) => {
  t.deepEqual(resultOf(COUNT_SUM_MIN_MAX, [3, -1, 5]), [3, 7, -1, 5]);
  const merged = keptOf(COUNT_SUM_MIN_MAX, true)();
  merged.add([3, 7, -1, 5]);
  merged.add([2, 20, 8, 12]);
  t.deepEqual(merged.result(), [5, 27, -1, 12]);
});

test('average', (t) => {
  t.deepEqual(resultOf(incremental('average', ['count', 'average']), [1, 2, 6, -3]), [4, 1.5]);
});

test('median: odd and even counts, and numbers that sort otherwise as text', (t) => {
  t.deepEqual(resultOf(MEDIAN, [9, 10, -1]), [3, 9]);
  t.deepEqual(resultOf(MEDIAN, [100, 20]), [2, 60]);
});

test('exact distinct: 0 and −0 are one', (t) => {
  t.deepEqual(resultOf(holistic('exact-distinct', ['count', 'distinct']), [3, 0, 3, -0, 3.5]), [5, 3]);
});

test('top-k: descending, duplicates kept, missing places 0', (t) => {
  const top3 = incremental('top-k', ['count', 'top1', 'top2', 'top3'], { k: 3 });
  t.deepEqual(resultOf(top3, [5, 10, -2, 10, 9]), [5, 10, 10, 9]);
  t.deepEqual(resultOf(top3, [-2, -1]), [2, -1, -2, 0]);
});

test('a copy has a life of its own', (t) => {
  for (const aggregate of [
    COUNT_SUM_MIN_MAX,
    MEDIAN,
    holistic('exact-distinct', ['count', 'distinct']),
    incremental('average', ['count', 'average']),
    incremental('top-k', ['count', 'top1', 'top2'], { k: 2 }),
    incremental('distinct', ['count', 'distinct'], { precision: 4 }),
    incremental('quantiles', ['count', 'p50', 'p90', 'p99'], { subBits: 3, buckets: 320 }),
  ]) {
    const kept = keptOf(aggregate, false)();
    kept.add([4]);
    const copy = kept.copy();
    t.deepEqual(copy.result(), kept.result(), aggregate.name);
    kept.add([9]);
    t.deepEqual(copy.result(), resultOf(aggregate, [4]), aggregate.name);
    copy.add([70]);
    t.deepEqual(copy.result(), resultOf(aggregate, [4, 70]), aggregate.name);
    t.deepEqual(kept.result(), resultOf(aggregate, [4, 9]), aggregate.name);
  }
});

test('what is not known is refused', (t) => {
  t.throws(() => keptOf(holistic('average', ['count', 'average']), false), {
    instanceOf: RangeError,
    message: /no holistic aggregate average/,
  });
  t.throws(() => keptOf(incremental('distinct', ['count', 'distinct']), false), {
    instanceOf: RangeError,
    message: /no parameter precision/,
  });
});
