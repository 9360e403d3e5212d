import { seededRandom } from '../random.ts';
import type { Plan } from '../results.ts';

/** How events follow each other: evenly, or at random with the same mean (a Poisson process, exponential gaps). */
export type ArrivalKind = Plan['latency']['arrivals'];

/** When each event of an open loop is to begin, whatever becomes of those before it. Asking for the next allocates nothing. */
export class Arrivals {
  /** When the next event is due, in ns. */
  nextNs = 0;
  #count = 0;
  #startNs = 0;
  #periodNs = 0;
  readonly #isPoisson: boolean;
  readonly #random: () => number;

  constructor(kind: ArrivalKind, seed: number) {
    this.#isPoisson = kind === 'poisson';
    this.#random = seededRandom(seed);
  }

  /** Begins anew: the first event is due at `startNs`. */
  begin(startNs: number, ratePerSecond: number): void {
    this.#startNs = startNs;
    this.#periodNs = 1e9 / ratePerSecond;
    this.#count = 0;
    this.nextNs = startNs;
  }

  advance(): void {
    // Evenly: counted from the start, so that no rounding adds up.
    if (this.#isPoisson) this.nextNs -= Math.log(1 - this.#random()) * this.#periodNs;
    else this.nextNs = this.#startNs + ++this.#count * this.#periodNs;
  }
}
