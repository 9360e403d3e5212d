/** Words of a chunk. Filling and writing one is what events wait for at most. */
const CHUNK_WORDS = 1 << 16;
/** Words of marks looked at before events get their turn; one with a mark counts as its 32 records. */
const LOOKS_PER_TURN = 1 << 16;
const NOTHING = new Uint32Array(0);

/** Where records stand, as in `RecordPages`. */
export interface RecordPlaces {
  readonly pages: readonly Uint32Array[];
  readonly shift: number;
  readonly mask: number;
  readonly recordWords: number;
}

/**
 * Records as they were at a cut, put into chunks while events go on: each its number, its word 0 and, unless that says
 * that the record is free, what follows. Nothing is copied but the records themselves, each once: by {@link chunks}, or by
 * {@link keep} if an event is about to write to it before.
 */
export class RecordsCut {
  /** A bit for each record that may have to be told; whoever is kept loses it. */
  readonly marks: Uint32Array;
  /** Records told so far. */
  count = 0;
  readonly #places: RecordPlaces;
  readonly #all: boolean;
  readonly #wordsOf: (first: number) => number;
  /** Records below are in chunks. */
  #next = 0;
  #chunk: Uint32Array;
  #used = 0;
  readonly #full: Uint32Array[] = [];
  readonly #spare: Uint32Array[] = [];

  /**
   * @param all true if all records in use are told, false if those marked are, free ones too.
   * @param wordsOf words of a record that count, by its word 0.
   */
  constructor(places: RecordPlaces, marks: Uint32Array, all: boolean, wordsOf: (first: number) => number) {
    this.#places = places;
    this.marks = marks;
    this.#all = all;
    this.#wordsOf = wordsOf;
    this.#chunk = this.#newChunk();
  }

  /** To be called before a record is written to that has not been since the cut. */
  keep(record: number): void {
    const { marks } = this;
    const at = record >>> 5;
    if (record < this.#next || at >= marks.length) return;
    const word = marks[at] as number;
    const bit = 1 << (record & 31);
    if ((word & bit) === 0) return;
    marks[at] = word & ~bit;
    this.#put(record);
  }

  /** Everything once, in chunks that hold until the next is asked for. An empty one says that events had better go on first. */
  *chunks(): Iterable<Uint32Array> {
    const { marks } = this;
    let looks = 0;
    for (let at = 0; at < marks.length; at++) {
      const bits = marks[at] as number;
      looks += bits === 0 ? 1 : 32;
      for (let left = bits; left !== 0; left &= left - 1) this.#put((at << 5) | (31 - Math.clz32(left & -left)));
      if (this.#full.length === 0 && looks < LOOKS_PER_TURN) continue;
      this.#next = (at + 1) << 5;
      yield* this.#drain();
      if (looks >= LOOKS_PER_TURN) yield NOTHING;
      looks = 0;
    }
    this.#next = Number.POSITIVE_INFINITY;
    yield* this.#drain();
    if (this.#used > 0) yield this.#chunk.subarray(0, this.#used);
  }

  *#drain(): Iterable<Uint32Array> {
    for (let chunk = this.#full.shift(); chunk !== undefined; chunk = this.#full.shift()) {
      yield chunk;
      this.#spare.push(new Uint32Array(chunk.buffer));
    }
  }

  #put(record: number): void {
    const { pages, shift, mask, recordWords } = this.#places;
    const page = pages[record >>> shift] ?? NOTHING;
    const base = (record & mask) * recordWords;
    const first = page[base] ?? 0; // a page given back has no words
    if (first === 0 && this.#all) return;
    if (this.#used + 1 + recordWords > this.#chunk.length) {
      this.#full.push(this.#chunk.subarray(0, this.#used));
      this.#chunk = this.#spare.pop() ?? this.#newChunk();
      this.#used = 0;
    }
    const chunk = this.#chunk;
    const to = this.#used + 1;
    chunk[to - 1] = record;
    chunk[to] = first;
    const words = first === 0 ? 1 : this.#wordsOf(first);
    for (let i = 1; i < words; i++) chunk[to + i] = page[base + i] as number;
    this.#used = to + words;
    this.count++;
  }

  #newChunk(): Uint32Array {
    return new Uint32Array(Math.max(CHUNK_WORDS, 1 + this.#places.recordWords));
  }
}
