/** Counts events by the second. What happens at one go is spread evenly over the time that it took. */
export class Seconds {
  /** Of each second that is over. */
  readonly events: number[] = [];
  #lastNs = 0;
  #endsNs = 0;
  #current = 0;

  begin(ns: number): void {
    this.#lastNs = ns;
    this.#endsNs = ns + 1e9;
  }

  /**
   * Takes in a micro-batch that ended now. Counted where they end, whole micro-batches would tell the rate of a slow store in steps of
   * many percent: each second gets its part of one that goes on into the next.
   * @returns how many seconds are over by now that were not before
   */
  add(now: number, events: number): number {
    let left = events;
    let over = 0;
    for (; now >= this.#endsNs; over++) {
      const part = now === this.#lastNs ? left : Math.round((left * (this.#endsNs - this.#lastNs)) / (now - this.#lastNs));
      left -= part;
      this.events.push(this.#current + part);
      this.#current = 0;
      this.#lastNs = this.#endsNs;
      this.#endsNs += 1e9;
    }
    this.#current += left;
    this.#lastNs = now;
    return over;
  }
}
