import type { CheckpointDraft, CheckpointSpace, CheckpointView, StoredCheckpoint } from '../../backends/checkpoints/contract.ts';
import { failPoint } from '../../backends/checkpoints/fail-points.ts';
import type { CheckpointCut, CheckpointFile, Persisted, PersistWork, StateBackend, StateStore } from '../../backends/contract.ts';
import { messageOf, StatebenchError } from '../errors.ts';
import { nowNs } from '../measure/clock.ts';
import type { Checkpoint } from '../results.ts';
import { PersistRun, persistedOf } from './persist-thread.ts';
import type { PersistReply, PublishOutcome } from './persist-worker.ts';
import { receiveError } from './sent-error.ts';

/** Published checkpoints that stay restorable: the newest, and the one to fall back to. */
export const KEPT = 2;

/** A checkpoint's figures, on the clock of {@link nowNs}. */
export interface CheckpointRecord
  extends Pick<Checkpoint, 'id' | 'atEvent' | 'pauseMs' | 'persistMs' | 'bytesWritten' | 'bytesReferenced' | 'files'> {
  readonly startNs: number;
  readonly endNs: number;
  /** Events processed by `untilNs`, when the stream's thread first knew that it was durable. */
  readonly untilEvent: number;
  readonly untilNs: number;
}

export interface CheckpointerRequest {
  readonly backend: Pick<StateBackend, 'name' | 'settings'>;
  readonly store: StateStore;
  readonly space: CheckpointSpace;
  /** Ids of checkpoints that were found damaged when the job was opened: they go first. */
  readonly damaged: readonly number[];
}

type WorkerOutcome = Exclude<PersistReply, { taskError: unknown }>['outcome'];

interface Outcome extends Pick<PublishOutcome, 'published' | 'endNs' | 'removeError'> {
  /** Ids of older checkpoints that were removed; null where that is still to be done. */
  readonly removed: readonly number[] | null;
}

interface CutMoment {
  readonly atEvent: number;
  readonly startNs: number;
  readonly resumedNs: number;
  readonly eventsNow: () => number;
}

/**
 * Makes checkpoints of one store, one at a time: stops the events for the cut, lets them go on while the cut is made
 * durable, publishes it, tells the store, and lets the oldest go.
 */
export class Checkpointer {
  readonly #backend: Pick<StateBackend, 'name' | 'settings'>;
  readonly #store: StateStore;
  readonly #space: CheckpointSpace;
  #damaged: readonly number[];
  #nextId: number;
  #underWay: Promise<CheckpointRecord> | null = null;
  #failure: unknown = null;
  readonly #records: CheckpointRecord[] = [];
  /** What the worker thread does, while it does. */
  #run: PersistRun | null = null;

  constructor({ backend, store, space, damaged }: CheckpointerRequest) {
    this.#backend = { name: backend.name, settings: backend.settings };
    this.#store = store;
    this.#space = space;
    this.#damaged = damaged;
    this.#nextId = space.lastId + 1;
  }

  /** True while a cut is being made durable. */
  get busy(): boolean {
    return this.#underWay !== null;
  }

  /** Hands the worker thread what only this thread can read of the store, until `untilNs` or nothing is left to do. */
  feedUntil(untilNs: number): void {
    this.#run?.feedUntil(untilNs);
  }

  /** The published checkpoints' figures, in order. */
  get records(): readonly CheckpointRecord[] {
    return this.#records;
  }

  /**
   * Fixes a cut; when this has settled, events may go on. Not to be called while {@link busy}.
   * @param eventsNow says how many events are processed: before the cut, and when it is durable.
   * @param position makes all durable that belongs to the cut outside the store, and says where the pipeline stands.
   * @throws what the store or an earlier persist threw.
   */
  async cut(eventsNow: () => number, position: () => unknown): Promise<void> {
    if (this.#underWay !== null) throw new Error('a checkpoint is under way');
    this.#rethrow();
    const startNs = nowNs();
    const atEvent = eventsNow();
    const draft = await this.#space.draft(this.#nextId++);
    const saved = position();
    const pending = this.#store.checkpoint({ id: draft.id, directory: draft.directory });
    const cut = pending instanceof Promise ? await pending : pending;
    const resumedNs = nowNs();
    this.#underWay = this.#persist(draft, cut, saved, { atEvent, startNs, resumedNs, eventsNow });
    this.#underWay
      .then((record) => this.#records.push(record))
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#underWay = null;
      });
  }

  /** Waits until no checkpoint is under way. @throws what made the last one fail. */
  async settled(): Promise<void> {
    while (this.#underWay !== null) await Promise.allSettled([this.#underWay]).then(() => new Promise(setImmediate));
    this.#rethrow();
  }

  async #persist(
    draft: CheckpointDraft,
    cut: CheckpointCut,
    position: unknown,
    { atEvent, startNs, resumedNs, eventsNow }: CutMoment,
  ): Promise<CheckpointRecord> {
    const { removed, removeError, endNs, published } = await this.#publish(draft, cut, position);
    const untilNs = nowNs();
    const untilEvent = eventsNow();
    await this.#store.published(draft.id);
    for (const id of removed ?? (await this.#outlived())) {
      if (removed === null) await this.#space.remove(id);
      await this.#store.release(id);
    }
    if (removeError !== null) throw receiveError(removeError);
    this.#damaged = [];
    return {
      id: draft.id,
      atEvent,
      pauseMs: (resumedNs - startNs) / 1e6,
      persistMs: (endNs - resumedNs) / 1e6,
      startNs,
      endNs,
      untilEvent,
      untilNs,
      ...published,
    };
  }

  /** Ids of the checkpoints that may go. A damaged one is nothing to fall back to: it takes no place among those that are kept. */
  async #outlived(): Promise<readonly number[]> {
    const whole = (await this.#space.list()).filter((id) => !this.#damaged.includes(id));
    return [...this.#damaged, ...whole.slice(KEPT)];
  }

  /** Persists and publishes, in the worker thread as far as store and storage allow it. */
  async #publish(draft: CheckpointDraft, cut: CheckpointCut, position: unknown): Promise<Outcome> {
    const content = { backend: this.#backend, position };
    const publish = this.#space.copy && { copy: this.#space.copy(), draft, content, damaged: this.#damaged, kept: KEPT };
    let outcome: WorkerOutcome = null;
    const inWorker = async (work: PersistWork | null, files: readonly CheckpointFile[]): Promise<Persisted> => {
      const task = work && { module: work.module, input: work.input };
      this.#run = new PersistRun({ task, files, publish: publish ?? null }, work?.feed);
      const reply = persistedOf(await this.#run.reply.finally(() => (this.#run = null)));
      outcome = reply.outcome;
      return reply.persisted;
    };
    try {
      failPoint?.('snapshot');
      const files = await cut.persist((work) => inWorker(work, []));
      if (publish === undefined) {
        const published = await this.#space.publish(draft, files, content);
        return { published, endNs: nowNs(), removed: null, removeError: null };
      }
      if (outcome === null) await inWorker(null, files);
      const done = outcome as unknown as NonNullable<WorkerOutcome>;
      if ('error' in done) throw receiveError(done.error);
      this.#space.learn?.(done.memory);
      return done;
    } catch (error) {
      // Given up: the store need not keep anything for it.
      await this.#space.abandon(draft);
      await this.#store.release(draft.id);
      throw error;
    }
  }

  #rethrow(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}

/** A checkpoint that cannot be restored from. */
export interface DamagedCheckpoint {
  readonly id: number;
  readonly reason: string;
}

/** The newest whole checkpoint, and the newer ones that were damaged and passed over. */
export interface FoundCheckpoint {
  /** Null if none was ever published. */
  readonly checkpoint: StoredCheckpoint | null;
  /** Newest first. */
  readonly damaged: readonly DamagedCheckpoint[];
}

/** What storages and backends alike say of a checkpoint that is not what was published. */
export function isDamaged(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'damaged';
}

/**
 * Finds what to restore from.
 * @param passed newer ones that the storage took for whole, and the backend did not.
 * @throws StatebenchError `no-whole-checkpoint` if there are checkpoints and every one is damaged.
 */
export async function findCheckpoint(space: CheckpointView, passed: readonly DamagedCheckpoint[] = []): Promise<FoundCheckpoint> {
  const ids = await space.list();
  const damaged = [...passed];
  for (const id of ids) {
    if (passed.some((other) => other.id === id)) continue;
    try {
      return { checkpoint: await space.open(id), damaged };
    } catch (error) {
      if (!isDamaged(error)) throw error;
      damaged.push({ id, reason: messageOf(error) });
    }
  }
  if (ids.length === 0) return { checkpoint: null, damaged };
  const reasons = damaged.map(({ reason }) => reason).join('; ');
  throw new StatebenchError('no-whole-checkpoint', `none of ${ids.length} checkpoints is whole, so nothing was restored: ${reasons}`);
}
