/** Deletes in the background what no checkpoint needs any more: one piece of work at a time, none once it was stopped. */

/** Does the next piece of work. @returns false if there is none. */
export type Chore = () => Promise<boolean>;

export class Janitor {
  readonly #chore: Chore;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #failure: Error | undefined;

  constructor(chore: Chore) {
    this.#chore = chore;
  }

  /** There may be something to do. */
  wake(): void {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** @throws what went wrong in the background, once. */
  check(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** Settles when the piece of work that is being done is done; the rest is left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        while (!this.#stopped && (await this.#chore())) {}
      }
    } catch (error) {
      this.#failure ??= error as Error;
    }
  }
}
