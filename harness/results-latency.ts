/** What results hold of an open loop. */
import { z } from 'zod';
import { histogramSchema } from './results-histogram.ts';

const count = z.int().nonnegative();
const ms = z.number().nonnegative();

/**
 * Events that come at a rate of their own, whether or not those before them are done (an open loop). Latency is from when an event was due
 * until its micro-batch was done: a stall counts for every event that had to wait.
 */
export const loadSchema = z.strictObject({
  /** The fraction of the sustained rate that this is; null for a rate that all cells have in common. */
  fraction: z.number().positive().nullable(),
  ratePerSecond: z.number().positive(),
  events: count,
  /** From when the first event was due until the last was done. */
  seconds: z.number().positive(),
  /** By how much of the rate the backlog grew while events were scheduled (Theil–Sen). */
  backlogSlope: z.number(),
  /** Of the scheduled events, those that were done when the last was due. */
  doneShare: z.number().min(0).max(1),
  /** Of the time, what the thread that drives and processes did not wait for events. */
  busyShare: z.number().min(0).max(1),
  /** Of every event. */
  latency: histogramSchema,
  /** Of those events that met a checkpoint: one was cut or being made durable between when they were due and when they were done. */
  duringCheckpoint: histogramSchema,
  /** Of every micro-batch: from when it was taken until it was done. */
  service: histogramSchema,
  /** Of every row of the last stage: from when the last event of its window was due until it was emitted. Null where windows have no fixed bounds. */
  window: histogramSchema.nullable(),
  /** How late the driver itself was, each time that it waited for an event. */
  lag: histogramSchema,
  /** Why these figures do not count; null where they do. */
  void: z.string().nullable(),
  /** Those cut in it, in seconds after its first event. */
  checkpoints: z.array(z.strictObject({ atSeconds: z.number(), pauseMs: ms, persistMs: ms })),
  /** p99 of the latency of events done in each tick, from the first event on; null for a tick without any. */
  timeline: z.strictObject({ tickSeconds: z.number().positive(), p99Ms: z.array(ms.nullable()) }),
});
export type Load = z.infer<typeof loadSchema>;

export const latencySchema = z.strictObject({
  /** The search for the greatest rate that is sustained: bisection between 0.3 and 1 of the trial's throughput. */
  sustainable: z.strictObject({
    /** The greatest rate that passed; null if none did. */
    passedPerSecond: z.number().positive().nullable(),
    /** The least rate that failed; null if none did. */
    failedPerSecond: z.number().positive().nullable(),
    steps: z.array(
      z.strictObject({
        ratePerSecond: z.number().positive(),
        passed: z.boolean(),
        /** What it failed by, in words; null if it passed. */
        reason: z.string().nullable(),
        backlogSlope: z.number(),
        doneShare: z.number().min(0).max(1),
        p99Ms: ms,
      }),
    ),
  }),
  loads: z.array(loadSchema),
});
export type LatencyFigures = z.infer<typeof latencySchema>;
