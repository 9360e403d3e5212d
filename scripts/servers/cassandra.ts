/** Starts Cassandra, one node on loopback with 512 MiB of heap (0.9 GB in all). It asks for no password. */
import { connect } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type JavaSession, startJavaServer } from './java-server.ts';
import type { ServerRequest, ServerStart } from './server.ts';

/** It takes 6 to 9 s to write out what it has in memory. */
const GRACE_MS = 20_000;
const HEAP = '512m';

/** What it takes of the internals of Java 17, as in its own `jvm17-server.options`. */
const EXPORTS = [
  'java.base/jdk.internal.misc',
  'java.base/java.lang.ref',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.management/com.sun.jmx.remote.security',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'jdk.unsupported/sun.misc',
  'jdk.compiler/com.sun.tools.javac.file',
  'jdk.attach/sun.tools.attach',
];
const OPENS = [
  'java.base/java.lang.module',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.util.jar',
  'java.base/sun.nio.ch',
  'java.base/java.io',
  'java.base/java.lang',
  'java.base/java.lang.reflect',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/java.nio',
  'jdk.management/com.sun.management.internal',
  'jdk.compiler/com.sun.tools.javac',
];

/**
 * Whether a write is acknowledged once it is on the disk (batch), or is in the page cache by then and on the disk within 10 s.
 * What need not survive the server either is for the keyspace to say: `durable_writes = false`.
 */
const COMMIT_LOG = {
  volatile: 'commitlog_sync: periodic\ncommitlog_sync_period: 10s',
  'process-crash': 'commitlog_sync: periodic\ncommitlog_sync_period: 10s',
  'os-crash': 'commitlog_sync: batch',
} as const;

type Port = 'native' | 'storage' | 'sslStorage';

/** What a test adds, so that a server asks of its clients what users' own servers may ask. It has to answer OPTIONS without TLS too. */
export interface CassandraConfiguration {
  /** Lines of `cassandra.yaml`. */
  readonly yaml?: string;
  /** For the virtual machine. */
  readonly flags?: readonly string[];
}

/**
 * Ready when its native port answers OPTIONS. The address is `HOST:PORT`, as the option `contactPoints` takes it. There is no
 * password: the server has one only after it was told so over a connection that has none, and users with their rights cost it
 * seconds at every start.
 */
export function startCassandra(request: ServerRequest, more: CassandraConfiguration = {}): Promise<ServerStart> {
  return startJavaServer(
    { name: 'cassandra', ports: ['native', 'storage', 'sslStorage'], start: (session) => start(session, more) },
    request,
  );
}

async function start(session: JavaSession<Port>, { yaml: lines = '', flags = [] }: CassandraConfiguration): Promise<string> {
  const { home, lib, files, ports } = session;
  session.configure('cassandra.yaml', yaml(session) + lines);
  session.configure('logback.xml', LOGBACK);
  const agent = files.find((file) => /^jamm-.*\.jar$/.test(file));
  await session.run({
    name: 'cassandra',
    flags: [
      `-Xms${HEAP}`,
      `-Xmx${HEAP}`,
      '-XX:+UseG1GC',
      '-XX:MaxDirectMemorySize=512m',
      '-Xss512k',
      ...EXPORTS.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
      ...OPENS.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
      '-Djdk.attach.allowAttachSelf=true',
      '-Dio.netty.tryReflectionSetAccessible=true',
      `-javaagent:${path.join(lib, agent ?? 'jamm.jar')}`,
      `-Djna.tmpdir=${path.join(home, 'tmp')}`,
      `-Dcassandra.config=${pathToFileURL(path.join(home, 'conf', 'cassandra.yaml')).href}`,
      `-Dcassandra.storagedir=${home}`,
      `-Dcassandra.logdir=${home}`,
      `-Dlogback.configurationFile=${path.join(home, 'conf', 'logback.xml')}`,
      '-Dcassandra-foreground=yes',
      // One node has no others to wait for.
      '-Dcassandra.skip_wait_for_gossip_to_settle=0',
      '-Dcassandra.ring_delay_ms=0',
      '-Dcassandra.broadcast_interval_ms=1000',
      ...flags,
    ],
    main: 'org.apache.cassandra.service.CassandraDaemon',
    graceMs: GRACE_MS,
  });
  await session.until(() => answersOptions(ports.native));
  return `127.0.0.1:${ports.native}`;
}

function yaml({ home, ports, durability }: JavaSession<Port>): string {
  const at = (folder: string): string => JSON.stringify(path.join(home, folder));
  return `cluster_name: statebench
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
num_tokens: 1
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
storage_port: ${ports.storage}
ssl_storage_port: ${ports.sslStorage}
native_transport_port: ${ports.native}
start_native_transport: true
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{ seeds: "127.0.0.1:${ports.storage}" }]
data_file_directories: [${at('data')}]
commitlog_directory: ${at('commitlog')}
saved_caches_directory: ${at('saved_caches')}
hints_directory: ${at('hints')}
cdc_raw_directory: ${at('cdc_raw')}
${COMMIT_LOG[durability]}
commitlog_segment_size: 16MiB
commitlog_total_space: 512MiB
memtable_heap_space: 128MiB
memtable_offheap_space: 256MiB
memtable_allocation_type: offheap_objects
memtable:
  configurations:
    default:
      inherits: trie
    trie:
      class_name: TrieMemtable
sstable:
  selected_format: bti
storage_compatibility_mode: NONE
key_cache_size: 16MiB
file_cache_size: 64MiB
concurrent_reads: 16
concurrent_writes: 16
# It gives up a request that its own process slept through, within 2 s by default. How long to wait is for the client to say.
read_request_timeout: 60s
range_request_timeout: 60s
write_request_timeout: 60s
cas_contention_timeout: 60s
# The default refuses a batch over 50 KiB.
batch_size_warn_threshold: 1MiB
batch_size_fail_threshold: 16MiB
unlogged_batch_across_partitions_warn_threshold: 1024
auto_snapshot: false
disk_access_mode: mmap
`;
}

const LOGBACK = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{ISO8601} %-5level [%thread] %logger{20} - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT"/></root>
</configuration>
`;

/** Version 4 of the native protocol: flags 0, stream 0, opcode OPTIONS, no body; the answer is SUPPORTED. */
const OPTIONS = Buffer.from([0x04, 0, 0, 0, 0x05, 0, 0, 0, 0]);
const SUPPORTED = 0x06;
const RESPONSE_4 = 0x84;

function answersOptions(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer: Buffer = Buffer.alloc(0);
    socket.setTimeout(2_000, () => socket.destroy());
    socket.once('connect', () => socket.write(OPTIONS));
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (answer.length >= OPTIONS.length) socket.destroy();
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(answer[0] === RESPONSE_4 && answer[4] === SUPPORTED));
  });
}
