// Proves on lines of real logs that a start that failed is told by its root cause, and that a taken port is recognised.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { endOfLog, rootCause, tellsOfTakenPort } from './server-log.ts';

const CASES = [
  [
    'Cassandra, whose port for other nodes is taken',
    `INFO  [main] 12:37:20 o.a.c.d.DatabaseDescriptor - Using DiskAccessMode mmap
2026-11-27 12:37:20,737 ERROR [main] o.a.c.s.CassandraDaemon - Fatal configuration error
org.apache.cassandra.exceptions.ConfigurationException: /127.0.0.1:44447 is in use by another process.  Change listen_address:storage_port
\tat org.apache.cassandra.net.InboundConnectionInitiator.bind(InboundConnectionInitiator.java:163)`,
    /^org\.apache\.cassandra\.exceptions\.ConfigurationException: \/127\.0\.0\.1:44447 is in use by another process/,
    true,
  ],
  [
    "HBase, whose ZooKeeper's port is taken",
    `Could not start ZK at requested port of 42183.  ZK was started at port: 42184.  Aborting as clients will not be able to find this ZK quorum.
2026-11-27 12:37:43,666 ERROR [main] master.HMasterCommandLine: Master exiting
java.io.IOException: Could not start ZK at requested port of 42183.  ZK was started at port: 42184.  Aborting
\tat org.apache.hadoop.hbase.master.HMasterCommandLine.startMaster(HMasterCommandLine.java:200)`,
    /^java\.io\.IOException: Could not start ZK at requested port of 42183/,
    true,
  ],
  [
    'HDFS, with causes in causes',
    `2026-11-27 12:33:00,001 ERROR [main] namenode.NameNode: Failed to start namenode.
java.net.BindException: Port in use: 127.0.0.1:4000
\tat org.apache.hadoop.http.HttpServer2.constructBindException(HttpServer2.java:1432)
Caused by: java.io.IOException: Failed to bind to /127.0.0.1:4000
\tat org.eclipse.jetty.server.ServerConnector.openAcceptChannel(ServerConnector.java:349)
Caused by: java.net.BindException: Address already in use
\tat java.base/sun.nio.ch.Net.bind0(Native Method)
2026-11-27 12:33:00,004 INFO  [main] util.ExitUtil: Exiting with status 1`,
    /^java\.net\.BindException: Address already in use$/,
    true,
  ],
  [
    'a virtual machine that does not start',
    `Error occurred during initialization of VM
Initial heap size set to a larger value than the maximum heap size`,
    /^Initial heap size set to a larger value/,
    false,
  ],
  ['a class that is not there', 'Error: Could not find or load main class org.apache.Nothing', /Could not find or load main class/, false],
  ['an empty one', '', /^it wrote no log$/, false],
] as const;

for (const [what, log, cause, isTaken] of CASES) {
  test(`the log of ${what}`, (t) => {
    t.regex(rootCause(log), cause);
    t.is(tellsOfTakenPort(log), isTaken);
  });
}

test('of a long log the end is read, of a missing one nothing', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'statebench-log-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'log');
  writeFileSync(file, `java.net.BindException: Address already in use\n${'INFO nothing\n'.repeat(50_000)}the last line\n`);
  t.is(rootCause(endOfLog(file)), 'the last line');
  t.is(endOfLog(path.join(folder, 'none')), '');
});
