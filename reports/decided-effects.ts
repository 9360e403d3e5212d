import type { Plan } from '../harness/results.ts';
import { percent } from './quantity.ts';
import type { MetricName } from './statistics/metrics.ts';
import { everyGroup, type RunSummary } from './statistics/summary.ts';
import type { Undecidable } from './statistics/twins.ts';

const WHY: Readonly<Record<Undecidable, string>> = {
  profile: '',
  'twin-differs': ': a store measured twice (A/A) differed from itself in throughput',
  'no-twin': ': it has no A/A in 3 blocks or more',
};

/** "decides effects of 7 % and more, from its own A/A": what the run may decide by throughput, in the group that may decide least. */
export function decidedEffects(run: RunSummary, { profile }: Plan): string {
  const decides = everyGroup(run).map((group) => group.decides('eventsPerSecond'));
  const open = decides.find(({ smallestEffect }) => smallestEffect === null);
  if (profile.smallestEffect === null || decides.length === 0) return 'decides nothing';
  if (open !== undefined) return `decides nothing${WHY[open.why ?? 'profile']}`;
  const smallest = percent(Math.max(...decides.map(({ smallestEffect }) => smallestEffect ?? 0)));
  return typeof profile.smallestEffect === 'number'
    ? `decides effects of ${smallest} and more, by its profile: an earlier version recorded no A/A to say it`
    : `decides effects of ${smallest} and more, from its own A/A`;
}

/** What people read for the metrics that a run may judge. */
const TITLES: { readonly [name in MetricName]?: string } = {
  eventsPerSecond: 'throughput',
  steadyEventsPerSecond: 'steady throughput',
  sustainedPerSecond: 'sustained rate',
  latencyP50Ms: 'p50 latency',
  latencyP99Ms: 'p99 latency',
  latencyP999Ms: 'p99.9 latency',
  batchP50Ms: 'p50 service time',
  batchP99Ms: 'p99 service time',
  batchP999Ms: 'p99.9 service time',
  batchP99DuringCheckpointMs: 'p99 service time during checkpoints',
  pauseMs: 'checkpoint pause',
  persistMs: 'checkpoint persist',
  checkpointMs: 'checkpoint time',
  bytesWritten: 'bytes written by a checkpoint',
  bytesReferenced: 'bytes referenced by a checkpoint',
  restoreMs: 'restore time',
  replayPerSecond: 'replay rate',
  recoveryMs: 'recovery',
  caughtUpMs: 'time to caught up',
  splitMs: 'rescaling 1 → 2',
  mergeMs: 'rescaling 2 → 1',
  rssBytesMax: 'memory',
  workingBytes: 'disk',
  checkpointStorageBytes: 'checkpoint storage',
  cpuNsPerEvent: 'CPU per event',
};

/** Name of a metric, for people. */
export function metricTitle(name: MetricName): string {
  return TITLES[name] ?? name;
}
