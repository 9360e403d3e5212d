/**
 * LevelDB through classic-level: a log-structured store, read in this thread and written on a thread of its pool. One
 * byte in front of every address names the table. A cut is a LevelDB snapshot, written out as a row file.
 */
import { join } from 'node:path';
import { Level } from 'level';
import { z } from 'zod';
import {
  BackendError,
  type CheckpointPlace,
  checkTables,
  type ListTable,
  type OpenRequest,
  type StateBackend,
  type StateBatch,
  type StateStore,
  type TableSpec,
  type ValueTable,
} from './contract.ts';
import { type AddressRange, prefixEnd, windowRange } from './rows/address-ranges.ts';
import { type BareCut, guardStore } from './rows/guarded-store.ts';
import { numberedTables, verifyLayout, writeLayout } from './rows/layout-file.ts';
import { RowFileWriter, readRowFile } from './rows/row-file.ts';
import { rowKeyBytes, Sequence } from './rows/row-keys.ts';

export const description = 'LevelDB, a log-structured merge tree in this process: compressed, quick to write, compacted in the background.';

export const options = z.strictObject({
  cacheBytes: z
    .int()
    .min(0)
    .default(64 << 20)
    .describe('Cache of uncompressed blocks, in bytes.'),
  writeBufferBytes: z
    .int()
    .min(64 << 10)
    .default(64 << 20)
    .describe('Bytes gathered in memory before they become a sorted file. Up to two such buffers exist at a time.'),
  compression: z.boolean().default(true).describe('Compress blocks with Snappy.'),
  sync: z.boolean().default(false).describe('Flush every batch to the disk. Off, since a job recovers from its checkpoints.'),
});

export type LevelOptions = z.input<typeof options>;

const NAME = 'level';
const ROW_FILE = 'rows';
const PREFIX_BYTES = 1;
const TABLES_MAX = 255;
const ROWS_AT_ONCE = 1024;

type Rows = Level<Buffer, Buffer>;

/** LevelDB with the given options. */
export default function level(given: LevelOptions = {}): StateBackend {
  const { cacheBytes, writeBufferBytes, compression, sync } = options.parse(given);
  const openStore = async ({ directory, tables }: OpenRequest, sequences: Readonly<Record<string, number>>): Promise<LevelStore> => {
    checkTables(tables);
    if (tables.length > TABLES_MAX)
      throw new BackendError('refused', `level keeps at most ${TABLES_MAX} tables, not ${tables.length}: use fewer`);
    const rows: Rows = new Level(directory, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: cacheBytes,
      writeBufferSize: writeBufferBytes,
      compression,
    });
    await rows.open();
    return new LevelStore(rows, sync, tables, sequences);
  };
  return {
    name: NAME,
    settings: { cacheBytes, writeBufferBytes, compression, sync, lists: 'a row per element' },
    durability: sync ? 'os-crash' : 'process-crash',
    async open(request) {
      return (await openStore(request, {})).guarded();
    },
    async restore(request) {
      const { checkpoint, tables } = request;
      const { sequences } = await verifyLayout(checkpoint.directory, NAME, tables);
      const store = await openStore(request, sequences);
      try {
        await store.load(join(checkpoint.directory, ROW_FILE));
      } catch (error) {
        await store.close();
        throw error;
      }
      return store.guarded();
    },
  };
}

class LevelStore {
  readonly #rows: Rows;
  readonly #tables: readonly TableSpec[];
  readonly #values = new Map<string, ValueTable>();
  readonly #lists = new Map<string, ListTable>();
  readonly #sequences = new Map<string, Sequence>();

  constructor(rows: Rows, sync: boolean, tables: readonly TableSpec[], sequences: Readonly<Record<string, number>>) {
    this.#rows = rows;
    this.#tables = numberedTables(tables);
    for (const [number, table] of this.#tables.entries()) {
      const rowKey = Buffer.alloc(PREFIX_BYTES + rowKeyBytes(table), number);
      if (table.kind === 'value') {
        this.#values.set(table.name, new LevelValues(rows, sync, rowKey));
      } else {
        const sequence = new Sequence(sequences[table.name]);
        this.#sequences.set(table.name, sequence);
        this.#lists.set(table.name, new LevelLists(rows, sync, rowKey, sequence));
      }
    }
  }

  guarded(): StateStore {
    return guardStore(NAME, this.#tables, {
      values: this.#values,
      lists: this.#lists,
      checkpoint: (place) => this.#cut(place),
      published: () => {},
      release: () => {},
      close: () => this.close(),
    });
  }

  close(): Promise<void> {
    return this.#rows.close();
  }

  /** Fills an empty store from a row file. */
  async load(path: string): Promise<void> {
    for await (const { table, rows } of readRowFile(path, this.#tables)) {
      const rowKey = Buffer.alloc(PREFIX_BYTES + rowKeyBytes(this.#tables[table]!), table);
      const chain = this.#rows.batch();
      for (const { address, value } of rows) {
        rowKey.set(address, PREFIX_BYTES);
        chain.put(rowKey, value);
      }
      await chain.write();
    }
  }

  #cut({ directory }: CheckpointPlace): BareCut {
    const snapshot = this.#rows.snapshot();
    const sequences = Object.fromEntries([...this.#sequences].map(([name, { next }]) => [name, next]));
    return {
      persist: async () => {
        const writer = await RowFileWriter.create(join(directory, ROW_FILE));
        try {
          await using iterator = this.#rows.iterator({ snapshot, fillCache: false });
          for (;;) {
            const entries = await iterator.nextv(ROWS_AT_ONCE);
            if (entries.length === 0) break;
            for (const [key, value] of entries) {
              const full = writer.add(key[0]!, key.subarray(PREFIX_BYTES), value);
              if (full) await full;
            }
          }
        } catch (error) {
          await writer.abandon();
          throw error;
        }
        await writer.close();
        const layout = await writeLayout(directory, { backend: NAME, tables: this.#tables, sequences, files: {} });
        return [layout, { path: ROW_FILE, immutable: false }];
      },
      discard: () => snapshot.close(),
    };
  }
}

class LevelValues implements ValueTable {
  readonly #rows: Rows;
  readonly #sync: boolean;
  /** Prefix and room for an address: LevelDB copies a key within the call. */
  readonly #rowKey: Buffer;

  constructor(rows: Rows, sync: boolean, rowKey: Buffer) {
    this.#rows = rows;
    this.#sync = sync;
    this.#rowKey = rowKey;
  }

  read(batch: StateBatch): void {
    const { addresses, length, present } = batch;
    for (let slot = 0; slot < length; slot++) {
      this.#rowKey.set(addresses[slot]!, PREFIX_BYTES);
      // One at a time in this thread: as quick as a whole getMany in another, and far quicker for a small batch.
      const value = this.#rows.getSync(this.#rowKey);
      if (value === undefined) present[slot] = 0;
      else batch.setValue(slot, value);
    }
  }

  write(batch: StateBatch): Promise<void> {
    const { addresses, length, present } = batch;
    const chain = this.#rows.batch();
    for (let slot = 0; slot < length; slot++) {
      this.#rowKey.set(addresses[slot]!, PREFIX_BYTES);
      if (present[slot] === 1) chain.put(this.#rowKey, batch.value(slot));
      else chain.del(this.#rowKey);
    }
    return chain.write({ sync: this.#sync });
  }

  scan(window: number, batch: StateBatch, group?: Uint8Array): AsyncIterable<StateBatch> {
    return scanRows(this.#rows, windowRange(window, group, this.#rowKey.subarray(0, PREFIX_BYTES)), batch);
  }

  drop(window: number): Promise<void> {
    return clearRange(this.#rows, windowRange(window, undefined, this.#rowKey.subarray(0, PREFIX_BYTES)));
  }
}

class LevelLists implements ListTable {
  readonly #rows: Rows;
  readonly #sync: boolean;
  readonly #rowKey: Buffer;
  readonly #sequence: Sequence;

  constructor(rows: Rows, sync: boolean, rowKey: Buffer, sequence: Sequence) {
    this.#rows = rows;
    this.#sync = sync;
    this.#rowKey = rowKey;
    this.#sequence = sequence;
  }

  append(batch: StateBatch): Promise<void> {
    const { addresses, addressStride, length, values } = batch;
    const chain = this.#rows.batch();
    for (let slot = 0; slot < length; slot++) {
      this.#rowKey.set(addresses[slot]!, PREFIX_BYTES);
      this.#sequence.write(this.#rowKey, PREFIX_BYTES + addressStride);
      chain.put(this.#rowKey, values[slot]!);
    }
    return chain.write({ sync: this.#sync });
  }

  async remove(batch: StateBatch): Promise<void> {
    const prefix = this.#rowKey.subarray(0, PREFIX_BYTES);
    const clears: Promise<void>[] = [];
    for (let slot = 0; slot < batch.length; slot++) {
      const start = Buffer.concat([prefix, batch.addresses[slot]!]);
      clears.push(clearRange(this.#rows, { start, end: prefixEnd(start) }));
    }
    await Promise.all(clears);
  }

  scan(window: number, batch: StateBatch, group?: Uint8Array): AsyncIterable<StateBatch> {
    return scanRows(this.#rows, windowRange(window, group, this.#rowKey.subarray(0, PREFIX_BYTES)), batch);
  }

  drop(window: number): Promise<void> {
    return clearRange(this.#rows, windowRange(window, undefined, this.#rowKey.subarray(0, PREFIX_BYTES)));
  }
}

async function* scanRows(rows: Rows, { start, end }: AddressRange, batch: StateBatch): AsyncGenerator<StateBatch> {
  await using iterator = rows.iterator({ gte: start, lt: end });
  for (;;) {
    const entries = await iterator.nextv(batch.capacity);
    if (entries.length === 0) return;
    batch.clear();
    for (const [key, value] of entries) batch.setValue(batch.pushAddress(key.subarray(PREFIX_BYTES)), value);
    yield batch;
  }
}

function clearRange(rows: Rows, { start, end }: AddressRange): Promise<void> {
  return rows.clear({ gte: start, lt: end });
}
