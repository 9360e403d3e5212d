/**
 * What a recommendation is made from: the cells that may be compared with one another, with their values by block and
 * nothing else. Plain data, so that a page can carry it and decide again by itself.
 */
import type { Durability, Measure } from '../../harness/results.ts';
import type { Circumstances, RecoveryAnswer, RecoveryRow } from '../recovery-model.ts';
import type { Undecidable } from '../statistics/twins.ts';

/** A figure that a need may limit. Names are those of `--need`. */
export interface Criterion {
  readonly name: CriterionName;
  /** What people read. */
  readonly title: string;
  readonly better: 'more' | 'less';
  /** Base unit of its values: events/s, ms, bytes. */
  readonly kind: 'rate' | 'time' | 'bytes';
}

export type CriterionName =
  | 'throughput'
  | 'sustained'
  | 'p50'
  | 'p99'
  | 'p99.9'
  | 'pause'
  | 'persist'
  | 'checkpoint'
  | 'restore'
  | 'recovery'
  | 'rescale'
  | 'rss'
  | 'disk'
  | 'cpu';

/** Every criterion, in the order in which needs are told. */
export const CRITERIA: readonly Criterion[] = [
  { name: 'throughput', title: 'throughput', better: 'more', kind: 'rate' },
  { name: 'sustained', title: 'sustained rate', better: 'more', kind: 'rate' },
  { name: 'p50', title: 'p50', better: 'less', kind: 'time' },
  { name: 'p99', title: 'p99', better: 'less', kind: 'time' },
  { name: 'p99.9', title: 'p99.9', better: 'less', kind: 'time' },
  { name: 'pause', title: 'checkpoint pause', better: 'less', kind: 'time' },
  { name: 'persist', title: 'checkpoint persist', better: 'less', kind: 'time' },
  { name: 'checkpoint', title: 'bytes written by a checkpoint', better: 'less', kind: 'bytes' },
  { name: 'restore', title: 'restore', better: 'less', kind: 'time' },
  { name: 'recovery', title: 'recovery', better: 'less', kind: 'time' },
  { name: 'rescale', title: 'rescaling 1 → 2', better: 'less', kind: 'time' },
  { name: 'rss', title: 'memory', better: 'less', kind: 'bytes' },
  { name: 'disk', title: 'disk', better: 'less', kind: 'bytes' },
  { name: 'cpu', title: 'CPU per event', better: 'less', kind: 'time' },
];

/** The criterion of that name. */
export function criterionOf(name: CriterionName): Criterion {
  return CRITERIA.find((criterion) => criterion.name === name)!;
}

/** What is weighed beside throughput, which comes first: what a stream's users and its operators feel. */
export const OBJECTIVES: readonly CriterionName[] = ['throughput', 'p99', 'pause', 'recovery', 'rss'];

/** Durability classes, weakest first: what the working state survives without a checkpoint. */
export const DURABILITIES: readonly Durability[] = ['volatile', 'process-crash', 'os-crash'];

/** A backend that may be recommended, or why it may not. */
export interface Contender {
  /** Unique in its contest. */
  readonly id: string;
  /** One line of text, from results: not escaped for any output. */
  readonly name: string;
  readonly durability: Durability;
  /** Its state is in a process of its own, which has to be run. */
  readonly served: boolean;
  /** Only one whose every trial ended with the right output may be recommended. */
  readonly standing: 'correct' | 'wrong' | 'failed' | 'unchecked' | 'missing';
  /** What went wrong, in a sentence; empty for `correct`. */
  readonly trouble: string;
  /** Another one once more (A/A): it shows the noise and does not compete. */
  readonly isTwin: boolean;
  /** Part of the measured time spent in calls of the store, 0 to 1; null where not measured. */
  readonly storeShare: number | null;
  /** Values by block, from block 1; null where a block has none. A criterion that was never measured is not there. */
  readonly values: { readonly [name in CriterionName]?: readonly (number | null)[] };
  /** What was measured of crashes; null where an older version measured it, absent where nothing did. */
  readonly recoveries?: readonly RecoveryRow[] | null;
  /** What that comes to under the contest's circumstances. */
  readonly recovery?: RecoveryAnswer;
}

/** Where two contenders change places as the state grows, as other sizes of the same workload show. */
export interface CrossingInSize {
  /** Ids: faster below, and above. */
  readonly below: string;
  readonly above: string;
  /** In entries of state: where their means are equal, and between which sizes the data do not tell which is faster. */
  readonly n: number;
  readonly low: number;
  readonly high: number;
}

/** Cells of one workload, storage, batch size and number of processes, on one machine: what may be compared. */
export interface Contest {
  readonly workload: string;
  /** Blocks that there are. */
  readonly blocks: number;
  readonly profile: string;
  /** The smallest effect on throughput, as a fraction, that the run may decide; null where it decides nothing. */
  readonly smallestEffect: number | null;
  /** Why the run decides nothing by throughput; null or absent where it does. */
  readonly why?: Undecidable | null;
  /** What each criterion may decide, by the run's own A/A; where a criterion is absent, what throughput may. */
  readonly decides?: { readonly [name in CriterionName]?: { readonly smallestEffect: number | null; readonly why: Undecidable | null } };
  /** Of every family of comparisons: less than 0.05 where the data were looked at several times. */
  readonly level: number;
  /** What the percentiles are of: latency in an open loop at 70 % of the sustained rate. A closed loop answers no need on latency. */
  readonly percentiles: 'latency' | 'not-measured';
  /** The command that repeats the run, and what it measured. */
  readonly command: string;
  readonly measures: readonly Measure[];
  readonly seed: number;
  readonly contenders: readonly Contender[];
  /** What recovery is predicted for; absent where it is not predicted. */
  readonly circumstances?: Circumstances;
  /** Entries of state here; null where that was not found. */
  readonly entries: number | null;
  /** Empty where only one size was measured. */
  readonly crossings: readonly CrossingInSize[];
}

/** The smallest effect on a criterion, as a fraction, that a contest may decide; null where it decides nothing by it. */
export function smallestEffectOf(
  { decides, smallestEffect }: Pick<Contest, 'decides' | 'smallestEffect'>,
  name: CriterionName,
): number | null {
  const own = name === 'throughput' ? undefined : decides?.[name];
  return own === undefined ? smallestEffect : own.smallestEffect;
}
