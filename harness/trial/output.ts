import { join } from 'node:path';
import { Job, NO_CHECKPOINTS } from '../job.ts';
import { checkKill } from '../kill-after.ts';
import { RowFileSink } from '../pipeline/row-file-sink.ts';
import { writeRowCsv } from '../row-csv.ts';
import { cellParts } from './cell-parts.ts';
import type { Meet, OutputResult, OutputTask, Tell } from './tasks.ts';

const ROWS = 'rows';

/**
 * Runs a workload to its end, from the newest checkpoint if there is one; one process writes the rows of all, sorted, as CSV, when
 * all have them.
 */
export async function output(
  { cell, checkpointEvery, killAt, lastKill, parts: directories, kept, to }: OutputTask,
  tell: Tell,
  meet: Meet,
): Promise<OutputResult> {
  await tell({ type: 'phase', phase: 'open' });
  const parts = await cellParts(cell, false);
  checkKill(lastKill, parts.source.events);
  const sink = new RowFileSink(join(cell.directory, ROWS));
  const job = await Job.open({ ...parts, directory: cell.directory, batchSize: cell.batchSize, sink });
  await tell({ type: 'phase', phase: 'measure' });
  const checkpoints =
    checkpointEvery === null ? NO_CHECKPOINTS : { firstEvent: checkpointEvery, everyEvents: checkpointEvery, exact: true };
  if (killAt !== null) {
    await job.run(killAt, checkpoints);
    if (job.pipeline.events >= killAt) {
      // The first checkpoint is waited for: a kill that finds none proves nothing of a restore.
      if (job.restored === null && job.checkpointer.records.length === 0) await job.checkpointer.settled();
      await tell({ type: 'kill-me', event: killAt });
      return new Promise(() => setInterval(() => {}, 1000));
    }
  }
  await job.run(Number.POSITIVE_INFINITY, checkpoints);
  checkKill(killAt, job.pipeline.events);
  await job.end();
  sink.close();
  const { lateEvents } = job.pipeline;
  await (kept ? job.close() : job.finish());
  await meet();
  if (to === null) return { rows: 0, lateEvents };
  const files = directories.map((directory) => join(directory, ROWS));
  return { rows: writeRowCsv(parts.workload.stages, files, to), lateEvents };
}
