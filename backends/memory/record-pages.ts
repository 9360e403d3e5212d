const NO_PAGE = new Uint32Array(0);

/**
 * Records of a fixed number of 32-bit words in pages of about one size, by number: record r stands in page
 * `r >>> shift`, from word `(r & mask) * recordWords`. Word 0 of a record is 0 if and only if it is free.
 *
 * A snapshot shares its pages with the live records; whoever writes to a page first asks {@link writable} for it, which
 * copies a shared one. Pages without a record are given back.
 */
export class RecordPages {
  readonly recordWords: number;
  readonly shift: number;
  readonly mask: number;
  /** To read from. Write only to what {@link writable} returns. */
  readonly pages: Uint32Array[] = [];
  #shared = new Uint8Array(64);
  /** Per page: free records as a list through word 1 (record + 1, 0 ends it), records never used yet, records in use. */
  readonly #free: number[] = [];
  readonly #fresh: number[] = [];
  readonly #live: number[] = [];
  /** Numbers of pages that may have room, and of pages that were given back. */
  readonly #roomy: number[] = [];
  readonly #vacant: number[] = [];
  #current = -1;

  /** @param recordWords at least 2. */
  constructor(recordWords: number, pageBytes: number) {
    this.recordWords = recordWords;
    this.shift = Math.max(0, Math.floor(Math.log2(pageBytes / (4 * recordWords))));
    this.mask = (1 << this.shift) - 1;
  }

  /** A record of which word 0 is still 0: the caller sets it. */
  take(): number {
    let page = this.#current;
    if (page < 0 || (this.#free[page] === 0 && (this.#fresh[page] as number) > this.mask)) page = this.#nextPage();
    this.#live[page] = (this.#live[page] as number) + 1;
    const free = this.#free[page] as number;
    if (free === 0) {
      const fresh = this.#fresh[page] as number;
      this.#fresh[page] = fresh + 1;
      return (page << this.shift) | fresh;
    }
    const words = this.pages[page] as Uint32Array;
    this.#free[page] = words[((free - 1) & this.mask) * this.recordWords + 1] as number;
    return free - 1;
  }

  /** @returns true if the record was the last of its page, which is given back. */
  free(record: number): boolean {
    const page = record >>> this.shift;
    const live = (this.#live[page] as number) - 1;
    this.#live[page] = live;
    if (live === 0 && page !== this.#current) {
      this.pages[page] = NO_PAGE;
      this.#shared[page] = 0;
      this.#vacant.push(page);
      return true;
    }
    if (live === this.mask) this.#roomy.push(page);
    const words = this.writable(page);
    const at = (record & this.mask) * this.recordWords;
    words[at] = 0;
    words[at + 1] = this.#free[page] as number;
    this.#free[page] = record + 1;
    return false;
  }

  writable(page: number): Uint32Array {
    return this.#shared[page] === 0 ? (this.pages[page] as Uint32Array) : this.#copy(page);
  }

  setFirstWord(record: number, word: number): void {
    this.writable(record >>> this.shift)[(record & this.mask) * this.recordWords] = word;
  }

  /** All pages as they are now, whatever is written later. Costs nothing until a page is written to. */
  snapshot(): readonly Uint32Array[] {
    this.#shared.fill(1, 0, this.pages.length);
    return this.pages.slice();
  }

  /** No snapshot is read any more: pages need not be copied. */
  forgetSnapshots(): void {
    this.#shared.fill(0);
  }

  #copy(page: number): Uint32Array {
    const copy = (this.pages[page] as Uint32Array).slice();
    this.pages[page] = copy;
    this.#shared[page] = 0;
    return copy;
  }

  #nextPage(): number {
    for (let page = this.#roomy.pop(); page !== undefined; page = this.#roomy.pop()) {
      // Given back, or used up and listed again, since it was put here.
      if (this.pages[page] === NO_PAGE || (this.#live[page] as number) > this.mask) continue;
      this.#current = page;
      return page;
    }
    const page = this.#vacant.pop() ?? this.pages.length;
    this.pages[page] = new Uint32Array(this.recordWords << this.shift);
    this.#free[page] = 0;
    this.#fresh[page] = 0;
    this.#live[page] = 0;
    if (page >= this.#shared.length) {
      const shared = new Uint8Array(this.#shared.length * 2);
      shared.set(this.#shared);
      this.#shared = shared;
    }
    this.#shared[page] = 0;
    this.#current = page;
    return page;
  }
}
