import { join } from 'node:path';
import type { StateStore } from '../../backends/contract.ts';
import { Job, type JobRequest } from '../job.ts';
import { RowFileSink } from '../pipeline/row-file-sink.ts';
import { cellParts } from './cell-parts.ts';
import type { KillMoment, SurviveResult, SurviveTask, Tell } from './tasks.ts';

/**
 * Runs a finite workload to its end, from the newest checkpoint if there is one, its rows in a file that all the run's processes
 * share. Tells where it is, so that it can be killed there, and after a restore what state it found.
 */
export async function survive({ cell, checkpointEvery, overlap, killAt, waits }: SurviveTask, tell: Tell): Promise<SurviveResult> {
  const parts = await cellParts(cell, false);
  const sink = new RowFileSink(join(cell.directory, 'rows'));
  const askForKill = (event: number): Promise<void> | undefined => {
    const told = waits ? new Promise<void>((resolve) => process.once('message', () => resolve())) : undefined;
    void tell({ type: 'kill-me', event });
    return told;
  };
  const watched = new WatchedStore(tell, killAt, askForKill);
  // Not waited for: the work goes on while the word is on its way, so that the kill comes amid it.
  void tell({ type: 'phase', phase: 'restore' });
  if (killAt?.phase === 'restore') await askForKill(0);
  const job = await Job.open({
    ...parts,
    directory: cell.directory,
    batchSize: cell.batchSize,
    sink,
    wrap: watched.wrap,
  });
  const { restored, pipeline } = job;
  if (restored !== null) {
    const state = await pipeline.state();
    await tell({ type: 'restored', restored, state });
  }
  const checkpoints = { firstEvent: checkpointEvery, everyEvents: checkpointEvery, exact: !overlap };
  void tell({ type: 'phase', phase: 'replay' });
  if (killAt?.phase === 'replay') {
    await job.run(pipeline.events + killAt.afterEvents, checkpoints);
    if (waits) await job.checkpointer.settled();
    await askForKill(pipeline.events);
  }
  await job.run(Number.POSITIVE_INFINITY, checkpoints);
  await job.end();
  const digest = sink.finishDigest();
  await job.finish();
  const output = { atEvent: pipeline.events, ended: true, rows: digest.rows, digest: digest.hex() };
  return { output, lateEvents: pipeline.lateEvents, checkpoints: job.checkpointer.records.length };
}

/** Says when a checkpoint begins and when it is published, and lets the state be looked at. */
class WatchedStore {
  readonly #tell: Tell;
  readonly #killAt: KillMoment | null;
  readonly #askForKill: (event: number) => Promise<void> | undefined;
  #store: StateStore | null = null;
  #checkpoints = 0;

  constructor(tell: Tell, killAt: KillMoment | null, askForKill: (event: number) => Promise<void> | undefined) {
    this.#tell = tell;
    this.#killAt = killAt;
    this.#askForKill = askForKill;
  }

  get store(): StateStore {
    if (this.#store === null) throw new Error('no store was opened');
    return this.#store;
  }

  readonly wrap: NonNullable<JobRequest['wrap']> = (store) => {
    this.#store = store;
    return {
      value: (name) => store.value(name),
      list: (name) => store.list(name),
      checkpoint: (place) => {
        this.#checkpoints++;
        void this.#tell({ type: 'phase', phase: 'checkpoint' });
        const here = this.#killAt?.phase === 'checkpoint' && this.#killAt.nth === this.#checkpoints;
        const told = here ? this.#askForKill(0) : undefined;
        return told === undefined ? store.checkpoint(place) : told.then(() => store.checkpoint(place));
      },
      published: (id) => {
        void this.#tell({ type: 'phase', phase: 'replay' });
        return store.published(id);
      },
      release: (id) => store.release(id),
      close: () => store.close(),
    };
  };
}
