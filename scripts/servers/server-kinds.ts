/**
 * The kinds of servers that a backend or a checkpoint storage may need, and the one option by which it takes the address:
 *
 *     redis      url=redis://[USER:PASSWORD@]HOST:PORT
 *     cassandra  contactPoints=HOST:PORT[;HOST:PORT…]
 *     hbase      url=thrift2://HOST:PORT
 *     hdfs       url=http://HOST:PORT[+http://HOST:PORT]
 *     flink      url=http://HOST:PORT, of the JobManager
 *
 * The comma would part options.
 */
import { startCassandra } from './cassandra.ts';
import { startFlink } from './flink.ts';
import { startHBase } from './hbase.ts';
import { startHdfs } from './hdfs.ts';
import { startRedis } from './redis.ts';
import type { ServerRequest, ServerStart } from './server.ts';

export interface ServerKind {
  /** The option that takes the address. */
  readonly option: string;
  /** Of the command line, which takes the module of the same name. */
  readonly flag: '--backend' | '--checkpoint-storage';
  /** Where nothing listens: a module can be made with it, to ask for its settings, but not opened. */
  readonly nowhere: string;
  /** Whether one serves all the modules of a run that need one: a cluster, which has one of them at a time at work. */
  readonly shared: boolean;
  /** Resident, of a small state under load, by one process of a job. */
  readonly memoryBytes: number;
  /** What each further process of a job adds to it. */
  readonly memoryBytesPerPart: number;
  readonly start: (request: ServerRequest) => Promise<ServerStart>;
}

const MIB = 2 ** 20;

export const SERVER_KINDS = {
  redis: {
    option: 'url',
    flag: '--backend',
    nowhere: 'redis://127.0.0.1:1',
    shared: false,
    memoryBytes: 32 * MIB,
    memoryBytesPerPart: 0,
    start: startRedis,
  },
  cassandra: {
    option: 'contactPoints',
    flag: '--backend',
    nowhere: '127.0.0.1:1',
    shared: false,
    memoryBytes: 900 * MIB,
    memoryBytesPerPart: 0,
    start: startCassandra,
  },
  hbase: {
    option: 'url',
    flag: '--backend',
    nowhere: 'thrift2://127.0.0.1:1',
    shared: false,
    memoryBytes: 800 * MIB,
    memoryBytesPerPart: 0,
    start: startHBase,
  },
  hdfs: {
    option: 'url',
    flag: '--checkpoint-storage',
    nowhere: 'http://127.0.0.1:1',
    shared: false,
    memoryBytes: 420 * MIB,
    memoryBytesPerPart: 0,
    start: startHdfs,
  },
  flink: {
    option: 'url',
    flag: '--backend',
    nowhere: 'http://127.0.0.1:1',
    shared: true,
    memoryBytes: 1800 * MIB,
    // The second TaskManager is there anyway, and has nothing to do.
    memoryBytesPerPart: 1000 * MIB,
    start: startFlink,
  },
} as const satisfies Readonly<Record<string, ServerKind>>;

export type ServerName = keyof typeof SERVER_KINDS;

export const SERVER_NAMES = Object.keys(SERVER_KINDS) as readonly ServerName[];
