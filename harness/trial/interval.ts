import { Job, NO_CHECKPOINTS } from '../job.ts';
import { nowNs } from '../measure/clock.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import { cellParts } from './cell-parts.ts';
import type { IntervalResult, IntervalTask, Tell } from './tasks.ts';

/** Warms up, then runs equal stretches of the stream, each with checkpoints at another interval. */
export async function interval({ cell, warmUpEvents, measuredEvents, everyEvents }: IntervalTask, tell: Tell): Promise<IntervalResult> {
  await tell({ type: 'phase', phase: 'interval' });
  const parts = await cellParts(cell, true);
  const sink = new DigestSink();
  const job = await Job.open({ ...parts, directory: cell.directory, batchSize: cell.batchSize, sink });
  // The first checkpoint is a full one where later ones are not, and is no part of any stretch.
  await job.run(warmUpEvents, NO_CHECKPOINTS);
  await job.checkpoint();
  await job.checkpointer.settled();
  const stretches: { checkpoints: number; measuredSeconds: number }[] = [];
  for (const every of everyEvents) {
    const from = job.pipeline.events;
    const before = job.checkpointer.records.length;
    // Half an interval in, so that a stretch holds whole cycles.
    const schedule = every === null ? NO_CHECKPOINTS : { firstEvent: from + Math.round(every / 2), everyEvents: every, exact: false };
    const startNs = nowNs();
    await job.run(from + measuredEvents, schedule);
    const endNs = nowNs();
    await job.checkpointer.settled();
    stretches.push({ checkpoints: job.checkpointer.records.length - before, measuredSeconds: (endNs - startNs) / 1e9 });
  }
  await job.finish();
  return { stretches, output: { atEvent: job.pipeline.events, ended: false, rows: sink.rows, digest: sink.hex() } };
}
