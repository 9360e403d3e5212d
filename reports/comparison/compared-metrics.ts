import type { MetricName } from '../statistics/metrics.ts';

/** Something of two runs that can be compared, and named in a gate. */
export interface ComparedMetric {
  /** What a gate calls it: `throughput`, `p99`. */
  readonly key: string;
  readonly name: MetricName;
  readonly title: string;
  /** What its values are, for the unit they are shown in. */
  readonly kind: 'rate' | 'time' | 'bytes' | 'nanoseconds';
  readonly better: 'higher' | 'lower';
  /** What a gate takes where a run has no figure of this one: a closed loop has no latency. */
  readonly standIn?: string;
}

/** In the order shown. */
export const COMPARED_METRICS: readonly ComparedMetric[] = [
  { key: 'throughput', name: 'eventsPerSecond', title: 'Throughput', kind: 'rate', better: 'higher' },
  { key: 'sustained', name: 'sustainedPerSecond', title: 'Sustained rate', kind: 'rate', better: 'higher' },
  { key: 'p50', name: 'latencyP50Ms', title: 'Latency, p50', kind: 'time', better: 'lower', standIn: 'batch-p50' },
  { key: 'p99', name: 'latencyP99Ms', title: 'Latency, p99', kind: 'time', better: 'lower', standIn: 'batch-p99' },
  { key: 'p99.9', name: 'latencyP999Ms', title: 'Latency, p99.9', kind: 'time', better: 'lower', standIn: 'batch-p99.9' },
  { key: 'batch-p50', name: 'batchP50Ms', title: 'Time per micro-batch, p50', kind: 'time', better: 'lower' },
  { key: 'batch-p99', name: 'batchP99Ms', title: 'Time per micro-batch, p99', kind: 'time', better: 'lower' },
  { key: 'batch-p99.9', name: 'batchP999Ms', title: 'Time per micro-batch, p99.9', kind: 'time', better: 'lower' },
  {
    key: 'batch-p99-in-checkpoints',
    name: 'batchP99DuringCheckpointMs',
    title: 'Time per micro-batch during checkpoints, p99',
    kind: 'time',
    better: 'lower',
  },
  { key: 'pause', name: 'pauseMs', title: 'Checkpoint pause', kind: 'time', better: 'lower' },
  { key: 'persist', name: 'persistMs', title: 'Checkpoint persist', kind: 'time', better: 'lower' },
  { key: 'checkpoint-bytes', name: 'bytesWritten', title: 'Checkpoint bytes written', kind: 'bytes', better: 'lower' },
  { key: 'recovery', name: 'recoveryMs', title: 'Recovery', kind: 'time', better: 'lower' },
  { key: 'rss', name: 'rssBytesMax', title: 'Resident memory at most', kind: 'bytes', better: 'lower' },
  { key: 'cpu', name: 'cpuNsPerEvent', title: 'CPU time per event', kind: 'nanoseconds', better: 'lower' },
  { key: 'disk', name: 'workingBytes', title: 'Working directory', kind: 'bytes', better: 'lower' },
];
