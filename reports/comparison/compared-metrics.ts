import { type ShownMetric, type ShownName, shownMetric } from '../shown-metric.ts';

/** Something of two runs that can be compared, and named in a gate. */
export interface ComparedMetric extends ShownMetric {
  /** What a gate calls it: `throughput`, `p99`. */
  readonly key: string;
  readonly better: 'higher' | 'lower';
  /** Whether it is another where a trial has other events: of the state at one moment of the stream, or of so many checkpoints. */
  readonly isOfWork?: boolean;
}

const higher = (key: string, name: ShownName): ComparedMetric => ({ key, ...shownMetric(name), better: 'higher' });
const lower = (key: string, name: ShownName): ComparedMetric => ({ key, ...shownMetric(name), better: 'lower' });

const lowerOfWork = (key: string, name: ShownName): ComparedMetric => ({ ...lower(key, name), isOfWork: true });

/** In the order shown. */
export const COMPARED_METRICS: readonly ComparedMetric[] = [
  higher('throughput', 'eventsPerSecond'),
  higher('sustained', 'sustainedPerSecond'),
  lower('p50', 'latencyP50Ms'),
  lower('p99', 'latencyP99Ms'),
  lower('p99.9', 'latencyP999Ms'),
  lower('batch-p50', 'batchP50Ms'),
  lower('batch-p99', 'batchP99Ms'),
  lower('batch-p99.9', 'batchP999Ms'),
  lower('batch-p99-in-checkpoints', 'batchP99DuringCheckpointMs'),
  lower('pause', 'pauseMs'),
  lowerOfWork('persist', 'persistMs'),
  lowerOfWork('checkpoint-bytes', 'bytesWritten'),
  lowerOfWork('restore', 'restoreMs'),
  higher('replay', 'replayPerSecond'),
  lowerOfWork('recovery', 'recoveryMs'),
  lower('rss', 'rssBytesMax'),
  lower('cpu', 'cpuNsPerEvent'),
  lowerOfWork('disk', 'workingBytes'),
];
