/** What every campaign is: cases by seed, tried on one backend at a time, with a tally that ends in one line. */

import type { StateBackend } from '../../backends/contract.ts';
import type { LoadedModule, ModuleRef } from '../../harness/modules.ts';
import type { Phase } from '../../harness/trial/tasks.ts';

/** A backend that can be opened: one that needs a server has its address. */
export type Subject = LoadedModule<StateBackend>;

export interface CaseRequest {
  readonly subject: Subject;
  /** Where checkpoints go, for the campaigns that leave it to the caller; a local folder if absent. */
  readonly storage?: ModuleRef;
  readonly seed: number;
  /** The case's own: not there yet, removed by the campaign. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** How a case ended. */
export interface CaseResult {
  /** What was not as it has to be; null if everything was. */
  readonly problem: string | null;
  /** For each SIGKILL that came, the phase it came in. */
  readonly kills: readonly Phase[];
  /** Restores whose state was compared. */
  readonly restores: number;
}

export const PASSED: CaseResult = { problem: null, kills: [], restores: 0 };

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly kills: Readonly<Partial<Record<Phase, number>>>;
  readonly restores: number;
}

export const EMPTY_TALLY: Tally = { passed: 0, failed: 0, kills: {}, restores: 0 };

export interface Campaign {
  readonly name: string;
  /** What it proves, in a line. */
  readonly what: string;
  /** Why it cannot be run on this machine; null if it can. */
  readonly unavailable: () => string | null;
  /** Whether a case is timed, and needs the machine to itself. */
  readonly alone: boolean;
  /** Seeds for one backend, as long as they are asked for; the tally is what it is by then. */
  seeds(tally: () => Tally): Iterable<number>;
  try(request: CaseRequest): Promise<CaseResult>;
}

/** 0, 1, … */
export function* countTo(count: number): Generator<number> {
  for (let seed = 0; seed < count; seed++) yield seed;
}

export function killsIn({ kills }: Pick<Tally, 'kills'>): number {
  return Object.values(kills).reduce((sum, count) => sum + count, 0);
}

/** A tally with one more case in it. */
export function tallied(tally: Tally, { problem, kills, restores }: CaseResult): Tally {
  const counts = { ...tally.kills };
  for (const phase of kills) counts[phase] = (counts[phase] ?? 0) + 1;
  return {
    passed: tally.passed + (problem === null ? 1 : 0),
    failed: tally.failed + (problem === null ? 0 : 1),
    kills: counts,
    restores: tally.restores + restores,
  };
}

const PHASES = { replay: 'processing', checkpoint: 'amid a checkpoint', restore: 'amid a restore' } as const;

/** `R2 memory 100/100, 312 kills (120 processing, …), 280 restores compared` */
export function summaryLine(campaign: string, backend: string, tally: Tally): string {
  const { passed, failed, kills, restores } = tally;
  const parts = [`${campaign} ${backend} ${passed}/${passed + failed}`];
  const total = killsIn(tally);
  if (total > 0) {
    const phases = Object.entries(PHASES).map(([phase, words]) => `${kills[phase as keyof typeof PHASES] ?? 0} ${words}`);
    parts.push(`${total} kills (${phases.join(', ')})`);
  }
  if (restores > 0) parts.push(`${restores} restored states compared`);
  return parts.join('; ');
}

/** What replays one case. */
export function replayCommand(campaign: string, backend: string, seed: number): string {
  return `npm run test:long -- ${campaign} --backend ${backend} --seed ${seed}`;
}
