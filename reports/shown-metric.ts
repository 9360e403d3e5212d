import { type Unit, unitFor } from './quantity.ts';
import type { MetricName } from './statistics/metrics.ts';

/** What the values of a metric are: events/s, ms, bytes, ns, or a fraction from 0 to 1. */
export type MetricKind = 'rate' | 'time' | 'bytes' | 'nanoseconds' | 'share';

/** A metric as people read it: the one place that every table and comparison takes its name and kind from. */
export interface ShownMetric {
  readonly name: MetricName;
  readonly title: string;
  readonly kind: MetricKind;
}

const SHOWN = {
  eventsPerSecond: ['Throughput', 'rate'],
  steadyEventsPerSecond: ['Throughput, median of the steady seconds', 'rate'],
  sustainedPerSecond: ['Sustained rate', 'rate'],
  latencyP50Ms: ['Latency, p50', 'time'],
  latencyP99Ms: ['Latency, p99', 'time'],
  latencyP999Ms: ['Latency, p99.9', 'time'],
  batchP50Ms: ['Service time of a micro-batch, p50', 'time'],
  batchP99Ms: ['Service time of a micro-batch, p99', 'time'],
  batchP999Ms: ['Service time of a micro-batch, p99.9', 'time'],
  batchP99DuringCheckpointMs: ['Service time of a micro-batch during checkpoints, p99', 'time'],
  pauseMs: ['Checkpoint pause', 'time'],
  persistMs: ['Checkpoint persist', 'time'],
  bytesWritten: ['Checkpoint bytes written', 'bytes'],
  bytesReferenced: ['Checkpoint bytes referenced', 'bytes'],
  restoreMs: ['Restore', 'time'],
  restoredBytes: ['Restored bytes', 'bytes'],
  replayPerSecond: ['Replay rate', 'rate'],
  replayShare: ['Replay rate, as a share of the rate before', 'share'],
  recoveryMs: ['SIGKILL to the same event', 'time'],
  splitMs: ['Rescale 1 → 2', 'time'],
  mergeMs: ['Rescale 2 → 1', 'time'],
  rssBytesMax: ['Resident memory at most', 'bytes'],
  workingBytes: ['Working directory', 'bytes'],
  liveBytes: ['State at the end, keys and values', 'bytes'],
  checkpointStorageBytes: ['Checkpoint storage', 'bytes'],
  cpuNsPerEvent: ['CPU time per event', 'nanoseconds'],
  storeShare: ['Share of the store in the measured time', 'share'],
} as const satisfies { readonly [name in MetricName]?: readonly [string, MetricKind] };

export type ShownName = keyof typeof SHOWN;

/** The metric of that name with its title and kind. */
export function shownMetric(name: ShownName): ShownMetric {
  const [title, kind] = SHOWN[name];
  return { name, title, kind };
}

/** The unit in which the middle one of `values`, which are in the metric's base unit, is best read. */
export function unitOf(kind: MetricKind, values: readonly number[]): Unit {
  if (kind === 'share') return { unit: '%', divisor: 0.01 };
  if (kind !== 'nanoseconds') return unitFor(kind, values);
  const { unit, divisor } = unitFor(
    'time',
    values.map((ns) => ns / 1e6),
  );
  return { unit, divisor: divisor * 1e6 };
}
