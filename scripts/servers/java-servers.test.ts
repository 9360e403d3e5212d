// Proves that Cassandra, HBase and HDFS listen on loopback alone, that nothing of them outlives an owner that is killed, and that they
// come back in the same directory, at the same address, with what they kept. One process owns each, so that it can be killed.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Client } from 'cassandra-driver';
import { startCassandra } from './cassandra.ts';
import { startHBase } from './hbase.ts';
import { startHdfs } from './hdfs.ts';
import { requiredServers } from './required.ts';
import type { RunningServer, ServerRequest, ServerStart } from './server.ts';

/** Longer than the grace of any of them. */
const GONE_MS = 25_000;
/** Of each server, once it was asked for. */
const requests = new Map<string, ServerRequest>();

/** The server, owned by a process of its own, which `stop` kills. */
async function startOwned(file: string, start: string, directory: string): Promise<ServerStart> {
  const request: ServerRequest = { directory, durability: 'process-crash' };
  requests.set(file, request);
  const program = `
    const { ${start} } = await import(${JSON.stringify(new URL(`./${file}.js`, import.meta.url).href)});
    console.log(JSON.stringify(await ${start}(${JSON.stringify(request)})));
    process.stdin.resume().once('end', () => process.exit());`;
  // It ends with this process too, however that ends: its input ends then.
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number>((resolve) => owner.once('exit', (code) => resolve(code ?? -1)));
  let line = '';
  for await (const part of owner.stdout) {
    line += part;
    if (line.includes('\n')) break;
  }
  const started = JSON.parse(line) as ServerStart;
  if (started.state === 'unavailable') owner.kill('SIGKILL');
  else {
    const stop = async (): Promise<void> => {
      owner.kill('SIGKILL');
      await ended;
    };
    Object.assign(started.server, { exited: ended, stop });
  }
  return started;
}

const { cassandra, hdfs, hbase } = await requiredServers(test, {
  cassandra: (directory) => startOwned('cassandra', 'startCassandra', directory),
  hdfs: (directory) => startOwned('hdfs', 'startHdfs', directory),
  hbase: (directory) => startOwned('hbase', 'startHBase', directory),
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function killOwner(t: ExecutionContext, { pids, stop }: RunningServer): Promise<void> {
  t.true(pids.every(isAlive));
  const start = performance.now();
  await stop();
  while (pids.some(isAlive) && performance.now() - start < GONE_MS) await pause(20);
  t.false(pids.some(isAlive), `still there ${GONE_MS} ms after its owner was killed`);
  t.log(`gone ${(performance.now() - start).toFixed(0)} ms after its owner was killed`);
}

/** Addresses, in the kernel's hexadecimal form, of what a process listens on; see proc(5), /proc/net/tcp. */
function listeningOn(pid: number): readonly string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).map((descriptor) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
      } catch {
        return undefined;
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9]))
      .map((fields) => fields[1]!.split(':')[0]!),
  );
}

/** 127.0.0.1, the same mapped into version 6, and ::1. */
const LOOPBACK = ['0100007F', '0000000000000000FFFF00000100007F', '00000000000000000000000001000000'];

function onLoopbackAlone(t: ExecutionContext, { pids }: RunningServer): void {
  if (process.platform !== 'linux') return;
  for (const pid of pids) {
    const addresses = listeningOn(pid);
    t.true(addresses.length > 0, 'it listens nowhere');
    t.deepEqual(
      addresses.filter((address) => !LOOPBACK.includes(address)),
      [],
    );
  }
}

/** Starts the server in the directory that it had, and stops it once `check` is done. */
async function again(
  t: ExecutionContext,
  start: (request: ServerRequest) => Promise<ServerStart>,
  { file, url }: { readonly file: string; readonly url: string },
  check: () => Promise<void>,
): Promise<void> {
  const started = await start(requests.get(file)!);
  if (started.state === 'unavailable') return t.fail(started.reason);
  const { server } = started;
  try {
    t.is(server.url, url);
    await check();
  } finally {
    await server.stop();
  }
  t.false(server.pids.some(isAlive));
}

if (cassandra !== undefined) {
  test('cassandra', async (t) => {
    const connected = async (body: (client: Client) => Promise<void>): Promise<void> => {
      const client = new Client({ contactPoints: [cassandra.url], localDataCenter: 'datacenter1' });
      await client.connect();
      await body(client).finally(() => client.shutdown());
    };
    onLoopbackAlone(t, cassandra);
    await connected(async (client) => {
      await client.execute("CREATE KEYSPACE kept WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
      await client.execute('CREATE TABLE kept.rows (key int PRIMARY KEY, value int)');
      await client.execute('INSERT INTO kept.rows (key, value) VALUES (1, 42)');
    });
    await killOwner(t, cassandra);
    await again(t, startCassandra, { file: 'cassandra', url: cassandra.url }, () =>
      connected(async (client) => {
        t.is((await client.execute('SELECT value FROM kept.rows WHERE key = 1')).first()?.value, 42);
      }),
    );
  });
}

if (hdfs !== undefined) {
  test('hdfs', async (t) => {
    const folder = `${hdfs.url}/webhdfs/v1/kept?user.name=${userInfo().username}`;
    onLoopbackAlone(t, hdfs);
    t.deepEqual(await (await fetch(`${folder}&op=MKDIRS`, { method: 'PUT' })).json(), { boolean: true });
    await killOwner(t, hdfs);
    await again(t, startHdfs, { file: 'hdfs', url: hdfs.url }, async () => {
      t.like(await (await fetch(`${folder}&op=GETFILESTATUS`)).json(), { FileStatus: { type: 'DIRECTORY' } });
    });
  });
}

if (hbase !== undefined) {
  test('hbase', async (t) => {
    onLoopbackAlone(t, hbase);
    await killOwner(t, hbase);
    await again(t, startHBase, { file: 'hbase', url: hbase.url }, async () => {});
  });
}
