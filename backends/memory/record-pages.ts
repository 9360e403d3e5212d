const NO_PAGE = new Uint32Array(0);

/** What a page is since the last cut: as it was, written to, or held by the cut, so that a write has to copy it first. */
const CLEAN = 0;
const TOUCHED = 1;
const SHARED = 2;

/** Records as they were at a cut. */
export interface RecordsCut {
  /** By number, the pages in which something is to be written down; null for the others. */
  readonly pages: (Uint32Array | null)[];
  /** A bit for each record written to or freed since the cut before. */
  readonly marks: Uint32Array;
  /** True if every record in use is to be written down, false if those marked are. */
  readonly all: boolean;
}

/**
 * Records of a fixed number of 32-bit words in pages of about one size, by number: record r stands in page
 * `r >>> shift`, from word `(r & mask) * recordWords`. Word 0 of a record is 0 if and only if it is free.
 *
 * A cut shares its pages with the live records; whoever writes to a record first asks {@link writable} for its page, which
 * marks the record and copies a shared page. Pages without a record are given back.
 */
export class RecordPages {
  readonly recordWords: number;
  readonly shift: number;
  readonly mask: number;
  /** To read from. Write only to what {@link writable} returns. */
  readonly pages: Uint32Array[] = [];
  #states = new Uint8Array(64);
  #marks = new Uint32Array(64);
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
      this.#mark(record);
      this.pages[page] = NO_PAGE;
      this.#states[page] = TOUCHED;
      this.#vacant.push(page);
      return true;
    }
    if (live === this.mask) this.#roomy.push(page);
    const words = this.writable(record);
    const at = (record & this.mask) * this.recordWords;
    words[at] = 0;
    words[at + 1] = this.#free[page] as number;
    this.#free[page] = record + 1;
    return false;
  }

  /** The page of a record that is about to be written to. */
  writable(record: number): Uint32Array {
    this.#mark(record);
    const page = record >>> this.shift;
    return this.#states[page] === TOUCHED ? (this.pages[page] as Uint32Array) : this.#touch(page);
  }

  setFirstWord(record: number, word: number): void {
    this.writable(record)[(record & this.mask) * this.recordWords] = word;
  }

  /** Records in use. */
  get size(): number {
    let size = 0;
    for (const live of this.#live) size += live;
    return size;
  }

  /** Records that the next cut would have to write down, were it not to write all of them. */
  get marked(): number {
    let marked = 0;
    for (const word of this.#marks) {
      let bits = word - ((word >>> 1) & 0x55555555);
      bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
      marked += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
    }
    return marked;
  }

  /**
   * Fixes all records as they are now, or those written to since the last cut. Takes time by the number of pages, and a
   * bit for each record. Ends with {@link undo}, or with {@link letGo} of every page.
   */
  cut(all: boolean): RecordsCut {
    const marks = this.#marks;
    this.#marks = new Uint32Array(marks.length);
    const states = this.#states;
    const pages: (Uint32Array | null)[] = this.pages.slice();
    for (let page = 0; page < pages.length; page++) {
      if (all || states[page] === TOUCHED) states[page] = SHARED;
      else pages[page] = null;
    }
    return { pages, marks, all };
  }

  /** This page of a cut has been written down: it need not be copied any more. */
  letGo(cut: RecordsCut, page: number): void {
    if (this.#states[page] === SHARED && this.pages[page] === cut.pages[page]) this.#states[page] = CLEAN;
    cut.pages[page] = null;
  }

  /** A cut will not be written down: the next one has to tell what it would have told. */
  undo({ marks, pages }: RecordsCut): void {
    for (let i = 0; i < marks.length; i++) this.#marks[i] = (this.#marks[i] as number) | (marks[i] as number);
    for (let page = 0; page < pages.length; page++) if (this.#states[page] !== TOUCHED) this.#states[page] = TOUCHED;
  }

  /** Puts a record back under the number it had; {@link adopt} follows when all are there. */
  put(record: number, words: Uint32Array, at: number, count: number): void {
    const page = record >>> this.shift;
    while (this.pages.length <= page) this.pages.push(NO_PAGE);
    if (this.pages[page] === NO_PAGE) {
      if (words[at] === 0) return;
      this.pages[page] = new Uint32Array(this.recordWords << this.shift);
    }
    const to = (record & this.mask) * this.recordWords;
    const own = this.pages[page] as Uint32Array;
    for (let i = 0; i < count; i++) own[to + i] = words[at + i] as number;
  }

  /** Takes what was {@link put} for all there is, as written down already. */
  adopt(): void {
    const { mask, recordWords } = this;
    for (let page = 0; page < this.pages.length; page++) {
      const words = this.pages[page] as Uint32Array;
      let [live, free] = [0, 0];
      for (let slot = words === NO_PAGE ? -1 : mask; slot >= 0; slot--) {
        const at = slot * recordWords;
        if (words[at] !== 0) live++;
        else {
          words[at + 1] = free;
          free = ((page << this.shift) | slot) + 1;
        }
      }
      this.#reserve(page);
      this.#states[page] = CLEAN;
      this.#live[page] = live;
      this.#free[page] = free;
      this.#fresh[page] = mask + 1;
      if (live > 0) {
        if (live <= mask) this.#roomy.push(page);
        continue;
      }
      this.pages[page] = NO_PAGE;
      this.#vacant.push(page);
    }
  }

  #mark(record: number): void {
    this.#marks[record >>> 5] = (this.#marks[record >>> 5] as number) | (1 << (record & 31));
  }

  #touch(page: number): Uint32Array {
    let words = this.pages[page] as Uint32Array;
    if (this.#states[page] === SHARED) {
      words = words.slice();
      this.pages[page] = words;
    }
    this.#states[page] = TOUCHED;
    return words;
  }

  /** Makes room for what is kept of a page. */
  #reserve(page: number): void {
    if (page >= this.#states.length) {
      const states = new Uint8Array(2 ** Math.ceil(Math.log2(page + 1)));
      states.set(this.#states);
      this.#states = states;
    }
    const words = (((page + 1) << this.shift) >>> 5) + 1;
    if (words <= this.#marks.length) return;
    const marks = new Uint32Array(2 ** Math.ceil(Math.log2(words)));
    marks.set(this.#marks);
    this.#marks = marks;
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
    this.#reserve(page);
    this.#states[page] = TOUCHED;
    this.#current = page;
    return page;
  }
}
