/**
 * The bare loop of Cassandra: prepared statements, one IN query and one unlogged batch for each of eight partitions, all under way at
 * once. It knows no epochs, no windows and no errors. (Single statements, 128 of them under way at once, were measured
 * apart at a fourth to a fifth of its rate.)
 */
import { Client, types } from 'cassandra-driver';
import { type BareLoop, Batch, SLOTS, VALUE_BYTES } from './bare-loops.ts';

const KEYSPACE = 'statebench_bare';
const PARTITIONS = 8;
const SHARE = SLOTS / PARTITIONS;
const PREPARED = { prepare: true, fetchSize: 0 };
const READ = `SELECT k, v FROM ${KEYSPACE}.rows WHERE p = ? AND k IN ?`;
const WRITE = `INSERT INTO ${KEYSPACE}.rows (p, k, v) VALUES (?, ?, ?)`;
/** Making and dropping a keyspace takes seconds. */
const SCHEMA = { readTimeout: 60_000 };

/** @param contactPoint of a server, which keeps the loop's one keyspace until the loop is closed. */
export function cassandraLoop(contactPoint: string): BareLoop {
  return {
    name: 'cassandra',
    async open(_directory, { keys }) {
      const client = new Client({
        contactPoints: [contactPoint],
        localDataCenter: 'datacenter1',
        pooling: { coreConnectionsPerHost: { [types.distance.local]: 2 }, maxRequestsPerConnection: 4096 },
        socketOptions: { readTimeout: 60_000, tcpNoDelay: true },
        encoding: { copyBuffer: false },
        isMetadataSyncEnabled: false,
      });
      await client.connect();
      await client.execute(
        `CREATE KEYSPACE ${KEYSPACE} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
        [],
        SCHEMA,
      );
      await client.execute(
        `CREATE TABLE ${KEYSPACE}.rows (p int, k blob, v blob, PRIMARY KEY (p, k)) WITH compression = {'enabled': false}`,
        [],
        SCHEMA,
      );
      const batch = new Batch(keys);
      const { addresses, values, valueArena } = batch;
      // A key's slot follows from its number, and its partition from its slot: it is always in the same one.
      const parts = Array.from({ length: PARTITIONS }, (_, p) => {
        const [from, to] = [p * SHARE, (p + 1) * SHARE];
        const rows = addresses.slice(from, to).map((address, i) => ({ query: WRITE, params: [p, address.subarray(8), values[from + i]] }));
        return { p, from, keys: rows.map(({ params }) => params[1] as Buffer), rows };
      });
      const write = () => Promise.all(parts.map(({ rows }) => client.batch(rows, { prepare: true, logged: false })));
      const read = async () => {
        await Promise.all(
          parts.map(async ({ p, from, keys }) => {
            const slotOf = new Map(keys.map((key, i) => [key.toString('latin1'), from + i]));
            const { rows } = await client.execute(READ, [p, keys], PREPARED);
            for (const { k, v } of rows) {
              const slot = slotOf.get((k as Buffer).toString('latin1'));
              if (slot !== undefined) valueArena.set(v as Buffer, slot * VALUE_BYTES);
            }
            if (rows.length < slotOf.size) throw new Error(`${rows.length} rows of ${slotOf.size} keys`);
          }),
        );
      };
      for (let turn = 0; turn < keys / SLOTS; turn++) {
        batch.fillParts(turn);
        await write();
      }
      return {
        async run(batches) {
          for (; batches > 0; batches--) {
            batch.fill();
            await read();
            batch.change();
            await write();
          }
        },
        async close() {
          await client.execute(`DROP KEYSPACE ${KEYSPACE}`, [], SCHEMA);
          await client.shutdown();
        },
      };
    },
  };
}
