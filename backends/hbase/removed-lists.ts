/** Lists that were removed, until their elements are deleted, which is when no checkpoint needs them. */
import type { Cuts } from '../epochs/cuts.ts';
import type { LiveWindow } from '../epochs/window-ids.ts';
import { Cell } from './cells.ts';
import { rowAfter, type StateCells } from './state-cells.ts';

interface RemovedList {
  /** The row that says so; its elements stand behind it. */
  readonly marker: Buffer;
  /** Behind the last element that is gone. */
  readonly stop: Buffer;
  /** Epochs in which the window came to be and the list was removed. */
  readonly born: number;
  readonly gone: number;
}

/** Rows of a scan for elements: what lies between two lists that are far apart is jumped over. */
const PAGE_ROWS = 256;

export class RemovedLists {
  #lists: RemovedList[] = [];

  /** @param marker the row that says so. @param bound the number before which elements are gone. */
  add(marker: Buffer, bound: Uint8Array, { born }: LiveWindow, gone: number): void {
    this.#lists.push({ marker, stop: Buffer.concat([marker, bound]), born, gone });
  }

  /** Takes out the lists that no checkpoint needs, in the order of their rows. */
  free(cuts: Cuts): readonly RemovedList[] {
    if (this.#lists.length === 0) return [];
    const free: RemovedList[] = [];
    this.#lists = this.#lists.filter((list) => {
      if (cuts.need(list.born, list.gone)) return true;
      free.push(list);
      return false;
    });
    return free.sort((a, b) => a.stop.compare(b.stop));
  }
}

/** Deletes the elements of removed lists, and the rows that say so. @param lists in the order of their rows. */
export async function deleteRemoved(cells: StateCells, lists: readonly RemovedList[], epoch: number): Promise<void> {
  const end = lists.at(-1)?.stop;
  if (end === undefined) return;
  const cell = new Cell();
  let from: Buffer = lists[0]!.marker;
  for (let at = 0; at < lists.length; ) {
    const doomed: Buffer[] = [];
    const page = await cells.page({ first: from, stop: end }, { rows: PAGE_ROWS, versions: 1, keysOnly: true });
    page.read(cell, () => {
      const row = cell.row();
      while (at < lists.length && lists[at]!.stop.compare(row) <= 0) at++;
      const list = lists[at];
      if (list !== undefined && row.length > list.marker.length && list.marker.compare(row, 0, list.marker.length) === 0) doomed.push(row);
    });
    await cells.deleteRows(doomed, epoch);
    if (page.rows < PAGE_ROWS) break;
    const next = rowAfter(page.last!);
    const marker = lists[at]?.marker;
    from = marker !== undefined && marker.compare(next) > 0 ? marker : next;
  }
  await cells.deleteVersions(lists.map(({ marker, gone }) => ({ row: marker, timestamp: gone })));
}
