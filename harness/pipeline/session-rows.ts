import type { Pending, StateBatch } from '../../backends/contract.ts';
import { type Emit, SCAN_SLOTS } from './stage.ts';

/** Rows of sessions on their way out, each with a window of its own: gathered in arenas that grow to what is needed. */
export class SessionRows {
  readonly #stage: number;
  readonly #width: number;
  readonly #keyWordCount: number;
  readonly #emit: Emit;
  #capacity = SCAN_SLOTS;
  #count = 0;
  #startsMs = new Float64Array(SCAN_SLOTS);
  #endsMs = new Float64Array(SCAN_SLOTS);
  #keyWords: Uint32Array;
  #numbers: Float64Array;

  constructor(stage: number, width: number, keyBytes: number, emit: Emit) {
    this.#stage = stage;
    this.#width = width;
    this.#keyWordCount = keyBytes >>> 2;
    this.#emit = emit;
    this.#keyWords = new Uint32Array(this.#capacity * this.#keyWordCount);
    this.#numbers = new Float64Array(this.#capacity * width);
  }

  /** Takes a row of the key of a slot; its numbers go into {@link numbers} from the place that this returns. */
  add(startMs: number, endMs: number, batch: StateBatch, slot: number): number {
    if (this.#count === this.#capacity) this.#grow();
    const row = this.#count++;
    this.#startsMs[row] = startMs;
    this.#endsMs[row] = endMs;
    const count = this.#keyWordCount;
    const from = slot * (batch.addressStride >>> 2) + 2;
    for (let word = 0; word < count; word++) this.#keyWords[row * count + word] = batch.addressWords[from + word]!;
    return row * this.#width;
  }

  /** Good until the next row is added. */
  get numbers(): Float64Array {
    return this.#numbers;
  }

  /** Hands the rows on. */
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
      numbers: this.#numbers,
      width: this.#width,
    });
  }

  #grow(): void {
    this.#capacity *= 2;
    const { buffer: keys } = this.#keyWords;
    const [startsMs, endsMs, numbers] = [this.#startsMs, this.#endsMs, this.#numbers];
    this.#startsMs = new Float64Array(this.#capacity);
    this.#endsMs = new Float64Array(this.#capacity);
    this.#keyWords = new Uint32Array(this.#capacity * this.#keyWordCount);
    this.#numbers = new Float64Array(this.#capacity * this.#width);
    this.#startsMs.set(startsMs);
    this.#endsMs.set(endsMs);
    this.#keyWords.set(new Uint32Array(keys));
    this.#numbers.set(numbers);
  }
}
