import { type ListTable, type StateBatch, type TableSpec, WINDOW_BYTES } from '../contract.ts';
import { Chains, KeyedRecords, NAME_WORD } from './keyed-records.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { RecordPages } from './record-pages.ts';
import { type Life, requireFit, requireOpen } from './require.ts';
import type { Stored } from './segment-records.ts';

/** About a cache line: most lists of a window are short, and long ones are walked a line at a time. */
const CHUNK_WORDS = 16;
/** Word 0 of a chunk that no other follows: not 0, which is that of a free one. */
const LAST_CHUNK = 1;

/**
 * A list table: per record the number of elements, the address, the first and the last chunk. A chunk is the next
 * chunk + 2 (1 ends the list), one unused word where it would be too short to be freed, and some elements.
 */
export class ListRecords implements ListTable {
  readonly spec: TableSpec;
  readonly keyed: KeyedRecords;
  readonly chunks: RecordPages;
  readonly elementWords: number;
  readonly elementsPerChunk: number;
  /** Where in a record its first chunk stands; the last follows. */
  readonly firstWord: number;
  readonly #chains: Chains;
  readonly #life: Life;
  #found = new Int32Array(1024);

  constructor(spec: TableSpec, pageBytes: number, life: Life, budget?: MemoryBudget) {
    const nameWords = (WINDOW_BYTES + spec.keyBytes) / 4;
    this.spec = spec;
    this.#life = life;
    this.elementWords = Math.ceil(spec.valueBytes / 4);
    this.elementsPerChunk = Math.max(1, Math.floor((CHUNK_WORDS - 1) / Math.max(1, this.elementWords)));
    this.firstWord = NAME_WORD + nameWords;
    this.#chains = new Chains(spec.groupBytes, pageBytes, budget);
    this.keyed = new KeyedRecords(nameWords, 2, pageBytes, this.#chains, budget);
    this.chunks = new RecordPages(Math.max(2, 1 + this.elementsPerChunk * this.elementWords), pageBytes, budget);
  }

  append(batch: StateBatch): void {
    this.#find(batch);
    const { addressWords, addressStride, hashes, length, valueWords, valueStride } = batch;
    const found = this.#found;
    for (let slot = 0; slot < length; slot++) {
      let record = found[slot] as number;
      if (record < 0) {
        const at = (slot * addressStride) >>> 2;
        const hash = (hashes[slot] as number) | 0;
        // An earlier slot of this batch may have brought the key.
        record = this.keyed.find(addressWords, at, hash);
        if (record < 0) record = this.keyed.add(addressWords, at, hash);
      }
      this.#appendTo(record, valueWords, (slot * valueStride) >>> 2);
    }
  }

  remove(batch: StateBatch): void {
    this.#find(batch);
    const { addressWords, addressStride, hashes, length } = batch;
    for (let slot = 0; slot < length; slot++) {
      if ((this.#found[slot] as number) < 0) continue;
      // Looked for again: an earlier slot of this batch may have named the same list.
      const record = this.keyed.find(addressWords, (slot * addressStride) >>> 2, (hashes[slot] as number) | 0);
      if (record < 0) continue;
      this.#freeChunks(record);
      this.keyed.delete(record);
    }
  }

  *scan(window: number, batch: StateBatch, group?: Uint8Array): Iterable<StateBatch> {
    requireOpen(this.#life);
    requireFit(batch, this.spec);
    const { keyed, chunks, elementWords, elementsPerChunk, firstWord } = this;
    const { records } = keyed;
    const { addressWords, valueWords, valueBytes } = batch;
    const addressStride = batch.addressStride >>> 2;
    const valueStride = batch.valueStride >>> 2;
    batch.clear();
    const chains = this.#chains;
    let chain = group === undefined ? chains.firstOfWindow(window) : chains.ofGroup(window, group);
    for (; chain >= 0; chain = group === undefined ? chains.next(chain) : -1) {
      for (let record = chains.head(chain); record >= 0; record = keyed.next(record)) {
        const page = records.pages[record >>> records.shift] as Uint32Array;
        const base = (record & records.mask) * records.recordWords;
        const count = page[base] as number;
        let chunk = page[base + firstWord] as number;
        for (let element = 0; element < count; element++) {
          const place = element % elementsPerChunk;
          if (place === 0 && element > 0) chunk = this.#nextChunk(chunk);
          if (batch.length === batch.capacity) {
            yield batch;
            batch.clear();
          }
          const slot = batch.length++;
          batch.windows[slot] = window + 0;
          batch.present[slot] = 1;
          batch.lengths[slot] = valueBytes;
          for (let i = 0; i < addressStride; i++) addressWords[slot * addressStride + i] = page[base + NAME_WORD + i] as number;
          const elements = chunks.pages[chunk >>> chunks.shift] as Uint32Array;
          const from = (chunk & chunks.mask) * chunks.recordWords + 1 + place * elementWords;
          for (let i = 0; i < elementWords; i++) valueWords[slot * valueStride + i] = elements[from + i] as number;
        }
      }
    }
    if (batch.length > 0) yield batch;
  }

  drop(window: number): void {
    requireOpen(this.#life);
    this.keyed.dropWindow(window, (record) => this.#freeChunks(record));
  }

  #appendTo(record: number, words: Uint32Array, from: number): void {
    const { keyed, chunks, elementWords, elementsPerChunk, firstWord } = this;
    const { records } = keyed;
    const page = records.writable(record);
    const base = (record & records.mask) * records.recordWords;
    const count = page[base] as number;
    const place = count % elementsPerChunk;
    let chunk = page[base + firstWord + 1] as number;
    if (place === 0) {
      const next = chunks.take();
      chunks.setFirstWord(next, LAST_CHUNK);
      if (count === 0) page[base + firstWord] = next;
      else chunks.setFirstWord(chunk, next + 1 + LAST_CHUNK);
      page[base + firstWord + 1] = next;
      chunk = next;
    }
    page[base] = count + 1;
    const elements = chunks.writable(chunk);
    const to = (chunk & chunks.mask) * chunks.recordWords + 1 + place * elementWords;
    for (let i = 0; i < elementWords; i++) elements[to + i] = words[from + i] as number;
  }

  /** All that a checkpoint keeps, and how many words of a record it needs. */
  get stored(): readonly Stored[] {
    const { keyed, chunks } = this;
    return [
      { records: keyed.records, wordsOf: () => keyed.records.recordWords },
      { records: chunks, wordsOf: () => chunks.recordWords },
    ];
  }

  /** Goes on from what was put back into {@link stored}. */
  adopt(): void {
    this.keyed.adopt();
    this.chunks.adopt();
  }

  #nextChunk(chunk: number): number {
    const { pages, shift, mask, recordWords } = this.chunks;
    return ((pages[chunk >>> shift] as Uint32Array)[(chunk & mask) * recordWords] as number) - 1 - LAST_CHUNK;
  }

  #freeChunks(record: number): void {
    const { records } = this.keyed;
    const page = records.pages[record >>> records.shift] as Uint32Array;
    const base = (record & records.mask) * records.recordWords;
    let chunk = page[base + this.firstWord] as number;
    for (let left = page[base] as number; left > 0; left -= this.elementsPerChunk) {
      const next = this.#nextChunk(chunk);
      this.chunks.free(chunk);
      chunk = next;
    }
  }

  #find(batch: StateBatch): void {
    requireOpen(this.#life);
    requireFit(batch, this.spec);
    if (this.#found.length < batch.length) this.#found = new Int32Array(batch.capacity);
    this.keyed.findAll(batch, this.#found);
  }
}
