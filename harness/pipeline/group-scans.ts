import type { ListTable, Pending, StateBatch } from '../../backends/contract.ts';
import { eachBatch } from './in-turn.ts';

/** Scans the list of each slot of a batch, one after the other, over a table whose groups are whole keys. */
export class GroupScans {
  readonly #table: ListTable;
  readonly #wanted: StateBatch;
  readonly #scanBatch: StateBatch;
  /** The slot whose list is under way. */
  #slot = 0;
  readonly #found: (batch: StateBatch) => void;

  /** @param take is handed a slot of `wanted` and some of what was found for it, in `scanBatch`. */
  constructor(table: ListTable, wanted: StateBatch, scanBatch: StateBatch, take: (slot: number, found: StateBatch) => void) {
    this.#table = table;
    this.#wanted = wanted;
    this.#scanBatch = scanBatch;
    this.#found = (batch) => take(this.#slot, batch);
  }

  run(from = 0): Pending {
    const wanted = this.#wanted;
    for (let slot = from; slot < wanted.length; slot++) {
      this.#slot = slot;
      const pending = eachBatch(this.#table.scan(wanted.windows[slot]!, this.#scanBatch, wanted.keys[slot]!), this.#found);
      if (pending) return pending.then(() => this.run(slot + 1));
    }
  }
}
