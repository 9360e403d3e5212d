/**
 * Cassandra: state in a cluster of servers, some round trips at once away.
 *
 * Stores share the tables of one keyspace, which is made if it is missing and refused if it is somebody else's; every store
 * that begins empty has a namespace of its own there. A checkpoint is a cut by epochs (see epochs/): its file says which of
 * the rows in the servers are its own. So the pause is a round trip whatever the state's size, and a restore rewrites nothing.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { openKeyspace } from './cassandra/keyspace.ts';
import { CassandraNamespace } from './cassandra/namespace.ts';
import { CassandraSession, CONSISTENCIES } from './cassandra/session.ts';
import { cassandraListTable, cassandraValueTable } from './cassandra/tables.ts';
import {
  BackendError,
  checkTables,
  type OpenRequest,
  type RestoreRequest,
  type StateBackend,
  type StateStore,
  type TableSpec,
} from './contract.ts';
import { type EpochCheckpoint, readEpochCheckpoint, writeEpochCheckpoint } from './epochs/checkpoint-file.ts';
import { StoreEpochs } from './epochs/store-epochs.ts';
import { guardStore } from './rows/guarded-store.ts';
import { numberedTables } from './rows/layout-file.ts';
import { distanceSettings, rttMsOption } from './served/distance.ts';

/** The kind of server that `contactPoints` has to name. Whoever has none to name may start one, and stop it afterwards. */
export const server = 'cassandra';

export const description =
  'Cassandra, state in a cluster of servers: a request for each bucket of keys that a batch touches, checkpoints by epochs that leave the state where it is.';

const consistencies = Object.keys(CONSISTENCIES) as [keyof typeof CONSISTENCIES];

export const options = z.strictObject({
  contactPoints: z
    .string()
    .regex(/^[^\s;,]+(;[^\s;,]+)*$/, 'must look like HOST:PORT, or HOST:PORT;HOST:PORT')
    .describe('Addresses of one or more servers, HOST[:PORT], parted by ;. They name the others.'),
  localDataCenter: z.string().min(1).default('datacenter1').describe('The data center whose servers are asked.'),
  keyspace: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,47}$/, 'is lower-case letters, digits and _, at most 48')
    .optional()
    .describe('Made if missing, refused if it is not ours. By default statebench, or statebench_volatile if durability is volatile.'),
  replication: z.int().min(1).default(1).describe('Copies of every row, if the keyspace is made: more than one needs as many servers.'),
  username: z.string().min(1).optional().describe('User, where the servers ask for one.'),
  password: z.string().optional().describe('The password of the user.'),
  ssl: z.boolean().default(false).describe('Whether to speak TLS, to servers whose certificate this machine trusts.'),
  consistency: z.enum(consistencies).default('localQuorum').describe('How many copies a read asks and a write waits for.'),
  durability: z
    .enum(['volatile', 'process-crash', 'os-crash'])
    .default('process-crash')
    .describe(
      'What the servers keep by themselves: volatile writes no commit log (durable_writes = false), process-crash one that is synced now and then, os-crash needs commitlog_sync batch or group. Checked.',
    ),
  buckets: z.int().min(1).max(32).default(8).describe('Partitions that the keys of a window are divided among.'),
  inFlight: z.int().min(1).default(64).describe('Requests under way at once, at most.'),
  batchBytes: z
    .int()
    .min(1)
    .default(40_000)
    .describe('Bytes of one batch, at most: servers refuse those above their batch_size_fail_threshold, by default 50 KiB.'),
  timeoutMs: z.int().min(1).default(10_000).describe('How long any answer may take before the store fails; connecting two fifths of it.'),
  rttMs: rttMsOption,
});

const NAME = 'cassandra';

export type CassandraOptions = z.input<typeof options>;

/** Cassandra with the given options. What depends on the servers is in `settings` from the first `open` on. */
export default function cassandra(given: CassandraOptions): StateBackend {
  const parsed = options.parse(given);
  const { contactPoints, localDataCenter, username, password, ssl, consistency, durability, replication } = parsed;
  const { buckets, inFlight, batchBytes, timeoutMs, rttMs } = parsed;
  const keyspace = parsed.keyspace ?? (durability === 'volatile' ? 'statebench_volatile' : 'statebench');
  const settings: Record<string, string | number | boolean> = {
    contactPoints,
    localDataCenter,
    keyspace,
    ...(username !== undefined && { username }),
    ssl,
    consistency,
    durableWrites: durability !== 'volatile',
    buckets,
    inFlight,
    batchBytes,
    timeoutMs,
    ...distanceSettings(rttMs),
    values: 'a partition per window and bucket, versions packed',
    lists: 'a partition per window and bucket, as rows of key and number',
    checkpoint: 'by epochs: the state stays in the servers',
    restore: 'by epochs: what came after the checkpoint is passed over, nothing is rewritten',
    incremental: 'yes, nothing is read out of the servers',
    version: 'not asked yet',
    commitLog: 'not asked yet',
  };

  /** @param from the checkpoint to go on from. */
  async function open(tables: readonly TableSpec[], from?: EpochCheckpoint): Promise<StateStore> {
    const session = await CassandraSession.open({
      contactPoints,
      localDataCenter,
      username,
      password,
      ssl,
      timeoutMs,
      rttMs,
      consistency,
      inFlight,
    });
    try {
      const { version, commitLog, started } = await session.facts();
      Object.assign(settings, { version, commitLog: durability === 'volatile' ? 'none' : commitLog });
      if (durability === 'os-crash' && commitLog === 'periodic') {
        throw new BackendError(
          'refused',
          `the Cassandra server at ${contactPoints} does not keep what durability=os-crash asks (commitlog_sync: ${commitLog}): set commitlog_sync to batch or group, or ask for less`,
        );
      }
      await openKeyspace(session, { name: keyspace, replication, durability });
      // Without a commit log a server that was started again has some of its rows and not others.
      if (from !== undefined && durability === 'volatile' && from.facts.started !== started) {
        throw new BackendError(
          'damaged',
          `checkpoint ${from.cut.id} was in the memory of Cassandra servers that have been started again, and durability=volatile keeps no more: restore another, or run with durability=process-crash`,
        );
      }
      const epochs = new StoreEpochs(from?.namespace ?? randomBytes(8).toString('hex'), tables, from);
      const namespace = new CassandraNamespace(
        session,
        epochs,
        tables.map(({ kind }) => kind === 'list'),
        { keyspace, buckets: from === undefined ? buckets : Number(from.facts.buckets), facts: { started } },
      );
      if (from === undefined) await namespace.begin();
      else await namespace.verify(from);
      return cassandraStore(namespace, tables, batchBytes);
    } catch (error) {
      await session.close();
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

function cassandraStore(namespace: CassandraNamespace, tables: readonly TableSpec[], batchBytes: number): StateStore {
  const numbered = tables.map((spec, table) => ({ spec, table, batchBytes }));
  const ofKind = (kind: TableSpec['kind']) => numbered.filter(({ spec }) => spec.kind === kind);
  return guardStore(NAME, tables, {
    values: new Map(ofKind('value').map((table) => [table.spec.name, cassandraValueTable(namespace, table)])),
    lists: new Map(ofKind('list').map((table) => [table.spec.name, cassandraListTable(namespace, table)])),
    async checkpoint({ id, directory }) {
      const checkpoint = await namespace.cut(id);
      return { persist: () => writeEpochCheckpoint(directory, NAME, tables, checkpoint), discard: () => {} };
    },
    published: (id) => namespace.published(id),
    release: (id) => namespace.release(id),
    async close() {
      await namespace.leave().catch(() => {}); // where nobody answers there is nothing to leave behind
      await namespace.session.close();
    },
  });
}
