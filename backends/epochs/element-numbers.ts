/**
 * Lists by epochs. An element's row ends in its number, `epoch (4 bytes) | count (4 bytes)`, big-endian: rows sort as they
 * were appended, and say by themselves whether a reader sees them. To remove a list puts one marker in front of its
 * elements, a row whose number begins with four zeros: it says below which number the elements are gone, and is itself
 * passed over by whoever does not see its epoch. So a restore brings a removed list back without writing anything.
 */
import { BackendError } from '../contract.ts';
import type { StoreEpochs } from './store-epochs.ts';

export const NUMBER_BYTES = 8;
const COUNT_MAX = 2 ** 32 - 1;

/** Numbers the elements of one list table. */
export class ElementNumbers {
  readonly #epochs: StoreEpochs;
  #epoch = 0;
  #count = 0;

  constructor(epochs: StoreEpochs) {
    this.#epochs = epochs;
  }

  /** Epoch of the next number: as the first word, what is appended now begins with. */
  get epoch(): number {
    return this.#epochs.epoch;
  }

  /** The second word of the next number. */
  get count(): number {
    return this.#epoch === this.#epochs.epoch ? this.#count : 0;
  }

  /** Writes the next number at `at` and counts on. @throws BackendError `refused` after 2^32 elements in one epoch. */
  write(into: Buffer, at: number): void {
    const { epoch } = this.#epochs;
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#count = 0;
    }
    if (this.#count === COUNT_MAX) {
      throw new BackendError('refused', `a list table takes ${COUNT_MAX} elements between two checkpoints: make them more often`);
    }
    into.writeUInt32BE(epoch, at);
    into.writeUInt32BE(this.#count++, at + 4);
  }
}

/** Walks through rows of lists in their order, and says which elements are there. */
export class ListWalk {
  readonly #epochs: StoreEpochs;
  #floorEpoch = 0;
  #floorCount = 0;

  constructor(epochs: StoreEpochs) {
    this.#epochs = epochs;
  }

  /** The rows that follow are of another list. */
  begin(): void {
    this.#floorEpoch = 0;
    this.#floorCount = 0;
  }

  /** A marker of the list: elements below this number were removed, in this epoch. */
  marker(epoch: number, count: number): void {
    if (!this.#epochs.lineage.sees(epoch) || this.#isBelow(epoch, count)) return;
    this.#floorEpoch = epoch;
    this.#floorCount = count;
  }

  /** True if an element of this number is there. */
  has(epoch: number, count: number): boolean {
    return this.#epochs.lineage.sees(epoch) && !this.#isBelow(epoch, count);
  }

  #isBelow(epoch: number, count: number): boolean {
    return epoch < this.#floorEpoch || (epoch === this.#floorEpoch && count < this.#floorCount);
  }
}
