/**
 * The results of a run as they stand on disk: the one thing that harness and reports share, and public.
 *
 * A results folder holds `plan.json`, `environment.json`, `trials.ndjson` (one finished trial a line, appended at once),
 * `summary.json` and `report.html`; one of the state micro-suite `micro.json`. Field names carry units. What could not be measured is null, and `unavailable`
 * says why under the field's name. Nothing in a report is not in these files.
 */
import { z } from 'zod';
import { histogramSchema } from './results-histogram.ts';
import { latencySchema } from './results-latency.ts';
import { interruptionsSchema, noiseSchema } from './results-noise.ts';

export { Attempts } from './attempts.ts';
export { type Course, courseOf, middle, steadyWindows } from './measure/steady-state.ts';
export { bucketFloor, bucketWidth, type HistogramData } from './results-histogram.ts';
export type { LatencyFigures, Load } from './results-latency.ts';
export type { Interruptions, Noise } from './results-noise.ts';

export const SCHEMA = 1;

const count = z.int().nonnegative();
const ms = z.number().nonnegative();
const settings = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const durability = z.enum(['volatile', 'process-crash', 'os-crash']);
export type Durability = z.infer<typeof durability>;

/** What a run may measure. Throughput is that of every trial; the others are made as asked for. */
export const MEASURES = ['throughput', 'latency', 'checkpoint', 'recovery', 'rescale', 'interval'] as const;
export type Measure = (typeof MEASURES)[number];

const named = z.strictObject({ name: z.string().min(1), settings });

/** One backend × workload × checkpoint storage × batch size × number of processes. */
export const cellSchema = z.strictObject({
  /** Unique in a run, stable for a suite: trials name it. */
  id: z.string().min(1),
  backend: named.extend({ durability }),
  workload: named,
  storage: named,
  batchSize: z.int().positive(),
  /** Processes that divide the stream among them by key. */
  parallelism: z.int().positive(),
  /** `candidate` competes; `harness-cost` is the null backend, whose output means nothing and which never competes. */
  role: z.enum(['candidate', 'harness-cost']),
  /** What runs the workload, where that is not our own pipeline over a store: a cluster of Flink, whose backend it is. */
  engine: z.literal('flink').optional(),
});
export type Cell = z.infer<typeof cellSchema>;

export const planSchema = z.strictObject({
  schema: z.literal(SCHEMA),
  suite: z.string(),
  /** The command that repeats the run. */
  command: z.string(),
  seed: z.int().nonnegative(),
  startedAt: z.iso.datetime(),
  profile: z.strictObject({
    name: z.enum(['smoke', 'quick', 'standard', 'rigorous']),
    blocks: z.int().positive(),
    warmUpSeconds: z.number().nonnegative(),
    measuredSeconds: z.number().positive(),
    /** The smallest effect, as a fraction, that this profile may decide; null where it may decide nothing. */
    smallestEffect: z.number().positive().nullable(),
    /** How a run may end before it has all its blocks; null where it never does. */
    sequential: z
      .strictObject({
        /** After how many blocks the data are looked at: the level of every interval is 5 % divided by their number. */
        looks: z.array(z.int().positive()).min(1),
        /** The run ends at no look before this many blocks. */
        fewestBlocks: z.int().positive(),
        /** It ends where no interval of the ratio of two backends reaches further than this, as a fraction, to either side. */
        halfWidth: z.number().positive(),
        /** It ends after the block in which its trials have taken this long together; null without a limit. */
        timeLimitSeconds: z.number().positive().nullable(),
      })
      .nullable()
      .default(null),
  }),
  measures: z.array(z.enum(MEASURES)),
  /** How often a crash is to be reckoned with where the checkpoint interval is weighed. */
  crashesPerDay: z.number().positive(),
  /** How the open loop is driven. */
  latency: z
    .strictObject({
      /** Events evenly spaced, or at random with the same mean. */
      arrivals: z.enum(['constant', 'poisson']),
      /** What p99 may be for a rate to count as sustained. */
      limitMs: z.number().positive(),
      /** The rates at which all cells are measured that can; null where they follow from the cells' speeds. */
      ratesPerSecond: z.array(z.number().positive()).nullable(),
    })
    .default({ arrivals: 'constant', limitMs: 1000, ratesPerSecond: null }),
  /** What every backend was to keep in memory, in each of its processes; null where each went by its own settings. */
  memoryBytes: z.int().positive().nullable().default(null),
  /** The backend every other is compared with, by name. */
  reference: z.string(),
  /** The name under which the reference is measured once more, to show the noise (A/A); null where it is not. */
  twin: z.string().nullable().default(null),
  cells: z.array(cellSchema).min(1),
  /** Backends asked for that could not run here, each with the reason and the remedy. */
  leftOut: z.array(
    z.strictObject({
      backend: z.string(),
      reason: z.string(),
      /** By name, and not as one of the default suite: the run then ends with exit code 3. */
      missed: z.boolean(),
    }),
  ),
});
export type Plan = z.infer<typeof planSchema>;

export const environmentSchema = z.strictObject({
  schema: z.literal(SCHEMA),
  statebench: z.string(),
  node: z.string(),
  platform: z.string(),
  kernel: z.string(),
  cpu: z.string(),
  cores: z.int().positive(),
  memoryBytes: z.int().positive(),
  /** Kind of the file system that working state is kept on (ext4, tmpfs, overlay …). */
  fileSystem: z.string().nullable(),
  /** Median of 4 KiB write + fsync; under 0.3 ms the disk acknowledges from a cache, so durable figures are optimistic. */
  fsyncMs: ms.nullable(),
  unavailable: z.record(z.string(), z.string()),
});
export type Environment = z.infer<typeof environmentSchema>;

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

export const checkpointSchema = z.strictObject({
  /** Which process of the trial cut it, from 1: each has checkpoints of its own. */
  part: z.int().positive(),
  /** Unique in its part. */
  id: z.int().positive(),
  /** Position in the stream: events processed before the cut. */
  atEvent: count,
  /** Seconds after the measured part began; negative in the warm-up. */
  atSeconds: z.number(),
  /** Events stopped → resumed (Flink: sync phase). */
  pauseMs: ms,
  /** Resumed → manifest durable (Flink: async phase). */
  persistMs: ms,
  /**
   * Events not processed for it: what the rate since the one before would have made from its cut until it was durable, less what was made.
   * Below 0 where it went faster meanwhile. Absent outside the measured part, and where nobody counted.
   */
  eventsLost: z.number().optional(),
  bytesWritten: count,
  /** Bytes of files that the storage already held and only refers to. */
  bytesReferenced: count,
  /** Null of an engine that does not tell. */
  files: count.nullable(),
  /**
   * What Flink tells besides, of a checkpoint of its own: its `pauseMs` is the longest sync phase of a task, pause and persist
   * together are the time end to end, and `atEvent` is where the source was when it was triggered.
   */
  flink: z
    .strictObject({
      /** The longest of any task. */
      asyncMs: ms,
      endToEndMs: ms,
      /** From when it was triggered until its barrier reached the last task, and how long a task waited for barriers of several inputs. */
      startDelayMs: ms,
      alignmentMs: ms,
      /** By vertex of the job that has state, the longest phases of its tasks. */
      vertices: z.array(z.strictObject({ name: z.string(), syncMs: ms, asyncMs: ms, bytesWritten: count, stateBytes: count })),
    })
    .optional(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

export const recoverySchema = z.strictObject({
  /** The process that was killed, from 1; the others went on meanwhile. */
  part: z.int().positive(),
  /** Events the killed process had processed, as it last said before SIGKILL. */
  killedAtEvent: count,
  restoredFromEvent: count,
  checkpointId: z.int().positive(),
  /** Checkpoints that were damaged and passed over. */
  checkpointsSkipped: count,
  phases: z.strictObject({
    /** SIGKILL → the new process runs our code. */
    processMs: ms,
    /** → workload and backend are loaded and the checkpoint is chosen and verified. */
    verifyMs: ms,
    /** → the store is open with the checkpoint's state. */
    restoreMs: ms,
    /** → the first micro-batch is processed. */
    firstBatchMs: ms,
    /** → the event at which the kill came is processed again. */
    replayMs: ms,
  }),
  /**
   * Where events came on at a rate of their own, also while nobody was there to take them (an open loop): when the job was as before.
   * Absent where the loop was closed.
   */
  catchUp: z
    .strictObject({
      /** Half of the trial's throughput, or of what its cell was calibrated at if that is less. */
      ratePerSecond: z.number().positive(),
      /** Latency before the kill. */
      p99BeforeMs: ms,
      /**
       * SIGKILL → the first moment from which for 1 s the backlog was less than 1 s of input and p99 at most twice that of before; null where
       * that did not come before the stream ended.
       */
      caughtUpMs: ms.nullable(),
    })
    .optional(),
  /**
   * Of a TaskManager of Flink that was killed. There the phases are: until the tasks had slots again, until they were deployed, until
   * their state was restored, until the source gave its first event, until the event at which the kill came.
   */
  flink: z
    .strictObject({
      /** SIGKILL → the JobManager restarts the job; within the first of the phases. */
      detectedMs: ms,
      heartbeatIntervalMs: ms.nullable(),
      heartbeatTimeoutMs: ms.nullable(),
      /** Slots that were free when the TaskManager was killed: with one for each of its tasks nothing has to be started first. */
      spareSlots: count,
    })
    .optional(),
});
export type Recovery = z.infer<typeof recoverySchema>;

const takeover = z.strictObject({
  /** From the start of the first new process until the last one has its state and could take events. */
  ms,
  /** Entries of tables (elements of lists) carried into the new stores, and their bytes of keys and values. */
  entries: count,
  bytes: count,
});

/** A job is taken over by two processes, by key range, and they by one again. */
export const rescaleSchema = z.strictObject({
  /** Where in the stream the checkpoint was cut that the two began with, and those that the one began with. */
  splitAtEvent: count,
  mergedAtEvent: count,
  split: takeover,
  merge: takeover,
});
export type Rescale = z.infer<typeof rescaleSchema>;

/**
 * Throughput at several checkpoint intervals, one after the other in one warm process, in an order that differs from
 * block to block.
 */
export const intervalSchema = z.strictObject({
  /** Without any checkpoint. */
  baselineEventsPerSecond: z.number().positive(),
  points: z.array(
    z.strictObject({
      /** From one cut to the next, as planned in events at the throughput of the trial. */
      intervalSeconds: z.number().positive(),
      /** Cuts made: fewer than planned where one takes longer than the interval. */
      checkpoints: count,
      measuredSeconds: z.number().positive(),
      eventsPerSecond: z.number().positive(),
    }),
  ),
});
export type IntervalSweep = z.infer<typeof intervalSchema>;

/** A digest of output rows as a multiset: equal multisets have equal digests, whatever their order. */
export const outputSchema = z.strictObject({
  /** After which event of the stream; rows count as far as the watermark had fired them, or all of them if the stream was ended. */
  atEvent: count,
  ended: z.boolean(),
  rows: count,
  digest: z.string().regex(/^[0-9a-f]{32}$/),
});
export type Output = z.infer<typeof outputSchema>;

const checkedOutput = z.strictObject({ expected: outputSchema, got: outputSchema, equal: z.boolean() });
const checkedLate = z.strictObject({ expected: z.array(count), got: z.array(count), equal: z.boolean() });

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
    /** Events processed in each second in which every process was at work throughout. */
    perSecond: z.array(count),
    /**
     * What the figure to be compared is of: all of the measured part; or the seconds in which it was steady; or the last third of a part
     * three times as long, since the cell's first trial was still falling at its end. Absent: all.
     */
    basis: z.enum(['whole', 'steady', 'last-third']).optional(),
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
  unavailable: z.record(z.string(), z.string()),
});
export type CompletedTrial = z.infer<typeof completedTrialSchema>;

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

/** One operation of the state micro-suite, at one batch size, on one backend, in one block: timed in a process with its state alone. */
export const microMeasurementSchema = z.strictObject({
  backend: z.string().min(1),
  block: z.int().positive(),
  operation: z.string().min(1),
  /** Most slots of a call, as asked for. */
  batchSize: z.int().positive(),
  /** Whole operations of one call: fewer than slots where an operation takes several, 1 for scans. */
  operationsPerBatch: z.int().positive(),
  operations: z.int().positive(),
  /** Time in the operations, without what prepares them and puts the state back. */
  measuredSeconds: z.number().positive(),
  /** Over all of the measured time. */
  operationsPerSecond: z.number().positive(),
  /** Median time of one batch, over iterations of about a thousand slots: where it is far from the mean, some took far longer than others. */
  batchP50Ms: z.number().positive(),
});
export type MicroMeasurement = z.infer<typeof microMeasurementSchema>;

/** Operations that were not timed, and why. */
export const microFailureSchema = z.strictObject({
  backend: z.string().min(1),
  block: z.int().positive(),
  operations: z.array(z.string()).min(1),
  /** `wrong`: the operation was done, and its effect was not the one of a plain Map. */
  code: z.string(),
  message: z.string(),
});
export type MicroFailure = z.infer<typeof microFailureSchema>;

/** `micro.json`: everything of one run of the state micro-suite. */
export const microSchema = z.strictObject({
  schema: z.literal(SCHEMA),
  command: z.string(),
  startedAt: z.iso.datetime(),
  seed: z.int().nonnegative(),
  environment: environmentSchema,
  settings: z.strictObject({
    keys: z.int().positive(),
    keyBytes: z.int().positive(),
    valueBytes: z.int().positive(),
    batchSizes: z.array(z.int().positive()).min(1),
    /** Every backend once in each, in a seeded order. */
    blocks: z.int().positive(),
    /** Of every operation at every batch size, in every block. */
    timeMs: ms,
    warmUpMs: ms,
  }),
  /** What was asked for, in the order shown, with what each does. */
  operations: z.array(z.strictObject({ name: z.string().min(1), description: z.string() })).min(1),
  /** The first is the one that the others are compared with. */
  backends: z.array(cellSchema.shape.backend).min(1),
  leftOut: planSchema.shape.leftOut,
  measurements: z.array(microMeasurementSchema),
  failures: z.array(microFailureSchema),
  /** False where it was ended early. */
  complete: z.boolean(),
});
export type MicroResults = z.infer<typeof microSchema>;
