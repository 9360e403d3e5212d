/**
 * HBase: state in a distributed table on disk, through a Thrift2 gateway, a round trip or two away.
 *
 * All stores share one table, each below a prefix of its own. A cell's timestamp is the epoch it was written in, so a
 * checkpoint is a line in a register: what was written by then is told from what came later, and a restore sees the one
 * and not the other without rewriting anything. (`epochs/` says who needs what.)
 */
import { z } from 'zod';
import { checkTables, type OpenRequest, type RestoreRequest, type StateBackend, type StateStore, type TableSpec } from './contract.ts';
import { readEpochCheckpoint } from './epochs/checkpoint-file.ts';
import { DURABILITY } from './hbase/cells.ts';
import { type EpochStoreRequest, openEpochStore, restoreEpochStore } from './hbase/epoch-store.ts';
import { Gateway } from './hbase/gateway.ts';
import { ensureTable, tableName, VERSIONS } from './hbase/state-table.ts';
import { numberedTables } from './rows/layout-file.ts';
import { atDistance, distanceSettings, rttMsOption } from './served/distance.ts';

/** The kind of server that `url` has to name. Whoever has none to name may start one, and stop it afterwards. */
export const server = 'hbase';

export const description =
  'HBase, state in a distributed table through a Thrift2 gateway: a round trip a batch, versions by epoch, checkpoints that cut in a round trip.';

export const options = z.strictObject({
  url: z
    .string()
    .regex(/^thrift2:\/\/[^/@:]+:\d+\/?$/, 'must look like thrift2://HOST:PORT')
    .describe('Address of a Thrift2 gateway with framed transport, thrift2://HOST:PORT.'),
  table: z
    .string()
    .regex(/^([a-zA-Z0-9_][a-zA-Z0-9_.-]*:)?[a-zA-Z0-9_][a-zA-Z0-9_.-]*$/, 'must look like NAME or NAMESPACE:NAME')
    .default('statebench')
    .describe('Table that state is kept in, NAME or NAMESPACE:NAME. Made if it is not there; one that Statebench did not make is refused.'),
  durability: z
    .enum(['volatile', 'process-crash', 'os-crash'])
    .default('process-crash')
    .describe('What a write waits for: nothing (SKIP_WAL), the write-ahead log (SYNC_WAL), or the log on disk (FSYNC_WAL).'),
  connections: z.int().min(1).max(64).default(4).describe('Connections to the gateway, among which the slots of a batch are divided.'),
  requestBytesMax: z
    .int()
    .min(64 * 1024)
    .default(1_000_000)
    .describe("Longest request. Has to stay below the gateway's hbase.regionserver.thrift.framed.max_frame_size_in_mb, 2 by default."),
  timeoutMs: z
    .int()
    .min(1)
    .default(10_000)
    .describe('How long any answer may take before the store fails; connecting takes 3.5 s at most.'),
  rttMs: rttMsOption,
});

const NAME = 'hbase';
const WAL = { volatile: DURABILITY.skipWal, 'process-crash': DURABILITY.syncWal, 'os-crash': DURABILITY.fsyncWal } as const;
const WAL_NAMES = { volatile: 'SKIP_WAL', 'process-crash': 'SYNC_WAL', 'os-crash': 'FSYNC_WAL' } as const;

export type HBaseOptions = z.input<typeof options>;

/** HBase with the given options. */
export default function hbase(given: HBaseOptions): StateBackend {
  const { url, table, durability, connections, requestBytesMax, timeoutMs, rttMs } = options.parse(given);
  const { host: address, hostname, port } = new URL(url);

  async function connect(tables: readonly TableSpec[]): Promise<EpochStoreRequest> {
    checkTables(tables);
    const near = await atDistance({ host: hostname, port: Number(port) }, rttMs);
    const gateway = await Gateway.open({ ...near, shown: `thrift2://${address}`, connections, requestBytesMax, timeoutMs });
    return {
      backend: NAME,
      gateway,
      table,
      durability: WAL[durability],
      volatile: durability === 'volatile',
      tables: numberedTables(tables),
    };
  }

  async function opened(request: EpochStoreRequest, open: (request: EpochStoreRequest) => Promise<StateStore>): Promise<StateStore> {
    try {
      await ensureTable(request.gateway, tableName(table));
      const store = await open(request);
      request.gateway.setLimit();
      return store;
    } catch (error) {
      request.gateway.close();
      throw error;
    }
  }

  return {
    name: NAME,
    settings: {
      url: `thrift2://${address}`,
      table,
      connections,
      requestBytesMax,
      timeoutMs,
      ...distanceSettings(rttMs),
      writes: WAL_NAMES[durability],
      values: `a row for each window and key, up to ${VERSIONS} cells with the epoch as timestamp`,
      lists: 'a row for each element, appended blind',
      checkpoint: 'a cut by epochs in a register row, one round trip; the state stays in HBase',
      incremental: 'yes, nothing is read out; a checkpoint is one small file',
      restore:
        'nothing is rewritten: cells of lost epochs are passed over in reads, and swept after some checkpoints by a scan of their timestamps',
    },
    durability,
    open: async ({ tables }: OpenRequest) => opened(await connect(tables), openEpochStore),
    async restore({ tables, checkpoint: { directory } }: RestoreRequest) {
      const { checkpoint } = await readEpochCheckpoint(directory, NAME, tables);
      return opened(await connect(tables), (request) => restoreEpochStore(request, checkpoint));
    },
  };
}
