/**
 * How many cells of one row may stand before the oldest one that is needed, and how those that nobody needs are deleted.
 *
 * HBase keeps so many cells of a row and no more, whoever wrote them. Each epoch leaves one at most, so counting epochs
 * is enough: from the oldest checkpoint on, or from the first one of a store that is gone and was not swept up after.
 */
import { type Cuts, cutSees } from '../epochs/cuts.ts';
import type { Lineage } from '../epochs/lineage.ts';
import { Cell, type RowRange } from './cells.ts';
import type { Doomed, StateCells } from './state-cells.ts';
import { VERSIONS } from './state-table.ts';

const PAGE_ROWS = 1000;
/** From here on a sweep is worth its while; at {@link VERSIONS} it has to be. */
const ENOUGH = VERSIONS - 5;

/** Which epochs may still have left cells that nobody needs. */
export class LeftEpochs {
  /** The first epoch of a store that is gone, from which on its cells were not swept up. */
  #foreign: number;
  /** The epoch in which everything older was swept. */
  #swept = 0;

  /** @param foreign what {@link saved} said; 0 for none. */
  constructor(foreign = 0) {
    this.#foreign = foreign === 0 ? Number.POSITIVE_INFINITY : foreign;
  }

  /** For a checkpoint's file. */
  get saved(): number {
    return Number.isFinite(this.#foreign) ? this.#foreign : 0;
  }

  /** Other stores may have written from this epoch on. */
  left(from: number): void {
    this.#foreign = Math.min(this.#foreign, from);
  }

  /** Everything older than `epoch` was swept. */
  sweptAt(epoch: number): void {
    this.#foreign = Number.POSITIVE_INFINITY;
    this.#swept = epoch;
  }

  /** The last epoch from which only cells are left that somebody needs; infinite if no checkpoint needs anything. */
  clean(cuts: Cuts): number {
    return Math.min(cuts.oldest, this.#foreign - 1);
  }

  /** Whether a row may come to have as many cells in `epoch` as HBase keeps, or near that many. */
  fill(cuts: Cuts, epoch: number): 'little' | 'enough' | 'all' {
    const cells = epoch - Math.max(this.clean(cuts), this.#swept) + cuts.all.length + 2;
    if (cells > VERSIONS) return 'all';
    return cells > ENOUGH ? 'enough' : 'little';
  }
}

/** Deletes cells written since `since` that neither the store nor a checkpoint sees. What is written meanwhile stays. */
export async function sweep(cells: StateCells, range: RowRange, since: number, lineage: Lineage, cuts: () => Cuts): Promise<void> {
  const cell = new Cell();
  let doomed: Doomed[] = [];
  let row: Buffer = Buffer.alloc(0);
  let own = false;
  let needed = new Set<number>();
  let page = -1;
  const selection = { rows: PAGE_ROWS, versions: VERSIONS, since, keysOnly: true };
  const pages = cells.pages(range, selection, cell, (index) => {
    if (index !== page) {
      page = index;
      row = cell.row();
      own = false;
      needed = new Set();
    }
    const { timestamp } = cell;
    let keep = false;
    if (!own && lineage.sees(timestamp)) own = keep = true;
    for (const cut of cuts().all) {
      if (needed.has(cut.epoch) || !cutSees(cut, timestamp)) continue;
      needed.add(cut.epoch);
      keep = true;
    }
    if (!keep) doomed.push({ row, timestamp });
  });
  for await (const _ of pages) {
    const these = doomed;
    doomed = [];
    page = -1;
    if (these.length > 0) await cells.deleteVersions(these);
  }
}
