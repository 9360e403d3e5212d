import type { Pending, StateBatch } from '../../backends/contract.ts';
import type { Emit } from './stage.ts';

/** The rows of one window on their way out: results of a stage in arenas of its own. */
export class WindowRows {
  readonly numbers: Float64Array;
  readonly #stage: number;
  readonly #width: number;
  readonly #emit: Emit;
  readonly #startsMs: Float64Array;
  readonly #endsMs: Float64Array;

  constructor(stage: number, width: number, capacity: number, emit: Emit) {
    this.#stage = stage;
    this.#width = width;
    this.#emit = emit;
    this.numbers = new Float64Array(capacity * width);
    this.#startsMs = new Float64Array(capacity);
    this.#endsMs = new Float64Array(capacity);
  }

  /** All rows until the next `begin` are of this window. */
  begin(startMs: number, endMs: number): void {
    this.#startsMs.fill(startMs);
    this.#endsMs.fill(endMs);
  }

  /** Emits a row for each slot of a scan. */
  emitSlots(batch: StateBatch): Pending {
    return this.emit(batch.addressWords, batch.addressStride >>> 2, 2, batch.keyBytes >>> 2, batch.length);
  }

  /** Emits `count` rows: see `FiredRows` for where their keys are. */
  emit(keyWords: Uint32Array, keyStrideWords: number, keyAtWord: number, keyWordCount: number, count: number): Pending {
    return this.#emit({
      stage: this.#stage,
      startsMs: this.#startsMs,
      endsMs: this.#endsMs,
      count,
      keyWords,
      keyStrideWords,
      keyAtWord,
      keyWordCount,
      numbers: this.numbers,
      width: this.#width,
    });
  }
}
