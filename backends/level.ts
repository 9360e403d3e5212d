/**
 * LevelDB through classic-level: a log-structured store, read in this thread and written on a thread of its pool. One
 * byte in front of every address names the table. A cut is the database's files: tables and logs by hard links, and how
 * long each log was.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
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
import { type CutLog, importLogs, LogPieces } from './level/log-pieces.ts';
import persistLevel, { type LevelInput, type LevelKept } from './level/persist-level.ts';
import { type AddressRange, prefixEnd, windowRange } from './rows/address-ranges.ts';
import type { FileCheck } from './rows/checked-copy.ts';
import { type BareCut, guardStore } from './rows/guarded-store.ts';
import { inThisThread } from './rows/in-this-thread.ts';
import { numberedTables, verifyLayout } from './rows/layout-file.ts';
import { importDatabase, linkDatabase, type ManifestPrefix, TableFileNames } from './rows/linked-database.ts';
import { manifestFiles } from './rows/manifest-files.ts';
import { memoryOption, sizeOption } from './rows/memory-option.ts';
import { rowKeyBytes, Sequence } from './rows/row-keys.ts';

export const description = 'LevelDB, a log-structured merge tree in this process: compressed, quick to write, compacted in the background.';

const USUAL_BYTES = 64 << 20;
const LEAST_BUFFER_BYTES = 64 << 10;
const WRITE_BUFFERS = 2;

export const options = z
  .strictObject({
    cacheBytes: sizeOption(0, USUAL_BYTES, 'Cache of uncompressed blocks, in bytes.'),
    writeBufferBytes: sizeOption(
      LEAST_BUFFER_BYTES,
      USUAL_BYTES,
      'Bytes gathered in memory before they become a sorted file. Up to two such buffers exist at a time.',
    ),
    memoryBytes: memoryOption('a quarter for each of the two write buffers, 64 MiB at most, and the rest for the cache.'),
    compression: z.boolean().default(true).describe('Compress blocks with Snappy.'),
    sync: z.boolean().default(false).describe('Flush every batch to the disk. Off, since a job recovers from its checkpoints.'),
  })
  .refine((given) => given.memoryBytes === undefined || spend(given).memoryBytes <= given.memoryBytes, {
    path: ['memoryBytes'],
    message: 'It is less than the cache and two write buffers that are set.',
  });

export type LevelOptions = z.input<typeof options>;

const NAME = 'level';
const DATABASE = 'db';
const PREFIX_BYTES = 1;
const TABLES_MAX = 255;

type Rows = Level<Buffer, Buffer>;

/** LevelDB with the given options. */
export default function level(given: LevelOptions = {}): StateBackend {
  const chosen = options.parse(given);
  const { compression, sync } = chosen;
  const { cacheBytes, writeBufferBytes, memoryBytes } = spend(chosen);
  const openStore = async (
    { directory, tables }: OpenRequest,
    sequences: Readonly<Record<string, number>>,
    names: TableFileNames,
  ): Promise<StateStore> => {
    checkTables(tables);
    if (tables.length > TABLES_MAX)
      throw new BackendError('refused', `level keeps at most ${TABLES_MAX} tables, not ${tables.length}: use fewer`);
    const rows: Rows = new Level(join(directory, DATABASE), {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: cacheBytes,
      writeBufferSize: writeBufferBytes,
      compression,
    });
    await rows.open();
    return new LevelStore(rows, sync, directory, tables, sequences, names).guarded();
  };
  return {
    name: NAME,
    settings: {
      memoryBytes,
      cacheBytes,
      writeBufferBytes,
      pageCache: true,
      compression,
      sync,
      lists: 'a row per element',
      incremental: 'table files hard-linked, logs by what was appended',
    },
    durability: sync ? 'os-crash' : 'process-crash',
    async open(request) {
      await mkdir(join(request.directory, DATABASE));
      return openStore(request, {}, new TableFileNames());
    },
    async restore(request) {
      const { checkpoint, directory, tables } = request;
      const { sequences, files } = await verifyLayout(checkpoint.directory, NAME, tables);
      const inherited = await importDatabase(checkpoint.directory, files, join(directory, DATABASE));
      await importLogs(checkpoint.directory, files, join(directory, DATABASE));
      try {
        return await openStore(request, sequences, new TableFileNames(inherited));
      } catch (cause) {
        const { message } = ((cause as Error).cause ?? cause) as Error;
        // LevelDB's word for files that do not fit together; what else fails is not the checkpoint's fault.
        if (!/corruption/i.test(message)) throw cause;
        throw new BackendError('damaged', `LevelDB cannot open ${checkpoint.directory} (${message}): restore another checkpoint`, {
          cause,
        });
      }
    },
  };
}

interface Sizes {
  readonly cacheBytes?: number | undefined;
  readonly writeBufferBytes?: number | undefined;
  readonly memoryBytes?: number | undefined;
}

/** Sizes in force: those that are given, then what a budget leaves, then the usual ones. */
function spend({ cacheBytes, writeBufferBytes, memoryBytes }: Sizes): { readonly [Size in keyof Sizes]-?: number } {
  const inAll = (cache: number, buffer: number) => ({
    cacheBytes: cache,
    writeBufferBytes: buffer,
    memoryBytes: cache + WRITE_BUFFERS * buffer,
  });
  if (memoryBytes === undefined) return inAll(cacheBytes ?? USUAL_BYTES, writeBufferBytes ?? USUAL_BYTES);
  const share = Math.floor((memoryBytes - (cacheBytes ?? memoryBytes / 2)) / WRITE_BUFFERS);
  const buffer = writeBufferBytes ?? Math.max(LEAST_BUFFER_BYTES, Math.min(USUAL_BYTES, share));
  return inAll(cacheBytes ?? Math.max(0, memoryBytes - WRITE_BUFFERS * buffer), buffer);
}

class LevelStore {
  readonly #rows: Rows;
  readonly #directory: string;
  readonly #tables: readonly TableSpec[];
  readonly #values = new Map<string, ValueTable>();
  readonly #lists = new Map<string, ListTable>();
  readonly #sequences = new Map<string, Sequence>();
  readonly #names: TableFileNames;
  readonly #logs: LogPieces;
  /** Checksums of the table files in the newest checkpoint, by their names there. */
  #sums: ReadonlyMap<string, FileCheck> = new Map();

  constructor(
    rows: Rows,
    sync: boolean,
    directory: string,
    tables: readonly TableSpec[],
    sequences: Readonly<Record<string, number>>,
    names: TableFileNames,
  ) {
    this.#rows = rows;
    this.#directory = directory;
    this.#names = names;
    this.#logs = new LogPieces(join(directory, 'pieces'));
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
      close: () => this.#rows.close(),
    });
  }

  async #cut({ id, directory }: CheckpointPlace): Promise<BareCut> {
    const database = join(this.#directory, DATABASE);
    const fixed = join(this.#directory, `cut-${id}`);
    const sequences = Object.fromEntries([...this.#sequences].map(([name, { next }]) => [name, next]));
    await linkDatabase(database, fixed, (prefix) => neededFiles(database, prefix));
    const logs = readdirSync(fixed)
      .filter((name) => name.endsWith('.log'))
      .map((name): CutLog => ({ name, path: join(fixed, name), bytes: statSync(join(fixed, name)).size }));
    return {
      persist: async (elsewhere = inThisThread(persistLevel)) => {
        const input: LevelInput = {
          fixed,
          directory,
          names: this.#names.save(),
          layout: { backend: NAME, tables: this.#tables, sequences },
          logs,
          sums: this.#sums,
          pieces: this.#logs.save(),
        };
        const { files, kept } = await elsewhere({ module: import.meta.resolve('./level/persist-level.js'), input });
        const { sums, pieces } = kept as LevelKept;
        this.#sums = sums;
        this.#logs.adopt(pieces);
        return files;
      },
      discard: () => rm(fixed, { recursive: true, force: true }),
    };
  }
}

/** Names of the table files and logs that a database of this MANIFEST consists of. */
function neededFiles(database: string, { manifest, bytes }: ManifestPrefix): string[] {
  const { tables, firstLog } = manifestFiles(readFileSync(join(database, manifest)).subarray(0, bytes));
  const logs = readdirSync(database).filter((name) => name.endsWith('.log') && Number.parseInt(name, 10) >= firstLog);
  return [...[...tables].map((number) => `${String(number).padStart(6, '0')}.ldb`), ...logs];
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
