/**
 * What a run may decide, from its own A/A: stores that were measured twice, under two names, differ by nothing but noise. A metric whose
 * twins differ decides nothing in the run; of any other, the smallest effect that counts is what its twins leave open.
 */
import type { Plan } from '../../harness/results.ts';
import type { MetricName } from './metrics.ts';
import { holm, type PairedRatio } from './ratio.ts';
import { expInterval, FEWEST } from './sample.ts';
import { levelOf } from './sequential.ts';
import { MARGIN, shownBy } from './verdict.ts';

/** Every metric that a verdict, a need or a comparison of runs can use. */
export const JUDGED_METRICS = [
  'eventsPerSecond',
  'steadyEventsPerSecond',
  'sustainedPerSecond',
  'latencyP50Ms',
  'latencyP99Ms',
  'latencyP999Ms',
  'batchP50Ms',
  'batchP99Ms',
  'batchP999Ms',
  'batchP99DuringCheckpointMs',
  'pauseMs',
  'persistMs',
  'checkpointMs',
  'bytesWritten',
  'bytesReferenced',
  'restoreMs',
  'replayPerSecond',
  'recoveryMs',
  'caughtUpMs',
  'splitMs',
  'mergeMs',
  'rssBytesMax',
  'workingBytes',
  'checkpointStorageBytes',
  'cpuNsPerEvent',
] as const satisfies readonly MetricName[];

/** A pair of twins in one group. */
export interface TwinPair {
  /** Ids of cells. */
  readonly id: string;
  readonly other: string;
  readonly group: string;
  /** Ratio of the twin to its original, by metric; null where they have no value above 0 in a common block. */
  readonly ratioOf: (metric: MetricName) => PairedRatio | null;
}

/** One metric of one pair of twins. */
export interface TwinRatio {
  readonly id: string;
  readonly other: string;
  readonly group: string;
  readonly metric: MetricName;
  /** Holm-adjusted over all twins and metrics of the run. */
  readonly ratio: PairedRatio;
  /** Whether the twin is shown to differ from its original, by the margin at least. */
  readonly differs: boolean;
  /** Whether the metric may decide in this run. */
  readonly mayDecide: boolean;
}

/** Why a metric decides nothing: the profile only tries, the twin differs, or there is no A/A in enough blocks. */
export type Undecidable = 'profile' | 'twin-differs' | 'no-twin';

/** What a metric may decide. */
export interface Decides {
  /** Smallest effect that counts, as a fraction; null where it decides nothing. */
  readonly smallestEffect: number | null;
  /** Null where it decides something. */
  readonly why: Undecidable | null;
  /** `twins`: from the A/A of this run. `profile`: from the name of the profile, in results of earlier versions. */
  readonly from: 'twins' | 'profile';
}

/** The A/A of a run. */
export interface TwinFindings {
  readonly ratios: readonly TwinRatio[];
  /** What a metric may decide in a group. */
  decides(group: string, metric: MetricName): Decides;
}

/**
 * Tests every metric of every pair of twins against 1, Holm-adjusted over all of them, so that at most 5 % of runs are warned for
 * nothing. The smallest effect of a metric in a group is the far end of the interval of its twins' ratios, pooled over the twins of the
 * group: what a difference between equal stores might still be. It is never below the margin.
 */
export function twinFindings(pairs: readonly TwinPair[], { profile }: Pick<Plan, 'profile'>): TwinFindings {
  const level = levelOf(profile);
  const measured = pairs.flatMap(({ id, other, group, ratioOf }) =>
    JUDGED_METRICS.flatMap((metric) => {
      const ratio = ratioOf(metric);
      return ratio === null ? [] : [{ id, other, group, metric, ratio }];
    }),
  );
  const adjusted = holm(
    measured.map(({ ratio }) => ratio),
    level,
  );
  const found = measured.map((one, i) => ({ ...one, ratio: adjusted[i]!, differs: shownBy(adjusted[i]!, MARGIN) !== null }));
  const differing = new Set<MetricName>(found.filter(({ differs }) => differs).map(({ metric }) => metric));
  const decides = (group: string, metric: MetricName): Decides => {
    const from = typeof profile.smallestEffect === 'number' ? 'profile' : 'twins';
    const nothing = (why: Undecidable): Decides => ({ smallestEffect: null, why, from });
    if (profile.smallestEffect === null) return nothing('profile');
    const judged = metric === 'nsPerEvent' ? 'eventsPerSecond' : metric;
    if (differing.has(judged)) return nothing('twin-differs');
    if (typeof profile.smallestEffect === 'number') return { smallestEffect: profile.smallestEffect, why: null, from };
    const own = measured.filter((one) => one.group === group && one.metric === judged && one.ratio.n >= FEWEST);
    if (own.length === 0) return nothing('no-twin');
    return {
      smallestEffect: leftOpen(
        own.flatMap(({ ratio }) => ratio.logs),
        level,
      ),
      why: null,
      from,
    };
  };
  return {
    ratios: found.map((one) => ({ ...one, mayDecide: decides(one.group, one.metric).smallestEffect !== null })),
    decides,
  };
}

/** Far end of the interval of the mean of `logs`, as a fraction, and at least the margin. */
function leftOpen(logs: readonly number[], level: number): number {
  const { low, high } = expInterval(logs, level);
  return Math.max(MARGIN, high - 1, 1 / low - 1);
}
