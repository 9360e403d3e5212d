/**
 * Aggregates, found by name and written from their definitions: nothing is shared with those of the workloads.
 *
 * They see the first number of an event. Only count-sum-min-max over the rows of an earlier count-sum-min-max takes all four and
 * merges them. Lists of elements that carry a payload give its hash as well, in a column of its own.
 */
import type { Aggregate } from '../../workloads/contract.ts';
import { DdSketch } from './dd-sketch.ts';
import { HyperLogLog } from './hyper-log-log.ts';
import { hashesPayload, hashSum, payloadHash } from './payload-hash.ts';

/** What one key has in one window. */
export interface Kept {
  /** Takes in the numbers of one event. */
  add(numbers: readonly number[]): void;
  /** The columns of the aggregate. */
  result(): number[];
  copy(): Kept;
}

/** @throws RangeError for an aggregate not known */
export function keptOf(aggregate: Aggregate, mergesRows: boolean): () => Kept {
  const { name, columns, parameters } = aggregate;
  const parameter = (of: string): number => {
    const value = parameters[of];
    if (value === undefined) throw new RangeError(`the aggregate ${name} has no parameter ${of}`);
    return value;
  };
  switch (`${aggregate.kind} ${name}`) {
    case 'incremental count-sum-min-max':
      return () => new CountSumMinMax(mergesRows);
    case 'incremental average':
      return () => new Average();
    case 'incremental top-k':
      return () => new TopK(columns.length - 1);
    case 'incremental distinct': {
      const precision = parameter('precision');
      return () => new HyperLogLog(precision);
    }
    case 'incremental quantiles': {
      const subBits = parameter('subBits');
      return () => new DdSketch(subBits);
    }
    case 'holistic median':
      return () => new Elements(median, hashesPayload(columns));
    case 'holistic exact-distinct':
      return () => new Elements((values) => new Set(values).size, hashesPayload(columns));
    default:
      throw new RangeError(`the oracle has no ${aggregate.kind} aggregate ${name}`);
  }
}

/** What is told of the state of one key in one window: whole elements in that order, else the result so far. */
export function stateOf(kept: Kept, order: 'arrival' | 'ascending'): readonly number[] {
  if (!(kept instanceof Elements)) return kept.result();
  return (order === 'arrival' ? kept.elements : kept.elements.toSorted(compareElements)).flat();
}

/** By the first number, then by the second, and so on. */
function compareElements(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((number, i) => number !== b[i]);
  return differing === -1 ? 0 : a[differing]! - b[differing]!;
}

class CountSumMinMax implements Kept {
  readonly #mergesRows: boolean;
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor(mergesRows: boolean) {
    this.#mergesRows = mergesRows;
  }

  add(numbers: readonly number[]): void {
    const value = numbers[0]!;
    const [count, sum, min, max] = this.#mergesRows ? numbers : [1, value, value, value];
    this.#count += count!;
    this.#sum += sum!;
    this.#min = Math.min(this.#min, min!);
    this.#max = Math.max(this.#max, max!);
  }

  result(): number[] {
    return [this.#count, this.#sum, this.#min, this.#max];
  }

  copy(): Kept {
    const copy = new CountSumMinMax(this.#mergesRows);
    copy.#count = this.#count;
    copy.#sum = this.#sum;
    copy.#min = this.#min;
    copy.#max = this.#max;
    return copy;
  }
}

class Average implements Kept {
  #count = 0;
  #sum = 0;

  add(numbers: readonly number[]): void {
    this.#count++;
    this.#sum += numbers[0]!;
  }

  result(): number[] {
    return [this.#count, this.#sum / this.#count];
  }

  copy(): Kept {
    const copy = new Average();
    copy.#count = this.#count;
    copy.#sum = this.#sum;
    return copy;
  }
}

class TopK implements Kept {
  readonly #k: number;
  #count = 0;
  /** Descending, k at most. */
  #greatest: number[] = [];

  constructor(k: number) {
    this.#k = k;
  }

  add(numbers: readonly number[]): void {
    this.#count++;
    this.#greatest = [...this.#greatest, numbers[0]!].sort((a, b) => b - a).slice(0, this.#k);
  }

  result(): number[] {
    return [this.#count, ...Array.from({ length: this.#k }, (_, place) => this.#greatest[place] ?? 0)];
  }

  copy(): Kept {
    const copy = new TopK(this.#k);
    copy.#count = this.#count;
    copy.#greatest = this.#greatest;
    return copy;
  }
}

/** Every event whole; what it gives is their count, what `reduce` makes of their first numbers, and with `hashes` the hash of them all. */
class Elements implements Kept {
  readonly #reduce: (values: readonly number[]) => number;
  readonly #hashes: boolean;
  #hash = 0;
  elements: (readonly number[])[] = [];

  constructor(reduce: (values: readonly number[]) => number, hashes: boolean) {
    this.#reduce = reduce;
    this.#hashes = hashes;
  }

  add(numbers: readonly number[]): void {
    this.elements.push(numbers);
    if (this.#hashes) this.#hash = hashSum(this.#hash, payloadHash(numbers));
  }

  result(): number[] {
    const numbers = [this.elements.length, this.#reduce(this.elements.map(([value]) => value!))];
    return this.#hashes ? [...numbers, this.#hash] : numbers;
  }

  copy(): Kept {
    const copy = new Elements(this.#reduce, this.#hashes);
    copy.#hash = this.#hash;
    copy.elements = [...this.elements];
    return copy;
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[Math.floor(half)]!;
}
