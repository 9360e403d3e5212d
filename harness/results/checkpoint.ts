/** Results of one checkpoint. */
import { z } from 'zod';

const count = z.int().nonnegative();
const ms = z.number().nonnegative();

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
