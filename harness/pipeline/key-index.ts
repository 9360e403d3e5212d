import { keyHash, slotHash } from '../../backends/contract.ts';

/** Numbers distinct keys from 0 in the order they come. Grows to the most there ever were, and stays so. */
export class KeyIndex {
  readonly keyWordCount: number;
  /** Keys numbered so far; key i begins at word `i * keyWordCount` of {@link keyWords}. */
  count = 0;
  keyWords: Uint32Array;
  /** Open addressing: a key's number + 1; 0 where there is none. At most half full. */
  #index = new Int32Array(512);

  constructor(keyBytes: number) {
    this.keyWordCount = keyBytes >>> 2;
    this.keyWords = new Uint32Array(256 * this.keyWordCount);
  }

  clear(): void {
    this.count = 0;
    this.#index.fill(0);
  }

  /** The number of the key that begins at word `at`: `count` as it was before, if the key is new. */
  number(words: Uint32Array, at: number): number {
    const mask = this.#index.length - 1;
    let probe = slotHash(keyHash(words, at, this.keyWordCount), 0) & mask;
    for (; this.#index[probe] !== 0; probe = (probe + 1) & mask) {
      const known = this.#index[probe]! - 1;
      if (this.#isKey(known, words, at)) return known;
    }
    const key = this.count++;
    this.#index[probe] = key + 1;
    const to = key * this.keyWordCount;
    if (to + this.keyWordCount > this.keyWords.length) this.#growKeys();
    for (let word = 0; word < this.keyWordCount; word++) this.keyWords[to + word] = words[at + word]!;
    if (this.count * 2 > this.#index.length) this.#growIndex();
    return key;
  }

  #isKey(key: number, words: Uint32Array, at: number): boolean {
    const from = key * this.keyWordCount;
    for (let word = 0; word < this.keyWordCount; word++) if (this.keyWords[from + word] !== words[at + word]) return false;
    return true;
  }

  #growKeys(): void {
    const grown = new Uint32Array(this.keyWords.length * 2);
    grown.set(this.keyWords);
    this.keyWords = grown;
  }

  #growIndex(): void {
    this.#index = new Int32Array(this.#index.length * 2);
    const mask = this.#index.length - 1;
    for (let key = 0; key < this.count; key++) {
      let probe = slotHash(keyHash(this.keyWords, key * this.keyWordCount, this.keyWordCount), 0) & mask;
      while (this.#index[probe] !== 0) probe = (probe + 1) & mask;
      this.#index[probe] = key + 1;
    }
  }
}
