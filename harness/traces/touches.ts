import { samplesForPercentile } from '../measure/samples-for-percentile.ts';
import { type Bucket, PowersOfTwo } from './powers-of-two.ts';
import { StackDistances } from './stack-distances.ts';

/** A trace is parted into this many stretches of equally many operations. */
export const STRETCHES = 20;

/** What the touches of one table's keys, or of all, come to. A key is a (window, key) of a table. */
export interface TouchStats {
  readonly touches: number;
  readonly distinctKeys: number;
  /** Distinct keys touched in each stretch of the trace. */
  readonly workingSet: readonly number[];
  readonly stackDistances: {
    /** Share of touches that are a key's first, and so have no distance. */
    readonly firstTouchShare: number;
    /** Of the others: how many keys were touched in between. */
    readonly buckets: readonly Bucket[];
  };
  /** From a key's first touch to its last, in operations of the whole trace. */
  /** Percentiles are null where fewer than 10 keys lie beyond them. */
  readonly lifetimes: {
    readonly median: number | null;
    readonly p99: number | null;
    readonly max: number;
    readonly buckets: readonly Bucket[];
  };
}

/** Follows the touches of some keys, which are numbered in the order in which they first come. */
export class Touches {
  readonly #operations: number;
  readonly #distances = new StackDistances();
  readonly #distanceCounts = new PowersOfTwo();
  readonly #workingSet = new Array<number>(STRETCHES).fill(0);
  #touches = 0;
  #keys = 0;
  #first = new Float64Array(64);
  #last = new Float64Array(64);

  /** @param operations of the whole trace */
  constructor(operations: number) {
    this.#operations = operations;
  }

  /** Touches key `id` in operation `at`, from 0. */
  touch(id: number, at: number): void {
    this.#touches++;
    const stretch = this.#stretchOf(at);
    const distance = this.#distances.touch(id);
    if (distance < 0) {
      if (this.#keys === this.#first.length) {
        this.#first = doubled(this.#first);
        this.#last = doubled(this.#last);
      }
      this.#keys++;
      this.#first[id] = at;
      this.#workingSet[stretch]!++;
    } else {
      this.#distanceCounts.add(distance);
      if (this.#stretchOf(this.#last[id]!) !== stretch) this.#workingSet[stretch]!++;
    }
    this.#last[id] = at;
  }

  save(): TouchStats {
    const lifetimes = this.#last.slice(0, this.#keys);
    const buckets = new PowersOfTwo();
    for (let id = 0; id < lifetimes.length; id++) {
      lifetimes[id]! -= this.#first[id]!;
      buckets.add(lifetimes[id]!);
    }
    lifetimes.sort();
    const quantile = (q: number): number => lifetimes[Math.max(0, Math.ceil(q * lifetimes.length) - 1)] ?? 0;
    const percentile = (rank: number): number | null => (lifetimes.length < samplesForPercentile(rank) ? null : quantile(rank));
    return {
      touches: this.#touches,
      distinctKeys: this.#keys,
      workingSet: this.#workingSet,
      stackDistances: {
        firstTouchShare: this.#touches === 0 ? 0 : this.#keys / this.#touches,
        buckets: this.#distanceCounts.save(),
      },
      lifetimes: { median: percentile(0.5), p99: percentile(0.99), max: quantile(1), buckets: buckets.save() },
    };
  }

  #stretchOf(at: number): number {
    return Math.min(STRETCHES - 1, Math.floor((at * STRETCHES) / this.#operations));
  }
}

function doubled(numbers: Float64Array): Float64Array<ArrayBuffer> {
  const more = new Float64Array(numbers.length * 2);
  more.set(numbers);
  return more;
}
