/** Starts HBase on loopback: a master with its region server and ZooKeeper in one process, and the Thrift2 gateway (0.5 to 1 GB). */
import { connect } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type JavaSession, startJavaServer } from './java-server.ts';
import type { ServerRequest, ServerStart } from './server.ts';
import { endOfLog } from './server-log.ts';
import { siteFile } from './site-file.ts';

/** The master takes 3 to 31 s to end by itself; killed, it lost nothing that it had acknowledged. */
const MASTER_GRACE_MS = 10_000;
const GATEWAY_GRACE_MS = 3_000;
/**
 * How long the one process may stand still, or its machine be too busy for it, before ZooKeeper, which is in the same process, takes
 * it for dead. Of ZooKeeper's own 10 s for a cluster in one process a stop of 5 s and a busy machine used up enough: master and region
 * server then abort, and the gateway asks in vain for them as long as any client waits.
 */
const SESSION_MS = 120_000;
/** ZooKeeper grants sessions of 2 to 20 ticks. */
const TICK_MS = SESSION_MS / 20;
const PORTS = ['zookeeper', 'master', 'region', 'thrift'] as const;
type Port = (typeof PORTS)[number];

const OPENS = [
  'java.io',
  'java.nio',
  'sun.nio.ch',
  'java.lang',
  'jdk.internal.ref',
  'java.lang.reflect',
  'java.util',
  'java.util.concurrent',
];
const EXPORTS = ['java.base/jdk.internal.misc', 'java.security.jgss/sun.security.krb5', 'java.base/sun.net.dns', 'java.base/sun.net.util'];
const FLAGS = [
  '-XX:+UseG1GC',
  '-Djava.net.preferIPv4Stack=true',
  '-Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true',
  '--add-modules',
  'jdk.unsupported',
  ...OPENS.flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`]),
  ...EXPORTS.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
];

const LOGGING = `log4j.rootLogger=INFO,OUT
log4j.appender.OUT=org.apache.log4j.ConsoleAppender
log4j.appender.OUT.layout=org.apache.log4j.PatternLayout
log4j.appender.OUT.layout.ConversionPattern=%d{ISO8601} %-5p [%t] %c{2}: %m%n
log4j.logger.org.apache.zookeeper=WARN
`;

/**
 * Ready when the gateway has got the list of namespaces from the master. The address is `thrift2://HOST:PORT`, framed.
 * `os-crash` has every write ahead logged through to the disk; otherwise it is in the page cache when it is acknowledged. What need
 * not be logged at all is for the table to say: `SKIP_WAL`.
 */
export function startHBase(request: ServerRequest): Promise<ServerStart> {
  return startJavaServer({ name: 'hbase', ports: PORTS, start }, request);
}

async function start(session: JavaSession<Port>): Promise<string> {
  const { home, ports } = session;
  session.configure('hbase-site.xml', site(session));
  session.configure('log4j.properties', LOGGING);
  await session.run({
    name: 'master',
    flags: ['-Xms256m', '-Xmx1g', ...FLAGS],
    main: 'org.apache.hadoop.hbase.master.HMaster',
    args: ['start'],
    graceMs: MASTER_GRACE_MS,
  });
  // A gateway that is started before gives up.
  await session.until(async () => endOfLog(path.join(home, 'master.log')).includes('Master has completed initialization'));
  await session.run({
    name: 'thrift2',
    flags: ['-Xms64m', '-Xmx256m', ...FLAGS],
    main: 'org.apache.hadoop.hbase.thrift2.ThriftServer',
    args: ['start', '-p', String(ports.thrift)],
    graceMs: GATEWAY_GRACE_MS,
  });
  await session.until(() => listsNamespaces(ports.thrift));
  return `thrift2://127.0.0.1:${ports.thrift}`;
}

function site({ home, ports, durability }: JavaSession<Port>): string {
  return siteFile({
    'hbase.rootdir': pathToFileURL(path.join(home, 'data')).href,
    'hbase.tmp.dir': path.join(home, 'tmp'),
    'hbase.cluster.distributed': false,
    'hbase.zookeeper.quorum': '127.0.0.1',
    'hbase.zookeeper.property.clientPort': ports.zookeeper,
    'hbase.zookeeper.property.dataDir': path.join(home, 'zookeeper'),
    'hbase.zookeeper.property.tickTime': TICK_MS,
    'zookeeper.session.timeout.localHBaseCluster': SESSION_MS,
    'zookeeper.session.timeout': SESSION_MS,
    // The local file system passes what it is given to the kernel, but does not claim to.
    'hbase.unsafe.stream.capability.enforce': false,
    'fs.file.impl': 'org.apache.hadoop.fs.RawLocalFileSystem',
    'hbase.wal.provider': 'filesystem',
    'hbase.wal.hsync': durability === 'os-crash',
    'hbase.unsafe.regionserver.hostname': '127.0.0.1',
    'hbase.master.hostname': '127.0.0.1',
    'hbase.master.ipc.address': '127.0.0.1',
    'hbase.regionserver.ipc.address': '127.0.0.1',
    'hbase.master.port': ports.master,
    'hbase.regionserver.port': ports.region,
    'hbase.master.info.port': -1,
    'hbase.regionserver.info.port': -1,
    'hbase.regionserver.handler.count': 16,
    'hbase.master.start.timeout.localHBaseCluster': 120_000,
    'hbase.master.wait.on.regionservers.mintostart': 1,
    'hbase.master.wait.on.regionservers.interval': 100,
    'hbase.regionserver.msginterval': 500,
    'hbase.hregion.memstore.flush.size': 64 * 2 ** 20,
    'hbase.regionserver.thrift.port': ports.thrift,
    'hbase.regionserver.thrift.ipaddress': '127.0.0.1',
    'hbase.thrift.info.port': -1,
    'hbase.regionserver.thrift.framed': true,
    'hbase.regionserver.thrift.framed.max_frame_size_in_mb': 64,
    'hbase.thrift.server.socket.read.timeout': 600_000,
    'hbase.client.retries.number': 8,
  });
}

/** A call without arguments, in Thrift's strict binary protocol and a frame. */
function callOf(method: string): Buffer {
  const name = Buffer.from(method);
  const call = Buffer.alloc(4 + 4 + 4 + name.length + 4 + 1);
  call.writeUInt32BE(call.length - 4, 0);
  call.writeUInt32BE(0x80010001, 4);
  call.writeUInt32BE(name.length, 8);
  name.copy(call, 12);
  return call;
}

const LIST_NAMESPACES = callOf('listNamespaceDescriptors');
/** Of an answer: after its length, that it is a reply, and after name and sequence number that field 0 is a list. */
const REPLY = Buffer.from([0x80, 0x01, 0x00, 0x02]);
const RESULT_LIST = Buffer.from([15, 0, 0]);

function listsNamespaces(port: number): Promise<boolean> {
  const resultAt = LIST_NAMESPACES.length - 1;
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer: Buffer = Buffer.alloc(0);
    socket.setTimeout(10_000, () => socket.destroy());
    socket.once('connect', () => socket.write(LIST_NAMESPACES));
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (answer.length >= resultAt + RESULT_LIST.length) socket.destroy();
    });
    socket.on('error', () => {});
    socket.once('close', () =>
      resolve(answer.subarray(4, 8).equals(REPLY) && answer.subarray(resultAt, resultAt + RESULT_LIST.length).equals(RESULT_LIST)),
    );
  });
}
