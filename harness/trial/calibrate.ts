import { Job, NO_CHECKPOINTS } from '../job.ts';
import { nowNs } from '../measure/clock.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import { cellParts } from './cell-parts.ts';
import type { CalibrateResult, CalibrateTask, Tell } from './tasks.ts';

/** Fills the state, then runs the cell for a while and says how fast it was in the second half, when the code is warm. */
export async function calibrate({ cell, fill, seconds }: CalibrateTask, tell: Tell): Promise<CalibrateResult> {
  await tell({ type: 'phase', phase: 'calibrate' });
  const parts = await cellParts(cell, true);
  const job = await Job.open({ ...parts, directory: cell.directory, batchSize: cell.batchSize, sink: new DigestSink() });
  await job.run(fill, NO_CHECKPOINTS);
  const startNs = nowNs();
  const halfNs = startNs + seconds * 0.5e9;
  const endNs = startNs + seconds * 1e9;
  let half = { ns: startNs, events: fill };
  let now = startNs;
  while (now < endNs) {
    await job.run(job.pipeline.events + 1000, NO_CHECKPOINTS);
    now = nowNs();
    if (half.ns === startNs && now >= halfNs) half = { ns: now, events: job.pipeline.events };
  }
  const events = job.pipeline.events - half.events;
  await job.finish();
  // A cell so slow that its second half never began is judged by all that it did.
  return { eventsPerSecond: events > 0 ? events / ((now - half.ns) / 1e9) : (job.pipeline.events - fill) / ((now - startNs) / 1e9) };
}
