/**
 * Window ids of one table: a window's rows lie under an id that was never used before and is never used again.
 *
 * So forgetting a window takes its entry out of a map, which a restore of an older checkpoint brings back with the map;
 * and rows of a window's name that come later are told from those that went. The rows themselves go when no checkpoint
 * needs them any more. (Row prefixes used again are slow besides: tombstones and old versions stand in the way.)
 */
import { z } from 'zod';
import type { Cuts } from './cuts.ts';

const int = z.int().nonnegative();

const goneSchema = z.strictObject({
  /** The first id, and the one behind the last. */
  from: int,
  to: int,
  /** Epoch in which they were given out, or a later one that is still before every cut which does not know them. */
  born: z.int().positive(),
  /** Epoch in which they were given up. */
  gone: z.int().positive(),
});

export const savedWindowsSchema = z.strictObject({
  next: int,
  live: z.array(z.tuple([z.int(), int, z.int().positive()]).readonly()).readonly(),
  gone: z.array(goneSchema).readonly(),
});

/** Ids in a row whose rows wait until no checkpoint needs them. */
export type GoneIds = Readonly<z.infer<typeof goneSchema>>;

/** The map as a checkpoint keeps it: windows with their ids and the epochs they were born in. */
export type SavedWindows = Readonly<z.infer<typeof savedWindowsSchema>>;

export interface LiveWindow {
  readonly id: number;
  /** Epoch of the first write. */
  readonly born: number;
}

export class WindowIds {
  readonly #live: Map<number, LiveWindow>;
  #gone: GoneIds[];
  #next: number;

  constructor(saved: SavedWindows = { next: 0, live: [], gone: [] }) {
    this.#live = new Map(saved.live.map(([window, id, born]) => [window, { id, born }]));
    this.#gone = [...saved.gone];
    this.#next = saved.next;
  }

  /** The id that the next window gets. */
  get next(): number {
    return this.#next;
  }

  /** Windows that have an id. */
  get size(): number {
    return this.#live.size;
  }

  find(window: number): LiveWindow | undefined {
    return this.#live.get(window);
  }

  /** The window's id; its own and new if it had none. */
  written(window: number, epoch: number): LiveWindow {
    let live = this.#live.get(window);
    if (live === undefined) {
      live = { id: this.#next++, born: epoch };
      this.#live.set(window, live);
    }
    return live;
  }

  /** Forgets a window at once. @returns what it was, for the rows to be deleted; undefined if it had no id. */
  take(window: number): LiveWindow | undefined {
    const live = this.#live.get(window);
    if (live !== undefined) this.#live.delete(window);
    return live;
  }

  /** Forgets a window. Its rows are among {@link free} once no checkpoint needs them. */
  drop(window: number, epoch: number): void {
    const live = this.take(window);
    if (live !== undefined) this.#goes({ from: live.id, to: live.id + 1, born: live.born, gone: epoch });
  }

  /**
   * Begins to write after a restore: ids from the restored map's next up to `given` were given out by stores that are
   * gone. Newer checkpoints may know some of them.
   */
  begin(given: number, epoch: number, cuts: Cuts, table: number): void {
    let from = this.#next;
    for (const cut of cuts.all) {
      const to = Math.min(given, cut.nextIds[table] ?? 0);
      if (to <= from) continue;
      this.#goes({ from, to, born: Math.min(cut.epoch, epoch), gone: epoch });
      from = to;
    }
    if (from < given) this.#goes({ from, to: given, born: epoch, gone: epoch });
    this.#next = Math.max(this.#next, given);
  }

  /** Takes out the ids whose rows no checkpoint needs: they are to be deleted. */
  free(cuts: Cuts): readonly GoneIds[] {
    if (this.#gone.length === 0) return [];
    const free: GoneIds[] = [];
    this.#gone = this.#gone.filter((ids) => {
      if (cuts.need(ids.born, ids.gone)) return true;
      free.push(ids);
      return false;
    });
    return free;
  }

  /** The ids of windows in use. */
  liveIds(): ReadonlySet<number> {
    return new Set(Array.from(this.#live.values(), ({ id }) => id));
  }

  /** Every id that may have rows: those in use and those that wait. */
  *all(): Generator<number> {
    for (const { id } of this.#live.values()) yield id;
    for (const { from, to } of this.#gone) for (let id = from; id < to; id++) yield id;
  }

  save(): SavedWindows {
    return {
      next: this.#next,
      live: Array.from(this.#live, ([window, { id, born }]) => [window, id, born] as const),
      gone: [...this.#gone],
    };
  }

  #goes(ids: GoneIds): void {
    const last = this.#gone.at(-1);
    if (last !== undefined && last.to === ids.from && last.born === ids.born && last.gone === ids.gone) {
      this.#gone[this.#gone.length - 1] = { ...last, to: ids.to };
    } else this.#gone.push(ids);
  }
}
