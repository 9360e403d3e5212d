/** Results of the state micro-suite: `micro.json`. */
import { z } from 'zod';
import { cellSchema, environmentSchema, leftOutSchema, SCHEMA } from './plan.ts';

const ms = z.number().nonnegative();

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
  batchP50Ms: z.number().positive().nullable(),
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
  leftOut: leftOutSchema,
  measurements: z.array(microMeasurementSchema),
  failures: z.array(microFailureSchema),
  /** False where it was ended early. */
  complete: z.boolean(),
});
export type MicroResults = z.infer<typeof microSchema>;
