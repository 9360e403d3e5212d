import { decodeWindow, keyHash, type StateBatch, slotHash, WINDOW_BYTES, windowHash, writeWindow } from '../contract.ts';
import { HashIndex, HOME_SHIFT, PROBE_WRAP } from './hash-index.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { RecordPages } from './record-pages.ts';

/** Word 0 of a record is what its owner puts there, never 0; then its name; then its payload. */
export const NAME_WORD = 1;

/** Beside each record, in pages of their own that no snapshot needs: its hash, its neighbours in a chain, its chain. */
const LINKS_SHIFT = 2;
const HASH = 0;
const PREVIOUS = 1;
const NEXT = 2;
const CHAIN = 3;
/** From how many records, and from what share of all, a drop walks over the whole index. Measured. */
const SWEEP_MIN = 1024;
const SWEEP_SHARE = 1 / 4;
/** A table that was much larger once is not worth marking. */
const MARKS_PER_RECORD_MAX = 256;

const NO_LINKS = new Int32Array(0);
const NONE = -1;
const WINDOW_WORDS = WINDOW_BYTES / 4;

/**
 * Records found by the first words of an address, each a member of one chain: the rows of a window, or of a group of a
 * window, are walked and dropped without a look at any other.
 */
export class KeyedRecords {
  readonly index: HashIndex;
  readonly records: RecordPages;
  readonly nameWords: number;
  readonly #chains: Chains | undefined;
  readonly #links: Int32Array[] = [];

  /** @param chains what the records are chained by; undefined if they are not. */
  constructor(nameWords: number, payloadWords: number, pageBytes: number, chains: Chains | undefined, budget?: MemoryBudget) {
    this.nameWords = nameWords;
    this.index = new HashIndex(budget);
    this.records = new RecordPages(NAME_WORD + nameWords + payloadWords, pageBytes, budget, 1 << LINKS_SHIFT);
    this.#chains = chains;
  }

  /** The record of the name at `words[at]`, or -1. */
  find(words: Uint32Array, at: number, hash: number): number {
    const { index, records, nameWords } = this;
    const { pages, shift, mask, recordWords } = records;
    const segment = index.segments[hash & index.mask] as Int32Array;
    for (let probe = (hash >>> HOME_SHIFT) << 1; segment[probe + 1] !== 0; probe = (probe + 2) & PROBE_WRAP) {
      if (segment[probe] !== hash) continue;
      const record = (segment[probe + 1] as number) - 1;
      const page = pages[record >>> shift] as Uint32Array;
      const base = (record & mask) * recordWords + NAME_WORD;
      let i = 0;
      while (i < nameWords && page[base + i] === words[at + i]) i++;
      if (i === nameWords) return record;
    }
    return NONE;
  }

  /**
   * {@link find} for every slot of a batch, of which the addresses are the names. First probes for all of them, then
   * compares names: so many cache misses are under way at once, instead of one after the other.
   */
  findAll({ length, hashes, addressWords, addressStride }: StateBatch, found: Int32Array): void {
    const { index, records, nameWords } = this;
    const { segments, mask: segmentMask } = index;
    const { pages, shift, mask, recordWords } = records;
    for (let slot = 0; slot < length; slot++) {
      const hash = (hashes[slot] as number) | 0;
      const segment = segments[hash & segmentMask] as Int32Array;
      let probe = (hash >>> HOME_SHIFT) << 1;
      while (segment[probe + 1] !== 0 && segment[probe] !== hash) probe = (probe + 2) & PROBE_WRAP;
      found[slot] = (segment[probe + 1] as number) - 1;
    }
    const stride = addressStride >>> 2;
    for (let slot = 0; slot < length; slot++) {
      const record = found[slot] as number;
      if (record === NONE) continue;
      const page = pages[record >>> shift] as Uint32Array;
      const base = (record & mask) * recordWords + NAME_WORD;
      const at = slot * stride;
      let i = 0;
      while (i < nameWords && page[base + i] === addressWords[at + i]) i++;
      // Another name of the same hash stood first.
      if (i < nameWords) found[slot] = this.find(addressWords, at, (hashes[slot] as number) | 0);
    }
  }

  /** A new record for a name that is not there. The caller sets word 0 and the payload. */
  add(words: Uint32Array, at: number, hash: number): number {
    const { records, nameWords } = this;
    const record = records.take();
    const page = records.writable(record);
    const base = (record & records.mask) * records.recordWords + NAME_WORD;
    for (let i = 0; i < nameWords; i++) page[base + i] = words[at + i] as number;
    this.#enter(record, words, at, hash);
    return record;
  }

  /** Finds again what was put back into the records. */
  adopt(): void {
    const { records, nameWords } = this;
    records.adopt();
    const { pages, shift, mask, recordWords } = records;
    let windowWords = [0, 0];
    let hashOfWindow = windowHash(Number.MIN_SAFE_INTEGER);
    for (let page = 0; page < pages.length; page++) {
      const words = pages[page] as Uint32Array;
      const bytes = Buffer.from(words.buffer);
      for (let base = 0; base < words.length; base += recordWords) {
        if (words[base] === 0) continue;
        const at = base + NAME_WORD;
        if (words[at] !== windowWords[0] || words[at + 1] !== windowWords[1]) {
          windowWords = [words[at] as number, words[at + 1] as number];
          hashOfWindow = windowHash(decodeWindow(bytes, 4 * at));
        }
        const hash = slotHash(keyHash(words, at + WINDOW_WORDS, nameWords - WINDOW_WORDS), hashOfWindow) | 0;
        this.#enter((page << shift) | ((base / recordWords) & mask), words, at, hash);
      }
    }
  }

  /** Makes a record that stands in its page one that is found. */
  #enter(record: number, words: Uint32Array, at: number, hash: number): void {
    const { records } = this;
    const number = record >>> records.shift;
    this.index.insert(hash, record);
    const links = this.#links[number] === undefined || this.#links[number] === NO_LINKS ? this.#newLinks(number) : this.#links[number];
    const link = (record & records.mask) << LINKS_SHIFT;
    links[link + HASH] = hash;
    if (this.#chains === undefined) return;
    const chain = this.#chains.chainOf(words, at);
    const next = this.#chains.head(chain);
    this.#chains.setHead(chain, record);
    links[link + PREVIOUS] = NONE;
    links[link + NEXT] = next;
    links[link + CHAIN] = chain;
    if (next !== NONE) this.#setLink(next, PREVIOUS, record);
  }

  /** Frees a record, and its chain if it was the last one there. */
  delete(record: number): void {
    const chains = this.#chains;
    if (chains !== undefined) {
      const previous = this.#link(record, PREVIOUS);
      const next = this.#link(record, NEXT);
      if (next !== NONE) this.#setLink(next, PREVIOUS, previous);
      if (previous !== NONE) this.#setLink(previous, NEXT, next);
      else chains.setHead(this.#link(record, CHAIN), next);
    }
    this.index.remove(this.#link(record, HASH), record);
    this.#free(record);
  }

  /** The record after this one in its chain, or -1. */
  next(record: number): number {
    return this.#link(record, NEXT);
  }

  /** Frees every record of a window, each shown to `before` first. Takes time by their number only. */
  dropWindow(window: number, before: (record: number) => void): void {
    const chains = this.#chains;
    if (chains === undefined) return;
    let chain = chains.firstOfWindow(window);
    const sweep = this.#isMuch(chain, chains) ? new Uint32Array(Math.ceil(this.#numbers() / 32)) : undefined;
    while (chain !== NONE) {
      const following = chains.next(chain);
      for (let record = chains.head(chain); record !== NONE; ) {
        const next = this.#link(record, NEXT);
        before(record);
        if (sweep === undefined) this.index.remove(this.#link(record, HASH), record);
        else sweep[record >>> 5] = (sweep[record >>> 5] as number) | (1 << (record & 31));
        this.#free(record);
        record = next;
      }
      chains.setHead(chain, NONE);
      chain = following;
    }
    if (sweep !== undefined) this.index.removeMarked(sweep);
  }

  /** True if a window has so much of all records that its drop had better walk over the whole index. */
  #isMuch(first: number, chains: Chains): boolean {
    let left = Math.max(SWEEP_MIN, this.index.size * SWEEP_SHARE, this.#numbers() / MARKS_PER_RECORD_MAX);
    for (let chain = first; chain !== NONE && left > 0; chain = chains.next(chain)) {
      for (let record = chains.head(chain); record !== NONE && left > 0; record = this.#link(record, NEXT)) left--;
    }
    return left <= 0;
  }

  /** One more than the highest number a record may have. */
  #numbers(): number {
    return this.records.pages.length << this.records.shift;
  }

  #free(record: number): void {
    if (this.records.free(record)) this.#links[record >>> this.records.shift] = NO_LINKS;
  }

  #newLinks(page: number): Int32Array {
    const links = new Int32Array((this.records.mask + 1) << LINKS_SHIFT);
    this.#links[page] = links;
    return links;
  }

  #link(record: number, field: number): number {
    const { shift, mask } = this.records;
    return (this.#links[record >>> shift] as Int32Array)[((record & mask) << LINKS_SHIFT) + field] as number;
  }

  #setLink(record: number, field: number, value: number): void {
    const { shift, mask } = this.records;
    (this.#links[record >>> shift] as Int32Array)[((record & mask) << LINKS_SHIFT) + field] = value;
  }
}

/**
 * The chains of a table: one for each window or, where scans may be limited to a group, one for each (window, group),
 * which are then chained by window themselves. A chain without a record is forgotten.
 */
export class Chains {
  readonly #chains: KeyedRecords;
  /** The first record of each chain. */
  #heads = new Int32Array(16);
  readonly #windows: Chains | undefined;
  /** The name last asked for, and its chain if that is known. */
  readonly #name: Uint32Array;
  #last = NONE;
  readonly #nameMask: Uint32Array;
  /** The name to be looked for, used again each time. */
  readonly #sought: Uint32Array;
  readonly #soughtBytes: Buffer;

  /** @param groupBytes bytes after the window that take part in the name of a chain. */
  constructor(groupBytes: number, pageBytes: number, budget?: MemoryBudget) {
    const words = WINDOW_WORDS + Math.ceil(groupBytes / 4);
    this.#windows = groupBytes === 0 ? undefined : new Chains(0, pageBytes, budget);
    this.#chains = new KeyedRecords(words, 0, pageBytes, this.#windows, budget);
    this.#name = new Uint32Array(words);
    this.#nameMask = new Uint32Array(words);
    this.#sought = new Uint32Array(words);
    this.#soughtBytes = Buffer.from(this.#sought.buffer);
    new Uint8Array(this.#nameMask.buffer).fill(0xff, 0, 4 * WINDOW_WORDS + groupBytes);
  }

  /** The chain that the address at `words[at]` belongs to; made if need be. */
  chainOf(words: Uint32Array, at: number): number {
    const found = this.find(words, at);
    if (found !== NONE) return found;
    const chain = this.#chains.add(this.#name, 0, this.#hash());
    this.#chains.records.setFirstWord(chain, 1);
    if (chain >= this.#heads.length) {
      const heads = new Int32Array(2 ** Math.ceil(Math.log2(chain + 1)));
      heads.set(this.#heads);
      this.#heads = heads;
    }
    this.#heads[chain] = NONE;
    this.#last = chain;
    return chain;
  }

  /** The chain that the address at `words[at]` belongs to, or -1. */
  find(words: Uint32Array, at: number): number {
    const { length } = this.#name;
    for (let i = 0; i < length; i++) {
      const word = ((words[at + i] as number) & (this.#nameMask[i] as number)) >>> 0;
      if (this.#name[i] === word) continue;
      this.#name[i] = word;
      this.#last = NONE;
    }
    if (this.#last === NONE) this.#last = this.#chains.find(this.#name, 0, this.#hash());
    return this.#last;
  }

  /** The first chain of a window, or -1. The others follow by {@link next}. */
  firstOfWindow(window: number): number {
    if (this.#windows !== undefined) {
      const chain = this.#windows.firstOfWindow(window);
      return chain === NONE ? NONE : this.#windows.head(chain);
    }
    writeWindow(window, this.#soughtBytes);
    return this.find(this.#sought, 0);
  }

  /** The chain of a group of a window, or -1. */
  ofGroup(window: number, group: Uint8Array): number {
    writeWindow(window, this.#soughtBytes);
    for (let i = 0; i < group.length; i++) this.#soughtBytes[WINDOW_BYTES + i] = group[i] as number;
    return this.find(this.#sought, 0);
  }

  /** The chain after this one in its window, or -1. */
  next(chain: number): number {
    return this.#windows === undefined ? NONE : this.#chains.next(chain);
  }

  head(chain: number): number {
    return this.#heads[chain] as number;
  }

  /** Makes another record the head; -1 forgets the chain. */
  setHead(chain: number, record: number): void {
    this.#heads[chain] = record;
    if (record !== NONE) return;
    if (chain === this.#last) this.#last = NONE;
    this.#chains.delete(chain);
  }

  #hash(): number {
    return slotHash(keyHash(this.#name, 0, this.#name.length), 0) | 0;
  }
}
