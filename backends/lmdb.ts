/**
 * LMDB: a memory-mapped B+tree in one file, read and written in this process and thread. A named database per table.
 * A cut is a read transaction: no page it reaches is overwritten while it lasts, so pages are copied below later writes.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open as openEnvironment, type RootDatabase } from 'lmdb';
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
import { metaOf } from './lmdb/changed-pages.ts';
import persistChangedPages, { type ChangedPagesInput } from './lmdb/persist-changed-pages.ts';
import { prefixEnd, windowRange } from './rows/address-ranges.ts';
import { type BareCut, guardStore } from './rows/guarded-store.ts';
import { inThisThread } from './rows/in-this-thread.ts';
import { verifyLayout } from './rows/layout-file.ts';
import { memoryOption, sizeOption } from './rows/memory-option.ts';
import { restorePages } from './rows/page-segments.ts';
import { rowKeyBytes, Sequence } from './rows/row-keys.ts';
import { type SavedChain, SegmentChain } from './rows/segment-chain.ts';

export const description = 'LMDB, a memory-mapped B+tree in this process: reads without copying caches, one writer, a cut in microseconds.';

const USUAL_MAP_BYTES = 1 << 30;

export const options = z.strictObject({
  mapBytes: sizeOption(
    1 << 20,
    USUAL_MAP_BYTES,
    'Address space mapped at first, in bytes. The map grows by itself; a large one saves remapping.',
  ),
  memoryBytes: memoryOption(
    'as large a map at first. LMDB keeps no cache of its own and grows its map with the state: what of it is in memory is up to the system.',
  ),
  writeMap: z
    .boolean()
    .default(false)
    .describe(
      'Change pages in the map instead of writing them to the file. About twice as fast to write, but a full disk ends the process by SIGBUS.',
    ),
  sync: z.boolean().default(false).describe('Flush every batch to the disk. Off, since a job recovers from its checkpoints.'),
});

export type LmdbOptions = z.input<typeof options>;

const NAME = 'lmdb';
const DATA_FILE = 'data.mdb';
/** LMDB begins with two pages that say which trees are current; all others are never changed while a reader needs them. */
const META_PAGES = 2;
const PAGE_BYTES = 4096;
/** Longest key of lmdb-js with pages of 4096 bytes. */
const ROW_KEY_BYTES_MAX = 1978;
const REMOVED_AT_ONCE = 1024;

type Rows = Database<Buffer, Buffer>;

/** LMDB with the given options. */
export default function lmdb(given: LmdbOptions = {}): StateBackend {
  const { memoryBytes = USUAL_MAP_BYTES, mapBytes = memoryBytes, writeMap, sync } = options.parse(given);
  const openStore = (
    { directory, tables }: OpenRequest,
    sequences: Readonly<Record<string, number>>,
    chain: SegmentChain,
    since: bigint,
  ): StateStore => {
    checkTables(tables);
    for (const table of tables) checkRowKey(table);
    const root = openEnvironment<Buffer, Buffer>({
      path: directory,
      keyEncoding: 'binary',
      encoding: 'binary',
      mapSize: mapBytes,
      useWritemap: writeMap,
      noSync: !sync,
      overlappingSync: false,
      maxDbs: tables.length + 1,
      pageSize: PAGE_BYTES,
    });
    return new LmdbStore(root, directory, tables, sequences, chain, since).guarded();
  };
  const chainIn = (directory: string): SegmentChain => new SegmentChain(join(directory, 'segments'));
  return {
    name: NAME,
    settings: {
      memory: 'none of its own: a map that grows with the state, kept in the page cache',
      mapBytes,
      pageCache: true,
      writeMap,
      sync,
      lists: 'a row per element',
      incremental: 'pages of transactions since the last checkpoint',
    },
    durability: sync ? 'os-crash' : 'process-crash',
    async open(request) {
      return openStore(request, {}, chainIn(request.directory), 0n);
    },
    async restore(request) {
      const { checkpoint, directory, tables } = request;
      const { sequences, files } = await verifyLayout(checkpoint.directory, NAME, tables);
      const file = join(directory, DATA_FILE);
      const chain = chainIn(directory);
      await restorePages(chain, checkpoint.directory, files, { to: file, pageBytes: PAGE_BYTES });
      return openStore(request, sequences, chain, metaOf(firstBytes(file, META_PAGES * PAGE_BYTES), PAGE_BYTES).txnid);
    },
  };
}

function checkRowKey(table: TableSpec): void {
  const spare = ROW_KEY_BYTES_MAX - rowKeyBytes(table);
  if (spare >= 0) return;
  throw new BackendError(
    'refused',
    `lmdb keeps keys of at most ${table.keyBytes + spare} bytes in a ${table.kind} table, not ${table.keyBytes} as in '${table.name}': use shorter keys or another backend`,
  );
}

class LmdbStore {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #file: string;
  readonly #chain: SegmentChain;
  /** The newest transaction that the chain has. */
  #since: bigint;
  readonly #tables: readonly TableSpec[];
  readonly #values = new Map<string, ValueTable>();
  readonly #lists = new Map<string, ListTable>();
  readonly #sequences = new Map<string, Sequence>();

  constructor(
    root: RootDatabase<Buffer, Buffer>,
    directory: string,
    tables: readonly TableSpec[],
    sequences: Readonly<Record<string, number>>,
    chain: SegmentChain,
    since: bigint,
  ) {
    this.#root = root;
    this.#chain = chain;
    this.#since = since;
    this.#file = join(directory, DATA_FILE);
    this.#tables = tables;
    for (const table of tables) {
      const rows: Rows = root.openDB({ name: table.name, keyEncoding: 'binary', encoding: 'binary' });
      if (table.kind === 'value') {
        this.#values.set(table.name, new LmdbValues(root, rows));
      } else {
        const sequence = new Sequence(sequences[table.name]);
        this.#sequences.set(table.name, sequence);
        this.#lists.set(table.name, new LmdbLists(root, rows, table, sequence));
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
      close: () => this.#root.close(),
    });
  }

  #cut({ directory }: CheckpointPlace): BareCut {
    const reader = this.#root.useReadTransaction();
    const head = firstBytes(this.#file, META_PAGES * PAGE_BYTES);
    const meta = metaOf(head, PAGE_BYTES);
    // The file may be shorter if its last pages are free, and is longer if it is written to through the map.
    const count = Math.min(meta.lastPage + 1, Math.floor(statSync(this.#file).size / PAGE_BYTES));
    const sequences = Object.fromEntries([...this.#sequences].map(([name, { next }]) => [name, next]));
    return {
      persist: async (elsewhere = inThisThread(persistChangedPages)) => {
        const input: ChangedPagesInput = {
          chain: this.#chain.save(),
          file: this.#file,
          pageBytes: PAGE_BYTES,
          count,
          head,
          meta,
          since: this.#since,
          directory,
          layout: { backend: NAME, tables: this.#tables, sequences },
        };
        const { files, kept } = await elsewhere({ module: import.meta.resolve('./lmdb/persist-changed-pages.js'), input });
        this.#chain.adopt(kept as SavedChain);
        this.#since = meta.txnid;
        return files;
      },
      discard: () => reader.done(),
    };
  }
}

function firstBytes(path: string, bytes: number): Buffer {
  const into = Buffer.alloc(bytes);
  const file = openSync(path, 'r');
  try {
    for (let at = 0; at < bytes; ) {
      const read = readSync(file, into, at, bytes - at, at);
      if (read === 0) throw new Error(`${path} ends at byte ${at}, before ${bytes}`);
      at += read;
    }
  } finally {
    closeSync(file);
  }
  return into;
}

class LmdbValues implements ValueTable {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #rows: Rows;
  /** The batch in {@link #put}, so that a transaction needs no closure of its own. */
  #batch: StateBatch | undefined;

  constructor(root: RootDatabase<Buffer, Buffer>, rows: Rows) {
    this.#root = root;
    this.#rows = rows;
  }

  read(batch: StateBatch): void {
    const { addresses, length, lengths, present, valueArena, valueBytes, valueStride } = batch;
    for (let slot = 0; slot < length; slot++) {
      const value = this.#rows.getBinaryFast(addresses[slot]!);
      if (value === undefined) {
        present[slot] = 0;
        continue;
      }
      // One oversized buffer serves every read: `length` is the value's, but `set` would copy all of it.
      const bytes = value.length;
      if (bytes > valueBytes) throw new RangeError(`a stored value of ${bytes} bytes does not fit in ${valueBytes}`);
      const at = slot * valueStride;
      for (let i = 0; i < bytes; i++) valueArena[at + i] = value[i]!;
      lengths[slot] = bytes;
      present[slot] = 1;
    }
  }

  write(batch: StateBatch): void {
    this.#batch = batch;
    this.#root.transactionSync(this.#put);
  }

  readonly #put = (): void => {
    const batch = this.#batch!;
    const { addresses, length, present } = batch;
    for (let slot = 0; slot < length; slot++) {
      if (present[slot] === 1) this.#rows.put(addresses[slot]!, batch.value(slot));
      else this.#rows.remove(addresses[slot]!);
    }
  };

  scan(window: number, batch: StateBatch, group?: Uint8Array): Iterable<StateBatch> {
    return scanRows(this.#rows, window, batch, group);
  }

  drop(window: number): void {
    dropWindow(this.#root, this.#rows, window);
  }
}

class LmdbLists implements ListTable {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #rows: Rows;
  readonly #sequence: Sequence;
  readonly #rowKey: Buffer;

  constructor(root: RootDatabase<Buffer, Buffer>, rows: Rows, table: TableSpec, sequence: Sequence) {
    this.#root = root;
    this.#rows = rows;
    this.#sequence = sequence;
    this.#rowKey = Buffer.alloc(rowKeyBytes(table));
  }

  append(batch: StateBatch): void {
    const { addresses, addressStride, length, values } = batch;
    this.#root.transactionSync(() => {
      for (let slot = 0; slot < length; slot++) {
        this.#rowKey.set(addresses[slot]!);
        this.#sequence.write(this.#rowKey, addressStride);
        this.#rows.put(this.#rowKey, values[slot]!);
      }
    });
  }

  remove(batch: StateBatch): void {
    const { addresses, length } = batch;
    const end = Buffer.alloc(batch.addressStride);
    this.#root.transactionSync(() => {
      for (let slot = 0; slot < length; slot++) removeRange(this.#rows, addresses[slot]!, prefixEnd(addresses[slot]!, end));
    });
  }

  scan(window: number, batch: StateBatch, group?: Uint8Array): Iterable<StateBatch> {
    return scanRows(this.#rows, window, batch, group);
  }

  drop(window: number): void {
    dropWindow(this.#root, this.#rows, window);
  }
}

/** Leaves no cursor open between two yields, so that the caller may write to other tables and time may pass. */
function* scanRows(rows: Rows, window: number, batch: StateBatch, group?: Uint8Array): Generator<StateBatch> {
  const range = windowRange(window, group);
  let start: Buffer = range.start;
  for (let exclusiveStart = false; ; exclusiveStart = true) {
    batch.clear();
    for (const { key, value } of rows.getRange({ start, end: range.end, exclusiveStart, limit: batch.capacity })) {
      batch.setValue(batch.pushAddress(key), value);
      start = key;
    }
    if (batch.length === 0) return;
    const last = batch.length < batch.capacity;
    yield batch;
    if (last) return;
  }
}

function dropWindow(root: RootDatabase<Buffer, Buffer>, rows: Rows, window: number): void {
  const { start, end } = windowRange(window);
  root.transactionSync(() => removeRange(rows, start, end));
}

function removeRange(rows: Rows, start: Buffer, end: Buffer): void {
  for (;;) {
    // Gathered first: removing what a cursor stands on moves it.
    const keys = [...rows.getKeys({ start, end, limit: REMOVED_AT_ONCE })];
    for (const key of keys) rows.remove(key);
    if (keys.length < REMOVED_AT_ONCE) return;
  }
}
