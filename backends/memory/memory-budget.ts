import { BackendError } from '../contract.ts';

/** Counts what a store holds, and says when it is too much. After that the store is to be closed: nothing can be put elsewhere. */
export class MemoryBudget {
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes = Number.POSITIVE_INFINITY) {
    this.#mostBytes = mostBytes;
  }

  /** What is held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** To be called before memory is taken. @throws BackendError `over-budget` */
  take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#mostBytes) return;
    throw new BackendError(
      'over-budget',
      `the state takes more than the ${this.#mostBytes} bytes of memory that it may have, and this backend keeps it nowhere else: give it more, or use a backend that keeps state on disk`,
    );
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
