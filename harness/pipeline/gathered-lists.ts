import { keyHash, type StateBatch } from '../../backends/contract.ts';
import { elementHash } from '../../workloads/contract.ts';

const NONE = -1;

/**
 * The lists of one window in memory, found by key: of each element its first double and, if it has more, the hash of all. Fill it by
 * `begin`, `add` and `end`. Grows to the largest window, and stays so.
 */
export class GatheredLists {
  readonly #keyWordCount: number;
  /** Lists gathered, and of each its key and where its values begin. One start more says where the last one ends. */
  #count = 0;
  #keyWords: Uint32Array;
  #starts = new Int32Array(257);
  #values = new Float64Array(1024);
  /** Of each value the hash of its element; empty where elements are values. */
  #hashes = new Float64Array(0);
  #valueCount = 0;
  /** Open addressing over the lists, as wide as this window needs. */
  #index = new Int32Array(512);
  #mask = 0;

  constructor(keyBytes: number) {
    this.#keyWordCount = keyBytes >>> 2;
    this.#keyWords = new Uint32Array(257 * this.#keyWordCount);
  }

  /** Forgets the window before. */
  begin(): void {
    this.#count = 0;
    this.#valueCount = 0;
  }

  /** Takes a batch of a scan, in which the elements of a key come together. */
  add({ length, addressWords, addressStride, valueDoubles, valueWords, valueStride }: StateBatch): void {
    if (this.#valueCount + length > this.#values.length) this.#values = grown(Float64Array, this.#values, this.#valueCount + length);
    const strideWords = addressStride >>> 2;
    const width = valueStride / 8;
    if (width > 1 && this.#hashes.length < this.#values.length) {
      this.#hashes = grown(Float64Array, this.#hashes, this.#values.length);
    }
    for (let slot = 0; slot < length; slot++) {
      const at = slot * strideWords + 2;
      if (this.#count === 0 || !this.#isKey(this.#count - 1, addressWords, at)) this.#begin(addressWords, at);
      if (width > 1) this.#hashes[this.#valueCount] = elementHash(valueWords, 2 * slot * width, width);
      this.#values[this.#valueCount++] = valueDoubles[slot * width]!;
    }
  }

  /** Makes what was gathered ready to be looked up. */
  end(): void {
    const words = this.#keyWordCount;
    this.#starts[this.#count] = this.#valueCount;
    let size = 16;
    while (size < this.#count * 2) size *= 2;
    if (size > this.#index.length) this.#index = new Int32Array(size);
    this.#index.fill(NONE, 0, size);
    this.#mask = size - 1;
    for (let list = 0; list < this.#count; list++) {
      let probe = keyHash(this.#keyWords, list * words, words) & this.#mask;
      while (this.#index[probe] !== NONE) probe = (probe + 1) & this.#mask;
      this.#index[probe] = list;
    }
  }

  get values(): Float64Array {
    return this.#values;
  }

  /** By the places of {@link values}; empty where elements are values. */
  get hashes(): Float64Array {
    return this.#hashes;
  }

  /** The list of the key that begins at word `at`, -1 if there is none. */
  find(words: Uint32Array, at: number): number {
    let probe = keyHash(words, at, this.#keyWordCount) & this.#mask;
    for (;;) {
      const list = this.#index[probe]!;
      if (list === NONE || this.#isKey(list, words, at)) return list;
      probe = (probe + 1) & this.#mask;
    }
  }

  /** Where a list begins in {@link values}; it ends where the next one begins. */
  start(list: number): number {
    return this.#starts[list]!;
  }

  #begin(words: Uint32Array, at: number): void {
    const list = this.#count++;
    const count = this.#keyWordCount;
    if (list + 2 > this.#starts.length) {
      this.#starts = grown(Int32Array, this.#starts, list + 2);
      this.#keyWords = grown(Uint32Array, this.#keyWords, this.#starts.length * count);
    }
    this.#starts[list] = this.#valueCount;
    for (let word = 0; word < count; word++) this.#keyWords[list * count + word] = words[at + word]!;
  }

  #isKey(list: number, words: Uint32Array, at: number): boolean {
    const count = this.#keyWordCount;
    const from = list * count;
    for (let word = 0; word < count; word++) if (this.#keyWords[from + word] !== words[at + word]) return false;
    return true;
  }
}

/** A copy with room for at least `length`, and at least twice what it had. */
function grown<T extends Float64Array | Int32Array | Uint32Array>(type: new (length: number) => T, from: T, length: number): T {
  const to = new type(Math.max(length, 2 * from.length));
  to.set(from);
  return to;
}
