import type { SlidingWindow, TumblingWindow } from '../../workloads/contract.ts';

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
  readonly #offsetMs: number;
  readonly #open: Set<number>;
  #earliestOpen: number;
  #watermarkMs: number;

  /** @param open starts of the windows that hold something. */
  constructor(window: TumblingWindow | SlidingWindow, open: readonly number[], watermarkMs: number) {
    this.sizeMs = window.sizeMs;
    this.slideMs = window.kind === 'sliding' ? window.slideMs : window.sizeMs;
    this.overlap = this.sizeMs / this.slideMs;
    if (!Number.isSafeInteger(this.overlap)) {
      throw new RangeError(`a window of ${this.sizeMs} ms must be a multiple of its slide, ${this.slideMs} ms`);
    }
    this.#offsetMs = window.offsetMs;
    this.#open = new Set(open);
    this.#earliestOpen = Math.min(...open);
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

  /** Goes by this watermark from now on, and takes out, in order, the starts of the windows whose last millisecond it has reached. */
  close(watermarkMs: number): readonly number[] {
    this.#watermarkMs = watermarkMs;
    if (this.#earliestOpen + this.sizeMs - 1 > watermarkMs) return NONE;
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

  /** Whether the window that starts here holds something. */
  has(start: number): boolean {
    return this.#open.has(start);
  }

  /** Starts of the windows that hold something, ascending. */
  open(): number[] {
    return [...this.#open].sort((a, b) => a - b);
  }
}

const NONE: readonly number[] = [];
