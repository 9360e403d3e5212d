import { type CompletedTrial, samplesForPercentile } from '../../harness/results.ts';
import { headlineOf, steadyOf } from './headline.ts';
import { mergeHistograms, percentileNs } from './percentile.ts';
import { median } from './sample.ts';

/** Fewest micro-batches that a trial needs for each percentile. */
export const FEWEST_FOR_P99 = samplesForPercentile(0.99);
export const FEWEST_FOR_P999 = samplesForPercentile(0.999);

/** One number a trial, or null where the trial did not measure it. */
type Measure = (trial: CompletedTrial) => number | null;

const batchPercentileMs =
  (rank: number): Measure =>
  ({ batchTime }) =>
    batchTime === null || batchTime.all.total < samplesForPercentile(rank)
      ? null
      : inMs(percentileNs(mergeHistograms([batchTime.all]), rank));

/** The load whose latency stands for a cell: a busy job, not one at its limit. */
export const USUAL_LOAD = 0.7;

/** Of the open loop at {@link USUAL_LOAD} of the sustained rate; null where that is void. */
const latencyPercentileMs =
  (rank: number): Measure =>
  ({ latency }) => {
    const load = latency?.loads.find(({ fraction }) => fraction === USUAL_LOAD);
    if (load === undefined || load.void !== null || load.latency.total < samplesForPercentile(rank)) return null;
    return inMs(percentileNs(mergeHistograms([load.latency]), rank));
  };

const inMs = (ns: number | null) => (ns === null ? null : ns / 1e6);

/** Of the checkpoints cut in the measured part; of all, if none was. */
function checkpointMedian(trial: CompletedTrial, value: (checkpoint: CompletedTrial['checkpoints'][number]) => number): number | null {
  const measured = trial.checkpoints.filter((checkpoint) => checkpoint.atSeconds >= 0);
  const used = measured.length > 0 ? measured : trial.checkpoints;
  return used.length === 0 ? null : median(used.map(value));
}

const MIB = 2 ** 20;

/** The median checkpoint's figure divided by the MiB of keys and values at the end of the measured part; null without live state. */
function perStateMib(trial: CompletedTrial, value: (checkpoint: CompletedTrial['checkpoints'][number]) => number): number | null {
  const figure = checkpointMedian(trial, value);
  const bytes = trial.liveState?.bytes ?? 0;
  return figure === null || bytes === 0 ? null : figure / (bytes / MIB);
}

function perEvent(trial: CompletedTrial, seconds: number | null): number | null {
  return seconds === null || trial.events.measured === 0 ? null : (seconds * 1e9) / trial.events.measured;
}

/** Milliseconds from the choice of a checkpoint until the first event can be processed; in older results the loading of the events is in it. */
export function restoreMsOf({ restoreMs, phases }: NonNullable<CompletedTrial['recovery']>): number {
  return restoreMs ?? phases.verifyMs + phases.restoreMs;
}

/** Time from SIGKILL until the event at which it came is processed again, ms. It depends on where the kill fell. */
export function recoveryTotalMs(phases: NonNullable<CompletedTrial['recovery']>['phases']): number {
  return phases.processMs + (phases.loadMs ?? 0) + phases.verifyMs + phases.restoreMs + phases.firstBatchMs + phases.replayMs;
}

type Part = keyof NonNullable<CompletedTrial['time']>;

const secondsOf = ({ time }: CompletedTrial, part: Part): number | null => time?.[part] ?? null;

function shareOfTime({ time }: CompletedTrial, part: Part): number | null {
  if (time === null) return null;
  const { storeSeconds, sourceSeconds, pipelineSeconds, checkpointSeconds } = time;
  const all = storeSeconds + sourceSeconds + pipelineSeconds + checkpointSeconds;
  return all === 0 ? null : time[part] / all;
}

/** Every metric of a report: how it is read off a trial. Names carry units. */
const measures = {
  /** The headline: over all measured time. */
  eventsPerSecond: headlineOf,
  /** Median of the steady seconds, where trials are long enough. */
  steadyEventsPerSecond: steadyOf,
  batchP50Ms: batchPercentileMs(0.5),
  batchP99Ms: batchPercentileMs(0.99),
  batchP999Ms: batchPercentileMs(0.999),
  batchP99DuringCheckpointMs: ({ batchTime }) =>
    batchTime === null || batchTime.duringCheckpoint.total < FEWEST_FOR_P99
      ? null
      : inMs(percentileNs(mergeHistograms([batchTime.duringCheckpoint]), 0.99)),
  sustainedPerSecond: ({ latency }) => latency?.sustainable.passedPerSecond ?? null,
  latencyP50Ms: latencyPercentileMs(0.5),
  latencyP99Ms: latencyPercentileMs(0.99),
  latencyP999Ms: latencyPercentileMs(0.999),
  pauseMs: (trial) => checkpointMedian(trial, (checkpoint) => checkpoint.pauseMs),
  persistMs: (trial) => checkpointMedian(trial, (checkpoint) => checkpoint.persistMs),
  bytesWritten: (trial) => checkpointMedian(trial, (checkpoint) => checkpoint.bytesWritten),
  bytesReferenced: (trial) => checkpointMedian(trial, (checkpoint) => checkpoint.bytesReferenced),
  checkpointMs: (trial) => checkpointMedian(trial, ({ pauseMs, persistMs }) => pauseMs + persistMs),
  /** The same relative to the live state's size; not recorded where that is unknown or 0. */
  pauseMsPerMib: (trial) => perStateMib(trial, ({ pauseMs }) => pauseMs),
  persistMsPerMib: (trial) => perStateMib(trial, ({ persistMs }) => persistMs),
  bytesWrittenPerMib: (trial) => perStateMib(trial, ({ bytesWritten }) => bytesWritten),
  /** From the choice of a checkpoint until its state is there. */
  restoreMs: ({ recovery }) => (recovery === null ? null : restoreMsOf(recovery)),
  restoredBytes: ({ recovery }) => recovery?.restoredBytes ?? null,
  replayPerSecond: ({ recovery }) => recovery?.replayRate ?? null,
  replayShare: ({ recovery }) => recovery?.replayShare ?? null,
  killFraction: ({ recovery }) => recovery?.killFraction ?? null,
  nsPerEvent: (trial) => 1e9 / headlineOf(trial),
  recoveryMs: (trial) => (trial.recovery === null ? null : recoveryTotalMs(trial.recovery.phases)),
  caughtUpMs: (trial) => trial.recovery?.catchUp?.caughtUpMs ?? null,
  splitMs: ({ rescale }) => rescale?.split.ms ?? null,
  mergeMs: ({ rescale }) => rescale?.merge.ms ?? null,
  rescaledBytes: ({ rescale }) => rescale?.split.bytes ?? null,
  eventsLost: ({ checkpoints }) => {
    const lost = checkpoints.flatMap(({ eventsLost }) => eventsLost ?? []);
    return lost.length === 0 ? null : median(lost);
  },
  anonymousBytesMax: ({ memory }) => memory.anonymousBytesMax ?? null,
  rssBytesMax: (trial) => trial.memory.rssBytesMax,
  liveEntries: ({ liveState }) => liveState?.entries ?? null,
  liveBytes: ({ liveState }) => liveState?.bytes ?? null,
  workingBytes: (trial) => trial.disk.workingBytes,
  deviceBytesWritten: ({ disk }) => disk.deviceBytesWritten ?? null,
  /** What the disk was given to write, checkpoints included, for a byte of state that was written. */
  writeAmplification: ({ disk: { deviceBytesWritten: device, stateBytesWritten: state } }) =>
    device == null || state === undefined || state === 0 ? null : device / state,
  checkpointStorageBytes: (trial) => trial.disk.checkpointBytes,
  /** Of the trial's processes, and of the servers that the run has started. */
  cpuNsPerEvent: (trial) => {
    const { cpuSeconds, serverCpuSeconds } = trial.throughput;
    return perEvent(trial, cpuSeconds === null ? null : cpuSeconds + (serverCpuSeconds ?? 0));
  },
  storeNsPerEvent: (trial) => perEvent(trial, secondsOf(trial, 'storeSeconds')),
  sourceNsPerEvent: (trial) => perEvent(trial, secondsOf(trial, 'sourceSeconds')),
  pipelineNsPerEvent: (trial) => perEvent(trial, secondsOf(trial, 'pipelineSeconds')),
  checkpointNsPerEvent: (trial) => perEvent(trial, secondsOf(trial, 'checkpointSeconds')),
  storeShare: (trial) => shareOfTime(trial, 'storeSeconds'),
  sourceShare: (trial) => shareOfTime(trial, 'sourceSeconds'),
  /** Of the events of the measured part, how many the process with most of them had; null where one has all. */
  largestPartShare: ({ parts }) => {
    const all = parts.reduce((sum, { events }) => sum + events, 0);
    return all === 0 || parts.length === 1 ? null : Math.max(...parts.map(({ events }) => events)) / all;
  },
} as const satisfies Record<string, Measure>;

export type MetricName = keyof typeof measures;
export const METRIC_NAMES = Object.keys(measures) as readonly MetricName[];

/** The value of `metric` in one trial; null where it was not measured. */
export function measure(metric: MetricName, trial: CompletedTrial): number | null {
  const read: Measure = measures[metric];
  return read(trial);
}
