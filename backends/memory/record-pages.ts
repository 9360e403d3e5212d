import { MemoryBudget } from './memory-budget.ts';
import { RecordsCut } from './records-cut.ts';

const NO_PAGE = new Uint32Array(0);
const NO_MARKS = new Uint32Array(0);

/**
 * Records of a fixed number of 32-bit words in pages of about one size, by number: record r stands in page
 * `r >>> shift`, from word `(r & mask) * recordWords`. Word 0 of a record is 0 if and only if it is free.
 *
 * Whoever writes to a record first asks {@link writable} for its page, which marks the record and lets a cut under way
 * keep what it holds. Pages without a record are given back.
 */
export class RecordPages {
  readonly recordWords: number;
  readonly shift: number;
  readonly mask: number;
  /** To read from. Write only to what {@link writable} returns. */
  readonly pages: Uint32Array[] = [];
  /** A bit for each record written to or freed since the last cut, and how many they are. */
  #marks: Uint32Array = new Uint32Array(64);
  #marked = 0;
  /** As long as the marks and without any: those of a cut that is done with. */
  #spare: Uint32Array = NO_MARKS;
  /** The cut that is not yet written down. */
  #cut: RecordsCut | null = null;
  /** Per page: free records as a list through word 1 (record + 1, 0 ends it), records never used yet, records in use. */
  readonly #free: number[] = [];
  readonly #fresh: number[] = [];
  readonly #live: number[] = [];
  /** Numbers of pages that may have room, and of pages that were given back. */
  readonly #roomy: number[] = [];
  readonly #vacant: number[] = [];
  #current = -1;
  readonly #budget: MemoryBudget;
  /** What a page takes, with what its owner keeps beside its records. */
  readonly #bytesPerPage: number;

  /**
   * @param recordWords at least 2.
   * @param wordsBeside that the owner keeps beside each record of a page that is in use.
   */
  constructor(recordWords: number, pageBytes: number, budget = new MemoryBudget(), wordsBeside = 0) {
    this.recordWords = recordWords;
    this.#budget = budget;
    this.shift = Math.max(0, Math.floor(Math.log2(pageBytes / (4 * recordWords))));
    this.mask = (1 << this.shift) - 1;
    this.#bytesPerPage = 4 * ((recordWords + wordsBeside) << this.shift);
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
      this.#budget.give(this.#bytesPerPage);
      this.pages[page] = NO_PAGE;
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
    return this.pages[record >>> this.shift] as Uint32Array;
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
    return this.#marked;
  }

  /**
   * Fixes all records as they are now, or those written to since the last cut, in a time that hardly depends on their
   * number. Ends with {@link undo} or {@link end}, before the next one.
   * @param wordsOf words of a record that count, by its word 0.
   */
  cut(all: boolean, wordsOf: (first: number) => number): RecordsCut {
    const marks = this.#marks;
    this.#marks = this.#spare.length === marks.length ? this.#spare : new Uint32Array(marks.length);
    this.#spare = NO_MARKS;
    this.#marked = 0;
    if (all) marks.fill(0xffff_ffff, 0, Math.ceil((this.pages.length << this.shift) / 32));
    this.#cut = new RecordsCut(this, marks, all, wordsOf);
    return this.#cut;
  }

  /** A cut has been written down. */
  end({ marks }: RecordsCut): void {
    this.#cut = null;
    this.#spare = marks.fill(0);
  }

  /** A cut will not be written down: the next one has to tell what it would have told. */
  undo({ marks }: RecordsCut): void {
    this.#cut = null;
    // What the cut has kept, and so has no mark there any more, was written to since and has one here.
    for (let i = 0; i < marks.length; i++) this.#marks[i] = (this.#marks[i] as number) | (marks[i] as number);
    this.#marked = this.#marks.reduce((sum, word) => sum + bitsOf(word), 0);
  }

  /** Puts a record back under the number it had; {@link adopt} follows when all are there. */
  put(record: number, words: Uint32Array, at: number, count: number): void {
    const page = record >>> this.shift;
    while (this.pages.length <= page) this.pages.push(NO_PAGE);
    if (this.pages[page] === NO_PAGE) {
      if (words[at] === 0) return;
      this.#budget.take(this.#bytesPerPage);
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
      this.#live[page] = live;
      this.#free[page] = free;
      this.#fresh[page] = mask + 1;
      if (live > 0) {
        if (live <= mask) this.#roomy.push(page);
        continue;
      }
      if (words !== NO_PAGE) this.#budget.give(this.#bytesPerPage);
      this.pages[page] = NO_PAGE;
      this.#vacant.push(page);
    }
  }

  #mark(record: number): void {
    const at = record >>> 5;
    const word = this.#marks[at] as number;
    const bit = 1 << (record & 31);
    if ((word & bit) !== 0) return;
    this.#marks[at] = word | bit;
    this.#marked++;
    this.#cut?.keep(record);
  }

  /** Makes room for what is kept of a page. */
  #reserve(page: number): void {
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
    this.#budget.take(this.#bytesPerPage);
    const page = this.#vacant.pop() ?? this.pages.length;
    this.pages[page] = new Uint32Array(this.recordWords << this.shift);
    this.#free[page] = 0;
    this.#fresh[page] = 0;
    this.#live[page] = 0;
    this.#reserve(page);
    this.#current = page;
    return page;
  }
}

function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
