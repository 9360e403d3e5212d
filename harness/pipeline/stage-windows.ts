import type { Pending } from '../../backends/contract.ts';
import type { SlidingWindow, TumblingWindow } from '../../workloads/contract.ts';

/**
 * The windows of one stage in event time: which of them an event belongs to, where its state is kept, which windows the
 * watermark has made due, and what may be forgotten. Tumbling is sliding by its own size, so there is one kind of arithmetic: a
 * pane is one slide long, and the events of a pane share all their windows.
 *
 * State is kept by cells: a cell is a window, or with `panes` a pane. Either goes by its start, and the cell of a start goes
 * when the window of that start takes no more events: it is the last window of the pane.
 */
export class StageWindows {
  readonly sizeMs: number;
  readonly slideMs: number;
  /** Windows that every event belongs to. */
  readonly overlap: number;
  readonly panes: boolean;
  /** Cells that every event goes into. */
  readonly cells: number;
  /** How long a cell is. */
  readonly cellMs: number;
  /** Whether an event was placed since this was last set to false that belongs to a window which has fired and still takes events. */
  updating = false;
  readonly #offsetMs: number;
  /** From a window's start to its last millisecond, and to when it takes no more events. */
  readonly #lastMs: number;
  readonly #keptMs: number;
  /** Starts of the cells that hold something. */
  readonly #open: Set<number>;
  #watermarkMs: number;
  /** No window is due and no cell may go before the watermark reaches this. */
  #nextMs = Number.NEGATIVE_INFINITY;

  /** @param open starts of the cells that hold something. */
  constructor(window: TumblingWindow | SlidingWindow, open: readonly number[], watermarkMs: number, allowedLatenessMs = 0) {
    this.sizeMs = window.sizeMs;
    this.slideMs = window.kind === 'sliding' ? window.slideMs : window.sizeMs;
    this.overlap = this.sizeMs / this.slideMs;
    if (!Number.isSafeInteger(this.overlap)) {
      throw new RangeError(`a window of ${this.sizeMs} ms must be a multiple of its slide, ${this.slideMs} ms`);
    }
    this.panes = window.kind === 'sliding' && window.panes;
    this.cells = this.panes ? 1 : this.overlap;
    this.cellMs = this.panes ? this.slideMs : this.sizeMs;
    this.#offsetMs = window.offsetMs;
    this.#lastMs = this.sizeMs - 1;
    this.#keptMs = this.#lastMs + allowedLatenessMs;
    this.#open = new Set(open);
    this.#watermarkMs = watermarkMs;
  }

  /** Start of the pane of `timeMs`, which is the start of its last window; the earlier ones start a slide before each other. */
  paneStart(timeMs: number): number {
    return Math.floor((timeMs - this.#offsetMs) / this.slideMs) * this.slideMs + this.#offsetMs;
  }

  /** How many cells of a pane's events, latest first, still take them; they count as holding something from now on. */
  openPane(paneStart: number): number {
    const kept = this.kept(paneStart);
    if (kept === 0) return 0;
    const earliest = paneStart - (kept - 1) * this.slideMs;
    if (earliest + this.#lastMs <= this.#watermarkMs) this.updating = true;
    if (earliest + this.#lastMs < this.#nextMs) this.#nextMs = earliest + this.#lastMs;
    const cells = this.panes ? 1 : kept;
    for (let c = 0; c < cells; c++) this.#open.add(paneStart - c * this.slideMs);
    return cells;
  }

  /** How many windows of a pane, latest first, still take events. */
  kept(paneStart: number): number {
    return this.#notReached(paneStart + this.#keptMs);
  }

  /** How many windows of a pane, latest first, have not fired. */
  unfired(paneStart: number): number {
    return this.#notReached(paneStart + this.#lastMs);
  }

  hasFired(startMs: number): boolean {
    return startMs + this.#lastMs <= this.#watermarkMs;
  }

  /** How many of these the watermark has not reached: `latestMs` and, a slide apart, one for each earlier window of a pane. */
  #notReached(latestMs: number): number {
    let count = 0;
    while (count < this.overlap && latestMs - count * this.slideMs > this.#watermarkMs) count++;
    return count;
  }

  /**
   * Goes by this watermark from now on, and takes out the cells to be forgotten. A window is due once its last millisecond has been
   * reached; with no lateness allowed its cell goes with it. Null if there is neither.
   */
  close(watermarkMs: number): ClosedWindows | null {
    const firedMs = this.#watermarkMs;
    this.#watermarkMs = watermarkMs;
    if (this.#nextMs > watermarkMs) return null;
    const due = new Set<number>();
    const gone: number[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const start of this.#open) {
      // From the first window of the cell; it has but one unless it is a pane.
      for (let w = this.panes ? this.overlap - 1 : 0; w >= 0; w--) {
        const lastMs = start - w * this.slideMs + this.#lastMs;
        if (lastMs > watermarkMs) {
          nextMs = Math.min(nextMs, lastMs);
          break;
        }
        if (lastMs > firedMs) due.add(lastMs - this.#lastMs);
      }
      if (start + this.#keptMs <= watermarkMs) gone.push(start);
      else nextMs = Math.min(nextMs, start + this.#keptMs);
    }
    for (const start of gone) this.#open.delete(start);
    this.#nextMs = nextMs;
    return due.size === 0 && gone.length === 0 ? null : { due: ascending(due), gone: ascending(gone) };
  }

  /** Starts of the cells that hold something, ascending. */
  open(): number[] {
    return ascending(this.#open);
  }

  has(cellStart: number): boolean {
    return this.#open.has(cellStart);
  }
}

/** What a watermark closed: starts, ascending. */
export interface ClosedWindows {
  readonly due: readonly number[];
  readonly gone: readonly number[];
}

/** Fires what is due, and forgets each cell as soon as no window is left to fire that has it. */
export async function fireAndForget(
  { due, gone }: ClosedWindows,
  fire: (startMs: number) => Pending,
  forget: (startMs: number) => Pending,
): Promise<void> {
  let forgotten = 0;
  const forgetUpTo = async (startMs: number): Promise<void> => {
    for (; forgotten < gone.length && gone[forgotten]! <= startMs; forgotten++) await forget(gone[forgotten]!);
  };
  for (const startMs of due) {
    await fire(startMs);
    await forgetUpTo(startMs);
  }
  await forgetUpTo(Number.POSITIVE_INFINITY);
}

function ascending(numbers: Iterable<number>): number[] {
  return [...numbers].sort((a, b) => a - b);
}
