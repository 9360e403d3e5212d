/**
 * A list table: a row for each element, whose key ends in the epoch it was appended in and a count within that. So
 * appending is blind, and the elements of a key stand together in the order appended.
 *
 * A list that is removed gets a row of its own, in front of its elements: it says before which number they are gone.
 * Like every other cell it can be taken back. The elements themselves go when no checkpoint needs them.
 */
import type { ListTable, Scan, StateBatch } from '../contract.ts';
import { ElementNumbers, NUMBER_BYTES } from '../epochs/element-numbers.ts';
import { Cell } from './cells.ts';
import type { RemovedLists } from './removed-lists.ts';
import { PREFIX_BYTES, setId, tablePrefix } from './rows.ts';
import { pushKey, SlotRows, type TableGround, takeValue } from './table-ground.ts';
import { dropWindow, windowRange } from './value-table.ts';

export function hbaseListTable(ground: TableGround, removed: RemovedLists): ListTable {
  const { cells, epochs, number, spec } = ground;
  const windows = epochs.windows[number]!;
  const { lineage } = epochs;
  const { keyBytes, valueBytes } = spec;
  const rows = new SlotRows(ground, NUMBER_BYTES);
  const lists = new SlotRows(ground);
  const numbers = new ElementNumbers(epochs);
  let arena = Buffer.alloc(0);
  const prefix = tablePrefix(epochs.namespace, number);

  return {
    async append(batch) {
      await ground.begin();
      const count = rows.written(batch, epochs.epoch, () => true);
      if (arena.length < count * NUMBER_BYTES) arena = Buffer.alloc(batch.capacity * NUMBER_BYTES);
      for (let i = 0; i < count; i++) numbers.write(arena, i * NUMBER_BYTES);
      const { valueArena, valueStride } = batch;
      await cells.write(count, {
        row(writer, index) {
          rows.write(writer, index);
          writer.put(arena, index * NUMBER_BYTES, (index + 1) * NUMBER_BYTES);
        },
        value(writer, index) {
          const at = rows.slot(index) * valueStride;
          writer.i32(valueBytes);
          writer.put(valueArena, at, at + valueBytes);
        },
      });
    },

    async remove(batch) {
      await ground.begin();
      const count = lists.find(batch);
      if (count === 0) return;
      const bound = Buffer.alloc(NUMBER_BYTES);
      bound.writeUInt32BE(numbers.epoch, 0);
      bound.writeUInt32BE(numbers.count, 4);
      await cells.write(count, {
        row: (writer, index) => lists.write(writer, index),
        value: (writer) => writer.binary(bound),
      });
      for (let i = 0; i < count; i++) {
        const slot = lists.slot(i);
        const live = windows.find(batch.windows[slot]!)!;
        setId(prefix, live.id);
        removed.add(Buffer.concat([prefix, batch.keys[slot]!]), bound, live, epochs.epoch);
      }
    },

    scan(window, batch, group): Scan {
      return scanElements(window, batch, group);
    },

    drop: (window) => dropWindow(ground, window),
  };

  async function* scanElements(window: number, batch: StateBatch, group?: Uint8Array): AsyncGenerator<StateBatch> {
    const live = windows.find(window);
    if (live === undefined) return;
    const cell = new Cell();
    let removal: Removal | undefined;
    /** What {@link removal} was at the end of the page before. */
    let before: Removal | undefined;
    const resolved = new Map<string, Buffer | undefined>();
    let masked: Buffer[] = [];
    const markerBytes = PREFIX_BYTES + keyBytes;

    function meet(): void {
      const { bytes, rowStart, rowEnd } = cell;
      const keyStart = rowStart + PREFIX_BYTES;
      const keyEnd = keyStart + keyBytes;
      if (cell.rowLength === markerBytes) {
        const key = bytes.toString('latin1', keyStart, keyEnd);
        if (lineage.sees(cell.timestamp))
          removal = { key: copy(bytes, keyStart, keyEnd), bound: copy(bytes, cell.valueStart, cell.valueEnd) };
        else if (resolved.has(key)) removal = removalOf(copy(bytes, keyStart, keyEnd), resolved.get(key));
        else masked.push(cell.row());
        return;
      }
      if (!lineage.sees(cell.timestamp)) return;
      const removed =
        removal !== undefined && removal.bound.compare(bytes, keyEnd, rowEnd) > 0 && removal.key.compare(bytes, keyStart, keyEnd) === 0;
      if (!removed) takeValue(batch, pushKey(batch, window, cell), cell, 0);
    }

    /** Finds out about lists whose newest removal is another's. */
    async function resolve(): Promise<void> {
      const older = masked;
      masked = [];
      for (const row of older) resolved.set(row.toString('latin1', PREFIX_BYTES), undefined);
      const taken = new Uint8Array(older.length);
      await cells.read(
        older.length,
        (writer, i) => writer.binary(older[i]!),
        (i, found) => {
          if (taken[i] === 1 || !lineage.sees(found.timestamp)) return;
          taken[i] = 1;
          resolved.set(older[i]!.toString('latin1', PREFIX_BYTES), copy(found.bytes, found.valueStart, found.valueEnd));
        },
        true,
      );
    }

    batch.clear();
    const range = windowRange(ground, live.id, group);
    for await (const page of cells.pages(range, { rows: batch.capacity, versions: 1 }, cell, meet)) {
      if (masked.length > 0) {
        await resolve();
        batch.clear();
        removal = before;
        page.read(cell, meet);
        resolved.clear();
      }
      before = removal;
      if (batch.length > 0) yield batch;
      batch.clear();
    }
  }
}

/** A list's elements before a number are gone. */
interface Removal {
  readonly key: Buffer;
  readonly bound: Buffer;
}

function removalOf(key: Buffer, bound: Buffer | undefined): Removal | undefined {
  return bound === undefined ? undefined : { key, bound };
}

function copy(bytes: Buffer, from: number, to: number): Buffer {
  return Buffer.from(bytes.subarray(from, to));
}
