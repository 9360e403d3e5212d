/** Numbers keys of one width in the order in which they first come: an open-addressing table over flat arenas. */
export class WordDictionary {
  /** Words of a key. */
  readonly width: number;
  /** Keys known, numbered from 0. */
  count = 0;
  /** Key i starts at word `i * width`. Replaced when it grows. */
  words: Uint32Array;
  #hashes: Uint32Array;
  /** Number of a key + 1; 0 where there is none. At most half full. */
  #index: Int32Array;

  constructor(width: number) {
    this.width = width;
    this.words = new Uint32Array(64 * width);
    this.#hashes = new Uint32Array(64);
    this.#index = new Int32Array(128);
  }

  /** The number of the key whose words start at `at`; −1 if it never came. @param hash of the key, the same for equal keys. */
  find(words: Uint32Array, at: number, hash: number): number {
    const { width, words: known } = this;
    const hashes = this.#hashes;
    const index = this.#index;
    const mask = index.length - 1;
    for (let probe = hash & mask; ; probe = (probe + 1) & mask) {
      const id = index[probe]! - 1;
      if (id < 0) return -1;
      if (hashes[id] !== hash >>> 0) continue;
      const from = id * width;
      let word = 0;
      while (word < width && known[from + word] === words[at + word]) word++;
      if (word === width) return id;
    }
  }

  /** Numbers a key that {@link find} does not find. */
  add(words: Uint32Array, at: number, hash: number): number {
    const { width } = this;
    const id = this.count++;
    if (id === this.#hashes.length) this.#grow();
    this.#hashes[id] = hash;
    for (let word = 0; word < width; word++) this.words[id * width + word] = words[at + word]!;
    this.#enter(id);
    return id;
  }

  #enter(id: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let probe = this.#hashes[id]! & mask;
    while (index[probe] !== 0) probe = (probe + 1) & mask;
    index[probe] = id + 1;
  }

  #grow(): void {
    const capacity = this.#hashes.length * 2;
    const words = new Uint32Array(capacity * this.width);
    words.set(this.words);
    this.words = words;
    const hashes = new Uint32Array(capacity);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#index = new Int32Array(capacity * 2);
    for (let id = 0; id < this.count - 1; id++) this.#enter(id);
  }
}
