/** A histogram over whole numbers from 0, in powers of two: 0, 1, 2 to 3, 4 to 7, … */
export class PowersOfTwo {
  readonly #counts = new Float64Array(54);

  add(value: number): void {
    const bucket = value < 0x8000_0000 ? 32 - Math.clz32(value) : Math.floor(Math.log2(value)) + 1;
    this.#counts[bucket]!++;
  }

  /** The buckets up to the last that holds something: from and to, both of them in it. */
  save(): readonly Bucket[] {
    const used = this.#counts.findLastIndex((count) => count > 0) + 1;
    return Array.from({ length: used }, (_, bucket) => {
      return { from: bucket === 0 ? 0 : 2 ** (bucket - 1), to: bucket === 0 ? 0 : 2 ** bucket - 1, count: this.#counts[bucket]! };
    });
  }
}

export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}
