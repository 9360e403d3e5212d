import type {
  CheckpointDraft,
  CheckpointSpace,
  CheckpointView,
  PublishedCheckpoint,
  StoredCheckpoint,
} from '../../backends/checkpoints/contract.ts';
import { failPoint } from '../../backends/checkpoints/fail-points.ts';
import type { CheckpointCut, StateBackend, StateStore } from '../../backends/contract.ts';
import { messageOf, StatebenchError } from '../errors.ts';
import { nowNs } from '../measure/clock.ts';
import type { Checkpoint } from '../results.ts';

/** Published checkpoints that stay restorable: the newest, and the one to fall back to. */
export const KEPT = 2;

/** A checkpoint's figures, on the clock of {@link nowNs}. */
export interface CheckpointRecord
  extends Pick<Checkpoint, 'id' | 'atEvent' | 'pauseMs' | 'persistMs' | 'bytesWritten' | 'bytesReferenced' | 'files'> {
  readonly startNs: number;
  readonly endNs: number;
  /** Events processed by when it was durable. */
  readonly untilEvent: number;
}

export interface CheckpointerRequest {
  readonly backend: Pick<StateBackend, 'name' | 'settings'>;
  readonly store: StateStore;
  readonly space: CheckpointSpace;
  /** Ids of checkpoints that were found damaged when the job was opened: they go first. */
  readonly damaged: readonly number[];
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
    const published = await this.#publish(draft, cut, position);
    const endNs = nowNs();
    const untilEvent = eventsNow();
    await this.#store.published(draft.id);
    // A damaged one is nothing to fall back to: it takes no place among those that are kept.
    const whole = (await this.#space.list()).filter((id) => !this.#damaged.includes(id));
    for (const id of [...this.#damaged, ...whole.slice(KEPT)]) {
      await this.#space.remove(id);
      await this.#store.release(id);
    }
    this.#damaged = [];
    return {
      id: draft.id,
      atEvent,
      pauseMs: (resumedNs - startNs) / 1e6,
      persistMs: (endNs - resumedNs) / 1e6,
      startNs,
      endNs,
      untilEvent,
      ...published,
    };
  }

  async #publish(draft: CheckpointDraft, cut: CheckpointCut, position: unknown): Promise<PublishedCheckpoint> {
    try {
      failPoint?.('snapshot');
      return await this.#space.publish(draft, await cut.persist(), { backend: this.#backend, position });
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
