/**
 * Redis: state in the memory of a server, a round trip away.
 *
 * Every store has a namespace of its own, `statebench:<random>:`, so that stores share a server without meeting. Its
 * connection carries the namespace as its name: a namespace whose connection is gone belongs to a store that died, and
 * the next store to open frees it.
 *
 * A checkpoint is a dump. The pause is a COPY of each window's key within the server, which fixes the cut; the copies
 * are read out while processing goes on. So a server's memory has to hold the state twice during a checkpoint.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type CheckpointFile,
  type CheckpointPlace,
  checkTables,
  encodeWindow,
  type OpenRequest,
  type RestoreRequest,
  type StateBackend,
  StateBatch,
  type StateStore,
  type TableSpec,
} from './contract.ts';
import { CommandWriter } from './redis/commands.ts';
import { RedisConnection, shownUrl } from './redis/connection.ts';
import { hashPages, redisListTable, redisValueTable, sortedPages, WindowKeys } from './redis/tables.ts';
import { type BareCut, guardStore } from './rows/guarded-store.ts';
import { numberedTables, verifyLayout, writeLayout } from './rows/layout-file.ts';
import { RowFileWriter, readRowFile } from './rows/row-file.ts';
import { SEQUENCE_BYTES, Sequence } from './rows/row-keys.ts';
import { distanceSettings, rttMsOption } from './served/distance.ts';

/** The kind of server that `url` has to name. Whoever has none to name may start one, and stop it afterwards. */
export const server = 'redis';

export const description = 'Redis, state in the memory of a server: a round trip a batch, lists as sorted sets, checkpoints as dumps.';

export const options = z.strictObject({
  url: z
    .string()
    .regex(/^rediss?:\/\/[^/]/, 'must look like redis://HOST:PORT or rediss://HOST:PORT')
    .describe('Address of the server, redis://[USER:PASSWORD@]HOST:PORT[/DATABASE]. A database of its own keeps other data apart.'),
  durability: z
    .enum(['volatile', 'process-crash', 'os-crash'])
    .default('volatile')
    .describe('What the server has to keep by itself: process-crash needs appendonly yes, os-crash appendfsync always too. Checked.'),
  timeoutMs: z.int().min(1).default(4_000).describe('How long connecting or any answer may take before the store fails.'),
  rttMs: rttMsOption,
});

const NAME = 'redis';
const NAMESPACE = 'statebench:';
const FILE = 'rows';
/** Slots per command while dumping and restoring. */
const PAGE = 1024;

export type RedisOptions = z.input<typeof options>;

/** Redis with the given options. What depends on the server is in `settings` from the first `open` on. */
export default function redis(given: RedisOptions): StateBackend {
  const { url, durability, timeoutMs, rttMs } = options.parse(given);
  const settings: Record<string, string | number | boolean> = {
    url: shownUrl(url),
    timeoutMs,
    ...distanceSettings(rttMs),
    values: 'a hash per window',
    lists: 'a sorted set per window, as rows of key and sequence number',
    checkpoint: 'dump of a copy made in the server',
    incremental: 'no, everything is read out of the server',
    version: 'not asked yet',
    appendFsync: 'not asked yet',
  };

  async function open(tables: readonly TableSpec[], sequences: Readonly<Record<string, number>>): Promise<StateStore> {
    checkTables(tables);
    const namespace = `${NAMESPACE}${randomBytes(9).toString('hex')}`;
    const connection = await RedisConnection.open({ url, timeoutMs, rttMs, name: namespace });
    try {
      Object.assign(settings, await connection.check(durability));
      await freeDeadNamespaces(connection);
    } catch (error) {
      await connection.close(async () => {});
      throw error;
    }
    return redisStore(connection, namespace, numberedTables(tables), sequences);
  }

  return {
    name: NAME,
    settings,
    durability,
    open: ({ tables }: OpenRequest) => open(tables, {}),
    async restore({ tables, checkpoint: { directory } }: RestoreRequest) {
      const layout = await verifyLayout(directory, NAME, tables);
      const store = await open(tables, layout.sequences);
      try {
        await load(store, join(directory, FILE), layout.tables);
      } catch (error) {
        await store.close();
        throw error;
      }
      return store;
    },
  };
}

function redisStore(
  connection: RedisConnection,
  namespace: string,
  tables: readonly TableSpec[],
  sequences: Readonly<Record<string, number>>,
): StateStore {
  const open = tables.map((spec, number) => ({
    spec,
    number,
    keys: new WindowKeys(`${namespace}:${number}:`),
    sequence: new Sequence(sequences[spec.name]),
  }));
  const values = open.filter(({ spec }) => spec.kind === 'value');
  const lists = open.filter(({ spec }) => spec.kind === 'list');

  /** Copies every window's key, and says where the copies are. */
  async function copyWindows(): Promise<readonly { readonly number: number; readonly window: number; readonly copy: Buffer }[]> {
    const writer = new CommandWriter();
    const copies = [];
    for (const { number, keys } of open) {
      for (const [window, key] of keys.entries()) {
        const copy = Buffer.from(`${namespace}:copy:${number}:${window}`, 'latin1');
        writer.begin('COPY', 3);
        writer.bytes(key);
        writer.bytes(copy);
        writer.text('REPLACE');
        copies.push({ number, window, key, copy });
      }
    }
    const commands = writer.take();
    const made = commands.length === 0 ? [] : await connection.send(commands);
    // COPY answers 0 where the window has become empty.
    return copies.filter((_, i) => made[i] === 1);
  }

  async function checkpoint({ directory }: CheckpointPlace): Promise<BareCut> {
    const counted = Object.fromEntries(lists.map(({ spec, sequence }) => [spec.name, sequence.next]));
    const copies = await copyWindows();
    return {
      async persist(): Promise<readonly CheckpointFile[]> {
        const file = await RowFileWriter.create(join(directory, FILE));
        try {
          for (const { number, window, copy } of copies) await dump(connection, file, number, tables[number] as TableSpec, window, copy);
        } catch (error) {
          await file.abandon();
          throw error;
        }
        await file.close();
        return [await writeLayout(directory, { backend: NAME, tables, sequences: counted, files: {} }), { path: FILE, immutable: false }];
      },
      discard: () =>
        unlink(
          connection,
          copies.map(({ copy }) => copy),
        ),
    };
  }

  return guardStore(NAME, tables, {
    values: new Map(values.map(({ spec, keys }) => [spec.name, redisValueTable(connection, keys)])),
    lists: new Map(lists.map(({ spec, keys, sequence }) => [spec.name, redisListTable(connection, keys, spec, sequence)])),
    checkpoint,
    published() {},
    release() {},
    close: () =>
      connection.close(() =>
        unlink(
          connection,
          open.flatMap(({ keys }) => keys.entries().map(([, key]) => key)),
        ),
      ),
  });
}

async function dump(
  connection: RedisConnection,
  file: RowFileWriter,
  number: number,
  { kind, keyBytes }: TableSpec,
  window: number,
  copy: Buffer,
): Promise<void> {
  const prefix = encodeWindow(window);
  if (kind === 'value') {
    for await (const { fields, values } of hashPages(connection, copy, PAGE)) {
      for (let i = 0; i < fields.length; i++) {
        await file.add(number, Buffer.concat([prefix, fields[i] as Buffer]), values[i] as Buffer);
      }
    }
    return;
  }
  const split = keyBytes + SEQUENCE_BYTES;
  for await (const members of sortedPages(connection, copy, PAGE)) {
    for (const member of members) await file.add(number, Buffer.concat([prefix, member.subarray(0, split)]), member.subarray(split));
  }
}

/** Writes a row file's rows into an empty store, through its own tables. Elements get their old places, not their old numbers. */
async function load(store: StateStore, path: string, tables: readonly TableSpec[]): Promise<void> {
  const batches = tables.map((spec) => new StateBatch(PAGE, spec));
  const send = async (number: number) => {
    const { name, kind } = tables[number] as TableSpec;
    const batch = batches[number] as StateBatch;
    await (kind === 'value' ? store.value(name).write(batch) : store.list(name).append(batch));
    batch.clear();
  };
  for await (const { table, rows } of readRowFile(path, tables)) {
    const batch = batches[table] as StateBatch;
    for (const { address, value } of rows) {
      batch.setValue(batch.pushAddress(address.subarray(0, batch.addressStride)), value);
      if (batch.length === batch.capacity) await send(table);
    }
  }
  for (let number = 0; number < tables.length; number++) await send(number);
}

/** UNLINK in pages: a store may have as many windows as it has due times. */
async function unlink(connection: RedisConnection, keys: readonly Buffer[]): Promise<void> {
  for (let at = 0; at < keys.length; at += PAGE) await connection.call('UNLINK', ...keys.slice(at, at + PAGE));
}

/**
 * Frees what stores left that died. Keys first, connections second: a namespace that had keys before and has no
 * connection now is dead, as a store connects before it writes.
 */
async function freeDeadNamespaces(connection: RedisConnection): Promise<void> {
  const found: Buffer[] = [];
  let cursor = '0';
  do {
    const [next, keys] = (await connection.call('SCAN', cursor, 'MATCH', `${NAMESPACE}*`, 'COUNT', '1000')) as [Buffer, Buffer[]];
    cursor = next.toString();
    found.push(...keys);
  } while (cursor !== '0');
  if (found.length === 0) return;
  const clients = String(await connection.call('CLIENT', 'LIST'));
  const living = new Set(clients.match(/(?<= name=)\S+/g));
  const dead = found.filter((key) => !living.has(key.toString('latin1').split(':', 2).join(':')));
  await unlink(connection, dead);
}
