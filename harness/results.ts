/**
 * The results of a run as they stand on disk: the one thing that harness and reports share, and public.
 *
 * A results folder holds `plan.json`, `environment.json`, `trials.ndjson` (one finished trial a line, appended at once),
 * `summary.json` and `report.html`; one of the state micro-suite `micro.json`. Field names carry units. What could not be measured is null, and `unavailable`
 * says why under the field's name. Nothing in a report is not in these files.
 */
import { z } from 'zod';
import { checkpointSchema } from './results/checkpoint.ts';
import { checkedLate, checkedOutput, comparedRowsIn } from './results/output.ts';
import { cellSchema, named, SCHEMA } from './results/plan.ts';
import { recoverySchema } from './results/recovery.ts';
import { intervalSchema, rescaleSchema } from './results/rescale.ts';
import { histogramSchema } from './results-histogram.ts';
import { latencySchema } from './results-latency.ts';
import { interruptionsSchema, noiseSchema } from './results-noise.ts';

export { Attempts } from './attempts.ts';
export { samplesForPercentile } from './measure/samples-for-percentile.ts';
export { type Course, courseOf, middle, steadyWindows } from './measure/steady-state.ts';
export { type Checkpoint, checkpointSchema } from './results/checkpoint.ts';
export {
  type MicroFailure,
  type MicroMeasurement,
  type MicroResults,
  microFailureSchema,
  microMeasurementSchema,
  microSchema,
} from './results/micro.ts';
export { comparedRowsIn, type Output, outputSchema } from './results/output.ts';
export {
  type Cell,
  cellSchema,
  type Durability,
  type Environment,
  environmentSchema,
  MEASURES,
  type Measure,
  type Plan,
  planSchema,
  SCHEMA,
} from './results/plan.ts';
export { type Recovery, recoverySchema } from './results/recovery.ts';
export { type IntervalSweep, intervalSchema, type Rescale, rescaleSchema } from './results/rescale.ts';
export { bucketFloor, bucketWidth, type HistogramData } from './results-histogram.ts';
export type { LatencyFigures, Load } from './results-latency.ts';
export type { Interruptions, Noise } from './results-noise.ts';

const count = z.int().nonnegative();
const ms = z.number().nonnegative();

/** One kind of call on one table of the store, timed from outside the adapter. */
export const callsSchema = z.strictObject({
  /** Stage of the pipeline, from 1. */
  stage: z.int().positive(),
  /** The table's name: an operator may keep several. */
  table: z.string(),
  operation: z.enum(['read', 'write', 'append', 'remove', 'scan', 'drop']),
  calls: count,
  slots: count,
  /** Value bytes handed over or got; where calls are so short that a sample of them is timed, reckoned from those by slots. */
  bytes: count,
  /** Time of each call; where they take less than 2 µs, of one in 61. A scan is timed without the time its reader takes. */
  time: histogramSchema,
});
export type Calls = z.infer<typeof callsSchema>;

const trialBase = {
  schema: z.literal(SCHEMA),
  /** Unique in a run: cell, block, attempt. */
  id: z.string().min(1),
  cell: z.string().min(1),
  block: z.int().positive(),
  backend: cellSchema.shape.backend,
  workload: named,
  storage: named,
  batchSize: z.int().positive(),
  parallelism: z.int().positive(),
  seed: z.int().nonnegative(),
  startedAt: z.iso.datetime(),
  durationSeconds: z.number().nonnegative(),
  /** The trial of the same cell and block that this one repeats, the machine having been too noisy or the trial too short; that one is superseded. */
  supersedes: z.string().optional(),
};

export const completedTrialSchema = z.strictObject({
  ...trialBase,
  state: z.literal('completed'),
  /** The whole stream of the trial, of which the first `warmUp` events are not measured and `measured` are. */
  events: z.strictObject({
    total: count,
    warmUp: count,
    measured: count,
    /** Dropped as late: by all stages, and by each. */
    late: count,
    lateByStage: z.array(count).min(1),
  }),
  throughput: z.strictObject({
    /** Closed loop, over the whole measured part: events of the stream, whichever process took them. */
    eventsPerSecond: z.number().positive(),
    /** From when the first process began until the last one was done. */
    measuredSeconds: z.number().positive(),
    /** CPU time of the trial's processes over the measured part; a server's is not in it. Of Flink, that of the TaskManagers with its tasks. */
    cpuSeconds: z.number().nonnegative().nullable(),
    /** That of the servers that the run has started; null where it cannot be told, absent where nobody looked. */
    serverCpuSeconds: z.number().nonnegative().nullable().optional(),
    /** Events of the measured part ÷ micro-batches taken, over all processes. Absent in older results, and of an engine without micro-batches. */
    meanBatchEvents: z.number().positive().optional(),
    /** Events processed in each second in which every process was at work throughout. */
    perSecond: z.array(count),
    /**
     * Length of the trial. `whole`: too short to show a steady state. `steady`: long enough. `extended`: warmed up for two measured
     * parts more, since the cell's first trial was still falling at its end. `last-third`: three measured parts in one (earlier releases).
     */
    basis: z.enum(['whole', 'steady', 'last-third', 'extended']).optional(),
  }),
  /** Each process's share of the measured part, in their order. */
  parts: z.array(z.strictObject({ events: count, measuredSeconds: z.number().positive() })).min(1),
  /** Added up over the processes, where the measured time went: in calls of the store, in making events and taking out those of other processes, in checkpoints (pauses, and persisting beside the stream), the rest in the pipeline. Null where an engine does not tell them apart. */
  time: z.strictObject({ storeSeconds: ms, sourceSeconds: ms, pipelineSeconds: ms, checkpointSeconds: ms }).nullable(),
  /**
   * From the end of the micro-batch before to the end of this one, without the making of events: all that the stream waits
   * for, firing windows and checkpoint pauses included. Closed loop: a service time, not a latency. Null of an engine without micro-batches.
   * Where they take less than 2 µs, one in 61 is timed: an even sample, whose total is not that of all.
   */
  batchTime: z
    .strictObject({
      all: histogramSchema,
      /** Those micro-batches that began while a checkpoint was being persisted. */
      duringCheckpoint: histogramSchema,
      /** p99 of the micro-batches of each full second, in ms, of the slowest process, for the time series; null for a second without any. */
      p99MsPerSecond: z.array(ms.nullable()),
    })
    .nullable(),
  calls: z.array(callsSchema),
  checkpoints: z.array(checkpointSchema),
  recovery: recoverySchema.nullable(),
  rescale: rescaleSchema.nullable(),
  interval: intervalSchema.nullable(),
  /** Null where no open loop was run. */
  latency: latencySchema.nullable().default(null),
  /** How quiet the machine was; absent where nobody looked. */
  noise: noiseSchema.optional(),
  /** Of the process with most of them; absent where nobody looked. */
  interruptions: interruptionsSchema.optional(),
  memory: z.strictObject({
    /** Resident memory of the trial's processes, together, before the store was opened, source and harness included; then the most. */
    rssBytesBefore: count.nullable(),
    rssBytesMax: count.nullable(),
    /** Of it, what belonged to no file (heaps, buffers, caches): the most, and before the store was opened. */
    anonymousBytesMax: count.nullable().optional(),
    anonymousBytesBefore: count.nullable().optional(),
    /** At the end of the measured part: objects of JavaScript, and buffers outside of its heap. */
    heapBytes: count.optional(),
    externalBytes: count.optional(),
    /** Pages that the processes had to wait for a disk for, in the measured part; absent where nobody looked. */
    majorFaults: count.nullable().optional(),
  }),
  /**
   * What the store held at the end of the measured part, in all processes: entries of its tables (a list's elements each), and the bytes of
   * their keys and values. Counted by reading all of it, after everything was measured. Null in results that have not counted it.
   */
  liveState: z.strictObject({ entries: count, bytes: count }).nullable().default(null),
  disk: z.strictObject({
    /** Allocated bytes of the store's working directory at the end of the measured part. */
    workingBytes: count.nullable(),
    /** Allocated bytes of the checkpoint storage then. */
    checkpointBytes: count.nullable(),
    /** Keys and values that were written to the store in the measured part; and what its disk was given to write, checkpoints included. */
    stateBytesWritten: count.optional(),
    deviceBytesWritten: count.nullable().optional(),
  }),
  correctness: z.strictObject({
    /** Rows fired up to the end of the measured part, without a crash; null for the harness-cost role. */
    uninterrupted: checkedOutput.nullable(),
    /** All rows after the end of the stream, which fires every open window, without a crash. Null where the trial ended by a crash and in older results. */
    ended: checkedOutput.nullable().default(null),
    /** All rows after SIGKILL, restore and the end of the stream. */
    recovered: checkedOutput.nullable(),
    /** All rows after the job was taken over by two processes, then by one, and the end of the stream. */
    rescaled: checkedOutput.nullable(),
    /** Rows fired up to the end of the sweep of the checkpoint interval, without a crash. */
    swept: checkedOutput.nullable(),
    /** Rows fired up to the end of the open loop, without a crash. */
    paced: checkedOutput.nullable().default(null),
    /** Late events of each stage, as `events.lateByStage` has them. */
    late: checkedLate.nullable(),
  }),
  /** What was proven of the output: rows in the largest comparison with the oracle, 0 where none was compared. Absent in older results. */
  output: z.strictObject({ comparedRows: count }).optional(),
  unavailable: z.record(z.string(), z.string()),
});
export type CompletedTrial = z.infer<typeof completedTrialSchema>;

/** Rows of a trial's output that were compared with the oracle's, in the largest comparison; also of results that did not record it. */
export function comparedRowsOf({ output, correctness: { late, ...outputs } }: Pick<CompletedTrial, 'output' | 'correctness'>): number {
  return output?.comparedRows ?? comparedRowsIn(Object.values(outputs));
}

export const failedTrialSchema = z.strictObject({
  ...trialBase,
  state: z.literal('failed'),
  phase: z.enum([
    'calibrate',
    'open',
    'warm-up',
    'measure',
    'checkpoint',
    'kill',
    'restore',
    'replay',
    'rescale',
    'interval',
    'latency',
    'verify',
    'clean-up',
  ]),
  code: z.string(),
  message: z.string(),
});
export type FailedTrial = z.infer<typeof failedTrialSchema>;

export const trialSchema = z.discriminatedUnion('state', [completedTrialSchema, failedTrialSchema]);
export type Trial = z.infer<typeof trialSchema>;
