/** How often keys come and how often they should, for the tests of key distributions. */
import type { KeySampler } from './key-sampler.ts';

/** Calls `each` with the key of every event from `from` to before `to`. */
export function eachKey(sample: KeySampler, from: number, to: number, each: (key: number, position: number) => void): void {
  const numbers = new Uint32Array(1000);
  for (let position = from; position < to; position += numbers.length) {
    const count = Math.min(numbers.length, to - position);
    sample(numbers, position, count);
    for (let i = 0; i < count; i++) each(numbers[i]!, position + i);
  }
}

/** How often each of `keys` keys comes in the first `draws` events. */
export function counted(sample: KeySampler, keys: number, draws: number): Float64Array {
  const counts = new Float64Array(keys);
  eachKey(sample, 0, draws, (key) => {
    counts[key]!++;
  });
  return counts;
}

/** How often each rank should come in `draws` draws by Zipf's law. */
export function zipfExpected(keys: number, exponent: number, draws: number): Float64Array {
  const weights = Float64Array.from({ length: keys }, (_, i) => (i + 1) ** -exponent);
  const total = weights.reduce((sum, weight) => sum + weight);
  return weights.map((weight) => (weight / total) * draws);
}

/** Puts neighbouring cells together so that each is expected at least 20 times, since the chi-square statistic needs that. */
export function pooled(counts: ArrayLike<number>, expected: ArrayLike<number>): { counts: number[]; expected: number[] } {
  const result = { counts: [0], expected: [0] };
  let left = 0;
  for (let i = 0; i < expected.length; i++) left += expected[i]!;
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
