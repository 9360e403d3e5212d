import type { Kept } from './aggregates.ts';
import { at, copyOf, type Give, type Operator, type OracleEvent } from './operator.ts';

/** An aggregate over all that ever came to a key. */
export class GlobalOperator implements Operator {
  readonly #newKept: () => Kept;
  readonly #emit: Give;
  #keys = new Map<string, Kept>();
  readonly late = 0;

  constructor(newKept: () => Kept, emit: Give) {
    this.#newKept = newKept;
    this.#emit = emit;
  }

  event({ key, time, numbers }: OracleEvent): void {
    const kept = at(this.#keys, key, this.#newKept);
    kept.add(numbers);
    this.#emit(time, time + 1, key, kept.result());
  }

  advance(): void {}

  state(give: Give): void {
    for (const [key, kept] of this.#keys) give(0, 0, key, kept.result());
  }

  copy(emit: Give): Operator {
    const copy = new GlobalOperator(this.#newKept, emit);
    copy.#keys = copyOf(this.#keys, (kept) => kept.copy());
    return copy;
  }
}
