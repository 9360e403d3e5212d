/** Starts HDFS on loopback: a NameNode with WebHDFS, and one DataNode, of 256 MiB of heap each at most. */
import { existsSync, mkdirSync } from 'node:fs';
import { get } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type JavaProcess, type JavaSession, startJavaServer } from './java-server.ts';
import type { ServerRequest, ServerStart } from './server.ts';
import { siteFile } from './site-file.ts';

const GRACE_MS = 5_000;
const PORTS = ['nameRpc', 'nameHttp', 'data', 'dataHttp', 'dataIpc'] as const;
type Port = (typeof PORTS)[number];

const PACKAGES = [
  'java.io',
  'java.lang',
  'java.lang.reflect',
  'java.math',
  'java.net',
  'java.text',
  'java.util',
  'java.util.concurrent',
  'java.util.zip',
  'sun.security.util',
  'sun.security.x509',
];
const FLAGS = [
  '-Xms64m',
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-Djava.net.preferIPv4Stack=true',
  ...PACKAGES.flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`]),
];

const LOGGING = `log4j.rootLogger=INFO,OUT
log4j.appender.OUT=org.apache.log4j.ConsoleAppender
log4j.appender.OUT.layout=org.apache.log4j.PatternLayout
log4j.appender.OUT.layout.ConversionPattern=%d{ISO8601} %-5p [%t] %c{2}: %m%n
`;

/**
 * Ready when the NameNode says that it is operational and has a live DataNode. The address is that of WebHDFS, `http://HOST:PORT`.
 * `os-crash` has a DataNode write a block through to the disk when it is closed.
 */
export function startHdfs(request: ServerRequest): Promise<ServerStart> {
  return startJavaServer({ name: 'hdfs', ports: PORTS, start }, request);
}

async function start(session: JavaSession<Port>): Promise<string> {
  const { home, ports } = session;
  configure(session);
  const namenode: JavaProcess = {
    name: 'namenode',
    flags: FLAGS,
    main: 'org.apache.hadoop.hdfs.server.namenode.NameNode',
    graceMs: GRACE_MS,
  };
  if (!existsSync(path.join(home, 'name', 'current', 'VERSION')))
    await session.finish({ ...namenode, name: 'format', args: ['-format', '-force', '-nonInteractive'] });
  await session.run(namenode);
  await session.run({ ...namenode, name: 'datanode', main: 'org.apache.hadoop.hdfs.server.datanode.DataNode' });
  await session.until(() => isOperational(ports.nameHttp));
  return `http://127.0.0.1:${ports.nameHttp}`;
}

function configure({ home, ports, durability, configure: write }: JavaSession<Port>): void {
  // The jars carry no web pages, but the servers insist on the folders.
  for (const pages of ['hdfs', 'datanode', 'static']) mkdirSync(path.join(home, 'conf', 'webapps', pages), { recursive: true });
  const at = (port: Port): string => `127.0.0.1:${ports[port]}`;
  const folder = (name: string): string => pathToFileURL(path.join(home, name)).href;
  write('core-site.xml', siteFile({ 'fs.defaultFS': `hdfs://${at('nameRpc')}`, 'hadoop.tmp.dir': path.join(home, 'tmp') }));
  write(
    'hdfs-site.xml',
    siteFile({
      'dfs.replication': 1,
      'dfs.namenode.name.dir': folder('name'),
      'dfs.datanode.data.dir': folder('data'),
      'dfs.namenode.rpc-address': at('nameRpc'),
      'dfs.namenode.http-address': at('nameHttp'),
      'dfs.datanode.address': at('data'),
      'dfs.datanode.http.address': at('dataHttp'),
      'dfs.datanode.ipc.address': at('dataIpc'),
      'dfs.datanode.hostname': '127.0.0.1',
      'dfs.permissions.enabled': true,
      'dfs.namenode.datanode.registration.ip-hostname-check': false,
      'dfs.blocksize': 128 * 2 ** 20,
      // By default a DataNode keeps a gibibyte free beside.
      'dfs.datanode.round-robin-volume-choosing-policy.additional-available-space': 0,
      'dfs.namenode.fs-limits.min-block-size': 0,
      'dfs.namenode.safemode.extension': 0,
      'dfs.namenode.handler.count': 8,
      'dfs.datanode.handler.count': 8,
      'dfs.heartbeat.interval': 1,
      'dfs.datanode.synconclose': durability === 'os-crash',
      'dfs.client.block.write.replace-datanode-on-failure.policy': 'NEVER',
    }),
  );
  write('log4j.properties', LOGGING);
}

const STATE = '/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState';

/** Open ports are not enough: out of safe mode, and with somewhere to put blocks. */
function isOperational(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: STATE, timeout: 2_000, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', () => resolve(false));
      response.on('end', () => resolve(/"FSState"\s*:\s*"Operational"/.test(text) && /"NumLiveDataNodes"\s*:\s*1\b/.test(text)));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
