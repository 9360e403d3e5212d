import type { ListTable, Pending, StateBatch } from '../../backends/contract.ts';
import type { HolisticAggregate } from '../../workloads/contract.ts';
import { voidMissingBytes } from './returned-bytes.ts';
import { SCAN_SLOTS } from './stage.ts';
import type { StageWindows } from './stage-windows.ts';
import type { WindowRows } from './window-rows.ts';

/** Fires a window of lists: gathers the elements of one list at a time from a scan, and reduces each when the next key begins. */
export class FiredLists {
  readonly #table: ListTable;
  readonly #windows: StageWindows;
  readonly #scanBatch: StateBatch;
  readonly #rows: WindowRows;
  readonly #aggregate: HolisticAggregate;
  readonly #keyWordCount: number;
  /** The keys of the lists reduced and not yet handed on: up to {@link SCAN_SLOTS}, and the one that ends with the scan. */
  readonly #keyWords: Uint32Array;
  #count = 0;
  readonly #key: Uint32Array;
  #elements = new Float64Array(256);
  /** Doubles gathered of the list under way. */
  #gathered = 0;

  /** @param rows with room for one more than {@link SCAN_SLOTS} */
  constructor(table: ListTable, windows: StageWindows, aggregate: HolisticAggregate, scanBatch: StateBatch, rows: WindowRows) {
    this.#table = table;
    this.#windows = windows;
    this.#aggregate = aggregate;
    this.#scanBatch = scanBatch;
    this.#rows = rows;
    this.#keyWordCount = scanBatch.keyBytes >>> 2;
    this.#key = new Uint32Array(this.#keyWordCount);
    this.#keyWords = new Uint32Array((SCAN_SLOTS + 1) * this.#keyWordCount);
  }

  async fire(startMs: number): Promise<void> {
    this.#rows.begin(startMs, startMs + this.#windows.sizeMs);
    this.#count = 0;
    this.#gathered = 0;
    for await (const batch of this.#table.scan(startMs, this.#scanBatch)) {
      voidMissingBytes(batch);
      for (let slot = 0; slot < batch.length; slot++) {
        this.#add(batch, slot);
        if (this.#count === SCAN_SLOTS) {
          const pending = this.#flush();
          if (pending) await pending;
        }
      }
    }
    this.#end();
    const pending = this.#flush();
    if (pending) await pending;
  }

  #flush(): Pending {
    const count = this.#count;
    this.#count = 0;
    if (count > 0) return this.#rows.emit(this.#keyWords, this.#keyWordCount, 0, this.#keyWordCount, count);
  }

  #add(batch: StateBatch, slot: number): void {
    const at = (slot * batch.addressStride) / 4 + 2;
    if (this.#gathered > 0 && !this.#isKey(batch.addressWords, at)) this.#end();
    if (this.#gathered === 0) this.#key.set(batch.addressWords.subarray(at, at + this.#keyWordCount));
    const width = this.#aggregate.inputWidth;
    if (this.#gathered + width > this.#elements.length) {
      const grown = new Float64Array(Math.max(this.#elements.length * 2, this.#gathered + width));
      grown.set(this.#elements);
      this.#elements = grown;
    }
    for (let i = 0; i < width; i++) this.#elements[this.#gathered + i] = batch.valueDoubles[slot * width + i]!;
    this.#gathered += width;
  }

  /** Reduces the list under way, if there is one. */
  #end(): void {
    if (this.#gathered === 0) return;
    const { inputWidth, columns } = this.#aggregate;
    this.#aggregate.reduce(this.#elements, this.#gathered / inputWidth, this.#rows.numbers, this.#count * columns.length);
    this.#keyWords.set(this.#key, this.#count * this.#keyWordCount);
    this.#count++;
    this.#gathered = 0;
  }

  #isKey(words: Uint32Array, at: number): boolean {
    for (let i = 0; i < this.#keyWordCount; i++) if (words[at + i] !== this.#key[i]) return false;
    return true;
  }
}
