import type { StateBatch } from '../../backends/contract.ts';
import type { HolisticAggregate } from '../../workloads/contract.ts';
import type { KeyIndex } from './key-index.ts';
import type { GatheredPanes } from './pane-firing.ts';

const NONE = -1;

/**
 * The lists of a window's panes, all in memory and chained by key. A key's elements come in the order of the panes, and of one pane in
 * the order appended. Grows to the largest window, and stays so.
 */
export class PaneLists implements GatheredPanes {
  readonly #aggregate: HolisticAggregate;
  /** By the number of the key: its first element, its last one, and how many it has. */
  #firsts = new Int32Array(256);
  #lasts = new Int32Array(256);
  #counts = new Int32Array(256);
  /** Elements in the order scanned, and after which of them comes which of the same key. */
  #elements: Float64Array;
  #nexts = new Int32Array(1024);
  #elementCount = 0;
  #list: Float64Array;

  constructor(aggregate: HolisticAggregate) {
    this.#aggregate = aggregate;
    this.#elements = new Float64Array(this.#nexts.length * aggregate.inputWidth);
    this.#list = new Float64Array(256 * aggregate.inputWidth);
  }

  gather(batch: StateBatch, keys: KeyIndex): void {
    const width = this.#aggregate.inputWidth;
    const strideWords = batch.addressStride >>> 2;
    if (keys.count === 0) this.#elementCount = 0; // another window begins
    for (let slot = 0; slot < batch.length; slot++) {
      const known = keys.count;
      const key = keys.number(batch.addressWords, slot * strideWords + 2);
      if (this.#elementCount === this.#nexts.length) this.#growElements();
      const element = this.#elementCount++;
      for (let i = 0; i < width; i++) this.#elements[element * width + i] = batch.valueDoubles[slot * width + i]!;
      this.#nexts[element] = NONE;
      if (key === known) {
        if (key === this.#counts.length) this.#growKeys();
        this.#firsts[key] = element;
        this.#counts[key] = 0;
      } else this.#nexts[this.#lasts[key]!] = element;
      this.#lasts[key] = element;
      this.#counts[key] = this.#counts[key]! + 1;
    }
  }

  results(from: number, count: number, numbers: Float64Array): void {
    for (let i = 0; i < count; i++) this.#reduce(from + i, numbers, i * this.#aggregate.columns.length);
  }

  #reduce(key: number, numbers: Float64Array, numbersAt: number): void {
    const width = this.#aggregate.inputWidth;
    const count = this.#counts[key]!;
    if (count * width > this.#list.length) this.#list = new Float64Array(2 * count * width);
    let at = 0;
    for (let element = this.#firsts[key]!; element !== NONE; element = this.#nexts[element]!) {
      for (let i = 0; i < width; i++) this.#list[at++] = this.#elements[element * width + i]!;
    }
    this.#aggregate.reduce(this.#list, count, numbers, numbersAt);
  }

  #growElements(): void {
    const nexts = new Int32Array(this.#nexts.length * 2);
    nexts.set(this.#nexts);
    this.#nexts = nexts;
    const elements = new Float64Array(this.#elements.length * 2);
    elements.set(this.#elements);
    this.#elements = elements;
  }

  #growKeys(): void {
    const grow = (from: Int32Array) => {
      const grown = new Int32Array(from.length * 2);
      grown.set(from);
      return grown;
    };
    this.#firsts = grow(this.#firsts);
    this.#lasts = grow(this.#lasts);
    this.#counts = grow(this.#counts);
  }
}
