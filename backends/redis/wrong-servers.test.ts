// Proves that whoever names the wrong server is told so within five seconds, with what to do and without the password: one that is no
// Redis, and greets or waits to be greeted; and a replica that may not be written to.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
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

async function refusedAt(t: ExecutionContext, url: string, code: BackendErrorCode, message: RegExp): Promise<void> {
  const start = performance.now();
  const error = await t.throwsAsync(redis({ url }).open({ directory: tmpdir(), tables: [TABLE] }), { instanceOf: BackendError, message });
  const ms = performance.now() - start;
  t.log(error?.message);
  t.true(ms < LIMIT_MS, `took ${ms} ms`);
  t.is((error as BackendError).code, code);
  t.false(error!.message.includes(new URL(url).password), 'the password is in the message');
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
  test.serial('a replica that may not be written to is refused', async (t) => {
    const admin = new Redis(running.url, { lazyConnect: true, retryStrategy: () => null });
    await admin.connect();
    try {
      // Of nobody: it is read-only whether its primary is there or not.
      await admin.call('REPLICAOF', '127.0.0.1', '1');
      await refusedAt(t, running.url, 'refused', /is a read-only replica .*: name its primary/);
    } finally {
      await admin.call('REPLICAOF', 'NO', 'ONE');
      admin.disconnect();
    }
    await (await redis({ url: running.url }).open({ directory: tmpdir(), tables: [TABLE] })).close();
  });
}
