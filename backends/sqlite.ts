/**
 * SQLite through better-sqlite3, in this process and thread: a B-tree per table, clustered by address, with a
 * write-ahead log. A cut moves the log into the database file and keeps it from being moved again until the pages that it
 * changed have been written down: what is written meanwhile stays in the log.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite, { type Database, type Statement, type Transaction } from 'better-sqlite3';
import { z } from 'zod';
import {
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
import { prefixEnd, windowRange } from './rows/address-ranges.ts';
import { type BareCut, guardStore } from './rows/guarded-store.ts';
import { inThisThread } from './rows/in-this-thread.ts';
import { verifyLayout } from './rows/layout-file.ts';
import { memoryOption, sizeOption } from './rows/memory-option.ts';
import { restorePages } from './rows/page-segments.ts';
import persistPages, { type PagesInput } from './rows/persist-pages.ts';
import { rowKeyBytes, Sequence } from './rows/row-keys.ts';
import { type SavedChain, SegmentChain } from './rows/segment-chain.ts';
import { WriteAheadLog } from './sqlite/write-ahead-log.ts';

export const description = 'SQLite, a B-tree with a write-ahead log in this process: one file that every tool reads.';

const USUAL_CACHE_BYTES = 64 << 20;

export const options = z
  .strictObject({
    cacheBytes: sizeOption(1 << 16, USUAL_CACHE_BYTES, 'Page cache of its own, in bytes.'),
    memoryBytes: memoryOption('all of it for the page cache of its own.'),
    walBytes: z
      .int()
      .min(1 << 12)
      .default(16 << 20)
      .describe(
        'Length in bytes at which the write-ahead log is moved into the database. Longer is quicker, but a cut has to move what is there.',
      ),
    mapBytes: z
      .int()
      .min(0)
      .default(0)
      .describe('How much of the file to read through a memory map, in bytes. With more than 0 a full disk may end the process by SIGBUS.'),
    synchronous: z
      .enum(['off', 'normal', 'full'])
      .default('off')
      .describe(
        'When to flush to the disk: never, when the log is moved, or after every batch. Off, since a job recovers from its checkpoints.',
      ),
  })
  .refine(({ cacheBytes = 0, memoryBytes = Infinity }) => cacheBytes <= memoryBytes, {
    path: ['memoryBytes'],
    message: 'It is less than the cacheBytes that are set.',
  });

export type SqliteOptions = z.input<typeof options>;

const NAME = 'sqlite';
const FILE = 'state.db';
const PAGE_BYTES = 4096;

/** SQLite with the given options. */
export default function sqlite(given: SqliteOptions = {}): StateBackend {
  const { memoryBytes = USUAL_CACHE_BYTES, cacheBytes = memoryBytes, walBytes, mapBytes, synchronous } = options.parse(given);
  const openStore = ({ directory, tables }: OpenRequest, sequences: Readonly<Record<string, number>>, chain: SegmentChain): StateStore => {
    checkTables(tables);
    const database = new Sqlite(join(directory, FILE));
    try {
      database.pragma(`page_size = ${PAGE_BYTES}`);
      database.pragma('locking_mode = exclusive');
      database.pragma('journal_mode = wal');
      database.pragma(`synchronous = ${synchronous}`);
      database.pragma(`cache_size = ${-Math.ceil(cacheBytes / 1024)}`);
      database.pragma(`mmap_size = ${mapBytes}`);
      const log = new WriteAheadLog(database, join(directory, FILE), PAGE_BYTES, walBytes);
      return new SqliteStore(database, log, directory, tables, sequences, chain).guarded();
    } catch (error) {
      database.close();
      throw error;
    }
  };
  const chainIn = (directory: string): SegmentChain => new SegmentChain(join(directory, 'segments'));
  return {
    name: NAME,
    settings: {
      memoryBytes: cacheBytes,
      cacheBytes,
      pageCache: true,
      walBytes,
      mapBytes,
      synchronous,
      pageBytes: PAGE_BYTES,
      lists: 'a row per element',
      incremental: 'pages that the write-ahead log changed',
    },
    durability: synchronous === 'full' ? 'os-crash' : 'process-crash',
    async open(request) {
      return openStore(request, {}, chainIn(request.directory));
    },
    async restore(request) {
      const { checkpoint, directory, tables } = request;
      const { sequences, files } = await verifyLayout(checkpoint.directory, NAME, tables);
      const chain = chainIn(directory);
      await restorePages(chain, checkpoint.directory, files, { to: join(directory, FILE), pageBytes: PAGE_BYTES });
      return openStore(request, sequences, chain);
    },
  };
}

class SqliteStore {
  readonly #database: Database;
  readonly #log: WriteAheadLog;
  readonly #chain: SegmentChain;
  readonly #file: string;
  readonly #tables: readonly TableSpec[];
  readonly #values = new Map<string, ValueTable>();
  readonly #lists = new Map<string, ListTable>();
  readonly #sequences = new Map<string, Sequence>();

  constructor(
    database: Database,
    log: WriteAheadLog,
    directory: string,
    tables: readonly TableSpec[],
    sequences: Readonly<Record<string, number>>,
    chain: SegmentChain,
  ) {
    this.#database = database;
    this.#log = log;
    this.#chain = chain;
    this.#file = join(directory, FILE);
    this.#tables = tables;
    for (const table of tables) {
      const rows = new SqliteRows(database, log, table.name);
      if (table.kind === 'value') {
        this.#values.set(table.name, new SqliteValues(database, rows));
      } else {
        const sequence = new Sequence(sequences[table.name]);
        this.#sequences.set(table.name, sequence);
        this.#lists.set(table.name, new SqliteLists(database, rows, table, sequence));
      }
    }
  }

  guarded(): StateStore {
    return guardStore(NAME, this.#tables, {
      values: this.#values,
      lists: this.#lists,
      checkpoint: (place) => this.#cut(place),
      published: () => this.#chain.published(),
      release: () => {},
      close: () => {
        this.#log.close();
        this.#database.close();
      },
    });
  }

  #cut({ directory }: CheckpointPlace): BareCut {
    const chain = this.#chain;
    this.#log.hold();
    const count = statSync(this.#file).size / PAGE_BYTES;
    const all = chain.needsAll(count, this.#log.changed);
    const changed = this.#log.takeChanged();
    const sequences = Object.fromEntries([...this.#sequences].map(([name, { next }]) => [name, next]));
    let written = false;
    return {
      persist: async (elsewhere = inThisThread(persistPages)) => {
        const input: PagesInput = {
          chain: chain.save(),
          all,
          cut: { file: this.#file, pageBytes: PAGE_BYTES, count, changed: all ? null : Uint32Array.from(changed), head: new Uint8Array(0) },
          directory,
          layout: { backend: NAME, tables: this.#tables, sequences },
        };
        const { files, kept } = await elsewhere({ module: import.meta.resolve('./rows/persist-pages.js'), input });
        chain.adopt(kept as SavedChain);
        written = true;
        return files;
      },
      discard: () => {
        if (!written) this.#log.putBack(changed);
        this.#log.release();
      },
    };
  }
}

/** Behind an address, this makes the very next byte string. */
const NEXT = Buffer.of(0);

/** The rows of one table and the statements over them. */
class SqliteRows {
  readonly get: Statement<[Buffer], Buffer>;
  readonly put: Statement<[Buffer, Buffer]>;
  readonly delete: Statement<[Buffer]>;
  readonly log: WriteAheadLog;
  readonly #deleteRange: Statement<[Buffer, Buffer]>;
  readonly #page: Statement<[Buffer, Buffer, number], [Buffer, Buffer]>;

  constructor(database: Database, log: WriteAheadLog, table: string) {
    this.log = log;
    const rows = `"rows of ${table}"`;
    database.exec(`create table if not exists ${rows} (address blob primary key, value blob not null) without rowid`);
    this.get = database.prepare<[Buffer], Buffer>(`select value from ${rows} where address = ?`).pluck();
    this.put = database.prepare(`insert into ${rows} values (?, ?) on conflict do update set value = excluded.value`);
    this.delete = database.prepare(`delete from ${rows} where address = ?`);
    this.#deleteRange = database.prepare(`delete from ${rows} where address >= ? and address < ?`);
    this.#page = database
      .prepare<[Buffer, Buffer, number], [Buffer, Buffer]>(
        `select address, value from ${rows} where address >= ? and address < ? order by address limit ?`,
      )
      .raw();
  }

  deleteRange(start: Buffer, end: Buffer): void {
    this.#deleteRange.run(start, end);
  }

  /** Forgets a whole window. */
  drop(window: number): void {
    const { start, end } = windowRange(window);
    this.deleteRange(start, end);
    this.log.moveIfLong();
  }

  /** By pages, each read to its end: an open iterator would block the connection between two yields. */
  *scan(window: number, batch: StateBatch, group?: Uint8Array): Generator<StateBatch> {
    const range = windowRange(window, group);
    for (let start = range.start; ; ) {
      const page = this.#page.all(start, range.end, batch.capacity);
      if (page.length === 0) return;
      batch.clear();
      for (const [address, value] of page) batch.setValue(batch.pushAddress(address), value);
      yield batch;
      start = Buffer.concat([page.at(-1)![0], NEXT]);
      if (page.length < batch.capacity) return;
    }
  }
}

class SqliteValues implements ValueTable {
  readonly #rows: SqliteRows;
  readonly #write: Transaction<(batch: StateBatch) => void>;

  constructor(database: Database, rows: SqliteRows) {
    this.#rows = rows;
    this.#write = database.transaction((batch: StateBatch) => {
      const { addresses, length, present } = batch;
      for (let slot = 0; slot < length; slot++) {
        if (present[slot] === 1) rows.put.run(addresses[slot]!, batch.value(slot));
        else rows.delete.run(addresses[slot]!);
      }
    });
  }

  read(batch: StateBatch): void {
    const { addresses, length, present } = batch;
    for (let slot = 0; slot < length; slot++) {
      const value = this.#rows.get.get(addresses[slot]!);
      if (value === undefined) present[slot] = 0;
      else batch.setValue(slot, value);
    }
  }

  write(batch: StateBatch): void {
    this.#write(batch);
    this.#rows.log.moveIfLong();
  }

  scan(window: number, batch: StateBatch, group?: Uint8Array): Iterable<StateBatch> {
    return this.#rows.scan(window, batch, group);
  }

  drop(window: number): void {
    this.#rows.drop(window);
  }
}

class SqliteLists implements ListTable {
  readonly #rows: SqliteRows;
  readonly #append: Transaction<(batch: StateBatch) => void>;
  readonly #remove: Transaction<(batch: StateBatch) => void>;

  constructor(database: Database, rows: SqliteRows, table: TableSpec, sequence: Sequence) {
    this.#rows = rows;
    const rowKey = Buffer.alloc(rowKeyBytes(table));
    this.#append = database.transaction((batch: StateBatch) => {
      const { addresses, addressStride, length, values } = batch;
      for (let slot = 0; slot < length; slot++) {
        rowKey.set(addresses[slot]!);
        sequence.write(rowKey, addressStride);
        rows.put.run(rowKey, values[slot]!);
      }
    });
    this.#remove = database.transaction((batch: StateBatch) => {
      const { addresses, addressStride, length } = batch;
      const end = Buffer.alloc(addressStride);
      for (let slot = 0; slot < length; slot++) rows.deleteRange(addresses[slot]!, prefixEnd(addresses[slot]!, end));
    });
  }

  append(batch: StateBatch): void {
    this.#append(batch);
    this.#rows.log.moveIfLong();
  }

  remove(batch: StateBatch): void {
    this.#remove(batch);
    this.#rows.log.moveIfLong();
  }

  scan(window: number, batch: StateBatch, group?: Uint8Array): Iterable<StateBatch> {
    return this.#rows.scan(window, batch, group);
  }

  drop(window: number): void {
    this.#rows.drop(window);
  }
}
