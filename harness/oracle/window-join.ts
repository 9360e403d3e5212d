import { EVENT_TYPE, type SlidingWindow, type TumblingWindow } from '../../workloads/contract.ts';
import { at, copyOf, type Give, type Operator, type OracleEvent } from './operator.ts';
import type { Pair } from './pair.ts';
import { windowStarts } from './window-starts.ts';

/** The events of both sides, by their numbers, in the order they came. */
interface Sides {
  readonly left: (readonly number[])[];
  readonly right: (readonly number[])[];
}

/** Every pair of a left and a right event that share a key and a window. */
export class WindowJoinOperator implements Operator {
  readonly #window: TumblingWindow | SlidingWindow;
  readonly #pair: Pair;
  readonly #emit: Give;
  /** Start → key → what came, of the windows not closed. */
  #windows = new Map<number, Map<string, Sides>>();
  #watermark = -Infinity;
  late = 0;

  constructor(window: TumblingWindow | SlidingWindow, pair: Pair, emit: Give) {
    this.#window = window;
    this.#pair = pair;
    this.#emit = emit;
  }

  event({ key, time, type, numbers }: OracleEvent): void {
    let isLate = true;
    for (const start of windowStarts(this.#window, time)) {
      if (start + this.#window.sizeMs - 1 <= this.#watermark) continue;
      isLate = false;
      const keys = at(this.#windows, start, () => new Map<string, Sides>());
      const { left, right } = at(keys, key, () => ({ left: [], right: [] }));
      (type === EVENT_TYPE.right ? right : left).push(numbers);
    }
    if (isLate) this.late++;
  }

  advance(watermark: number): void {
    const { sizeMs } = this.#window;
    for (const [start, keys] of [...this.#windows].sort(([a], [b]) => a - b)) {
      if (start + sizeMs - 1 > watermark) continue;
      for (const [key, { left, right }] of keys) {
        for (const one of left) for (const other of right) this.#emit(start, start + sizeMs, key, this.#pair(one, other));
      }
      this.#windows.delete(start);
    }
    this.#watermark = watermark;
  }

  state(give: Give): void {
    for (const [start, keys] of this.#windows) {
      for (const [key, { left, right }] of keys) {
        if (left.length > 0) give(start, start + this.#window.sizeMs, key, [0, ...left.flat()]);
        if (right.length > 0) give(start, start + this.#window.sizeMs, key, [1, ...right.flat()]);
      }
    }
  }

  copy(emit: Give): Operator {
    const copy = new WindowJoinOperator(this.#window, this.#pair, emit);
    copy.#windows = copyOf(this.#windows, (keys) => copyOf(keys, ({ left, right }) => ({ left: [...left], right: [...right] })));
    copy.#watermark = this.#watermark;
    copy.late = this.late;
    return copy;
  }
}
