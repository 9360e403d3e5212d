/**
 * Redis: state in the memory of a server, a round trip away.
 *
 * Every store that begins empty has a namespace of its own, `statebench:<random>:`, so that stores share a server without
 * meeting. Its connection carries the namespace as its name: whoever goes on from a checkpoint ends the connections of
 * those before it, so nothing that a killed process had still to say is heard later.
 *
 * A checkpoint is a cut by epochs (see epochs/): its file says which of the rows in the server are its own. So the pause is
 * a round trip whatever the state's size, and a restore rewrites nothing.
 */
import { z } from 'zod';
import { checkTables, type OpenRequest, type RestoreRequest, type StateBackend, type StateStore, type TableSpec } from './contract.ts';
import { type EpochCheckpoint, readEpochCheckpoint, writeEpochCheckpoint } from './epochs/checkpoint-file.ts';
import { StoreEpochs } from './epochs/store-epochs.ts';
import { RedisConnection, shownUrl } from './redis/connection.ts';
import { freeDeadNamespaces, newNamespace, RedisNamespace } from './redis/namespace.ts';
import { redisListTable, redisValueTable } from './redis/tables.ts';
import { guardStore } from './rows/guarded-store.ts';
import { numberedTables } from './rows/layout-file.ts';
import { distanceSettings, rttMsOption } from './served/distance.ts';

/** The kind of server that `url` has to name. Whoever has none to name may start one, and stop it afterwards. */
export const server = 'redis';

export const description =
  'Redis, state in the memory of a server: a round trip a batch, lists as sorted sets, checkpoints by epochs that leave the state where it is.';

export const options = z.strictObject({
  url: z
    .string()
    .regex(/^rediss?:\/\/[^/]/, 'must look like redis://HOST:PORT or rediss://HOST:PORT')
    .describe('Address of the server, redis://[USER:PASSWORD@]HOST:PORT[/DATABASE]. A database of its own keeps other data apart.'),
  durability: z
    .enum(['volatile', 'process-crash', 'os-crash'])
    .default('volatile')
    .describe('What the server has to keep by itself: process-crash needs appendonly yes, os-crash appendfsync always too. Checked.'),
  timeoutMs: z
    .int()
    .min(1)
    .default(10_000)
    .describe('How long any answer may take before the store fails; connecting 3,500 ms of it, or a third if that is more.'),
  rttMs: rttMsOption,
});

const NAME = 'redis';

export type RedisOptions = z.input<typeof options>;

/** Redis with the given options. What depends on the server is in `settings` from the first `open` on. */
export default function redis(given: RedisOptions): StateBackend {
  const { url, durability, timeoutMs, rttMs } = options.parse(given);
  const settings: Record<string, string | number | boolean> = {
    url: shownUrl(url),
    timeoutMs,
    ...distanceSettings(rttMs),
    values: 'a hash per window, what a checkpoint needs of overwritten ones in a log',
    lists: 'a sorted set per window, as rows of key and number',
    checkpoint: 'by epochs: the state stays in the server',
    restore: 'by epochs: what came after the checkpoint is passed over, nothing is rewritten',
    incremental: 'yes, nothing is read out of the server',
    version: 'not asked yet',
    appendFsync: 'not asked yet',
    memory: 'not asked yet',
  };

  /** @param from the checkpoint to go on from. */
  async function open(tables: readonly TableSpec[], from?: EpochCheckpoint): Promise<StateStore> {
    const name = from?.namespace ?? newNamespace();
    const { connection, facts } = await RedisConnection.open({ url, timeoutMs, rttMs, name }, durability);
    try {
      Object.assign(settings, facts);
      await freeDeadNamespaces(connection);
      const namespace = new RedisNamespace(connection, new StoreEpochs(name, tables, from), tables, from === undefined);
      if (from === undefined) await namespace.begin();
      else await namespace.verify(from);
      return redisStore(namespace, tables);
    } catch (error) {
      await connection.close(async () => {});
      throw error;
    }
  }

  return {
    name: NAME,
    settings,
    durability,
    async open({ tables }: OpenRequest) {
      checkTables(tables);
      return open(numberedTables(tables));
    },
    async restore({ tables, checkpoint: { directory } }: RestoreRequest) {
      const read = await readEpochCheckpoint(directory, NAME, tables);
      return open(read.tables, read.checkpoint);
    },
  };
}

function redisStore(namespace: RedisNamespace, tables: readonly TableSpec[]): StateStore {
  const numbered = tables.map((spec, number) => ({ spec, number }));
  const ofKind = (kind: TableSpec['kind']) => numbered.filter(({ spec }) => spec.kind === kind);
  return guardStore(NAME, tables, {
    values: new Map(ofKind('value').map(({ spec, number }) => [spec.name, redisValueTable(namespace, number, spec)])),
    lists: new Map(ofKind('list').map(({ spec, number }) => [spec.name, redisListTable(namespace, number, spec)])),
    async checkpoint({ id, directory }) {
      const checkpoint = await namespace.cut(id);
      return { persist: () => writeEpochCheckpoint(directory, NAME, tables, checkpoint), discard: () => {} };
    },
    published: (id) => namespace.published(id),
    release: (id) => namespace.release(id),
    close: () => namespace.connection.close(() => namespace.leave()),
  });
}
