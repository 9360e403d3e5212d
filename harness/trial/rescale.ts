import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import { positionOf } from '../checkpointing/position.ts';
import { releaseAll } from '../checkpointing/release-all.ts';
import { findGround, Job, NO_CHECKPOINTS } from '../job.ts';
import { nowNs } from '../measure/clock.ts';
import { type DigestState, OutputDigest } from '../output-digest.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import { type FoundState, findState } from '../portable/migrate.ts';
import { rescale as rescaled } from '../portable/rescale.ts';
import { restoreCheckpoint } from '../portable/restore.ts';
import { cellParts } from './cell-parts.ts';
import type { RescaleResult, RescaleTask, Tell } from './tasks.ts';

/**
 * One of the processes that take a job over in another number: restores its part of the checkpoints, goes on, and stops
 * at a checkpoint half-way to the end of the stream, or at its end.
 */
export async function rescale({ cell, sources, part, parts, until, events, ends }: RescaleTask, tell: Tell): Promise<RescaleResult> {
  await tell({ type: 'phase', phase: 'rescale' });
  const { workload, backend, storage, source } = await cellParts(cell, true);
  const stateDirectory = join(cell.directory, 'state-1');
  await mkdir(stateDirectory);
  const space = await storage.open(join(cell.directory, 'checkpoints'));
  const found: FoundState[] = [];
  for (const directory of sources) found.push(await findState(join(directory, 'checkpoints'), storage));
  const { store, position, carried } = await rescaled({
    sources: found,
    part,
    parts,
    workload,
    backend,
    stateDirectory,
    sink: (saved) => ({ ...OutputDigest.sum(saved as unknown as DigestState[]) }),
  });
  for (const state of found) await state[Symbol.asyncDispose]();
  const sink = new DigestSink();
  const request = { workload, source, backend, storage, directory: cell.directory, batchSize: cell.batchSize, sink };
  const job = Job.resume(request, { space, store, stateDirectory, position, damaged: [] });
  const readyNs = nowNs();
  const fromEvent = job.pipeline.events;
  const { entries, bytes } = carried;
  if (until === 'half-way') {
    await job.run(Math.ceil((fromEvent + events) / 2), NO_CHECKPOINTS);
    await job.checkpoint();
  } else {
    await job.run(events, NO_CHECKPOINTS);
    await job.end();
  }
  const output = { atEvent: job.pipeline.events, ended: until === 'end', rows: sink.rows, digest: sink.hex() };
  await (until === 'end' ? job.finish() : job.close());
  for (const directory of ends) await endCheckpoints(directory, backend, storage);
  return { readyNs, fromEvent, entries, bytes, output };
}

/** Lets go of the checkpoints that a process left, through a store that takes them over. */
async function endCheckpoints(directory: string, backend: StateBackend, storage: CheckpointStorage): Promise<void> {
  const { space, found } = await findGround(storage, directory);
  if (found.checkpoint === null) return;
  const stateDirectory = join(directory, 'state-ended');
  await mkdir(stateDirectory);
  const { tables } = positionOf(found.checkpoint);
  const store = await restoreCheckpoint(backend, { directory: stateDirectory, tables }, found.checkpoint);
  await releaseAll(store, space);
  await store.close();
}
