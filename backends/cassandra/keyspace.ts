/** The keyspace: made, or found to be ours. What somebody else made there is never touched. */
import { BackendError, type Durability } from '../contract.ts';
import type { CassandraSession } from './session.ts';

/** A keyspace with this table in it is ours. */
const MARKER = 'statebench';
const FORMAT = '1';

/** Everything is written once and read back soon; a deleted partition is never written to again. */
const ROWS = "compression = {'enabled': false} AND gc_grace_seconds = 0 AND speculative_retry = 'NONE'";

const TABLES = {
  /** First, so that a keyspace with tables and without this one is somebody else's. Its row comes last, when all is there. */
  [MARKER]: '(format text PRIMARY KEY)',
  namespaces: '(namespace text, entry text, value text, PRIMARY KEY (namespace, entry))',
  /** Value tables: a partition of a window, the key, packed versions. */
  value_rows: `(p blob, k blob, v blob, PRIMARY KEY (p, k)) WITH ${ROWS}`,
  /** List tables: a partition of a window, the key, the element's number. */
  list_rows: `(p blob, k blob, n bigint, v blob, PRIMARY KEY (p, k, n)) WITH ${ROWS}`,
} as const;

export interface KeyspaceOptions {
  readonly name: string;
  readonly replication: number;
  readonly durability: Durability;
}

/**
 * Makes the keyspace and its tables where they are missing. An empty keyspace that somebody made for us is taken as it is.
 * @throws BackendError `refused` if it holds tables of somebody else, or keeps less, or more, than `durability` asks.
 */
export async function openKeyspace(session: CassandraSession, { name, replication, durability }: KeyspaceOptions): Promise<void> {
  const durable = durability !== 'volatile';
  const keyspace = () => session.rows('SELECT durable_writes FROM system_schema.keyspaces WHERE keyspace_name = ?', [name]);
  let [found] = await keyspace();
  if (found === undefined) {
    const strategy = `{'class': 'SimpleStrategy', 'replication_factor': ${replication}}`;
    await session.define(`CREATE KEYSPACE IF NOT EXISTS ${name} WITH replication = ${strategy} AND durable_writes = ${durable}`);
    [found] = await keyspace();
  }
  const tables = await session.rows('SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?', [name]);
  const names = tables.map((row) => String(row.table_name));
  if (names.length > 0 && !names.includes(MARKER)) {
    throw new BackendError(
      'refused',
      `keyspace ${name} is not Statebench's: it holds ${names.slice(0, 3).join(', ')}; give keyspace=… with a name that is not taken`,
    );
  }
  if (found?.durable_writes !== durable) {
    throw new BackendError(
      'refused',
      `keyspace ${name} has durable_writes = ${found?.durable_writes}, and durability=${durability} asks for ${durable}: give keyspace=… with another name`,
    );
  }
  if (names.includes(MARKER)) {
    const marked = await session.rows(`SELECT format FROM ${name}.${MARKER} WHERE format = ?`, [FORMAT]).catch(unlessInTheMaking);
    if (marked.length > 0) return;
  }
  for (const [table, columns] of Object.entries(TABLES)) await session.define(`CREATE TABLE IF NOT EXISTS ${name}.${table} ${columns}`);
  await session.rows(`INSERT INTO ${name}.${MARKER} (format) VALUES (?)`, [FORMAT]);
}

/** What Cassandra says of a table that the schema tells of already, or only just. */
const IN_THE_MAKING = new RegExp(`table ${MARKER} does not exist|Unknown CF`);

/**
 * A table that another store is making right now is told of by the schema before it can be asked. Making it again, if it is not
 * there, waits until it can.
 */
function unlessInTheMaking(error: unknown): readonly [] {
  if (error instanceof BackendError && IN_THE_MAKING.test(error.message)) return [];
  throw error;
}
