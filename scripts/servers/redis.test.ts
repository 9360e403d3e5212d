// Proves that a started Redis answers only to its password and only on loopback, and that no server outlives its owner.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Redis } from 'ioredis';
import { startGuarded } from './guarded-process.ts';
import { startRedis } from './redis.ts';
import { requiredServer } from './required.ts';

const redis = await requiredServer(test, (at) => startRedis({ directory: at, durability: 'volatile' }));
/** A busy machine may take seconds for what takes some milliseconds; the times are in the log. */
const PATIENT_MS = 60_000;

const directories: string[] = [];
function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'statebench-servers-test-'));
  directories.push(made);
  return made;
}
test.after.always('remove the directories', () => {
  for (const made of directories) rmSync(made, { recursive: true, force: true });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function millisUntilGone(pid: number): Promise<number> {
  const start = performance.now();
  while (alive(pid) && performance.now() - start < PATIENT_MS) await new Promise((resolve) => setTimeout(resolve, 10));
  return performance.now() - start;
}

if (redis !== undefined) {
  test('it answers to its password only, and the password is in no argument', async (t) => {
    const { port, password } = new URL(redis.url);
    t.regex(password, /^[0-9a-f]{32,}$/);
    const client = new Redis(redis.url, { lazyConnect: true, retryStrategy: () => null });
    await client.connect();
    t.is(await client.ping(), 'PONG');
    t.deepEqual(await client.config('GET', 'bind'), ['bind', '127.0.0.1']);
    t.deepEqual(await client.config('GET', 'save'), ['save', '']);
    t.deepEqual(await client.config('GET', 'appendonly'), ['appendonly', 'no']);
    t.regex(await client.info('server'), new RegExp(`process_id:${redis.pid}\\r`));
    client.disconnect();
    const stranger = new Redis(Number(port), '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    stranger.on('error', () => {});
    await t.throwsAsync(async () => {
      await stranger.connect();
      await stranger.get('a');
    });
    stranger.disconnect();
    if (process.platform === 'linux') t.false(readFileSync(`/proc/${redis.pid}/cmdline`, 'utf8').includes(password));
  });

  for (const [durability, appendfsync] of [
    ['process-crash', 'everysec'],
    ['os-crash', 'always'],
  ] as const) {
    test(`durability ${durability} keeps an append-only file, synced ${appendfsync}`, async (t) => {
      const at = directory();
      const started = await startRedis({ directory: at, durability });
      if (started.state !== 'running') return t.fail(started.reason);
      const client = new Redis(started.server.url, { lazyConnect: true, retryStrategy: () => null });
      await client.connect();
      t.deepEqual(await client.config('GET', 'appendonly'), ['appendonly', 'yes']);
      t.deepEqual(await client.config('GET', 'appendfsync'), ['appendfsync', appendfsync]);
      client.disconnect();
      await started.server.stop();
      await started.server.stop();
      t.false(alive(started.server.pid));
      t.is(statSync(join(at, 'redis.conf')).mode & 0o077, 0, 'others could read the password');
    });
  }

  test('started again in its directory it has its address and what it kept', async (t) => {
    const at = directory();
    const connected = async (url: string, body: (client: Redis) => Promise<void>): Promise<void> => {
      const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
      await client.connect();
      await body(client).finally(() => client.disconnect());
    };
    const first = await startRedis({ directory: at, durability: 'process-crash' });
    if (first.state !== 'running') return t.fail(first.reason);
    await connected(first.server.url, async (client) => void (await client.set('kept', '42')));
    process.kill(first.server.pid, 'SIGKILL');
    t.is(await first.server.exited, 137);
    const second = await startRedis({ directory: at, durability: 'process-crash' });
    if (second.state !== 'running') return t.fail(second.reason);
    t.is(second.server.url, first.server.url);
    await connected(second.server.url, async (client) => void t.is(await client.get('kept'), '42'));
    await second.server.stop();
  });

  for (const [how, end] of [
    ['is killed', 'setInterval(() => {}, 1000);'],
    ['ends without stopping it', 'setTimeout(() => {}, 100);'],
    ['throws', 'setTimeout(() => { throw new Error("on purpose"); }, 100);'],
  ] as const) {
    test(`a server is gone when its owner ${how}`, async (t) => {
      const module = new URL('./redis.js', import.meta.url).href;
      const program = `
        const { startRedis } = await import(${JSON.stringify(module)});
        const started = await startRedis({ directory: ${JSON.stringify(directory())}, durability: 'volatile' });
        console.log(started.server.pid);
        ${end}`;
      const owner = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
      const ended = new Promise((resolve) => owner.once('exit', resolve));
      const pid = await new Promise<number>((resolve) => owner.stdout.once('data', (line) => resolve(Number(line))));
      t.true(alive(pid));
      if (how === 'is killed') owner.kill('SIGKILL');
      await ended;
      const ms = await millisUntilGone(pid);
      t.log(`gone ${ms.toFixed(0)} ms after its owner`);
      t.false(alive(pid));
    });
  }
}

test('a server that does not end when asked is killed after the grace', async (t) => {
  const at = directory();
  const args = ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done'];
  const log = join(at, 'log');
  const stubborn = await startGuarded({ command: '/bin/sh', args, directory: at, log, graceMs: 300 });
  while (!readFileSync(log, 'utf8').includes('ready')) await new Promise((resolve) => setTimeout(resolve, 10));
  const start = performance.now();
  await stubborn.stop();
  const ms = performance.now() - start;
  t.true(ms >= 250 && ms < PATIENT_MS, `took ${ms} ms`);
  t.is(await stubborn.exited, 137);
  t.false(alive(stubborn.pid));
});

test('a command that does not exist ends at once', async (t) => {
  const at = directory();
  const nothing = await startGuarded({ command: './no-such-server', args: [], directory: at, log: join(at, 'log'), graceMs: 300 });
  t.is(await nothing.exited, 127);
  await nothing.stop();
});

test.serial('without redis-server on the PATH the answer is why, and what to do', async (t) => {
  const path = process.env.PATH;
  process.env.PATH = directory();
  try {
    const started = await startRedis({ directory: directory(), durability: 'volatile' });
    t.is(started.state, 'unavailable');
    if (started.state === 'unavailable') t.regex(`${started.reason}. ${started.remedy}`, /no redis-server on the PATH.*Install Redis/);
  } finally {
    process.env.PATH = path;
  }
});

test.serial('a test that needs a server is skipped with the reason, and fails on CI', async (t) => {
  const ci = process.env.CI;
  const seen: string[] = [];
  const t2 = { fail: (message: string) => void seen.push(`failed: ${message}`) };
  const register = Object.assign((_title: string, body: (t: typeof t2) => void) => body(t2), {
    skip: (title: string) => void seen.push(`skipped: ${title}`),
    after: { always: () => t.fail('there is nothing to stop') },
  });
  try {
    for (const value of [undefined, 'true']) {
      if (value === undefined) delete process.env.CI;
      else process.env.CI = value;
      const none = await requiredServer(register, async () => ({ state: 'unavailable', reason: 'no server here', remedy: 'Install one.' }));
      t.is(none, undefined);
    }
    const why = 'not tested: no server here. Install one.';
    t.deepEqual(seen, [`skipped: ${why}`, `failed: ${why} On CI every server has to be there.`]);
  } finally {
    if (ci === undefined) delete process.env.CI;
    else process.env.CI = ci;
  }
});
