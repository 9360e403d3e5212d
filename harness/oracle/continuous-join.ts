import { EVENT_TYPE } from '../../workloads/contract.ts';
import { at, copyOf, type Give, type Operator, type OracleEvent } from './operator.ts';
import type { Pair } from './pair.ts';

/** What a key has: the left side's event, if there is one in force, and the right events that wait for one, by their numbers. */
interface Joined {
  left: readonly number[] | null;
  waiting: (readonly number[])[];
}

/** Right events joined with what the left side says at that moment of the stream. */
export class ContinuousJoinOperator implements Operator {
  readonly #pair: Pair;
  readonly #emit: Give;
  #keys = new Map<string, Joined>();
  readonly late = 0;

  constructor(pair: Pair, emit: Give) {
    this.#pair = pair;
    this.#emit = emit;
  }

  event({ key, time, type, numbers }: OracleEvent): void {
    const joined = at(this.#keys, key, (): Joined => ({ left: null, waiting: [] }));
    switch (type) {
      case EVENT_TYPE.right:
        if (joined.left === null) joined.waiting.push(numbers);
        else this.#emit(time, time + 1, key, this.#pair(joined.left, numbers));
        break;
      case EVENT_TYPE.end:
        joined.left = null;
        break;
      default:
        joined.left = numbers;
        for (const right of joined.waiting) this.#emit(time, time + 1, key, this.#pair(numbers, right));
        joined.waiting = [];
    }
  }

  advance(): void {}

  state(give: Give): void {
    for (const [key, { left, waiting }] of this.#keys) {
      if (left !== null) give(0, 0, key, [0, ...left]);
      if (waiting.length > 0) give(0, 0, key, [1, ...waiting.flat()]);
    }
  }

  copy(emit: Give): Operator {
    const copy = new ContinuousJoinOperator(this.#pair, emit);
    copy.#keys = copyOf(this.#keys, ({ left, waiting }) => ({ left, waiting: [...waiting] }));
    return copy;
  }
}
