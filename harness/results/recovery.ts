/** Results of a kill and the recovery from it. */
import { z } from 'zod';

const count = z.int().nonnegative();
const ms = z.number().nonnegative();

export const recoverySchema = z.strictObject({
  /** The process that was killed, from 1; the others went on meanwhile. */
  part: z.int().positive(),
  /** Events the killed process had processed, as it last said before SIGKILL. */
  killedAtEvent: count,
  restoredFromEvent: count,
  /**
   * Where the kill fell in the checkpoint interval: from the last due checkpoint, 0 to 1; the same for all cells of a block. Absent where
   * it was not recorded (results of older versions).
   */
  killFraction: z.number().nonnegative().optional(),
  /**
   * From the choice of a checkpoint until the first event can be processed; the start of a process and the loading of its events are not
   * in it. Of Flink: from the last deployed task until the last one has its state. Absent in results of older versions.
   */
  restoreMs: ms.optional(),
  /** Bytes of the files of the restored checkpoint, shared ones included; null where the storage or the engine does not report them. */
  restoredBytes: count.nullable().optional(),
  /** Events per second from the restore until the event of the kill, the first micro-batch included; null where nothing was replayed. */
  replayRate: z.number().positive().nullable().optional(),
  /** The replay rate as a share of the trial's throughput before the kill. */
  replayShare: z.number().positive().nullable().optional(),
  checkpointId: z.int().positive(),
  /** Checkpoints that were damaged and passed over. */
  checkpointsSkipped: count,
  phases: z.strictObject({
    /** SIGKILL → the new process runs our code. */
    processMs: ms,
    /** → workload, backend and events are loaded. Absent in results of older versions, where it is part of `verifyMs`. */
    loadMs: ms.optional(),
    /** → the checkpoint is chosen and verified. */
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
