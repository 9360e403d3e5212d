import { PROC } from './proc.ts';
import { descendantTicks } from './processor-time.ts';

/** The kernel counts in hundredths of a second, on every Linux there is. */
const TICKS_PER_SECOND = 100;

/** CPU time of the servers that this process has started, between two looks. */
export class ServerTime {
  readonly #without: number[] = [];
  readonly #looks: (number | null)[] = [];
  readonly #proc: string;

  constructor(proc = PROC) {
    this.#proc = proc;
  }

  /** This child is no server. */
  leaveOut(pid: number): void {
    this.#without.push(pid);
  }

  look(): void {
    this.#looks.push(descendantTicks(this.#without, this.#proc));
  }

  /** Between the first look and the second; null where there is no server, or the platform does not tell. */
  get seconds(): number | null {
    const [first = null, second = null] = this.#looks;
    // One that has not worked yet is no server, but a shell that ends a child with its parent.
    return first === null || first === 0 || second === null ? null : Math.max(0, second - first) / TICKS_PER_SECOND;
  }
}
