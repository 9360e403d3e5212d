/** How long a run will still take, by what its own trials took. */

import type { Plan, Trial } from '../harness/results.ts';
import type { RunEvent } from '../harness/run-events.ts';

export interface TimeLeftRequest {
  readonly plan: Pick<Plan, 'cells' | 'profile'>;
  /** Those that are finished already, of an earlier part of the run: what they took holds for the rest. */
  readonly finished: readonly Trial[];
  /** What the plan expects of what is still to be done. */
  readonly expectedSeconds: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/**
 * The time left of a run. Every cell is reckoned with what its own trials took, since a slow backend and one with dear checkpoints or a dear
 * recovery may take ten times as long as another, and each block has them in another order; a cell without a trial yet with the mean of the
 * others, or, as long as there is none, with what the plan expects. Trials that were too noisy are done again at the end of their block:
 * those that are waiting for that count, and of the rest as large a part as so far.
 */
export class TimeLeft {
  #cells: readonly string[];
  readonly #blocks: number;
  readonly #isRepeated: boolean;
  readonly #expected: { readonly perTrial: number; readonly untilMs: number };
  readonly #now: () => number;
  /** By cell, seconds of each trial, with what lies between it and the one before. */
  readonly #seconds = new Map<string, number[]>();
  /** Cells whose trials have become longer, and none of them has been yet. */
  readonly #guessed = new Set<string>();
  readonly #measuredSeconds: number;
  /** First attempts that are finished, and which of them are to be repeated. */
  readonly #first = new Set<string>();
  readonly #waiting = new Map<string, string>();
  #noisy = 0;
  /** Null without a limit. */
  readonly #limitSeconds: number | null;
  #takenSeconds = 0;
  #current: { readonly cell: string; readonly startedMs: number } | null = null;
  #lastMs: number | null = null;

  constructor({ plan: { cells, profile }, finished, expectedSeconds, now }: TimeLeftRequest) {
    this.#cells = cells.map(({ id }) => id);
    this.#blocks = profile.blocks;
    this.#measuredSeconds = profile.measuredSeconds;
    this.#isRepeated = profile.smallestEffect !== null;
    this.#limitSeconds = profile.sequential?.timeLimitSeconds ?? null;
    this.#now = now;
    const trials = Math.max(1, this.#cells.length * this.#blocks - finished.filter(({ supersedes }) => supersedes === undefined).length);
    this.#expected = { perTrial: expectedSeconds / trials, untilMs: now() + expectedSeconds * 1000 };
    for (const trial of finished) this.#count(trial, trial.durationSeconds);
  }

  /** Cells that the run turned out to have. */
  setCells(cells: Plan['cells']): void {
    this.#cells = cells.map(({ id }) => id);
  }

  onEvent(event: RunEvent): void {
    if (event.type === 'extended') {
      const before = this.#seconds.get(event.cell);
      if (before !== undefined) this.#seconds.set(event.cell, [(mean(before) * event.measuredSeconds) / this.#measuredSeconds]);
      this.#guessed.add(event.cell);
      return;
    }
    if (event.type === 'trial-started') {
      const startedMs = this.#lastMs ?? this.#now();
      this.#current = { cell: event.cell, startedMs };
    } else if (event.type === 'trial-finished') {
      // A cell that cannot be calibrated fails all its trials, none of which was started.
      const own = this.#current?.cell === event.trial.cell ? this.#current : null;
      this.#count(event.trial, own === null ? null : (this.#now() - own.startedMs) / 1000);
      if (own !== null) this.#lastMs = this.#now();
      this.#current = null;
    }
  }

  /** Seconds until the last trial is done. */
  seconds(): number {
    const all = [...this.#seconds.values()].map(mean);
    const usual = all.length === 0 ? this.#expected.perTrial : mean(all);
    const of = (cell: string) => mean(this.#seconds.get(cell) ?? [usual]);
    let first = 0;
    for (const cell of this.#cells)
      for (let block = 1; block <= this.#blocks; block++) if (!this.#first.has(keyOf({ cell, block }))) first += of(cell);
    const waiting = [...this.#waiting.values()].reduce((sum, cell) => sum + of(cell), 0);
    const share = this.#first.size === 0 ? 0 : this.#noisy / this.#first.size;
    const current = this.#current === null ? 0 : Math.min(of(this.#current.cell), (this.#now() - this.#current.startedMs) / 1000);
    const whole = first * (1 + (this.#isRepeated ? share : 0)) + waiting - current;
    // A limit ends the run after the block in which it is up.
    const block = this.#cells.reduce((sum, cell) => sum + of(cell), 0);
    const left = this.#limitSeconds === null ? whole : Math.min(whole, Math.max(0, this.#limitSeconds - this.#takenSeconds) + block);
    // Before the first trial there is calibration, which only the plan knows of.
    return all.length > 0 ? left : Math.max(left, (this.#expected.untilMs - this.#now()) / 1000);
  }

  #count(trial: Trial, seconds: number | null): void {
    this.#takenSeconds += trial.durationSeconds;
    const before = this.#guessed.delete(trial.cell) ? [] : (this.#seconds.get(trial.cell) ?? []);
    if (seconds !== null) this.#seconds.set(trial.cell, [...before, seconds]);
    const key = keyOf(trial);
    if (trial.supersedes !== undefined) {
      this.#waiting.delete(key);
      return;
    }
    this.#first.add(key);
    if (!this.#isRepeated || trial.state !== 'completed' || trial.noise?.badge !== 'red') return;
    this.#noisy++;
    this.#waiting.set(key, trial.cell);
  }
}

function keyOf({ cell, block }: Pick<Trial, 'cell' | 'block'>): string {
  return `${cell}#${block}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
