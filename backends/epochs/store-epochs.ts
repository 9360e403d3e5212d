/**
 * What a store knows of epochs: the one it writes in, those it sees, the ids of its windows, and which checkpoints need
 * what. It talks to no server: the backend keeps the register of cuts there, hands out epochs, and deletes what is free.
 *
 * A store that was restored only reads until it {@link begin}s, which takes the namespace over. So several processes can
 * read one checkpoint at once, as they do when its keys are divided among them.
 */
import { randomBytes } from 'node:crypto';
import { BackendError, type TableSpec } from '../contract.ts';
import type { EpochCheckpoint } from './checkpoint-file.ts';
import { type Cut, Cuts } from './cuts.ts';
import { EPOCH_MAX, Lineage } from './lineage.ts';
import { type GoneIds, WindowIds } from './window-ids.ts';

/** What the server says to a store that begins to write. */
export interface Beginning {
  /** Greater than every epoch that was handed out before. */
  readonly epoch: number;
  /** The register of cuts. */
  readonly cuts: readonly Cut[];
  /** By number of a table: an id greater than every one that may have rows. */
  readonly nextIds: readonly number[];
}

/** Rows that are to be deleted. */
export interface FreeIds extends GoneIds {
  /** Number of the table. */
  readonly table: number;
}

export class StoreEpochs {
  readonly namespace: string;
  readonly lineage: Lineage;
  readonly windows: readonly WindowIds[];
  readonly #from: Cut | undefined;
  #cuts = new Cuts();
  #epoch = 0;
  #attempt = 0;

  /** @param from the checkpoint that the store goes on from; undefined for one that begins empty. */
  constructor(namespace: string, tables: readonly TableSpec[], from?: EpochCheckpoint) {
    this.namespace = namespace;
    this.#from = from?.cut;
    this.lineage = new Lineage(from?.cut.ranges);
    this.windows = tables.map((_, number) => new WindowIds(from?.windows[number]));
    if (from !== undefined) this.#cuts = new Cuts([{ ...from.cut, published: true }]);
  }

  /** True once the store writes. */
  get begun(): boolean {
    return this.#epoch > 0;
  }

  /** The epoch of whatever is written now; 0 before {@link begin}. */
  get epoch(): number {
    return this.#epoch;
  }

  get cuts(): Cuts {
    return this.#cuts;
  }

  /**
   * Begins to write. What earlier stores left and no checkpoint needs is among {@link free} from now on.
   * @returns the entry of the checkpoint that the store went on from, to be registered as published, if it has to be.
   */
  begin({ epoch, cuts, nextIds }: Beginning): Cut | undefined {
    checkEpoch(epoch);
    this.#epoch = epoch;
    this.#attempt = epoch;
    this.lineage.begin(epoch);
    this.#cuts = new Cuts(cuts);
    const registered = cuts.find((cut) => cut.epoch === this.#from?.epoch);
    const changed = this.#from !== undefined && registered?.published !== true ? { ...this.#from, published: true } : undefined;
    if (changed !== undefined) this.#cuts.add(changed);
    for (const [table, ids] of this.windows.entries()) ids.begin(nextIds[table] ?? 0, epoch, this.#cuts, table);
    return changed;
  }

  /** The entry for a cut at the end of this epoch, to be registered before {@link advance}. */
  cut(id: number): Cut {
    return {
      id,
      epoch: this.#epoch,
      token: randomBytes(8).toString('hex'),
      ranges: this.lineage.upTo(this.#epoch),
      nextIds: this.windows.map(({ next }) => next),
      attempt: this.#attempt,
      published: false,
    };
  }

  /** Fixes the registered cut: what is written from now on is of epoch `next`. @returns what its file has to hold. */
  advance(cut: Cut, next: number, facts: EpochCheckpoint['facts'] = {}): EpochCheckpoint {
    if (next <= this.#epoch) throw new RangeError(`epoch ${next} does not come after ${this.#epoch}`);
    checkEpoch(next);
    this.#cuts.add(cut);
    this.#epoch = next;
    return { namespace: this.namespace, cut, windows: this.windows.map((ids) => ids.save()), facts };
  }

  /** True if no checkpoint knows what a window holds: nothing of it has to be kept for one. */
  isNew(born: number): boolean {
    return born > this.#cuts.newest;
  }

  /** Forgets a window. @returns its id if its rows can be deleted at once; those of others are among {@link free} later. */
  drop(table: number, window: number): number | undefined {
    const ids = this.windows[table]!;
    const live = ids.find(window);
    if (live === undefined) return undefined;
    if (!this.#cuts.need(live.born, this.#epoch)) return ids.take(window)?.id;
    ids.drop(window, this.#epoch);
    return undefined;
  }

  /** Takes out whatever rows no checkpoint needs any more. */
  free(): readonly FreeIds[] {
    return this.windows.flatMap((ids, table) => ids.free(this.#cuts).map((gone) => ({ ...gone, table })));
  }
}

function checkEpoch(epoch: number): void {
  if (epoch <= EPOCH_MAX) return;
  throw new BackendError('refused', `a job takes ${EPOCH_MAX} checkpoints, and this one has them: begin anew, without its checkpoints`);
}
