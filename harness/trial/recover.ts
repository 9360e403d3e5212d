import { findGround, Job, NO_CHECKPOINTS } from '../job.ts';
import { nowNs } from '../measure/clock.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import { CatchUp } from './catch-up.ts';
import { cellParts } from './cell-parts.ts';
import { endOf } from './end-of.ts';
import type { RecoverResult, RecoverTask, Tell } from './tasks.ts';

/** Restores, replays up to where the killed process was, and goes on to the end of the stream. */
export async function recover(
  { cell, stream, replayTo, pace: killed, goesOn }: RecoverTask,
  tell: Tell,
  startedNs: number,
): Promise<RecoverResult> {
  await tell({ type: 'phase', phase: 'restore' });
  const parts = await cellParts(cell, true);
  const loadedNs = nowNs();
  const ground = await findGround(parts.storage, cell.directory);
  const verifiedNs = nowNs();
  const sink = new DigestSink();
  const job = await Job.open({ ...parts, directory: cell.directory, batchSize: cell.batchSize, sink }, ground);
  const restoredNs = nowNs();
  const { restored, pipeline } = job;
  if (restored === null) {
    const message = `the process was killed at event ${replayTo}, and no checkpoint was complete by then (the first was due at event ${stream.checkpoints.firstEvent}): measure with a longer profile, or with a faster checkpoint storage`;
    throw Object.assign(new Error(message), { code: 'no-checkpoint' });
  }

  await tell({ type: 'phase', phase: 'replay' });
  const catchUp = killed && new CatchUp(job, cell, killed, replayTo, stream);
  await job.run(pipeline.events + 1, NO_CHECKPOINTS, undefined, catchUp?.pace);
  const firstBatchNs = nowNs();
  await job.run(replayTo, stream.checkpoints, undefined, catchUp?.pace);
  const replayedNs = nowNs();
  const caughtUp = catchUp && (await catchUp.run());
  await job.run(stream.warmUp + stream.measured + stream.tail, stream.checkpoints);

  await tell({ type: 'phase', phase: 'verify' });
  const ended = await endOf(job, sink, goesOn);
  return {
    startedNs,
    loadedNs,
    verifiedNs,
    restoredNs,
    firstBatchNs,
    replayedNs,
    caughtUpNs: caughtUp?.ns ?? null,
    notCaughtUp: caughtUp?.reason ?? null,
    checkpointId: restored.checkpointId,
    fromEvent: restored.fromEvent,
    skipped: restored.skipped,
    restoredBytes: restored.bytes,
    ...ended,
  };
}
