// Proves that whoever names the wrong server is told so within five seconds, with what to do and without the password: one that is no
// Redis, and greets or waits to be greeted; a replica that may not be written to; one that is full, of a cluster, still loading, or
// holds keys of somebody else; a user or a database that cannot be used.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { startGuarded } from '../../scripts/servers/guarded-process.ts';
import { freePorts } from '../../scripts/servers/ports.ts';
import { startRedis } from '../../scripts/servers/redis.ts';
import { requiredServer } from '../../scripts/servers/required.ts';
import { BackendError, type BackendErrorCode, type TableSpec } from '../contract.ts';
import redis from '../redis.ts';

const running = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));

const TABLE: TableSpec = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 16 };
const LIMIT_MS = 5_000;

async function listening(t: ExecutionContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `redis://:swordfish@127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** @param code null if there are several. */
async function refusedAt(t: ExecutionContext, url: string, code: BackendErrorCode | null, message: RegExp): Promise<void> {
  const start = performance.now();
  const error = await t.throwsAsync(redis({ url }).open({ directory: tmpdir(), tables: [TABLE] }), { instanceOf: BackendError, message });
  const ms = performance.now() - start;
  t.log(error?.message);
  t.true(ms < LIMIT_MS, `took ${ms} ms`);
  if (code !== null) t.is((error as BackendError).code, code);
  const { password } = new URL(url);
  if (password !== '') t.false(error!.message.includes(password), 'the password is in the message');
}

test.serial('an HTTP server is no Redis', async (t) => {
  const url = await listening(
    t,
    createHttpServer((_, response) => response.end()),
  );
  await refusedAt(
    t,
    url,
    'refused',
    /at redis:\/\/127\.0\.0\.1:\d+ does not speak as Redis does .*: is it another server that listens there\?/,
  );
});

test.serial('a server that greets is no Redis', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n'));
  await refusedAt(t, await listening(t, server), 'refused', /does not speak as Redis does/);
});

if (running !== undefined) {
  const admin = new Redis(running.url, { lazyConnect: true, retryStrategy: () => null });
  test.before(() => admin.connect());
  test.after.always(() => admin.disconnect());

  const opens = async (url = running.url) => (await redis({ url }).open({ directory: tmpdir(), tables: [TABLE] })).close();

  /** Names the running server while something about it is wrong, and once that is put right. */
  async function refusedWhile(
    t: ExecutionContext,
    wrong: () => Promise<unknown>,
    right: () => Promise<unknown>,
    message: RegExp,
    code: BackendErrorCode | null = 'refused',
  ): Promise<void> {
    await wrong();
    try {
      await refusedAt(t, running!.url, code, message);
    } finally {
      await right();
    }
    await opens();
  }

  test.serial('a replica that may not be written to is refused', (t) =>
    refusedWhile(
      t,
      // Of nobody: it is read-only whether its primary is there or not.
      () => admin.call('REPLICAOF', '127.0.0.1', '1'),
      () => admin.call('REPLICAOF', 'NO', 'ONE'),
      /is a read-only replica .*: name its primary/,
    ),
  );

  test.serial('a server that is full is refused', (t) =>
    refusedWhile(
      t,
      () => admin.config('SET', 'maxmemory', '1'),
      () => admin.config('SET', 'maxmemory', '0'),
      /is out of memory .*: raise its maxmemory or run with less state/,
    ),
  );

  test.serial('a server that takes no more clients is refused', async (t) => {
    const before = ((await admin.config('GET', 'maxclients')) as string[])[1]!;
    await refusedWhile(
      t,
      () => admin.config('SET', 'maxclients', '1'),
      () => admin.config('SET', 'maxclients', before),
      // It may close the connection before it is heard.
      /has as many clients as it takes .*: raise its maxclients|no Redis server answers .*: start .* if one is there see its log, its maxclients/,
      null,
    );
  });

  test.serial('a server whose replicas are missing is refused', (t) =>
    refusedWhile(
      t,
      () => admin.config('SET', 'min-replicas-to-write', '1'),
      () => admin.config('SET', 'min-replicas-to-write', '0'),
      /has too few replicas .*: start them/,
    ),
  );

  for (const [what, make] of [
    ['another kind', () => admin.set('statebench:stores', 'theirs')],
    ['the same kind', () => admin.hset('statebench:stores', 'amsterdam', 'open')],
  ] as const) {
    test.serial(`a key of somebody else where ours belongs, of ${what}, is left alone, and named`, async (t) => {
      await refusedWhile(
        t,
        make,
        async () => t.is(await admin.del('statebench:stores'), 1),
        /(has a key of somebody else where ours belongs|holds a key 'statebench:stores' that is not) .*: give another database, as url=redis:.*\/1/,
      );
    });
  }

  test.serial('another database of the server is as good, and one that it does not have is refused', async (t) => {
    await opens(`${running.url}/3`);
    await refusedAt(t, `${running.url}/99`, 'refused', /has no database of that number .*: end the url in one that it has/);
    t.is(await admin.dbsize(), 0);
  });

  test.serial('a user who may not do what is needed is refused', async (t) => {
    await admin.call('ACL', 'SETUSER', 'guest', 'on', '>swordfish', '~*', '+@connection', '+info', '+ping');
    t.teardown(() => admin.call('ACL', 'DELUSER', 'guest'));
    const url = new URL(running.url);
    url.username = 'guest';
    url.password = 'swordfish';
    await refusedAt(t, url.href, 'refused', /does not allow this user to do that .*: give the user the rights in its ACL/);
  });

  test.serial('a server of a cluster is refused', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'statebench-redis-cluster-'));
    const [port] = (await freePorts(1)) as [number];
    const server = await startGuarded({
      command: 'redis-server',
      args: ['--bind', '127.0.0.1', '--port', String(port), '--cluster-enabled', 'yes', '--save', ''],
      directory,
      log: join(directory, 'log'),
      graceMs: 1_000,
    });
    t.teardown(async () => {
      await server.stop();
      rmSync(directory, { recursive: true });
    });
    while (!readFileSync(join(directory, 'log'), 'utf8').includes('Ready to accept connections')) await pause(20);
    await refusedAt(t, `redis://127.0.0.1:${port}`, 'refused', /is of a cluster: name a server that stands alone/);
  });

  test.serial('a server that still loads what it kept is waited for, and named where that takes longer', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'statebench-redis-loading-'));
    const started = await startRedis({ directory, durability: 'volatile' });
    if (started.state !== 'running') return t.fail(started.reason);
    const filler = new Redis(started.server.url, { lazyConnect: true, retryStrategy: () => null });
    await filler.connect();
    await filler.mset(Array.from({ length: 20_000 }, (_, i) => String(i)));
    await filler.save();
    filler.disconnect();
    await started.server.stop();
    // Every key that is loaded takes half a millisecond: five seconds in all.
    const server = await startGuarded({
      command: 'redis-server',
      args: ['redis.conf', '--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024'],
      directory,
      log: join(directory, 'redis.log'),
      graceMs: 1_000,
    });
    const { url } = started.server;
    t.teardown(async () => {
      await server.stop();
      rmSync(directory, { recursive: true });
    });
    await pause(300);
    const hasty = redis({ url, timeoutMs: 2_500 }).open({ directory: tmpdir(), tables: [TABLE] });
    await t.throwsAsync(hasty, { instanceOf: BackendError, message: /is still loading what it kept .*: begin again once it is through/ });
    // A busy machine makes more of each half millisecond.
    const patient = redis({ url, timeoutMs: 60_000 }).open({ directory: tmpdir(), tables: [TABLE] });
    await t.notThrowsAsync(patient.then((store) => store.close()));
  });
}
