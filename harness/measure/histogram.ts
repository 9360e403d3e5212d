import { bucketFloor, bucketWidth, type HistogramData } from '../results.ts';

const SUB_BUCKETS = 128;
const LOG2_SUB_BUCKETS = 7;
/** Values up to 2^43 ns, which is 2.4 hours; longer ones count as that. */
const OCTAVES = 43;
const BUCKETS = (OCTAVES - LOG2_SUB_BUCKETS + 1) * SUB_BUCKETS;
const LARGEST = 2 ** OCTAVES - 1;

/**
 * A log-linear histogram of whole nanoseconds: 128 buckets to the octave, so that a value is known to within 0.8 %.
 * Recording allocates nothing. (The layout is that of G. Tene's HdrHistogram with a fixed number of sub-buckets.)
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  get total(): number {
    return this.#total;
  }

  /** @param ns not negative; fractions are cut off. */
  record(ns: number): void {
    const value = ns > LARGEST ? LARGEST : Math.floor(ns);
    let index = value;
    if (value >= 0x8000_0000) {
      // Math.clz32 and >>> know 32 bits.
      const shift = 55 - LOG2_SUB_BUCKETS - Math.clz32(value / 0x100_0000);
      index = shift * SUB_BUCKETS + Math.floor(value / 2 ** shift);
    } else if (value >= 2 * SUB_BUCKETS) {
      const shift = 31 - LOG2_SUB_BUCKETS - Math.clz32(value);
      index = shift * SUB_BUCKETS + (value >>> shift);
    }
    this.#counts[index]!++;
    this.#total++;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /** Adds another histogram's records: nothing is lost. */
  add({ total, min, max, counts }: HistogramData): void {
    for (let i = 0; i < counts.length; i += 2) this.#counts[counts[i]!]! += counts[i + 1]!;
    this.#total += total;
    if (total > 0 && min < this.#min) this.#min = min;
    if (max > this.#max) this.#max = max;
  }

  /** The value below which a fraction `q` (0 to 1) of the records lie: the middle of its bucket. NaN when empty. */
  quantile(q: number): number {
    let left = Math.max(1, Math.ceil(q * this.#total));
    for (let index = 0; index < BUCKETS; index++) {
      left -= this.#counts[index]!;
      if (left <= 0) return bucketFloor(index, SUB_BUCKETS) + (bucketWidth(index, SUB_BUCKETS) - 1) / 2;
    }
    return Number.NaN;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = 0;
  }

  /** The whole histogram as results hold it. */
  save(): HistogramData {
    const counts: number[] = [];
    for (let index = 0; index < BUCKETS; index++) if (this.#counts[index] !== 0) counts.push(index, this.#counts[index]!);
    return { unit: 'ns', subBuckets: SUB_BUCKETS, total: this.#total, min: this.#total === 0 ? 0 : this.#min, max: this.#max, counts };
  }
}
