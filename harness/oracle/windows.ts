import type { SlidingWindow, TumblingWindow } from '../../workloads/contract.ts';
import { type Kept, stateOf } from './aggregates.ts';
import { at, copyOf, type Give, type Operator, type OracleEvent } from './operator.ts';
import { windowStarts } from './window-starts.ts';

/** Start → key → what it has. */
type Windows = Map<number, Map<string, Kept>>;

/** An aggregate over tumbling or sliding windows. */
export class WindowOperator implements Operator {
  readonly #window: TumblingWindow | SlidingWindow;
  /** How long a pane is; null if the state is kept by windows. */
  readonly #paneMs: number | null;
  readonly #allowedLatenessMs: number;
  readonly #newKept: () => Kept;
  readonly #emit: Give;
  /** Those not expired. */
  #windows: Windows = new Map();
  /** Of the variant with panes, those of any window not expired. For the state alone: no output is made from them. */
  #panes: Windows = new Map();
  #watermark = -Infinity;
  late = 0;

  constructor(window: TumblingWindow | SlidingWindow, allowedLatenessMs: number, newKept: () => Kept, emit: Give) {
    this.#window = window;
    this.#paneMs = window.kind === 'sliding' && window.panes ? window.slideMs : null;
    this.#allowedLatenessMs = allowedLatenessMs;
    this.#newKept = newKept;
    this.#emit = emit;
  }

  event({ key, time, numbers }: OracleEvent): void {
    const { sizeMs } = this.#window;
    const starts = windowStarts(this.#window, time);
    let isLate = true;
    for (const start of starts) {
      if (this.#isExpired(start, this.#watermark)) continue;
      isLate = false;
      const kept = this.#keptAt(this.#windows, start, key);
      kept.add(numbers);
      if (start + sizeMs - 1 <= this.#watermark) this.#emit(start, start + sizeMs, key, kept.result());
    }
    if (isLate) this.late++;
    else if (this.#paneMs !== null) this.#keptAt(this.#panes, starts.at(-1)!, key).add(numbers); // the last window begins with the event's pane
  }

  advance(watermark: number): void {
    const { sizeMs } = this.#window;
    for (const [start, keys] of [...this.#windows].sort(([a], [b]) => a - b)) {
      const end = start + sizeMs;
      const fires = end - 1 > this.#watermark && end - 1 <= watermark;
      if (fires) for (const [key, kept] of keys) this.#emit(start, end, key, kept.result());
    }
    for (const windows of [this.#windows, this.#panes]) {
      for (const start of [...windows.keys()]) if (this.#isExpired(start, watermark)) windows.delete(start);
    }
    this.#watermark = watermark;
  }

  state(give: Give): void {
    const windows = this.#paneMs === null ? this.#windows : this.#panes;
    const lengthMs = this.#paneMs ?? this.#window.sizeMs;
    for (const [start, keys] of windows) for (const [key, kept] of keys) give(start, start + lengthMs, key, stateOf(kept, 'arrival'));
  }

  copy(emit: Give): Operator {
    const copy = new WindowOperator(this.#window, this.#allowedLatenessMs, this.#newKept, emit);
    copy.#windows = copyOf(this.#windows, (keys) => copyOf(keys, (kept) => kept.copy()));
    copy.#panes = copyOf(this.#panes, (keys) => copyOf(keys, (kept) => kept.copy()));
    copy.#watermark = this.#watermark;
    copy.late = this.late;
    return copy;
  }

  /** Whether the window from `start` takes no more events. A pane expires with the last window that has it, which begins where it does. */
  #isExpired(start: number, watermark: number): boolean {
    return start + this.#window.sizeMs - 1 + this.#allowedLatenessMs <= watermark;
  }

  #keptAt(windows: Windows, start: number, key: string): Kept {
    const keys = at(windows, start, () => new Map<string, Kept>());
    return at(keys, key, this.#newKept);
  }
}
