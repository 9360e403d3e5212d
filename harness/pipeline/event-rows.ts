import type { Pending } from '../../backends/contract.ts';
import type { Emit } from './stage.ts';

/** Rows that single events make, on their way out: each with a span of time and a key of its own. */
export class EventRows {
  readonly numbers: Float64Array;
  readonly #stage: number;
  readonly #width: number;
  readonly #keyWordCount: number;
  readonly #emit: Emit;
  readonly #startsMs: Float64Array;
  readonly #endsMs: Float64Array;
  readonly #keyWords: Uint32Array;
  #count = 0;

  /** @param stage from 1 */
  constructor(stage: number, width: number, keyBytes: number, capacity: number, emit: Emit) {
    this.#stage = stage;
    this.#width = width;
    this.#keyWordCount = keyBytes >>> 2;
    this.#emit = emit;
    this.numbers = new Float64Array(capacity * width);
    this.#startsMs = new Float64Array(capacity);
    this.#endsMs = new Float64Array(capacity);
    this.#keyWords = new Uint32Array(capacity * this.#keyWordCount);
  }

  /** Adds a row whose key begins at word `keyAt` of `keyWords`, and returns where in {@link numbers} its own are to be written. */
  add(startMs: number, endMs: number, keyWords: Uint32Array, keyAt: number): number {
    const row = this.#count++;
    const words = this.#keyWordCount;
    this.#startsMs[row] = startMs;
    this.#endsMs[row] = endMs;
    for (let word = 0; word < words; word++) this.#keyWords[row * words + word] = keyWords[keyAt + word]!;
    return row * this.#width;
  }

  /** Emits the rows added since the last time. */
  flush(): Pending {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    return this.#emit({
      stage: this.#stage,
      startsMs: this.#startsMs,
      endsMs: this.#endsMs,
      count,
      keyWords: this.#keyWords,
      keyStrideWords: this.#keyWordCount,
      keyAtWord: 0,
      keyWordCount: this.#keyWordCount,
      numbers: this.numbers,
      width: this.#width,
    });
  }
}
