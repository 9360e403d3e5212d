/** Results of rescaling, and of the sweep of the checkpoint interval. */
import { z } from 'zod';

const count = z.int().nonnegative();
const ms = z.number().nonnegative();

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
