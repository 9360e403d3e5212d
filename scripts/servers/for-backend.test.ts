// Proves that a backend or a storage gets the server that it needs by the option that takes it, and that where there is none it is told what to install.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Redis } from 'ioredis';
import { loadBackend, loadStorage } from '../../harness/modules.ts';
import { addressOption, needsServer, serversBytes, startServerFor, withoutServer } from './for-backend.ts';
import { startRedis } from './redis.ts';
import { requiredServer } from './required.ts';

const redis = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../brief-for-tests.js', import.meta.url));

// In the clone, where a module of one's own finds zod.
mkdirSync(path.join(ROOT, 'reports', 'out'), { recursive: true });
const folder = mkdtempSync(path.join(ROOT, 'reports', 'out', 'for-backend-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));
const empty = path.join(folder, 'empty');
mkdirSync(empty);

/** A module that needs a server and says what it was given; nobody opens it. */
function moduleOf(server: string, option: string): string {
  const file = path.join(folder, `needs-${server}.mjs`);
  writeFileSync(
    file,
    `import { z } from 'zod';
export const server = '${server}';
export const options = z.strictObject({ ${option}: z.string() });
const open = async () => { throw new Error('nobody opens it'); };
export default (settings) => ({ name: 'needs-${server}', settings, durability: 'volatile', open, restore: open, view: open, destroy: open });
`,
  );
  return file;
}

for (const [server, option, nowhere] of [
  ['redis', 'url', 'redis://127.0.0.1:1'],
  ['cassandra', 'contactPoints', '127.0.0.1:1'],
  ['hbase', 'url', 'thrift2://127.0.0.1:1'],
  ['hdfs', 'url', 'http://127.0.0.1:1'],
  ['another', 'url', 'tcp://127.0.0.1:1'],
] as const) {
  test(`${server} is named by ${option}=`, async (t) => {
    const file = moduleOf(server, option);
    const module = await loadBackend(file);
    t.is(addressOption(module), option);
    t.true(needsServer(module));
    t.deepEqual(withoutServer(module).create().settings, { [option]: nowhere });
    const named = await loadBackend(`${file}:${option}=one`);
    t.false(needsServer(named));
    t.is(withoutServer(named), named);
    await using served = await startServerFor(named, empty);
    t.is(served.module, named, 'a server was started though one is named');
  });
}

test('a module that needs no server is left as it is', async (t) => {
  const module = await loadBackend('memory');
  t.is(addressOption(module), null);
  t.false(needsServer(module));
  await using served = await startServerFor(module, empty);
  t.is(served.module, module);
});

test('the memory of servers: one where all share it, more where a job of several processes takes more of it, none of those that are named', async (t) => {
  const [first, second, named] = await Promise.all(['redis', 'redis@second', 'redis:url=redis://127.0.0.1:1'].map(loadBackend));
  const one = serversBytes([first!], 1);
  t.true(one > 0);
  t.is(serversBytes([first!, second!, named!], 1), 2 * one);
  t.is(serversBytes([first!], 4), one, 'a Redis takes no more of it');
  const [hashmap, rocksdb] = await Promise.all(['flink:hashmap', 'flink:rocksdb'].map(loadBackend));
  const cluster = serversBytes([hashmap!, rocksdb!], 1);
  t.is(cluster, serversBytes([hashmap!], 1));
  t.is(serversBytes([hashmap!, rocksdb!], 3) - cluster, 2 * (serversBytes([hashmap!], 2) - cluster));
  t.true(serversBytes([hashmap!], 2) > cluster);
});

if (redis !== undefined) {
  test('a server is started for a storage as for a backend, and is gone with its directory afterwards', async (t) => {
    const parent = mkdtempSync(path.join(folder, 'parent-'));
    const module = await loadStorage(moduleOf('redis', 'url'));
    const served = await startServerFor(module, parent);
    const client = new Redis(String(served.module.options.url), { lazyConnect: true, retryStrategy: () => null });
    await client.connect();
    // What is in a storage has to last.
    const setting = await client.config('GET', 'appendonly').finally(() => client.disconnect());
    t.deepEqual(setting, ['appendonly', 'yes']);
    t.is(readdirSync(parent).length, 1);
    await served[Symbol.asyncDispose]();
    t.deepEqual(readdirSync(parent), []);
  });
}

test('a server of an unknown kind has to be named', async (t) => {
  const error = await t.throwsAsync(startServerFor(await loadBackend(moduleOf('other', 'url')), empty));
  t.regex(error?.message ?? '', /^backend 'needs-other' needs other, which is not started here: give url=…$/);
});

function run(...args: readonly string[]): Promise<{ readonly code: number; readonly stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, STATEBENCH_CACHE: empty };
    execFile(process.execPath, [PROGRAM, ...args], { env, cwd: folder }, (error, _, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stderr }),
    );
  });
}

test('a command that needs a server which is not installed says what to install', async (t) => {
  const { code, stderr } = await run('conformance', moduleOf('cassandra', 'contactPoints'));
  t.is(code, 2);
  t.regex(
    stderr,
    /^statebench: backend 'needs-cassandra': cassandra [\d.]+ is not installed\. Run: npx statebench servers install cassandra$/m,
  );
});

test('a run whose checkpoint storage has no server measures nothing', async (t) => {
  const out = path.join(folder, 'run');
  const { code, stderr } = await run('run', '--backend', 'memory', '--checkpoint-storage', moduleOf('hdfs', 'url'), '--out', out);
  t.is(code, 2, stderr);
  t.regex(stderr, /storage 'needs-hdfs': hdfs [\d.]+ is not installed\. Run: npx statebench servers install hdfs/);
});

test('a run goes on without a backend whose server is not installed, and says why', async (t) => {
  const out = path.join(folder, 'without');
  const missing = moduleOf('hbase', 'url');
  const workload = ['--workload', 'synthetic:events=200000', '--profile', 'smoke'];
  const { code, stderr } = await run('run', '--backend', 'memory', '--backend', missing, ...workload, '--out', out);
  t.is(code, 3, stderr);
  t.regex(stderr, /memory\/.*output right/);
  t.regex(stderr, /needs-hbase.*hbase [\d.]+ is not installed\.\s+Run: npx statebench servers install hbase/);
});
