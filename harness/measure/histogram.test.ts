// Proves that a recorded value is found again within 0.8 % over the whole range, and that nothing is lost on the way to results.
import test from 'ava';
import { bucketFloor, bucketWidth } from '../results.ts';
import { Histogram } from './histogram.ts';

test('every value lies in the bucket that its index says, from 0 to hours', (t) => {
  for (let value = 0; value < 2 ** 43; value = Math.floor(value * 1.013) + 1) {
    const histogram = new Histogram();
    histogram.record(value);
    const { counts } = histogram.save();
    const floor = bucketFloor(counts[0]!, 128);
    const width = bucketWidth(counts[0]!, 128);
    t.true(counts.length === 2 && floor <= value && value < floor + width, `${value} went to [${floor}, ${floor + width})`);
    t.true(width === 1 || width / floor <= 1 / 128);
  }
});

test('quantiles are those of the sorted values, within a bucket', (t) => {
  const histogram = new Histogram();
  const values = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 1_000_003).sort((a, b) => a - b);
  for (const value of values) histogram.record(value);
  for (const q of [0, 0.001, 0.5, 0.99, 0.999, 1]) {
    const exact = values[Math.max(0, Math.ceil(q * values.length) - 1)]!;
    t.true(Math.abs(histogram.quantile(q) - exact) <= Math.max(1, exact * 0.008), `q ${q}: ${histogram.quantile(q)} for ${exact}`);
  }
  t.is(histogram.save().total, 10_000);
});

test('an empty histogram has no quantile; a cleared one forgets; the longest value does not overflow', (t) => {
  const histogram = new Histogram();
  t.is(histogram.quantile(0.5), Number.NaN);
  histogram.record(2 ** 50);
  t.is(histogram.save().max, 2 ** 43 - 1);
  histogram.clear();
  t.deepEqual(histogram.save(), { unit: 'ns', subBuckets: 128, total: 0, min: 0, max: 0, counts: [] });
});
