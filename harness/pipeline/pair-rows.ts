import type { Pending } from '../../backends/contract.ts';
import { type Emit, SCAN_SLOTS } from './stage.ts';

/**
 * The rows of a join on their way out, [left value, right value] and, where events have a payload, its hash, under a key and a span of
 * time each. They go {@link SCAN_SLOTS} at a time, however many pairs one event makes.
 */
export class PairRows {
  readonly #stage: number;
  readonly #keyWordCount: number;
  readonly #width: number;
  readonly #emit: Emit;
  #arenas: PairArenas;
  #count = 0;
  /** Rows handed on that the taker has not done with; null where it takes them at once. */
  #taken: Promise<void> | null = null;

  /** @param stage from 1 */
  constructor(stage: number, keyBytes: number, hasPayload: boolean, emit: Emit) {
    this.#stage = stage;
    this.#keyWordCount = keyBytes >>> 2;
    this.#width = hasPayload ? 3 : 2;
    this.#emit = emit;
    this.#arenas = new PairArenas(this.#keyWordCount, this.#width);
  }

  /** Adds a row; its key begins at word `keyAt` of `keyWords`. The payload's hash plays no part where there is none. */
  add(keyWords: Uint32Array, keyAt: number, startMs: number, endMs: number, left: number, right: number, payload: number): void {
    if (this.#count === SCAN_SLOTS) this.#handOn();
    const row = this.#count++;
    const words = this.#keyWordCount;
    const arenas = this.#arenas;
    for (let word = 0; word < words; word++) arenas.keyWords[row * words + word] = keyWords[keyAt + word]!;
    arenas.startsMs[row] = startMs;
    arenas.endsMs[row] = endMs;
    const at = row * this.#width;
    arenas.numbers[at] = left;
    arenas.numbers[at + 1] = right;
    if (this.#width === 3) arenas.numbers[at + 2] = payload;
  }

  /** Emits what is left. Settles once every row was taken. */
  flush(): Pending {
    if (this.#count > 0) this.#handOn();
    const taken = this.#taken;
    if (taken !== null) {
      this.#taken = null;
      return taken;
    }
  }

  #handOn(): void {
    const { startsMs, endsMs, keyWords, numbers } = this.#arenas;
    const keyWordCount = this.#keyWordCount;
    const row = { stage: this.#stage, startsMs, endsMs, keyWords, keyStrideWords: keyWordCount, keyAtWord: 0, keyWordCount };
    const rows = { ...row, numbers, width: this.#width, count: this.#count };
    this.#count = 0;
    const pending = this.#taken === null ? this.#emit(rows) : this.#taken.then(() => this.#emit(rows));
    if (!pending) return;
    // The taker still reads these, and the scan that makes pairs cannot wait amid a batch.
    this.#taken = pending;
    this.#arenas = new PairArenas(keyWordCount, this.#width);
  }
}

class PairArenas {
  readonly keyWords: Uint32Array;
  readonly startsMs = new Float64Array(SCAN_SLOTS);
  readonly endsMs = new Float64Array(SCAN_SLOTS);
  readonly numbers: Float64Array;

  constructor(keyWordCount: number, width: number) {
    this.numbers = new Float64Array(width * SCAN_SLOTS);
    this.keyWords = new Uint32Array(SCAN_SLOTS * keyWordCount);
  }
}
