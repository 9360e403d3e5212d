import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointSpace, CheckpointStorage, StoredCheckpoint } from '../backends/checkpoints/contract.ts';
import { failPoint } from '../backends/checkpoints/fail-points.ts';
import type { Pending, StateBackend, StateStore } from '../backends/contract.ts';
import { EventBatch, type Source, type Workload } from '../workloads/contract.ts';
import { Checkpointer, type FoundCheckpoint, findCheckpoint, isDamaged } from './checkpointing/checkpointer.ts';
import { startPersistThread } from './checkpointing/persist-thread.ts';
import { POSITION_FORMAT, type Position, positionOf } from './checkpointing/position.ts';
import { releaseAll } from './checkpointing/release-all.ts';
import { messageOf, StatebenchError } from './errors.ts';
import { nowNs } from './measure/clock.ts';
import { workloadTables } from './pipeline/operator.ts';
import { Pipeline, type PipelineProbe, type StreamPart } from './pipeline/pipeline.ts';
import type { Sink } from './pipeline/sink.ts';
import { KeyGroupFilter } from './portable/key-groups.ts';
import { restoreCheckpoint } from './portable/restore.ts';

export interface JobRequest {
  readonly workload: Workload;
  readonly source: Source;
  readonly backend: StateBackend;
  readonly storage: CheckpointStorage;
  /** The job's own directory, kept between its processes: `state-N/` for each of them, and `checkpoints/`. */
  readonly directory: string;
  readonly batchSize: number;
  readonly sink: Sink;
  /** Which of the stream's keys are the job's; null for all. Where it is not said, those of its checkpoint, or all. */
  readonly keyGroups?: Position['keyGroups'];
  readonly probe?: PipelineProbe;
  /** Puts something between the pipeline and what takes out the events of other processes, such as a meter. */
  readonly wrapPart?: (part: StreamPart) => StreamPart;
  /** Puts something between the pipeline and the store that was opened, such as a meter. */
  readonly wrap?: (store: StateStore) => StateStore;
}

/** What was found when a job was opened on a directory that a killed process left. */
export interface Restored {
  readonly checkpointId: number;
  readonly fromEvent: number;
  readonly skipped: number;
  /** Bytes of the checkpoint's files, shared ones included; null where the storage does not report them. */
  readonly bytes: number | null;
}

/** At which events checkpoints are due: at `firstEvent`, and from there every so many. */
export interface CheckpointSchedule {
  readonly firstEvent: number;
  readonly everyEvents: number;
  /** What happens when one is due while another is under way: the stream waits for it, or goes on and takes it late. */
  readonly exact: boolean;
}

/** How long the event loop may stand still for events. */
const LONGEST_WITHOUT_TURN_NS = 50e6;

/**
 * While a checkpoint is under way, the stream pauses for it after the first micro-batch that ends this long after the last pause: by
 * time, so that the figure of persisting depends neither on the batch size nor on the watermark interval.
 */
const QUANTUM_NS = 1e6;
/** Time of the stream's thread that a checkpoint may take, relative to the time that the stream had. */
const PERSIST_SHARE = 1;

/** Says when a job may have events: the driver of an open loop. */
export interface Pace {
  /** Waits until an event is due, and says how many a job may take now, at least one and at most `limit`. */
  take(limit: number): number | Promise<number>;
  /** These are the events. */
  taken(events: EventBatch): void;
  /** They are processed. */
  done(): void;
}

export const NO_CHECKPOINTS: CheckpointSchedule = { firstEvent: Number.POSITIVE_INFINITY, everyEvents: 1, exact: false };

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

/** A store that already holds the state of a position, to be gone on with: its checkpoints go to a space of its own. */
export interface JobStart {
  readonly space: CheckpointSpace;
  readonly store: StateStore;
  readonly stateDirectory: string;
  readonly position: Position;
  /** Ids of checkpoints that were found damaged. */
  readonly damaged: readonly number[];
}

/** A source, a pipeline, a store and its checkpoints, at one position of the stream. */
export class Job {
  readonly pipeline: Pipeline;
  readonly checkpointer: Checkpointer;
  readonly space: CheckpointSpace;
  /** Null for a job that began at the beginning. */
  readonly restored: Restored | null;
  readonly stateDirectory: string;
  /** Time the event loop took, between events, mostly for checkpoints being persisted, in ns. */
  turnsNs = 0;
  #turnedNs = 0;
  readonly #workload: Workload;
  readonly #keyGroups: Position['keyGroups'];
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #store: StateStore;
  readonly #batch: EventBatch;

  /**
   * Opens a store and goes on from the newest whole checkpoint, or from the beginning if there was never one.
   * @throws StatebenchError `no-whole-checkpoint` if storage or backend find every one damaged, `bad-checkpoint` if it is another's.
   */
  static async open(request: JobRequest, ground?: JobGround): Promise<Job> {
    const { space, found } = ground ?? (await findGround(request.storage, request.directory));
    const opened = await openStore(request, space, found);
    const { position, checkpointId, damaged, bytes } = opened;
    if (checkpointId !== null) failPoint?.('amid-restore');
    const restored =
      position && checkpointId !== null ? { checkpointId, fromEvent: position.pipeline.events, skipped: damaged.length, bytes } : null;
    const store = request.wrap?.(opened.store) ?? opened.store;
    const job = new Job(request, { ...opened, space, store }, restored);
    failPoint?.('before-first-event');
    return job;
  }

  /** Goes on with a store that somebody else has filled. */
  static resume(request: JobRequest, start: JobStart): Job {
    return new Job(request, start, null);
  }

  private constructor(
    { workload, source, backend, batchSize, sink, probe, keyGroups = null, wrapPart = (part) => part }: JobRequest,
    { space, store, stateDirectory, position, damaged }: Omit<JobStart, 'position'> & { readonly position: Position | null },
    restored: Restored | null,
  ) {
    this.#workload = workload;
    this.#keyGroups = position === null ? keyGroups : position.keyGroups;
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
      share: () => this.#share(),
      ...(probe && { probe }),
      ...(position && { saved: position.pipeline }),
      ...(this.#keyGroups && { part: wrapPart(new KeyGroupFilter(this.#keyGroups, workload)) }),
    });
    this.restored = restored;
    sink.restore(position === null ? null : position.sink);
    source.seek(this.pipeline.events);
    this.#batch = new EventBatch(workload.watermark.everyEvents, source);
  }

  /**
   * Processes the stream up to event `until`, or to its end.
   * @param checkpoints when to take them.
   * @param afterStep is called between two events, as often as the watermark may advance; a promise is waited for.
   * @param pace says when events come; without it, as fast as they are processed.
   */
  async run(until: number, checkpoints: CheckpointSchedule, afterStep?: () => void | Promise<void>, pace?: Pace): Promise<void> {
    const { pipeline, checkpointer } = this;
    const batch = this.#batch;
    let taken = checkpointsDue(checkpoints, pipeline.events);
    if (checkpoints.firstEvent <= until) startPersistThread();
    while (pipeline.events < until) {
      const next = checkpoints.firstEvent + taken * checkpoints.everyEvents;
      const toCheckpoint = next > pipeline.events ? next - pipeline.events : Number.POSITIVE_INFINITY;
      let limit = Math.min(until - pipeline.events, pipeline.untilWatermark, toCheckpoint);
      if (pace !== undefined) {
        const due = pace.take(limit);
        limit = typeof due === 'number' ? due : await due;
      }
      const filled = this.#source.fill(batch, limit);
      if (filled === 0) break;
      pace?.taken(batch);
      await pipeline.process(batch);
      pace?.done();
      if (pipeline.events >= next && checkpoints.exact) await checkpointer.settled();
      if (pipeline.events >= next && !checkpointer.busy) {
        taken = checkpointsDue(checkpoints, pipeline.events);
        await this.checkpoint();
        // Credit for the first quantum, so that a small state does not wait for a large micro-batch.
        this.#turnedNs = nowNs() - QUANTUM_NS;
        const share = this.#share();
        if (share) await share;
      }
      // A store that answers at once never lets the event loop turn: word that the parent is gone must come through.
      const startNs = nowNs();
      if (startNs - this.#turnedNs > LONGEST_WITHOUT_TURN_NS) await this.#turn(startNs, 0);
      const pending = afterStep?.();
      if (pending) await pending;
    }
  }

  /** Called after each micro-batch: gives a checkpoint under way its share of the time since its last one. */
  #share(): Pending {
    if (!this.checkpointer.busy) return;
    const startNs = nowNs();
    const ranNs = startNs - this.#turnedNs;
    if (ranNs >= QUANTUM_NS) return this.#turn(startNs, ranNs * PERSIST_SHARE);
  }

  /** Lets the event loop turn once, and gives the checkpoint under way up to `shareNs` of this thread, if it has use for it. */
  async #turn(startNs: number, shareNs: number): Promise<void> {
    this.checkpointer.feedUntil(startNs + shareNs);
    await new Promise(setImmediate);
    this.#turnedNs = nowNs();
    this.turnsNs += this.#turnedNs - startNs;
  }

  /** Takes a checkpoint; settles when events may go on. Not while one is under way. */
  checkpoint(): Promise<void> {
    return this.checkpointer.cut(
      () => this.pipeline.events,
      (): Position => positionAt(this.#workload, this.#keyGroups, this.pipeline, this.#sink),
    );
  }

  /** Ends the stream: every open window fires. */
  end(): Promise<void> {
    return this.pipeline.end();
  }

  /** Closes the job for good: nobody will go on from its checkpoints, whose directory is about to be removed. */
  async finish(): Promise<void> {
    await this.checkpointer.settled();
    await releaseAll(this.#store, this.space);
    await this.#store.close();
  }

  /** Waits for the checkpoint under way and closes the store. */
  async close(): Promise<void> {
    await this.checkpointer.settled();
    await this.#store.close();
  }
}

/** A job's store, at the beginning or at the checkpoint it was restored from. */
interface OpenedStore extends Pick<JobStart, 'store' | 'stateDirectory' | 'damaged'> {
  readonly position: Position | null;
  readonly checkpointId: number | null;
  readonly bytes: number | null;
}

/** Opens a store in a directory of its own. What a backend finds damaged counts as if the storage had: the one before is next. */
async function openStore(
  request: Pick<JobRequest, 'workload' | 'backend' | 'directory' | 'keyGroups'>,
  space: CheckpointSpace,
  { checkpoint, damaged }: FoundCheckpoint,
): Promise<OpenedStore> {
  const { workload, backend, directory } = request;
  const before = (await readdir(directory)).filter((name) => name.startsWith('state-')).length;
  const stateDirectory = join(directory, `state-${before + 1}`);
  const position = checkpoint && ownPosition(checkpoint, request);
  await mkdir(stateDirectory);
  const own = { directory: stateDirectory, tables: workloadTables(workload) };
  try {
    const store = await (checkpoint === null ? backend.open(own) : restoreCheckpoint(backend, own, checkpoint));
    return {
      store,
      stateDirectory,
      position,
      checkpointId: checkpoint?.id ?? null,
      bytes: checkpoint?.bytes ?? null,
      damaged: damaged.map(({ id }) => id),
    };
  } catch (error) {
    if (checkpoint === null || !isDamaged(error)) throw error;
    await rm(stateDirectory, { recursive: true });
    const passed = [...damaged, { id: checkpoint.id, reason: messageOf(error) }];
    return openStore(request, space, await findCheckpoint(space, passed));
  }
}

function positionAt(workload: Workload, keyGroups: Position['keyGroups'], pipeline: Pipeline, sink: Sink): Position {
  const { name, settings } = workload;
  return {
    format: POSITION_FORMAT,
    workload: { name, settings: { ...settings } },
    tables: workloadTables(workload),
    keyGroups,
    pipeline: pipeline.save(),
    sink: sink.save(),
  };
}

/**
 * @throws StatebenchError `bad-checkpoint` if the state is of another workload, where its windows and keys would mean something else,
 * or of other keys.
 */
function ownPosition(checkpoint: StoredCheckpoint, { workload, keyGroups }: Pick<JobRequest, 'workload' | 'keyGroups'>): Position {
  const position = positionOf(checkpoint);
  const check = (made: string, asked: string, what: string): void => {
    if (made === asked) return;
    throw new StatebenchError(
      'bad-checkpoint',
      `checkpoint ${checkpoint.id} in ${checkpoint.directory} is of ${made}, not of ${asked}: go on with the ${what} that made it, or begin in another directory`,
    );
  };
  check(`the workload ${describe(position.workload)}`, `the workload ${describe(workload)}`, 'workload');
  if (keyGroups !== undefined) check(describeKeys(position.keyGroups), describeKeys(keyGroups), 'parallelism');
  return position;
}

function describeKeys(keyGroups: Position['keyGroups']): string {
  return keyGroups === null ? 'all keys' : `the key groups ${keyGroups.first} to ${keyGroups.last} of ${keyGroups.of}`;
}

function describe({ name, settings }: Pick<Workload, 'name' | 'settings'>): string {
  const options = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  return [name, ...(options.length === 0 ? [] : [options.sort().join(',')])].join(':');
}
