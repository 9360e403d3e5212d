import { EVENT_TYPE, type IntervalJoinStage } from '../../workloads/contract.ts';
import { at, copyOf, type Give, type Operator, type OracleEvent } from './operator.ts';
import type { Pair } from './pair.ts';

/** An event that others of its key may still be joined with. */
interface Waiting {
  readonly isRight: boolean;
  readonly time: number;
  readonly numbers: readonly number[];
}

/** Every pair of a left and a right event of a key whose times are as the stage says. */
export class IntervalJoinOperator implements Operator {
  readonly #stage: IntervalJoinStage;
  readonly #pair: Pair;
  readonly #emit: Give;
  #keys = new Map<string, Waiting[]>();
  #watermark = -Infinity;
  late = 0;

  constructor(stage: IntervalJoinStage, pair: Pair, emit: Give) {
    this.#stage = stage;
    this.#pair = pair;
    this.#emit = emit;
  }

  event({ key, time, type, numbers }: OracleEvent): void {
    if (time < this.#watermark) {
      this.late++;
      return;
    }
    const { lowerMs, upperMs } = this.#stage;
    const event: Waiting = { isRight: type === EVENT_TYPE.right, time, numbers };
    const waiting = at(this.#keys, key, () => []);
    for (const other of waiting) {
      if (other.isRight === event.isRight) continue;
      const [left, right] = event.isRight ? [other, event] : [event, other];
      if (right.time < left.time + lowerMs || right.time > left.time + upperMs) continue;
      const later = Math.max(left.time, right.time);
      this.#emit(later, later + 1, key, this.#pair(left.numbers, right.numbers));
    }
    waiting.push(event);
  }

  advance(watermark: number): void {
    this.#watermark = watermark;
    for (const [key, waiting] of this.#keys) {
      if (waiting.every((event) => this.#canMeet(event))) continue;
      const kept = waiting.filter((event) => this.#canMeet(event));
      if (kept.length === 0) this.#keys.delete(key);
      else this.#keys.set(key, kept);
    }
  }

  state(give: Give): void {
    for (const [key, waiting] of this.#keys) {
      for (const event of waiting) {
        // An event not late itself may have come when whatever it could meet was already to be late.
        if (this.#canMeet(event)) give(event.time, event.time + 1, key, [event.isRight ? 1 : 0, ...event.numbers]);
      }
    }
  }

  copy(emit: Give): Operator {
    const copy = new IntervalJoinOperator(this.#stage, this.#pair, emit);
    copy.#keys = copyOf(this.#keys, (waiting) => [...waiting]);
    copy.#watermark = this.#watermark;
    copy.late = this.late;
    return copy;
  }

  /** Whether an event to come, not late, can be joined with it. */
  #canMeet({ isRight, time }: Waiting): boolean {
    const latestPartner = isRight ? time - this.#stage.lowerMs : time + this.#stage.upperMs;
    return latestPartner >= this.#watermark;
  }
}
