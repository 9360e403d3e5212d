/**
 * A value table: a row for each (window, key), whose cells are its versions, each with the epoch it was written in as
 * its timestamp. A read takes the newest cell, which is the right one unless a store that is gone wrote it; then, and
 * only then, it looks at the older ones. A deleted value is an empty cell: a marker of HBase's own would hide the older
 * cells from the checkpoints that need them, for ever.
 */
import type { Scan, StateBatch, ValueTable } from '../contract.ts';
import { Cell, type RowRange } from './cells.ts';
import { afterPrefix, idRange, PREFIX_BYTES, setId, tablePrefix } from './rows.ts';
import { pushKey, SlotRows, type TableGround, takeValue } from './table-ground.ts';

/** In front of every value, so that none is empty. */
const FLAG_BYTES = 1;
const FLAG = Uint8Array.of(1);

export function hbaseValueTable(ground: TableGround): ValueTable {
  const { cells, epochs, number } = ground;
  const windows = epochs.windows[number]!;
  const { lineage } = epochs;
  const rows = new SlotRows(ground);

  /** Takes the newest cell that the store sees, of rows whose newest is another's. */
  async function readOlder(batch: StateBatch, indexes: readonly number[]): Promise<void> {
    const taken = new Uint8Array(indexes.length);
    await cells.read(
      indexes.length,
      (writer, i) => rows.write(writer, indexes[i]!),
      (i, cell) => {
        if (taken[i] === 1 || !lineage.sees(cell.timestamp)) return;
        taken[i] = 1;
        if (cell.valueLength > 0) takeValue(batch, rows.slot(indexes[i]!), cell, FLAG_BYTES);
      },
      true,
    );
  }

  return {
    async read(batch) {
      batch.present.fill(0, 0, batch.length);
      const count = rows.find(batch);
      if (count === 0) return;
      const masked: number[] = [];
      await cells.read(
        count,
        (writer, index) => rows.write(writer, index),
        (index, cell) => {
          if (!lineage.sees(cell.timestamp)) masked.push(index);
          else if (cell.valueLength > 0) takeValue(batch, rows.slot(index), cell, FLAG_BYTES);
        },
      );
      if (masked.length > 0) await readOlder(batch, masked);
    },

    async write(batch) {
      const { present, lengths, valueArena, valueStride } = batch;
      await ground.begin();
      const count = rows.written(batch, epochs.epoch, (slot) => present[slot] === 1);
      if (count === 0) return;
      await cells.write(count, {
        row: (writer, index) => rows.write(writer, index),
        value(writer, index) {
          const slot = rows.slot(index);
          if (present[slot] === 0) {
            writer.i32(0);
            return;
          }
          const length = lengths[slot]!;
          writer.i32(FLAG_BYTES + length);
          writer.put(FLAG, 0, FLAG_BYTES);
          writer.put(valueArena, slot * valueStride, slot * valueStride + length);
        },
      });
    },

    scan(window, batch, group): Scan {
      return scanValues(window, batch, group);
    },

    drop: (window) => dropWindow(ground, window),
  };

  async function* scanValues(window: number, batch: StateBatch, group?: Uint8Array): AsyncGenerator<StateBatch> {
    const live = windows.find(window);
    if (live === undefined) return;
    const range = windowRange(ground, live.id, group);
    const cell = new Cell();
    let masked: Buffer[] = [];
    batch.clear();
    const take = (found: Cell) => {
      if (found.valueLength > 0) takeValue(batch, pushKey(batch, window, found), found, FLAG_BYTES);
    };
    const pages = cells.pages(range, { rows: batch.capacity, versions: 1 }, cell, () => {
      if (lineage.sees(cell.timestamp)) take(cell);
      else masked.push(cell.row());
    });
    for await (const _ of pages) {
      if (masked.length > 0) {
        const older = masked;
        masked = [];
        const taken = new Uint8Array(older.length);
        await cells.read(
          older.length,
          (writer, i) => writer.binary(older[i]!),
          (i, found) => {
            if (taken[i] === 1 || !lineage.sees(found.timestamp)) return;
            taken[i] = 1;
            take(found);
          },
          true,
        );
      }
      if (batch.length > 0) yield batch;
      batch.clear();
    }
  }
}

/** The rows of a window, or of one group of its keys. */
export function windowRange({ epochs, number }: TableGround, id: number, group?: Uint8Array): RowRange {
  const prefix = tablePrefix(epochs.namespace, number);
  if (group === undefined || group.length === 0) return idRange(prefix, id, id + 1);
  setId(prefix, id);
  const first = Buffer.alloc(PREFIX_BYTES + group.length);
  first.set(prefix);
  first.set(group, PREFIX_BYTES);
  return { first, stop: afterPrefix(first) };
}

/** Forgets a window's id; its rows go when no checkpoint needs them. */
export function dropWindow(ground: TableGround, window: number): Promise<void> | undefined {
  const { epochs, number } = ground;
  const windows = epochs.windows[number]!;
  if (windows.find(window) === undefined) return undefined;
  const drop = () => {
    windows.drop(window, epochs.epoch);
    ground.freed();
  };
  const begun = ground.begin();
  if (begun !== undefined) return begun.then(drop);
  drop();
  return undefined;
}
