import type { Kept } from './aggregates.ts';

const QUANTILES = [0.5, 0.9, 0.99] as const;
/** Magnitudes from 2^−20 up to 2^20 have buckets; less counts as zero, more as the last bucket. */
const EXPONENT_MIN = -20;
const EXPONENT_MAX = 19;

/**
 * Count and three quantiles by DDSketch (Masson et al. 2019) with the linearly interpolated mapping: each power of two is divided
 * into 2^subBits buckets of one width, on either side of zero. A quantile q is that of the ascending values at floor(q × (count − 1)),
 * and is given as the middle of its bucket.
 */
export class DdSketch implements Kept {
  readonly #subBits: number;
  /** How many values are represented by each number. */
  #counts = new Map<number, number>();

  constructor(subBits: number) {
    this.#subBits = subBits;
  }

  add(numbers: readonly number[]): void {
    const represented = Math.sign(numbers[0]!) * this.#middle(Math.abs(numbers[0]!)) + 0; // −0 + 0 is 0
    this.#counts.set(represented, (this.#counts.get(represented) ?? 0) + 1);
  }

  result(): number[] {
    const ascending = [...this.#counts].sort(([a], [b]) => a - b);
    const count = ascending.reduce((sum, [, times]) => sum + times, 0);
    const valueAt = (rank: number): number => {
      let before = 0;
      for (const [represented, times] of ascending) {
        before += times;
        if (rank < before) return represented;
      }
      throw new RangeError(`there is no value ${rank} among ${count}`);
    };
    return [count, ...QUANTILES.map((quantile) => valueAt(Math.floor(quantile * (count - 1))))];
  }

  copy(): Kept {
    const copy = new DdSketch(this.#subBits);
    copy.#counts = new Map(this.#counts);
    return copy;
  }

  /** The middle of the bucket that a magnitude falls into. */
  #middle(magnitude: number): number {
    if (magnitude < 2 ** EXPONENT_MIN) return 0;
    const buckets = 2 ** this.#subBits;
    let exponent = EXPONENT_MAX;
    while (magnitude < 2 ** exponent) exponent--;
    const power = 2 ** exponent;
    const bucket = Math.min(Math.floor((magnitude / power - 1) * buckets), buckets - 1);
    const lower = power * (1 + bucket / buckets);
    const upper = power * (1 + (bucket + 1) / buckets);
    return (lower + upper) / 2;
  }
}
