import { type StateBatch, type TableSpec, type ValueTable, WINDOW_BYTES } from '../contract.ts';
import { Chains, KeyedRecords, NAME_WORD } from './keyed-records.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { type Life, requireFit, requireOpen } from './require.ts';
import type { Stored } from './segment-records.ts';

/** A value table: per record the length of the value + 1, the address, the value. */
export class ValueRecords implements ValueTable {
  readonly spec: TableSpec;
  readonly keyed: KeyedRecords;
  readonly #chains: Chains;
  readonly #life: Life;
  readonly #valueWord: number;
  /** The records of the slots of one fill, so that `write` need not look for what `read` found. */
  #found = new Int32Array(1024);
  #foundFill = 0;
  #foundLength = 0;

  constructor(spec: TableSpec, pageBytes: number, life: Life, budget?: MemoryBudget) {
    const nameWords = (WINDOW_BYTES + spec.keyBytes) / 4;
    this.spec = spec;
    this.#life = life;
    this.#chains = new Chains(spec.groupBytes, pageBytes, budget);
    this.keyed = new KeyedRecords(nameWords, Math.ceil(spec.valueBytes / 4), pageBytes, this.#chains, budget);
    this.#valueWord = NAME_WORD + nameWords;
  }

  read(batch: StateBatch): void {
    this.#find(batch);
    const { length, present, lengths, valueWords, valueStride } = batch;
    const { pages, shift, mask, recordWords } = this.keyed.records;
    const found = this.#found;
    const valueWord = this.#valueWord;
    for (let slot = 0; slot < length; slot++) {
      const record = found[slot] as number;
      if (record < 0) {
        present[slot] = 0;
        continue;
      }
      const page = pages[record >>> shift] as Uint32Array;
      const base = (record & mask) * recordWords;
      const bytes = (page[base] as number) - 1;
      present[slot] = 1;
      lengths[slot] = bytes;
      const to = (slot * valueStride) >>> 2;
      const from = base + valueWord;
      const words = (bytes + 3) >>> 2;
      for (let i = 0; i < words; i++) valueWords[to + i] = page[from + i] as number;
    }
  }

  write(batch: StateBatch): void {
    this.#find(batch);
    const { keyed } = this;
    const { records } = keyed;
    const { length, present, lengths, valueWords, valueStride, addressWords, addressStride, hashes } = batch;
    const { mask, recordWords } = records;
    const found = this.#found;
    const valueWord = this.#valueWord;
    for (let slot = 0; slot < length; slot++) {
      let record = found[slot] as number;
      if (present[slot] === 0) {
        if (record >= 0) keyed.delete(record);
        found[slot] = -1;
        continue;
      }
      if (record < 0) {
        record = keyed.add(addressWords, (slot * addressStride) >>> 2, (hashes[slot] as number) | 0);
        found[slot] = record;
      }
      const page = records.writable(record);
      const base = (record & mask) * recordWords;
      const bytes = lengths[slot] as number;
      page[base] = bytes + 1;
      const from = (slot * valueStride) >>> 2;
      const to = base + valueWord;
      const words = (bytes + 3) >>> 2;
      for (let i = 0; i < words; i++) page[to + i] = valueWords[from + i] as number;
    }
  }

  *scan(window: number, batch: StateBatch, group?: Uint8Array): Iterable<StateBatch> {
    requireOpen(this.#life);
    requireFit(batch, this.spec);
    const { keyed } = this;
    const { pages, shift, mask, recordWords } = keyed.records;
    const { addressWords, valueWords } = batch;
    const addressStride = batch.addressStride >>> 2;
    const valueStride = batch.valueStride >>> 2;
    const valueWord = this.#valueWord;
    batch.clear();
    const chains = this.#chains;
    let chain = group === undefined ? chains.firstOfWindow(window) : chains.ofGroup(window, group);
    for (; chain >= 0; chain = group === undefined ? chains.next(chain) : -1) {
      for (let record = chains.head(chain); record >= 0; record = keyed.next(record)) {
        if (batch.length === batch.capacity) {
          yield batch;
          batch.clear();
        }
        const slot = batch.length++;
        const page = pages[record >>> shift] as Uint32Array;
        const base = (record & mask) * recordWords;
        const bytes = (page[base] as number) - 1;
        batch.windows[slot] = window + 0;
        batch.present[slot] = 1;
        batch.lengths[slot] = bytes;
        for (let i = 0; i < addressStride; i++) addressWords[slot * addressStride + i] = page[base + NAME_WORD + i] as number;
        const words = (bytes + 3) >>> 2;
        for (let i = 0; i < words; i++) valueWords[slot * valueStride + i] = page[base + valueWord + i] as number;
      }
    }
    if (batch.length > 0) yield batch;
  }

  drop(window: number): void {
    requireOpen(this.#life);
    this.#foundFill = 0;
    this.keyed.dropWindow(window, () => undefined);
  }

  /** All that a checkpoint keeps, and how many words of a record it needs. */
  get stored(): readonly Stored[] {
    return [{ records: this.keyed.records, wordsOf: (first) => this.#valueWord + ((first + 2) >>> 2) }];
  }

  /** Goes on from what was put back into {@link stored}. */
  adopt(): void {
    this.keyed.adopt();
  }

  #find(batch: StateBatch): void {
    requireOpen(this.#life);
    // 0 is the fill of a batch that was never cleared: it tells nothing apart.
    if (batch.fill === this.#foundFill && batch.length === this.#foundLength && batch.fill !== 0) return;
    requireFit(batch, this.spec);
    if (this.#found.length < batch.length) this.#found = new Int32Array(batch.capacity);
    this.keyed.findAll(batch, this.#found);
    this.#foundFill = batch.fill;
    this.#foundLength = batch.length;
  }
}
