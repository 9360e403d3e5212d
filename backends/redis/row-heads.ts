/**
 * What stands in front of a value in its row, 4 bytes, big-endian: the epoch it was written in, and two flags. A row holds the
 * newest version alone. Whoever overwrites one that a checkpoint needs puts it into the log of before-images first
 * (`before-images.ts`), once between two checkpoints, and flags the new one; so a row never grows by what is kept of it.
 */
import { cutSees } from '../epochs/cuts.ts';
import { EPOCH_MAX } from '../epochs/lineage.ts';
import type { StoreEpochs } from '../epochs/store-epochs.ts';

export const HEAD_BYTES = 4;
/** Older versions of the row may be in the log: who does not see this one has to look there. */
export const BEHIND = 0x8000_0000;
/** The value was deleted; the row stays, as an older version may be in the log. */
export const GONE = 0x4000_0000;

const PLACES = 64;

/** Remembers a yes or no by epoch: a batch has many rows and few epochs. */
class ByEpoch {
  readonly #answer: (epoch: number) => boolean;
  readonly #epochs = new Int32Array(PLACES).fill(-1);
  readonly #answers = new Uint8Array(PLACES);

  constructor(answer: (epoch: number) => boolean) {
    this.#answer = answer;
  }

  forget(): void {
    this.#epochs.fill(-1);
  }

  of(epoch: number): boolean {
    const place = epoch % PLACES;
    if (this.#epochs[place] !== epoch) {
      this.#epochs[place] = epoch;
      this.#answers[place] = this.#answer(epoch) ? 1 : 0;
    }
    return this.#answers[place] === 1;
  }
}

export function headOf(stored: Uint8Array): number {
  return ((stored[0]! << 24) | (stored[1]! << 16) | (stored[2]! << 8) | stored[3]!) >>> 0;
}

export function epochOf(head: number): number {
  return head & EPOCH_MAX;
}

/** What a store makes of the heads of its rows. */
export class RowHeads {
  readonly #epochs: StoreEpochs;
  readonly #seen: ByEpoch;
  readonly #needed: ByEpoch;
  #epoch = -1;
  #cuts: unknown;

  constructor(epochs: StoreEpochs) {
    this.#epochs = epochs;
    this.#seen = new ByEpoch((epoch) => epochs.lineage.sees(epoch));
    this.#needed = new ByEpoch((epoch) => epochs.cuts.all.some((cut) => cutSees(cut, epoch)));
  }

  /** To be called before a batch: what was true of an epoch changes with every cut and every release. */
  renew(): void {
    const { epoch, cuts } = this.#epochs;
    if (epoch === this.#epoch && cuts.all === this.#cuts) return;
    this.#epoch = epoch;
    this.#cuts = cuts.all;
    this.#seen.forget();
    this.#needed.forget();
  }

  /** True if the store sees this version. */
  sees(head: number): boolean {
    return this.#seen.of(head & EPOCH_MAX);
  }

  /** True if a checkpoint needs this version, once it is overwritten. */
  needs(head: number): boolean {
    return this.#needed.of(head & EPOCH_MAX);
  }
}
