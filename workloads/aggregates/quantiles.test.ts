// Proves that a quantile is off by no more than is said, over values of every magnitude and sign, and what becomes of those beyond.
import test from 'ava';
import { draw, drawKey } from '../sources/random.ts';
import { quantiles } from './quantiles.ts';

const SHARES = [0.5, 0.9, 0.99] as const;

function quantilesOf(subBits: number, values: Float64Array): number[] {
  const aggregate = quantiles(1, subBits);
  const accumulators = new Float64Array(aggregate.accumulatorWidth).fill(Number.NaN);
  aggregate.fold(accumulators, new Uint8Array(1), new Int32Array(values.length), 0, values, 0, values.length);
  const results = new Float64Array(4);
  aggregate.emit(accumulators, 0, 1, results, 0);
  return [...results];
}

for (const subBits of [0, 3, 6]) {
  test(`${subBits} bits: a relative error of at most ${2 ** -(subBits + 1)}, which is nearly reached`, (t) => {
    const bound = 2 ** -(subBits + 1);
    let worst = 0;
    for (let seed = 0; seed < 400; seed++) {
      const { first, second } = drawKey(seed, 'value', 0);
      const random = (i: number) => draw(i, first, second) / 2 ** 32;
      const [count, low, high] = [1 + Math.floor(random(0) * 300), random(1) * 40 - 20, random(2) * 40 - 20];
      const negatives = random(3);
      // Magnitudes evenly over the powers of two between two of them.
      const values = Float64Array.from({ length: count }, (_, i) => {
        const magnitude = 2 ** (low + (high - low) * random(2 * i + 4));
        return random(2 * i + 5) < negatives ? -magnitude : magnitude;
      });
      const [total, ...given] = quantilesOf(subBits, values);
      t.is(total, count);
      const sorted = values.toSorted();
      for (const [i, share] of SHARES.entries()) {
        const exact = sorted[Math.floor(share * (count - 1))]!;
        const error = Math.abs(given[i]! - exact) / Math.abs(exact);
        t.true(error <= bound, `seed ${seed}: ${given[i]} for ${exact}, the quantile ${share} of ${count}`);
        worst = Math.max(worst, error);
      }
    }
    t.true(worst > 0.9 * bound, `${worst}: the bound is looser than need be, or a bucket is narrower than it should be`);
  });
}

test('the ends: less than 2^−20 is zero, 2^20 and more is the last bucket, either side', (t) => {
  const median = (value: number) => quantilesOf(3, Float64Array.of(value))[1];
  for (const sign of [1, -1]) {
    t.is(median(sign * (2 ** -20 - 2 ** -73)), 0);
    t.is(median(sign * 2 ** -20), sign * 2 ** -20 * (1 + 1 / 16));
    t.is(median(sign * (2 ** 20 - 1)), sign * 2 ** 19 * (2 - 1 / 16));
    t.is(median(sign * 2 ** 20), sign * 2 ** 19 * (2 - 1 / 16));
    t.is(median(sign * 1e300), sign * 2 ** 19 * (2 - 1 / 16));
    t.is(median(sign * 0), 0);
  }
  t.is(median(1), 1 + 1 / 16);
});

test('an accumulator stays under 4 KiB; a full bucket is an error, not a beginning from 0', (t) => {
  const aggregate = quantiles(1, 3);
  t.is(aggregate.accumulatorWidth * 8, 2576);
  t.deepEqual(aggregate.parameters, { subBits: 3, buckets: 641 });
  const accumulators = new Float64Array(aggregate.accumulatorWidth);
  const fold = () => aggregate.fold(accumulators, Uint8Array.of(1), Int32Array.of(0), 0, Float64Array.of(0), 0, 1);
  new Uint32Array(accumulators.buffer)[2 + 320] = 2 ** 32 - 2;
  fold();
  t.throws(fold, { message: /a bucket of quantiles is full/ });
  t.throws(() => aggregate.merge(accumulators, 0, accumulators, 0), { message: /is full/ });
});
