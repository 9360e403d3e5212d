// Proves the Redis backend by the conformance suite, and that a server which is absent, locked, full, old, weak, silent
// or killed gives a named error within the limit, with the address and no password in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { startRedis } from '../scripts/servers/redis.ts';
import { requiredServer } from '../scripts/servers/required.ts';
import type { RunningServer } from '../scripts/servers/server.ts';
import { backendFrom, conformance } from './conformance.ts';
import {
  BackendError,
  type BackendErrorCode,
  keyHash,
  StateBatch,
  type StateStore,
  slotHash,
  type TableSpec,
  windowHash,
} from './contract.ts';
import redis, { options, type RedisOptions } from './redis.ts';

const running = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));

const TABLE: TableSpec = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 1024 };
/** How long a server is waited for that answers, whatever else this machine does; what is told sooner was not told by waiting. */
const PATIENT_MS = 120_000;
const LIMIT_MS = 60_000;
/** The same for a server that never answers. Serial: a busy event loop looks like a silent server. */
const TIMEOUT_MS = 1_000;
const STOPPED_MS = 5_000;

function backend(url: string, more: Partial<RedisOptions> = {}) {
  return redis({ url, timeoutMs: PATIENT_MS, ...more });
}

const open = (url: string, more: Partial<RedisOptions> = {}): Promise<StateStore> =>
  backend(url, more).open({ directory: tmpdir(), tables: [TABLE] });

function fill(batch: StateBatch, window: number, from: number): StateBatch {
  batch.clear();
  for (let i = 0; i < batch.capacity; i++) {
    const slot = batch.push(window);
    batch.keys[slot]?.writeUInt32BE(from + i, 4);
    batch.hashes[slot] = slotHash(keyHash(batch.addressWords, slot * (batch.addressStride / 4) + 2, 2), windowHash(window));
    batch.present[slot] = 1;
  }
  return batch;
}

async function fails(t: ExecutionContext, code: BackendErrorCode, message: RegExp, secret: string, run: () => unknown): Promise<void> {
  const start = performance.now();
  const error = await t.throwsAsync(async () => await run(), { instanceOf: BackendError, message });
  t.is((error as BackendError | undefined)?.code, code);
  t.true(performance.now() - start < LIMIT_MS, `took ${performance.now() - start} ms`);
  if (secret !== '') t.false(error?.message.includes(secret), `the password is in: ${error?.message}`);
}

/** Something that listens on a free port and does what `answer` says with what it is sent. */
async function listen(
  t: ExecutionContext,
  answer: (sent: string) => string,
): Promise<{ readonly url: string; readonly close: () => void }> {
  const impostor: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => socket.write(answer(bytes.toString())));
    t.teardown(() => socket.destroy());
  });
  await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
  t.teardown(() => impostor.close());
  return { url: `redis://:secret@127.0.0.1:${(impostor.address() as AddressInfo).port}`, close: () => impostor.close() };
}

test.serial('a closed port is unavailable', async (t) => {
  const { url, close } = await listen(t, () => '');
  close();
  await fails(t, 'unavailable', /no Redis server answers at redis:\/\/127\.0\.0\.1:\d+.*ECONNREFUSED.*start one there/, 'secret', () =>
    open(url),
  );
});

test.serial('a port that never answers is unavailable', async (t) => {
  const { url } = await listen(t, () => '');
  await fails(t, 'unavailable', /no answer within 1000 ms/, 'secret', () => open(url, { timeoutMs: TIMEOUT_MS }));
});

test.serial('a server of an old version is refused', async (t) => {
  const info = 'redis_version:6.0.16\r\n';
  const { url } = await listen(t, (sent) => {
    const replies = sent.match(/info|ping|auth|setname|setinfo/gi) ?? [];
    return replies.map((name) => (/info$/i.test(name) && !/set/i.test(name) ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n')).join('');
  });
  await fails(t, 'refused', /is version 6\.0\.16: 6\.2 or newer/, 'secret', () => open(url));
});

test.serial('an address that is none is refused before anything runs', (t) => {
  for (const url of ['', 'localhost:6379', 'http://localhost', 'redis://']) t.throws(() => options.parse({ url }));
  t.throws(() => options.parse({}));
});

if (running !== undefined) {
  conformance(test, backendFrom(import.meta.resolve('./redis.js'), { url: running.url, timeoutMs: PATIENT_MS }));

  /** A server of the test's own, to be set up or broken. */
  async function own(t: ExecutionContext): Promise<{ readonly server: RunningServer; readonly admin: Redis; readonly password: string }> {
    const directory = mkdtempSync(join(tmpdir(), 'statebench-redis-test-'));
    const started = await startRedis({ directory, durability: 'volatile' });
    if (started.state !== 'running') throw new Error(started.reason);
    const { server } = started;
    const admin = new Redis(server.url, { lazyConnect: true, retryStrategy: () => null });
    admin.on('error', () => {});
    await admin.connect();
    t.teardown(async () => {
      admin.disconnect();
      await server.stop();
      rmSync(directory, { recursive: true });
    });
    return { server, admin, password: new URL(server.url).password };
  }

  test.serial('a wrong password, and none, are refused', async (t) => {
    const { port } = new URL(running.url);
    await fails(t, 'refused', /at redis:\/\/127\.0\.0\.1:\d+ refused the password.*give its own/, 'wrong', () =>
      open(`redis://:wrong@127.0.0.1:${port}`),
    );
    await fails(t, 'refused', /refused the password/, '', () => open(`redis://127.0.0.1:${port}`));
  });

  test.serial('settings name the server without its password, and what it really does', async (t) => {
    const made = backend(running.url);
    const store = await made.open({ directory: tmpdir(), tables: [TABLE] });
    await store.close();
    const text = JSON.stringify(made.settings);
    t.false(text.includes(new URL(running.url).password));
    t.regex(String(made.settings.version), /^\d+\.\d+/);
    t.is(made.settings.appendFsync, 'off');
    t.is(made.settings.memory, 'the server’s own, without a limit');
    t.is(made.durability, 'volatile');
  });

  test.serial('a server that keeps less than asked for is refused', async (t) => {
    const { server, admin, password } = await own(t);
    const crash = () => open(server.url, { durability: 'process-crash' }).then((store) => store.close());
    const power = () => open(server.url, { durability: 'os-crash' }).then((store) => store.close());
    await fails(t, 'refused', /durability=process-crash asks \(append-only file: off\): start it with appendonly yes/, password, crash);
    await admin.config('SET', 'appendonly', 'yes');
    await t.notThrowsAsync(crash);
    await fails(t, 'refused', /append-only file: everysec\): start it with appendonly yes and appendfsync always/, password, power);
    await admin.config('SET', 'appendfsync', 'always');
    await t.notThrowsAsync(power);
  });

  test.serial('a server that would evict state is refused', async (t) => {
    const { server, admin, password } = await own(t);
    await admin.config('SET', 'maxmemory', '64mb');
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await fails(t, 'refused', /maxmemory-policy allkeys-lru.*set it to noeviction/, password, () => open(server.url));
  });

  test.serial('a server out of memory says so, and the store can still be closed', async (t) => {
    const { server, admin, password } = await own(t);
    await admin.config('SET', 'maxmemory', '4mb');
    const store = await open(server.url);
    const batch = new StateBatch(1024, TABLE);
    await fails(t, 'refused', /is out of memory.*raise its maxmemory/, password, async () => {
      for (let i = 0; i < 20; i++) await store.value('counts').write(fill(batch, 0, i * 1024));
    });
    await store.close();
    t.deepEqual(await admin.keys('statebench:*'), []);
  });

  for (const [how, signal] of [
    ['killed', 'SIGKILL'],
    ['stopped', 'SIGSTOP'],
  ] as const) {
    test.serial(`a server ${how} amid work is unavailable, then and afterwards, and the store can still be closed`, async (t) => {
      const { server, admin, password } = await own(t);
      admin.disconnect();
      const store = await open(server.url, signal === 'SIGSTOP' ? { timeoutMs: STOPPED_MS } : {});
      const table = store.value('counts');
      const batch = fill(new StateBatch(64, TABLE), 0, 0);
      await table.write(batch);
      const work = async () => {
        for (;;) await table.read(batch);
      };
      const message = /no Redis server answers at redis:\/\/127\.0\.0\.1:\d+/;
      process.kill(server.pid, signal);
      await fails(t, 'unavailable', message, password, work);
      await fails(t, 'unavailable', message, password, () => table.write(batch));
      await fails(t, 'unavailable', message, password, async () => store.checkpoint({ id: 1, directory: tmpdir() }));
      await store.close();
      if (signal === 'SIGSTOP') process.kill(server.pid, 'SIGCONT');
    });
  }

  test.serial(
    'closing frees a store in the server that has no checkpoint, and opening frees what such a one left when it died',
    async (t) => {
      const { server, admin } = await own(t);
      const batch = fill(new StateBatch(16, TABLE), 7, 0);
      const living = await open(server.url);
      await living.value('counts').write(batch);
      const closed = await open(server.url);
      await closed.value('counts').write(batch);
      t.is((await admin.keys('statebench:*:0:*')).length, 2);
      await closed.close();
      const keys = (await admin.keys('statebench:*')).sort();
      t.is(new Set(keys.map((key) => key.split(':', 2).join(':'))).size, 2); // of the living store, and the register
      const clients = async () => (await admin.client('LIST')) as string;
      const namespacesOf = (clients: string): readonly string[] => clients.match(/(?<= name=)statebench:\S+/g) ?? [];
      const before = namespacesOf(await clients());
      const dying = await open(server.url);
      for (const window of [7, 8]) await dying.value('counts').write(fill(batch, window, 0));
      const [died] = namespacesOf(await clients()).filter((name) => !before.includes(name));
      const [, id] = (await clients()).split('\n').flatMap((line) => (line.includes(` name=${died} `) ? /^id=(\d+)/.exec(line)! : []));
      t.is(await admin.client('KILL', 'ID', id!), 1);
      await living.value('counts').write(fill(batch, 7, 0));
      const others = ['somebody else', 'statebench:0123456789abcdef01:0:0', 'statebench:users:meta'];
      for (const name of others) await admin.hset(name, 'epoch', '1');
      t.is((await admin.keys('*')).length, keys.length + others.length + 3);
      await (await open(server.url)).close();
      t.deepEqual((await admin.keys('*')).sort(), [...others, ...keys].sort());
      await living.close();
      t.deepEqual((await admin.keys('*')).sort(), others);
    },
  );

  test.serial('a namespace lives as long as a checkpoint refers to it, and no longer', async (t) => {
    const { server, admin } = await own(t);
    const directory = mkdtempSync(join(tmpdir(), 'statebench-redis-checkpoint-'));
    t.teardown(() => rmSync(directory, { recursive: true }));
    const batch = fill(new StateBatch(16, TABLE), 7, 0);
    const made = await open(server.url);
    await made.value('counts').write(batch);
    await (await made.checkpoint({ id: 1, directory })).persist();
    await made.published(1);
    await made.close();
    await (await open(server.url)).close();
    const request = { directory: tmpdir(), tables: [TABLE], checkpoint: { id: 1, directory } };
    const restored = await backend(server.url).restore(request);
    await restored.value('counts').read(batch);
    t.is(batch.present.indexOf(0), -1);
    await restored.value('counts').drop(7);
    await restored.release(1);
    await restored.close();
    t.deepEqual(await admin.keys('*'), []);
    await fails(t, 'damaged', /no longer has the state of checkpoint 1/, '', () => backend(server.url).restore(request));
  });

  test.serial('what a predecessor still writes is refused once the heir writes', async (t) => {
    const { server } = await own(t);
    const directory = mkdtempSync(join(tmpdir(), 'statebench-redis-checkpoint-'));
    t.teardown(() => rmSync(directory, { recursive: true }));
    const batch = fill(new StateBatch(16, TABLE), 7, 0);
    const old = await open(server.url);
    await old.value('counts').write(batch);
    await (await old.checkpoint({ id: 1, directory })).persist();
    await old.published(1);
    const request = { directory: tmpdir(), tables: [TABLE], checkpoint: { id: 1, directory } };
    // Two read one checkpoint at once, and do not disturb whoever works.
    const [reader, heir] = [await backend(server.url).restore(request), await backend(server.url).restore(request)];
    for (const store of [reader, heir, old]) await store.value('counts').read(batch);
    await heir.value('counts').write(fill(batch, 7, 100));
    await fails(t, 'unavailable', /no Redis server answers|took over/, '', () => old.value('counts').write(batch));
    await Promise.all([old, reader, heir].map((store) => store.close()));
  });

  test.serial('a window of 50,000 keys is scanned exactly once while the server still grows its table', async (t) => {
    const store = await open(running.url);
    const table = store.value('counts');
    const batch = new StateBatch(1000, { keyBytes: 8, valueBytes: 1024 });
    for (let from = 0; from < 50_000; from += batch.capacity) {
      fill(batch, 3, from);
      batch.lengths.fill(4);
      await table.write(batch);
    }
    const seen = new Uint8Array(50_000);
    for await (const { length, keys } of table.scan(3, batch)) {
      for (let slot = 0; slot < length; slot++) {
        const id = (keys[slot] as Buffer).readUInt32BE(4);
        seen[id] = (seen[id] as number) + 1;
      }
    }
    t.true(seen.every((times) => times === 1));
    await store.close();
  });
}
