import type { ListTable, StateBatch } from '../../backends/contract.ts';
import type { HolisticAggregate } from '../../workloads/contract.ts';
import { KeyIndex } from './key-index.ts';
import { SCAN_SLOTS } from './stage.ts';
import type { StageWindows } from './stage-windows.ts';
import type { WindowRows } from './window-rows.ts';

const NONE = -1;

/**
 * Fires a window of panes of lists: all its elements are gathered in memory, since a scan has no order, chained by key, and
 * reduced. A key's elements come in the order of the panes, and of one pane in the order appended.
 */
export class PaneLists {
  readonly #table: ListTable;
  readonly #windows: StageWindows;
  readonly #aggregate: HolisticAggregate;
  readonly #scanBatch: StateBatch;
  readonly #rows: WindowRows;
  readonly #keys: KeyIndex;
  /** By the number of the key: its first element, its last one, and how many it has. */
  #firsts = new Int32Array(256);
  #lasts = new Int32Array(256);
  #counts = new Int32Array(256);
  /** Elements in the order scanned, and after which of them comes which of the same key. */
  #elements: Float64Array;
  #nexts = new Int32Array(1024);
  #elementCount = 0;
  #list: Float64Array;

  /** @param rows with room for {@link SCAN_SLOTS} */
  constructor(table: ListTable, windows: StageWindows, aggregate: HolisticAggregate, scanBatch: StateBatch, rows: WindowRows) {
    this.#table = table;
    this.#windows = windows;
    this.#aggregate = aggregate;
    this.#scanBatch = scanBatch;
    this.#rows = rows;
    this.#keys = new KeyIndex(scanBatch.keyBytes);
    this.#elements = new Float64Array(this.#nexts.length * aggregate.inputWidth);
    this.#list = new Float64Array(256 * aggregate.inputWidth);
  }

  async fire(startMs: number): Promise<void> {
    const { sizeMs, slideMs } = this.#windows;
    const endMs = startMs + sizeMs;
    this.#keys.clear();
    this.#elementCount = 0;
    for (let paneMs = startMs; paneMs < endMs; paneMs += slideMs) {
      for await (const batch of this.#table.scan(paneMs, this.#scanBatch)) this.#gather(batch);
    }
    const { keyWords, keyWordCount, count } = this.#keys;
    const { columns } = this.#aggregate;
    this.#rows.begin(startMs, endMs);
    for (let from = 0; from < count; from += SCAN_SLOTS) {
      const some = Math.min(SCAN_SLOTS, count - from);
      for (let i = 0; i < some; i++) this.#reduce(from + i, i * columns.length);
      const pending = this.#rows.emit(keyWords, keyWordCount, from * keyWordCount, keyWordCount, some);
      if (pending) await pending;
    }
  }

  #gather(batch: StateBatch): void {
    const width = this.#aggregate.inputWidth;
    const strideWords = batch.addressStride >>> 2;
    for (let slot = 0; slot < batch.length; slot++) {
      const known = this.#keys.count;
      const key = this.#keys.number(batch.addressWords, slot * strideWords + 2);
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

  #reduce(key: number, resultsAt: number): void {
    const width = this.#aggregate.inputWidth;
    const count = this.#counts[key]!;
    if (count * width > this.#list.length) this.#list = new Float64Array(2 * count * width);
    let at = 0;
    for (let element = this.#firsts[key]!; element !== NONE; element = this.#nexts[element]!) {
      for (let i = 0; i < width; i++) this.#list[at++] = this.#elements[element * width + i]!;
    }
    this.#aggregate.reduce(this.#list, count, this.#rows.numbers, resultsAt);
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
