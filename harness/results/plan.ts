/** What a run measures, and on which machine: `plan.json` and `environment.json`. */
import { z } from 'zod';

export const SCHEMA = 1;

const ms = z.number().nonnegative();
const settings = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const durability = z.enum(['volatile', 'process-crash', 'os-crash']);
export type Durability = z.infer<typeof durability>;

/** What a run may measure. Throughput is that of every trial; the others are made as asked for. */
export const MEASURES = ['throughput', 'latency', 'checkpoint', 'recovery', 'rescale', 'interval'] as const;
export type Measure = (typeof MEASURES)[number];

export const named = z.strictObject({ name: z.string().min(1), settings });

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

const planFields = z.strictObject({
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
    /**
     * The smallest effect that the run may decide: `twins` where its own A/A says it, null where it decides nothing. A fraction in results
     * of versions that went by the profile's name.
     */
    smallestEffect: z.union([z.number().positive(), z.literal('twins')]).nullable(),
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
  /** In results of earlier versions: the name of the reference's twin. Read as the one of `twins`. */
  twin: z.string().nullable().optional(),
  /** Backends that are measured twice, under two names, to show the noise (A/A). */
  twins: z.array(z.strictObject({ of: z.string(), name: z.string() })).optional(),
  /** The fastest store on disk gets a twin as well, once calibration shows which one that is; absent from then on. */
  choosesTwinOnDisk: z.literal(true).optional(),
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

export const planSchema = planFields.transform(({ twin, twins, ...plan }) => ({
  ...plan,
  twins: twins ?? (twin == null ? [] : [{ of: plan.reference, name: twin }]),
}));
export type Plan = z.infer<typeof planSchema>;
export const leftOutSchema = planFields.shape.leftOut;

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
  /** CPU quota of the container, in CPUs; null without one, and where it cannot be read (the reason is in `unavailable`). Absent in older results. */
  cpuQuota: z.number().positive().nullable().optional(),
  unavailable: z.record(z.string(), z.string()),
});
export type Environment = z.infer<typeof environmentSchema>;
