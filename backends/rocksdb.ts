/**
 * RocksDB, embedded through `rocksdb-native`: a log-structured store on disk, the one that Flink jobs keep large state in.
 *
 * A table is a column family: a value table's rows are address → value, a list table's are address and sequence number →
 * element. One multi-get reads and one write batch writes a micro-batch, on RocksDB's own threads. A checkpoint is
 * Flink's incremental one: write the memtables out, keep the SST files by hard links.
 *
 * The package has no way to switch the write-ahead log off, as Flink does: it is written, and not synced.
 */
import { readFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { default as RocksDB, RowStream } from 'rocksdb-native';
import { z } from 'zod';
import {
  BackendError,
  type CheckpointPlace,
  checkTables,
  type ListTable,
  type OpenRequest,
  type RestoreRequest,
  type StateBackend,
  type StateBatch,
  type StateStore,
  type TableSpec,
  type ValueTable,
} from './contract.ts';
import { prefixEnd, windowRange } from './rows/address-ranges.ts';
import { type BareCut, guardStore } from './rows/guarded-store.ts';
import { inThisThread } from './rows/in-this-thread.ts';
import { numberedTables, verifyLayout } from './rows/layout-file.ts';
import { importDatabase, linkDatabase, type ManifestPrefix, TableFileNames } from './rows/linked-database.ts';
import { manifestFiles } from './rows/manifest-files.ts';
import { memoryOption, sizeOption } from './rows/memory-option.ts';
import persistDatabase, { type DatabaseInput } from './rows/persist-database.ts';
import { RowKeys, SEQUENCE_BYTES, Sequence } from './rows/row-keys.ts';

export const description =
  'RocksDB, a log-structured store on disk in this process: what Flink keeps large state in, with incremental checkpoints.';

const LEAST_BUFFER_BYTES = 64 << 10;
const USUAL_BUFFER_BYTES = 64 << 20;
/** Memtables of a table: the one written to, and one that is being flushed. */
const BUFFERS = 2;

export const options = z.strictObject({
  writeBufferBytes: sizeOption(
    LEAST_BUFFER_BYTES,
    USUAL_BUFFER_BYTES,
    'Memtable of each table, of which there may be two. 64 MiB, as in Flink.',
  ),
  memoryBytes: memoryOption(
    'an equal share for each table. Its block cache is 32 MiB, or none where that is more than half of the share; two memtables have the rest.',
  ),
  bloomBitsPerKey: z.number().min(0).max(64).default(10).describe('Bloom filter over whole keys; 0 for none.'),
  blockBytes: z.int().min(512).default(8192).describe('Size of a data block of an SST file.'),
  backgroundJobs: z.int().min(1).default(2).describe('Flushes and compactions at once. 2, as in Flink.'),
});

const NAME = 'rocksdb';
/** RocksDB's own version in the package that is locked. Corrected when opened, should another be installed. */
const VERSION = '10.5.1';
/** Fixed in the package: RocksDB's default cache, one for each column family, or none. */
const BLOCK_CACHE_BYTES = 32 << 20;
const NO_BYTES = new Uint8Array(0);

export type RocksdbOptions = z.input<typeof options>;

/** RocksDB with the given options. */
export default function rocksdb(given: RocksdbOptions = {}): StateBackend {
  const chosen = options.parse(given);
  // The rest of what memory is spent on depends on the number of tables.
  const { memoryBytes, writeBufferBytes = memoryBytes === undefined ? USUAL_BUFFER_BYTES : undefined, ...others } = chosen;
  const settings: Record<string, string | number | boolean> = {
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(writeBufferBytes !== undefined && { writeBufferBytes }),
    blockCachePer: 'table',
    pageCache: true,
    ...others,
    compression: 'none',
    writeAheadLog: 'on, not synced',
    lists: 'rows of address and sequence number; a list is removed by a range tombstone',
    incremental: 'SST files: memtables written out at the cut, files hard-linked',
    version: VERSION,
  };

  async function open(
    directory: string,
    tables: readonly TableSpec[],
    sequences: Readonly<Record<string, number>>,
    names: TableFileNames | null,
  ) {
    checkTables(tables);
    const spent = spend(chosen, tables.length);
    const Database = await load();
    const database = new Database(join(directory, 'db'), {
      createIfMissing: names === null,
      createMissingColumnFamilies: names === null,
      writeBufferSize: spent.writeBufferBytes,
      // Without a cache to keep them in, RocksDB holds indexes and filters of open files by themselves.
      blockCache: spent.blockCacheBytes > 0,
      tableCacheIndexAndFilterBlocks: spent.blockCacheBytes > 0,
      tableBlockSize: chosen.blockBytes,
      filterPolicy: chosen.bloomBitsPerKey === 0 ? null : new Database.BloomFilterPolicy(chosen.bloomBitsPerKey),
      maxBackgroundJobs: chosen.backgroundJobs,
    });
    const families = tables.map(({ name }) => database.columnFamily(name));
    await database.ready();
    Object.assign(settings, spent);
    settings.version = await versionOf(join(directory, 'db'));
    return rocksdbStore(directory, database, families, tables, sequences, names ?? new TableFileNames());
  }

  return {
    name: NAME,
    settings,
    durability: 'process-crash',
    open: ({ directory, tables }: OpenRequest) => open(directory, numberedTables(tables), {}, null),
    async restore({ directory, tables, checkpoint }: RestoreRequest) {
      const layout = await verifyLayout(checkpoint.directory, NAME, tables);
      const names = new TableFileNames(await importDatabase(checkpoint.directory, layout.files, join(directory, 'db')));
      try {
        return await open(directory, layout.tables, layout.sequences, names);
      } catch (cause) {
        if (cause instanceof BackendError) throw cause;
        const why = cause instanceof Error ? cause.message : String(cause);
        // The machine's fault, not the checkpoint's. The package gives EIO for nearly everything: only the text tells.
        if (/No space left|Disk quota|Too many open files|Cannot allocate|Permission denied|Read-only file system/i.test(why)) throw cause;
        throw new BackendError('damaged', `RocksDB cannot open ${checkpoint.directory} (${why}): restore another checkpoint`, { cause });
      }
    },
  };
}

/**
 * Sizes in force for so many tables, and what they come to in all.
 * @throws BackendError `refused` if a budget has no room for the memtables
 */
function spend({ memoryBytes, writeBufferBytes }: RocksdbOptions, tables: number) {
  const inAll = (buffer: number, cache: number) => ({
    writeBufferBytes: buffer,
    blockCacheBytes: cache,
    memoryBytes: tables * (BUFFERS * buffer + cache),
    indexesAndFilters: cache > 0 ? 'in the block cache' : 'beside memoryBytes, as long as their files are open',
  });
  if (memoryBytes === undefined) return inAll(writeBufferBytes ?? USUAL_BUFFER_BYTES, BLOCK_CACHE_BYTES);
  const share = Math.floor(memoryBytes / tables);
  const cached = writeBufferBytes === undefined ? share / 2 : share - BUFFERS * writeBufferBytes;
  const cache = cached >= BLOCK_CACHE_BYTES ? BLOCK_CACHE_BYTES : 0;
  const buffer = writeBufferBytes ?? Math.floor((share - cache) / BUFFERS);
  if (buffer >= LEAST_BUFFER_BYTES && BUFFERS * buffer + cache <= share) return inAll(buffer, cache);
  throw new BackendError(
    'refused',
    `rocksdb cannot spend ${memoryBytes} bytes of memory on ${tables} tables with two memtables of ${Math.max(buffer, LEAST_BUFFER_BYTES)} bytes each: give it more, or smaller memtables`,
  );
}

async function load(): Promise<typeof RocksDB> {
  try {
    return (await import('rocksdb-native')).default;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BackendError(
      'unavailable',
      `the package rocksdb-native cannot be loaded (${why}): run npm ci; on Linux install libatomic (Debian: libatomic1)`,
      { cause },
    );
  }
}

/** RocksDB writes its version into the options file it keeps beside the data. */
async function versionOf(directory: string): Promise<string> {
  const file = (await readdir(directory))
    .filter((name) => name.startsWith('OPTIONS-'))
    .sort()
    .at(-1);
  const text = file === undefined ? '' : await readFile(join(directory, file), 'utf8');
  return /^\s*rocksdb_version=(\S+)/m.exec(text)?.[1] ?? 'unknown';
}

function rocksdbStore(
  directory: string,
  database: RocksDB,
  families: readonly RocksDB[],
  tables: readonly TableSpec[],
  sequences: Readonly<Record<string, number>>,
  names: TableFileNames,
): StateStore {
  const counters = new Map<string, Sequence>();
  const values = new Map<string, ValueTable>();
  const lists = new Map<string, ListTable>();
  /** Scans under way: the database waits for them when closing. */
  const scans = new Set<RowStream>();
  const closers: (() => void)[] = [];
  for (const [i, spec] of tables.entries()) {
    const family = families[i] as RocksDB;
    if (spec.kind === 'value') {
      values.set(spec.name, valueTable(family, scans, closers));
    } else {
      const sequence = new Sequence(sequences[spec.name]);
      counters.set(spec.name, sequence);
      lists.set(spec.name, listTable(family, spec, sequence, scans, closers));
    }
  }

  async function checkpoint({ id, directory: target }: CheckpointPlace): Promise<BareCut> {
    const fixed = join(directory, `cut-${id}`);
    const counted = Object.fromEntries([...counters].map(([name, sequence]) => [name, sequence.next]));
    await Promise.all(families.map((family) => family.flush()));
    await linkDatabase(join(directory, 'db'), fixed, (prefix) => neededFiles(join(directory, 'db'), prefix));
    return {
      async persist(elsewhere = inThisThread(persistDatabase)) {
        const layout = { backend: NAME, tables, sequences: counted };
        const input: DatabaseInput = { fixed, directory: target, names: names.save(), layout };
        return (await elsewhere({ module: import.meta.resolve('./rows/persist-database.js'), input })).files;
      },
      discard: () => rm(fixed, { recursive: true, force: true }),
    };
  }

  return guardStore(NAME, tables, {
    values,
    lists,
    checkpoint,
    published() {},
    release() {},
    async close() {
      for (const scan of scans) scan.destroy();
      for (const close of closers) close();
      await database.close({ force: true });
    },
  });
}

/** Names of the SST files that a database of this MANIFEST consists of. */
function neededFiles(database: string, { manifest, bytes }: ManifestPrefix): string[] {
  const { tables } = manifestFiles(readFileSync(join(database, manifest)).subarray(0, bytes));
  return [...tables].map((number) => `${String(number).padStart(6, '0')}.sst`);
}

function valueTable(family: RocksDB, scans: Set<RowStream>, closers: (() => void)[]): ValueTable {
  const reads = family.read();
  const writes = family.write();
  closers.push(
    () => reads.destroy(),
    () => writes.destroy(),
  );
  let found: Promise<Buffer | null>[] = [];
  return {
    async read(batch) {
      const { length, addresses, present } = batch;
      if (length === 0) return;
      found = [];
      for (let slot = 0; slot < length; slot++) found.push(reads.get(addresses[slot] as Buffer));
      const [stored] = await Promise.all([Promise.all(found), reads.flush()]);
      for (let slot = 0; slot < length; slot++) {
        const value = stored[slot] as Buffer | null;
        if (value === null) present[slot] = 0;
        else batch.setValue(slot, value);
      }
    },
    async write(batch) {
      const { length, addresses, present } = batch;
      if (length === 0) return;
      for (let slot = 0; slot < length; slot++) {
        if (present[slot] === 1) writes.tryPut(addresses[slot] as Buffer, batch.value(slot));
        else writes.tryDelete(addresses[slot] as Buffer);
      }
      await writes.flush();
    },
    scan: (window, batch, group) => scanRange(family, scans, window, batch, group),
    drop: (window) => dropWindow(family, window),
  };
}

function listTable(
  family: RocksDB,
  { keyBytes }: TableSpec,
  sequence: Sequence,
  scans: Set<RowStream>,
  closers: (() => void)[],
): ListTable {
  const writes = family.write();
  closers.push(() => writes.destroy());
  const rows = new RowKeys(NO_BYTES, keyBytes, SEQUENCE_BYTES);
  return {
    async append(batch) {
      const { length, values } = batch;
      if (length === 0) return;
      const keys = rows.append(batch, sequence);
      for (let slot = 0; slot < length; slot++) writes.tryPut(keys[slot] as Buffer, values[slot] as Buffer);
      await writes.flush();
    },
    async remove(batch) {
      const { length, addresses } = batch;
      if (length === 0) return;
      for (let slot = 0; slot < length; slot++) {
        const address = addresses[slot] as Buffer;
        writes.tryDeleteRange(address, prefixEnd(address));
      }
      await writes.flush();
    },
    scan: (window, batch, group) => scanRange(family, scans, window, batch, group),
    drop: (window) => dropWindow(family, window),
  };
}

function dropWindow(family: RocksDB, window: number): Promise<void> {
  const { start, end } = windowRange(window);
  return family.deleteRange(start, end);
}

async function* scanRange(
  family: RocksDB,
  scans: Set<RowStream>,
  window: number,
  batch: StateBatch,
  group?: Uint8Array,
): AsyncGenerator<StateBatch> {
  const { start, end } = windowRange(window, group);
  const stream = family.iterator({ gte: start, lt: end }, { capacity: batch.capacity });
  scans.add(stream);
  stream.once('close', () => scans.delete(stream));
  batch.clear();
  for await (const { key, value } of stream) {
    batch.setValue(batch.pushAddress(key), value);
    if (batch.length < batch.capacity) continue;
    yield batch;
    batch.clear();
  }
  if (batch.length > 0) yield batch;
}
