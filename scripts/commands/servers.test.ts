// Proves that a server started by `servers start` outlives that command, is told by `servers status` and ended by `servers stop` or with
// its keeper, and that `stop` ends nothing else. On Redis, which is up at once; the others are started by the same code.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Redis } from 'ioredis';
import { thisProcess } from '../../harness/process-identity.ts';
import { startRedis } from '../servers/redis.ts';
import { requiredServer } from '../servers/required.ts';

const PROGRAM = fileURLToPath(new URL('../statebench.js', import.meta.url));
/** What takes some milliseconds may take a busy machine seconds. */
const GONE_MS = 60_000;

const redis = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));

const root = mkdtempSync(path.join(tmpdir(), 'statebench-servers-command-test-'));
let caches = 0;
const used: string[] = [];
test.after.always('stop what runs and remove the folders', async () => {
  for (const cache of used) await servers(cache, 'stop');
  rmSync(root, { recursive: true, force: true });
});

function freshCache(): string {
  const cache = path.join(root, `cache-${caches++}`);
  used.push(cache);
  return cache;
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function servers(cache: string, ...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { ...process.env, STATEBENCH_CACHE: cache };
    execFile(process.execPath, [PROGRAM, 'servers', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function redisStatus(cache: string): Promise<Record<string, unknown>> {
  const { stdout } = await servers(cache, 'status', 'redis', '--json');
  return JSON.parse(stdout)[0];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function isGone(pid: number): Promise<boolean> {
  const start = performance.now();
  while (isAlive(pid) && performance.now() - start < GONE_MS) await pause(20);
  return !isAlive(pid);
}

async function ping(url: string): Promise<string> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  await client.connect();
  return await client.ping().finally(() => client.disconnect());
}

/** What a keeper wrote of itself. */
function keptFile(cache: string): string {
  return path.join(cache, 'running', 'redis.json');
}

/** A process that is none of statebench's. */
function bystander(): ChildProcess {
  return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
}

if (redis !== undefined) {
  test('a started server outlives the command, once however often it is started, until it is stopped', async (t) => {
    const cache = freshCache();
    const [one, two] = await Promise.all([servers(cache, 'start', 'redis'), servers(cache, 'start', 'redis')]);
    t.is(one.code + two.code, 0, one.stderr + two.stderr);
    t.is([one, two].filter(({ stderr }) => stderr.includes("runs until 'statebench servers stop redis'")).length, 1);
    t.is([one, two].filter(({ stderr }) => stderr.includes('runs already')).length, 1);
    const { running } = await redisStatus(cache);
    t.like(running, { durability: 'volatile' });
    const { url, use, pid } = running as { url: string; use: string; pid: number };
    t.is(use, `--backend redis:url=${url}`);
    t.is(await ping(url), 'PONG');
    t.is(statSync(path.join(cache, 'running')).mode & 0o077, 0, 'others could read the password');
    const { code, stderr } = await servers(cache, 'stop', 'redis');
    t.is(code, 0);
    t.regex(stderr, /redis is stopped/);
    t.false(isAlive(pid));
    t.deepEqual(readdirSync(path.join(cache, 'running')), []);
    t.regex((await servers(cache, 'stop', 'redis')).stderr, /does not run here: nothing to stop/);
  });

  test('its durability is what was asked for', async (t) => {
    const cache = freshCache();
    t.is((await servers(cache, 'start', 'redis', '--durability', 'os-crash')).code, 0);
    const { running } = (await redisStatus(cache)) as { running: { url: string } };
    const client = new Redis(running.url, { lazyConnect: true, retryStrategy: () => null });
    await client.connect();
    t.deepEqual(await client.config('GET', 'appendfsync'), ['appendfsync', 'always']);
    client.disconnect();
  });

  for (const [what, victim] of [
    ['its keeper is killed', 'keeper'],
    ['it is killed itself', 'server'],
  ] as const) {
    test(`nothing is left, and status says so, when ${what}`, async (t) => {
      const cache = freshCache();
      t.is((await servers(cache, 'start', 'redis')).code, 0);
      const { keeper, pids } = JSON.parse(readFileSync(keptFile(cache), 'utf8'));
      process.kill(victim === 'keeper' ? keeper.pid : pids[0], 'SIGKILL');
      t.true(await isGone(pids[0]));
      t.true(await isGone(keeper.pid));
      t.is((await redisStatus(cache)).running, null);
      t.deepEqual(readdirSync(path.join(cache, 'running')), []);
      t.regex((await servers(cache, 'stop')).stderr, /no server runs here/);
    });
  }
}

/** What is written of a server by a keeper of this identity. */
function enter(cache: string, keeper: object, pid: number): void {
  mkdirSync(path.join(cache, 'running'), { recursive: true });
  const kept = { schema: 1, server: 'redis', keeper, pids: [pid], url: 'redis://127.0.0.1:1', durability: 'volatile' };
  writeFileSync(keptFile(cache), JSON.stringify({ ...kept, directory: root, startedAt: new Date().toISOString() }));
}

test('a process that was given the number of a keeper is not stopped', async (t) => {
  const cache = freshCache();
  const { pid } = bystander();
  enter(cache, { pid, startTicks: 1, host: hostname() }, pid!);
  t.is((await redisStatus(cache)).running, null);
  t.regex((await servers(cache, 'stop', 'redis')).stderr, /nothing to stop/);
  t.true(isAlive(pid!));
  process.kill(pid!, 'SIGKILL');
});

test('a server of another machine is told and left alone', async (t) => {
  const cache = path.join(root, 'shared');
  enter(cache, { ...thisProcess(), host: 'another-machine' }, process.pid);
  for (const what of ['start', 'stop', 'status']) {
    const { code, stderr } = await servers(cache, what, 'redis');
    t.is(code, 2);
    t.regex(stderr, /redis was started on another-machine: stop it there, or remove .*redis\.json/);
  }
  t.true(isAlive(process.pid));
});

test('what is not installed is told: a failure where it was asked for by name', async (t) => {
  const cache = freshCache();
  const { code, stderr } = await servers(cache, 'start', 'cassandra');
  t.is(code, 2);
  t.regex(stderr, /cassandra was not started: cassandra [\d.]+ is not installed\. Run: npx statebench servers install cassandra/);
  t.regex((await servers(cache, 'status')).stderr, /^hbase [\d.]+ +not installed: npx statebench servers install hbase$/m);
  t.regex((await servers(cache, 'start', 'casandra')).stderr, /no server 'casandra' here\. Did you mean 'cassandra'/);
});
