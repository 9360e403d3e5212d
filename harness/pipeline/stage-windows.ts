import type { WindowSpec } from '../../workloads/contract.ts';
import type { SavedStage } from './stage.ts';

/**
 * The windows of one stage in event time: which of them an event belongs to, which hold something, which the watermark
 * has closed. Tumbling is sliding by its own size, so there is one kind of arithmetic: a pane is one slide long, and
 * the events of a pane share all their windows.
 */
export class StageWindows {
  readonly sizeMs: number;
  readonly slideMs: number;
  /** Windows that every event belongs to. */
  readonly overlap: number;
  /** Events dropped because every window they belong to had closed. */
  lateEvents: number;
  readonly #offsetMs: number;
  readonly #open: Set<number>;
  #earliestOpen: number;
  #watermarkMs = Number.NEGATIVE_INFINITY;

  constructor(window: WindowSpec, saved: SavedStage) {
    this.sizeMs = window.sizeMs;
    this.slideMs = window.kind === 'sliding' ? window.slideMs : window.sizeMs;
    this.overlap = this.sizeMs / this.slideMs;
    if (!Number.isSafeInteger(this.overlap)) {
      throw new RangeError(`a window of ${this.sizeMs} ms must be a multiple of its slide, ${this.slideMs} ms`);
    }
    this.#offsetMs = window.offsetMs;
    this.lateEvents = saved.lateEvents;
    this.#open = new Set(saved.openWindows);
    this.#earliestOpen = Math.min(...saved.openWindows);
  }

  get watermarkMs(): number {
    return this.#watermarkMs;
  }

  set watermarkMs(watermarkMs: number) {
    this.#watermarkMs = watermarkMs;
  }

  /** Start of the pane of `timeMs`, which is the start of its last window; the earlier ones start a slide before each other. */
  paneStart(timeMs: number): number {
    return Math.floor((timeMs - this.#offsetMs) / this.slideMs) * this.slideMs + this.#offsetMs;
  }

  /** How many windows of a pane, latest first, the watermark has not closed; they count as holding something from now on. */
  openPane(paneStart: number): number {
    for (let w = 0; w < this.overlap; w++) {
      const start = paneStart - w * this.slideMs;
      if (start + this.sizeMs - 1 <= this.#watermarkMs) return w;
      this.#open.add(start);
      if (start < this.#earliestOpen) this.#earliestOpen = start;
    }
    return this.overlap;
  }

  /** True if this watermark closes a window that holds something. */
  anyDue(watermarkMs: number): boolean {
    return this.#earliestOpen + this.sizeMs - 1 <= watermarkMs;
  }

  /** Takes out, in order, the starts of the windows whose last millisecond the watermark has reached. */
  takeDue(watermarkMs: number): number[] {
    const due: number[] = [];
    let earliest = Number.POSITIVE_INFINITY;
    for (const start of this.#open) {
      if (start + this.sizeMs - 1 <= watermarkMs) due.push(start);
      else if (start < earliest) earliest = start;
    }
    for (const start of due) this.#open.delete(start);
    this.#earliestOpen = earliest;
    return due.sort((a, b) => a - b);
  }

  save(): SavedStage {
    return { openWindows: [...this.#open].sort((a, b) => a - b), lateEvents: this.lateEvents };
  }
}
