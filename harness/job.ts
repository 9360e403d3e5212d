import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointSpace, CheckpointStorage } from '../backends/checkpoints/contract.ts';
import { failPoint } from '../backends/checkpoints/fail-points.ts';
import type { StateBackend, StateStore, TableSpec } from '../backends/contract.ts';
import { EventBatch, type Source, type Workload } from '../workloads/contract.ts';
import { Checkpointer, type FoundCheckpoint, findCheckpoint } from './checkpointing/checkpointer.ts';
import { nowNs } from './measure/clock.ts';
import { Pipeline, type PipelineProbe, type SavedPipeline, workloadTables } from './pipeline/pipeline.ts';
import type { SavedSink, Sink } from './pipeline/sink.ts';

/** The part of a checkpoint that is not in the store. */
interface Position {
  readonly pipeline: SavedPipeline;
  readonly sink: SavedSink;
}

export interface JobRequest {
  readonly workload: Workload;
  readonly source: Source;
  readonly backend: StateBackend;
  readonly storage: CheckpointStorage;
  /** The job's own directory, kept between its processes: `state-N/` for each of them, and `checkpoints/`. */
  readonly directory: string;
  readonly batchSize: number;
  readonly sink: Sink;
  readonly probe?: PipelineProbe;
  /** Puts something between the pipeline and the store that was opened, such as a meter. */
  readonly wrap?: (store: StateStore, tables: readonly TableSpec[]) => StateStore;
}

/** What was found when a job was opened on a directory that a killed process left. */
export interface Restored {
  readonly checkpointId: number;
  readonly fromEvent: number;
  readonly skipped: number;
}

/** At which events checkpoints are due: at `firstEvent`, and from there every so many. */
export interface CheckpointSchedule {
  readonly firstEvent: number;
  readonly everyEvents: number;
}

export const NO_CHECKPOINTS: CheckpointSchedule = { firstEvent: Number.POSITIVE_INFINITY, everyEvents: Number.POSITIVE_INFINITY };

/** How many checkpoints of a schedule are due by the time `events` were processed. */
function checkpointsDue({ firstEvent, everyEvents }: CheckpointSchedule, events: number): number {
  return events < firstEvent ? 0 : Math.floor((events - firstEvent) / everyEvents) + 1;
}

/** The newest whole checkpoint of a job's directory, verified. Its own step, so that its time can be told apart. */
export interface JobGround {
  readonly space: CheckpointSpace;
  readonly found: FoundCheckpoint;
}

/** @throws StatebenchError `no-whole-checkpoint`, CheckpointError */
export async function findGround(storage: CheckpointStorage, directory: string): Promise<JobGround> {
  const space = await storage.open(join(directory, 'checkpoints'));
  return { space, found: await findCheckpoint(space) };
}

/** A source, a pipeline, a store and its checkpoints, at one position of the stream. */
export class Job {
  readonly pipeline: Pipeline;
  readonly checkpointer: Checkpointer;
  readonly space: CheckpointSpace;
  /** Null for a job that began at the beginning. */
  readonly restored: Restored | null;
  readonly stateDirectory: string;
  /** Time the event loop took, between events, for checkpoints being persisted, in ns. */
  turnsNs = 0;
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #store: StateStore;
  readonly #batch: EventBatch;

  /** Opens a store and goes on from the newest checkpoint, or from the beginning if there is none. */
  static async open(request: JobRequest, ground?: JobGround): Promise<Job> {
    const { space, found } = ground ?? (await findGround(request.storage, request.directory));
    const tables = workloadTables(request.workload);
    const before = (await readdir(request.directory)).filter((name) => name.startsWith('state-')).length;
    const stateDirectory = join(request.directory, `state-${before + 1}`);
    await mkdir(stateDirectory);
    const { checkpoint } = found;
    const store =
      checkpoint === null
        ? await request.backend.open({ directory: stateDirectory, tables })
        : await request.backend.restore({ directory: stateDirectory, tables, checkpoint });
    if (checkpoint !== null) failPoint?.('amid-restore');
    const job = new Job(request, request.wrap?.(store, tables) ?? store, space, found, stateDirectory);
    failPoint?.('before-first-event');
    return job;
  }

  private constructor(
    { workload, source, backend, batchSize, sink, probe }: JobRequest,
    store: StateStore,
    space: CheckpointSpace,
    { checkpoint, damaged }: FoundCheckpoint,
    stateDirectory: string,
  ) {
    const position = checkpoint === null ? null : (checkpoint.position as Position);
    this.#source = source;
    this.#sink = sink;
    this.#store = store;
    this.space = space;
    this.stateDirectory = stateDirectory;
    this.checkpointer = new Checkpointer({ backend, store, space, damaged });
    this.pipeline = new Pipeline({
      workload,
      store,
      batchSize,
      sink,
      ...(probe && { probe }),
      ...(position && { saved: position.pipeline }),
    });
    this.restored =
      checkpoint === null || position === null
        ? null
        : { checkpointId: checkpoint.id, fromEvent: position.pipeline.events, skipped: damaged.length };
    sink.restore(position === null ? null : position.sink);
    source.seek(this.pipeline.events);
    this.#batch = new EventBatch(workload.watermark.everyEvents, { keyBytes: source.keyBytes, width: 1 });
  }

  /**
   * Processes the stream up to event `until`, or to its end.
   * @param checkpoints when to take them; one that is due while another is under way is taken as soon as that is published.
   * @param afterStep is called between two events, as often as the watermark may advance; a promise is waited for.
   */
  async run(until: number, checkpoints: CheckpointSchedule, afterStep?: () => void | Promise<void>): Promise<void> {
    const { pipeline, checkpointer } = this;
    const batch = this.#batch;
    let taken = checkpointsDue(checkpoints, pipeline.events);
    while (pipeline.events < until) {
      const next = checkpoints.firstEvent + taken * checkpoints.everyEvents;
      const toCheckpoint = next > pipeline.events ? next - pipeline.events : Number.POSITIVE_INFINITY;
      const filled = this.#source.fill(batch, Math.min(until - pipeline.events, pipeline.untilWatermark, toCheckpoint));
      if (filled === 0) break;
      await pipeline.process(batch);
      if (pipeline.events >= next && !checkpointer.busy) {
        taken = checkpointsDue(checkpoints, pipeline.events);
        await this.checkpoint();
      }
      // A store that answers at once never lets the event loop turn: what is being persisted has to get its turns.
      if (checkpointer.busy) {
        const startNs = nowNs();
        await new Promise(setImmediate);
        this.turnsNs += nowNs() - startNs;
      }
      const pending = afterStep?.();
      if (pending) await pending;
    }
  }

  /** Takes a checkpoint; settles when events may go on. Not while one is under way. */
  checkpoint(): Promise<void> {
    return this.checkpointer.cut(this.pipeline.events, (): Position => ({ pipeline: this.pipeline.save(), sink: this.#sink.save() }));
  }

  /** Ends the stream: every open window fires. */
  end(): Promise<void> {
    return this.pipeline.end();
  }

  /** Waits for the checkpoint under way and closes the store. */
  async close(): Promise<void> {
    await this.checkpointer.settled();
    await this.#store.close();
  }
}
