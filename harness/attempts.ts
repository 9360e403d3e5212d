import { FEWEST_WINDOWS, isStillFalling } from './measure/steady-state.ts';
import type { Cell, CompletedTrial, Plan, Trial } from './results.ts';

type Planned = Pick<Plan, 'cells' | 'profile' | 'twins'>;
export type Basis = Exclude<NonNullable<CompletedTrial['throughput']['basis']>, 'last-third'>;

/** How many times as long a trial gets, once: all but the last measured part becomes warm-up. */
export const EXTENDED = 3;

/**
 * Which trials a run still lacks: of every block the first of each cell; one more where the machine disturbed it; and in the first block,
 * where the throughput was still falling, one three times as long, which is then the length of all trials of the cell. All of it follows
 * from the trials that are there, so that a run that was interrupted goes on as it would have gone on.
 */
export class Attempts {
  readonly #plan: Planned;
  readonly #made = new Map<string, CompletedTrial[]>();
  readonly #count = new Map<string, number>();
  /** Cells of which a trial failed in a block: what fails is told, not tried again. */
  readonly #failed = new Set<string>();

  /** @param trials in the order in which they were made */
  constructor(plan: Planned, trials: readonly Trial[]) {
    this.#plan = plan;
    for (const trial of trials) {
      const key = keyOf(trial.cell, trial.block);
      this.#count.set(key, (this.#count.get(key) ?? 0) + 1);
      if (trial.state === 'failed') this.#failed.add(key);
      else this.#made.set(key, [...(this.#made.get(key) ?? []), trial]);
    }
  }

  /** The number, from 1, of the trial that a cell still lacks in a block; null where it lacks none. */
  due({ id }: Pick<Cell, 'id'>, block: number): number | null {
    const key = keyOf(id, block);
    if (this.#failed.has(key)) return null;
    const basis = this.basisOf({ id });
    const alike = this.#madeIn(key).filter(({ throughput }) => lengthOf(throughput.basis ?? basis) === basis);
    return alike.length === 0 || this.#isToBeRepeated(alike) ? (this.#count.get(key) ?? 0) + 1 : null;
  }

  /** Length of a cell's trials from now on: `extended` is {@link EXTENDED} times the usual. */
  basisOf({ id }: Pick<Cell, 'id'>): Basis {
    if (this.#plan.profile.measuredSeconds < FEWEST_WINDOWS) return 'whole';
    return this.#sameButName(id).some((one) => this.#fell(one)) ? 'extended' : 'steady';
  }

  #madeIn(key: string): readonly CompletedTrial[] {
    return this.#made.get(key) ?? [];
  }

  /** The cell, and where it has a twin or is one, the other: both do the same work, whatever their first trials were like. */
  #sameButName(id: string): readonly string[] {
    const { cells, twins } = this.#plan;
    const cell = twins.length === 0 ? undefined : cells.find((one) => one.id === id);
    if (cell === undefined) return [id];
    const originalOf = ({ backend: { name } }: Cell) => twins.find((twin) => twin.name === name)?.of ?? name;
    const isOfPair = (one: Cell) => originalOf(one) === originalOf(cell);
    const { workload, storage, batchSize, parallelism } = cell;
    return cells
      .filter(
        (one) =>
          isOfPair(one) &&
          one.workload.name === workload.name &&
          one.storage.name === storage.name &&
          one.batchSize === batchSize &&
          one.parallelism === parallelism,
      )
      .map((one) => one.id);
  }

  /** Whether that trial of the first block which counts, of the usual length, was still falling at its end. */
  #fell(id: string): boolean {
    const usual = this.#madeIn(keyOf(id, 1)).filter(({ throughput }) => throughput.basis === 'steady');
    const last = usual.at(-1);
    return last !== undefined && !this.#isToBeRepeated(usual) && isStillFalling(last.throughput.perSecond);
  }

  /** On a machine so noisy a trial is repeated, once. A profile that decides nothing repeats nothing. */
  #isToBeRepeated(alike: readonly CompletedTrial[]): boolean {
    return alike.length === 1 && this.#plan.profile.smallestEffect !== null && alike[0]!.noise?.badge === 'red';
  }
}

function keyOf(cell: string, block: number): string {
  return `${cell}#${block}`;
}

/** Trials of earlier versions that were made longer count as made: their figures are read whole. */
function lengthOf(basis: NonNullable<CompletedTrial['throughput']['basis']>): Basis {
  return basis === 'last-third' ? 'extended' : basis;
}
