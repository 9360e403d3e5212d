import { EVENT_TYPE } from '../../workloads/contract.ts';
import { at, copyOf, type Give, type Operator, type OracleEvent } from './operator.ts';

/** What a key has: the left side's value, if it has said one, and the values of the right events that wait for it. */
interface Joined {
  value: number | null;
  waiting: number[];
}

/** Right events joined with what the left side says at that moment of the stream. */
export class ContinuousJoinOperator implements Operator {
  readonly #emit: Give;
  #keys = new Map<string, Joined>();
  readonly late = 0;

  constructor(emit: Give) {
    this.#emit = emit;
  }

  event({ key, time, type, numbers }: OracleEvent): void {
    const joined = at(this.#keys, key, (): Joined => ({ value: null, waiting: [] }));
    const [value] = numbers;
    switch (type) {
      case EVENT_TYPE.right:
        if (joined.value === null) joined.waiting.push(value!);
        else this.#emit(time, time + 1, key, [joined.value, value!]);
        break;
      case EVENT_TYPE.end:
        joined.value = null;
        break;
      default:
        joined.value = value!;
        for (const right of joined.waiting) this.#emit(time, time + 1, key, [value!, right]);
        joined.waiting = [];
    }
  }

  advance(): void {}

  state(give: Give): void {
    for (const [key, { value, waiting }] of this.#keys) {
      if (value !== null) give(0, 0, key, [0, value]);
      if (waiting.length > 0) give(0, 0, key, [1, ...waiting]);
    }
  }

  copy(emit: Give): Operator {
    const copy = new ContinuousJoinOperator(emit);
    copy.#keys = copyOf(this.#keys, ({ value, waiting }) => ({ value, waiting: [...waiting] }));
    return copy;
  }
}
