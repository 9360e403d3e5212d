// Proves that percentiles of merged histograms are those of all values put together, within the width of a bucket.
import test from 'ava';
import { bucketFloor, bucketWidth, type HistogramData } from '../../harness/results.ts';
import { bucketOf, generator, normal } from '../fixtures.ts';
import { mergeHistograms, percentileNs } from './percentile.ts';

function record(values: readonly number[]): HistogramData {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(bucketOf(value), (counts.get(bucketOf(value)) ?? 0) + 1);
  return {
    unit: 'ns',
    subBuckets: 128,
    total: values.length,
    min: values.length === 0 ? 0 : Math.min(...values),
    max: values.length === 0 ? 0 : Math.max(...values),
    counts: [...counts].toSorted((a, b) => a[0] - b[0]).flat(),
  };
}

test('buckets hold the values they are made for', (t) => {
  for (const value of [0, 1, 255, 256, 257, 511, 512, 1023, 1024, 99_999, 2 ** 40 + 12345]) {
    const index = bucketOf(value);
    t.true(bucketFloor(index, 128) <= value && value < bucketFloor(index, 128) + bucketWidth(index, 128), String(value));
  }
});

test('percentiles of a merge are within 0.4 % of those of all values', (t) => {
  const seed = 7;
  const random = generator(seed);
  const draw = (count: number, middle: number) => Array.from({ length: count }, () => Math.round(middle * Math.exp(normal(random))));
  const parts = [draw(5000, 40_000), draw(300, 9_000_000), draw(2000, 120)];
  const all = parts.flat().toSorted((a, b) => a - b);
  const merged = mergeHistograms(parts.map(record));
  t.is(merged.total, all.length);
  for (const rank of [0, 0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
    const wanted = all[Math.max(0, Math.ceil(rank * all.length) - 1)]!;
    const got = percentileNs(merged, rank)!;
    t.true(Math.abs(got - wanted) <= Math.max(0.5, wanted * 0.004), `seed ${seed}, rank ${rank}: ${got}, wanted ${wanted}`);
  }
});

test('nothing recorded is null, one value is itself', (t) => {
  t.is(percentileNs(mergeHistograms([record([])]), 0.5), null);
  for (const rank of [0, 0.5, 1]) t.is(percentileNs(mergeHistograms([record([123_457]), record([])]), rank), 123_457);
});
