/**
 * Which epochs a state is made of.
 *
 * Whatever a store writes carries the epoch it was written in. An epoch is a positive integer that grows with every cut
 * and with every store that begins to write in a namespace, and that nobody uses twice; the server hands them out. What
 * a process wrote after the checkpoint that another goes on from has epochs which that one does not see.
 */

/** The first and the last of some epochs in a row, both included. */
export type EpochRange = readonly [first: number, last: number];

/** Epochs are written in 30 bits, which is one a second for 34 years. */
export const EPOCH_MAX = 2 ** 30 - 1;

export function isWithin(ranges: readonly EpochRange[], epoch: number): boolean {
  for (let i = ranges.length - 1; i >= 0; i--) {
    const [first, last] = ranges[i]!;
    if (epoch >= first) return epoch <= last;
  }
  return false;
}

/** The epochs of the checkpoint that a store went on from, and its own. */
export class Lineage {
  readonly #past: readonly EpochRange[];
  #first = Number.POSITIVE_INFINITY;

  /** @param past what {@link upTo} said when the checkpoint was cut; empty for a store that began empty. */
  constructor(past: readonly EpochRange[] = []) {
    this.#past = past;
  }

  /** From this epoch on all are the store's own. Until this is said it has none. */
  begin(epoch: number): void {
    this.#first = epoch;
  }

  sees(epoch: number): boolean {
    return epoch >= this.#first || isWithin(this.#past, epoch);
  }

  /** The epochs that a checkpoint sees which is cut at the end of `epoch`. */
  upTo(epoch: number): readonly EpochRange[] {
    const last = this.#past.at(-1);
    if (epoch < this.#first) return this.#past;
    if (last !== undefined && last[1] + 1 === this.#first) return [...this.#past.slice(0, -1), [last[0], epoch]];
    return [...this.#past, [this.#first, epoch]];
  }
}
