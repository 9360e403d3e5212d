/**
 * Quantiles of a window's values from a histogram of fixed width: DDSketch (Masson, Rim, Lee 2019) with its linearly interpolated
 * mapping, whose buckets are read off a double's bits and are therefore the same on every machine.
 *
 * A magnitude from 2^−20 to 2^20 falls into one of 2^subBits buckets of equal width per power of two, and is represented by
 * the bucket's middle: the relative error is at most 2^−(subBits + 1). Less counts as zero, more as the last bucket.
 */
import type { IncrementalAggregate } from '../contract.ts';
import { DoubleBits, viewOver } from './double-bits.ts';

const LEAST_EXPONENT = -20;
const EXPONENTS = 40;
const EXPONENT_BIAS = 1023;
/** Of the magnitudes that are told apart, the least, and the first that is beyond them. */
export const LEAST_MAGNITUDE = 2 ** LEAST_EXPONENT;
export const MAGNITUDES_BELOW = 2 ** (LEAST_EXPONENT + EXPONENTS);
const QUANTILES = [0.5, 0.9, 0.99] as const;

/**
 * Of the values of events that carry `inputWidth` doubles, the value first. An accumulator is the count and a 32-bit counter per
 * bucket: the negative ones, the greatest magnitude first, zero, the positive ones.
 * @param subBits 0 … 8. With 3 an accumulator takes 2,576 bytes and a quantile is at most 6.25 % off; each one more doubles
 * the bytes and halves the error.
 */
export function quantiles(inputWidth: number, subBits: number): IncrementalAggregate {
  if (!Number.isSafeInteger(subBits) || subBits < 0 || subBits > 8) {
    throw new RangeError(`subBits must be an integer from 0 to 8, not ${subBits}`);
  }
  const side = EXPONENTS * 2 ** subBits;
  const buckets = 2 * side + 1;
  const width = 1 + Math.ceil(buckets / 2);
  // Exponent and leading bits of the mantissa are one number, which grows with the magnitude.
  const shift = 20 - subBits;
  const least = (EXPONENT_BIAS + LEAST_EXPONENT) << subBits;
  const bits = new DoubleBits();
  const countersOf = viewOver((doubles) => new Uint32Array(doubles.buffer, doubles.byteOffset, doubles.byteLength / 4));
  const middles = Float64Array.from({ length: buckets }, (_, i) => {
    if (i === side) return 0;
    const bucket = Math.abs(i - side) - 1;
    const exponent = LEAST_EXPONENT + Math.floor(bucket / 2 ** subBits);
    const middle = 2 ** exponent * (1 + ((bucket % 2 ** subBits) + 0.5) / 2 ** subBits);
    return i < side ? -middle : middle;
  });
  const bucketOf = (value: number): number => {
    bits.set(value);
    const { high } = bits;
    const bucket = Math.min(((high & 0x7fff_ffff) >>> shift) - least, side - 1);
    if (bucket < 0) return side;
    return high >>> 31 === 0 ? side + 1 + bucket : side - 1 - bucket;
  };
  return {
    kind: 'incremental',
    name: 'quantiles',
    parameters: { subBits, buckets },
    inputWidth,
    accumulatorWidth: width,
    columns: ['count', ...QUANTILES.map((q) => `p${q * 100}`)],
    fold(accumulators, present, slots, slotsAt, events, from, count) {
      const counters = countersOf(accumulators);
      for (let i = 0, eventAt = from * inputWidth; i < count; i++, eventAt += inputWidth) {
        const slot = slots[slotsAt + i]!;
        const at = slot * width;
        if (present[slot] === 0) {
          present[slot] = 1;
          accumulators.fill(0, at, at + width);
        }
        accumulators[at] = accumulators[at]! + 1;
        addTo(counters, 2 * (at + 1) + bucketOf(events[eventAt]!), 1);
      }
    },
    emit(accumulators, from, count, results, resultsAt) {
      const counters = countersOf(accumulators);
      for (let i = 0; i < count; i++) {
        const at = (from + i) * width;
        const to = resultsAt + i * (1 + QUANTILES.length);
        const total = accumulators[at]!;
        results[to] = total;
        let bucket = 0;
        let upTo = counters[2 * (at + 1)]!;
        for (let q = 0; q < QUANTILES.length; q++) {
          const rank = Math.floor(QUANTILES[q]! * (total - 1));
          while (upTo <= rank) upTo += counters[2 * (at + 1) + ++bucket]!;
          results[to + 1 + q] = middles[bucket]!;
        }
      }
    },
    merge(target, into, source, from) {
      const to = into * width;
      const at = from * width;
      target[to] = target[to]! + source[at]!;
      const targetCounters = countersOf(target);
      const sourceCounters = countersOf(source);
      for (let i = 0; i < buckets; i++) {
        const more = sourceCounters[2 * (at + 1) + i]!;
        if (more > 0) addTo(targetCounters, 2 * (to + 1) + i, more);
      }
    },
  };
}

/** @throws RangeError rather than begin again from 0 */
function addTo(counters: Uint32Array, at: number, more: number): void {
  const sum = counters[at]! + more;
  if (sum > 0xffff_ffff) throw new RangeError('a bucket of quantiles is full: 2^32 − 1 events of one key in one window fall into it');
  counters[at] = sum;
}
