// Proves that a server at a distance is that far away and no further: every answer takes the round trip at least, requests
// that are sent together take one between them, bytes come whole and in order and as fast as they can, ends and breaks of
// connections are passed on, and no process in between outlives its owner, however that dies.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { BackendError } from '../contract.ts';
import { type Address, atDistance, distanceSettings, rttMsOption } from './distance.ts';

/** A busy machine may take seconds for what takes some milliseconds; what never comes is found out all the same. */
const PATIENT_MS = 60_000;

async function listen(t: ExecutionContext, serve: (socket: Socket) => void): Promise<Address> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

async function connect(t: ExecutionContext, { host, port }: Address): Promise<Socket> {
  const socket = createConnection({ host, port, noDelay: true, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const echo = (socket: Socket): void => void socket.pipe(socket);

/** Sends one byte and waits for it. */
async function roundTripMs(socket: Socket): Promise<number> {
  const start = performance.now();
  socket.write('x');
  await once(socket, 'data');
  return performance.now() - start;
}

/** Whether something listens there; who has ended does not, even where nobody has asked for its exit code. */
async function answers({ host, port }: Address): Promise<boolean> {
  const socket = createConnection({ host, port });
  const answered = await new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)));
  socket.destroy();
  return answered;
}

for (const rttMs of [1, 5, 40]) {
  test.serial(`every answer takes ${rttMs} ms, and some not much more`, async (t) => {
    const socket = await connect(t, await atDistance(await listen(t, echo), rttMs));
    const took: number[] = [];
    for (let i = 0; i < 40; i++) took.push(await roundTripMs(socket));
    took.sort((a, b) => a - b);
    t.log(`least ${took[0]!.toFixed(2)}, median ${took[20]!.toFixed(2)}, most ${took[39]!.toFixed(2)} ms`);
    t.true(took[0]! >= rttMs, 'it came back before it can have been there');
    t.true(took[0]! < rttMs + 10, 'the machine may be busy, but not all the time');
  });
}

test.serial('requests that are sent together cost one round trip between them, whichever connection they take', async (t) => {
  const rttMs = 200;
  const near = await atDistance(await listen(t, echo), rttMs);
  const sockets = await Promise.all([1, 2, 3].map(() => connect(t, near)));
  const start = performance.now();
  const requests = 100;
  await Promise.all(
    sockets.map(async (socket) => {
      let back = 0;
      const all = new Promise<void>((resolve) => {
        socket.on('data', (bytes) => {
          back += bytes.length;
          if (back === requests) resolve();
        });
      });
      for (let i = 0; i < requests; i++) {
        socket.write('x');
        // Not all at once: each has a way of its own.
        if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await all;
    }),
  );
  const ms = performance.now() - start;
  t.log(`${3 * requests} requests: ${ms.toFixed(1)} ms`);
  t.true(ms >= rttMs);
  t.true(ms < (requests / 2) * rttMs, `took ${ms} ms: each had a round trip of its own`);
});

test.serial('64 MiB come whole, in order, and faster than a window a round trip would let them', async (t) => {
  const rttMs = 100;
  const sent = randomBytes(2 ** 20);
  const pieces = 64;
  const socket = await connect(t, await atDistance(await listen(t, echo), rttMs));
  const [right, got] = [createHash('sha256'), createHash('sha256')];
  let bytes = 0;
  const start = performance.now();
  const all = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      got.update(chunk);
      bytes += chunk.length;
      if (bytes === pieces * sent.length) resolve();
    });
  });
  for (let i = 0; i < pieces; i++) {
    right.update(sent);
    if (!socket.write(sent)) await once(socket, 'drain');
  }
  await all;
  const ms = performance.now() - start;
  t.log(`${ms.toFixed(0)} ms, ${((pieces * 1000) / ms).toFixed(0)} MiB/s there and back`);
  t.is(got.digest('hex'), right.digest('hex'));
  // 64 KiB, a common window, a round trip would be 100 s.
  t.true(ms < PATIENT_MS);
});

test.serial('a sender is not read when its receiver takes nothing', async (t) => {
  const stuck = await listen(t, (socket) => socket.pause());
  const { pid, ...near } = await atDistance(stuck, 1);
  const socket = await connect(t, near);
  const piece = Buffer.alloc(2 ** 20);
  let sent = 0;
  // 256 MiB would fit only if something kept them.
  while (sent < 256 && (socket.write(piece) || (await Promise.race([once(socket, 'drain').then(() => true), sleep(500)])))) sent++;
  t.log(`${sent} MiB were taken`);
  t.true(sent < 256);
});

const sleep = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(() => resolve(false), ms));

test.serial('the end of one direction is passed on, and the other goes on', async (t) => {
  const server = await listen(t, (socket) => {
    let heard = '';
    socket.on('data', (bytes) => (heard += bytes));
    socket.on('end', () => socket.end(`you said ${heard}`));
  });
  const socket = await connect(t, await atDistance(server, 2));
  socket.end('hello');
  let answer = '';
  for await (const bytes of socket) answer += bytes;
  t.is(answer, 'you said hello');
});

test.serial('a break is passed on, and a port where nothing listens is one', async (t) => {
  const server = await listen(t, (socket) => socket.on('data', () => socket.resetAndDestroy()));
  const socket = await connect(t, await atDistance(server, 2));
  socket.write('x');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  t.is(error.code, 'ECONNRESET');

  const nobody = createConnection(await atDistance({ host: '127.0.0.1', port: 1 }, 2));
  const [absent] = (await once(nobody, 'error')) as [NodeJS.ErrnoException];
  t.is(absent.code, 'ECONNRESET');
});

test.serial('one process stands before an address, another is started once it is gone, and none where there is no distance', async (t) => {
  const server = await listen(t, echo);
  t.deepEqual(await atDistance(server, 0), { ...server, pid: null });
  const [first, same, further] = await Promise.all([atDistance(server, 3), atDistance(server, 3), atDistance(server, 4)]);
  t.is(first, same);
  t.not(first.port, further.port);
  const socket = await connect(t, first);
  // A break if it had not been taken in yet.
  const ended = new Promise((resolve) => socket.resume().once('end', resolve).once('error', resolve));
  process.kill(first.pid!, 'SIGKILL');
  await ended;
  for (let again = first; again.pid === first.pid; again = await atDistance(server, 3)) await sleep(5);
  t.true((await roundTripMs(await connect(t, await atDistance(server, 3)))) >= 3);
});

test.serial('a process that cannot be started is an error with a name', async (t) => {
  const { execPath } = process;
  process.execPath = '/nowhere/node';
  try {
    const error = await t.throwsAsync(atDistance({ host: 'far', port: 9 }, 7), {
      instanceOf: BackendError,
      message: /nothing can stand 7 ms before far:9: .*ENOENT.*go without rttMs/,
    });
    t.is((error as BackendError).code, 'unavailable');
  } finally {
    process.execPath = execPath;
  }
});

for (const [how, end] of [
  ['is killed', 'setInterval(() => {}, 1000);'],
  ['ends', ''],
  ['throws', 'throw new Error("on purpose");'],
] as const) {
  test.serial(`it is gone when its owner ${how}`, async (t) => {
    const module = new URL('./distance.js', import.meta.url).href;
    const program = `
      const { atDistance } = await import(${JSON.stringify(module)});
      const near = await atDistance({ host: '127.0.0.1', port: 1 }, 5);
      await new Promise((resolve) => process.stdout.write(String(near.port), resolve));
      ${end}`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(owner, 'exit');
    const [text] = await once(owner.stdout, 'data');
    const near = { host: '127.0.0.1', port: Number(text) };
    if (how === 'is killed') t.true(await answers(near));
    if (how === 'is killed') owner.kill('SIGKILL');
    await ended;
    const start = performance.now();
    while ((await answers(near)) && performance.now() - start < PATIENT_MS) await sleep(10);
    t.log(`gone ${(performance.now() - start).toFixed(0)} ms after its owner`);
    t.false(await answers(near));
  });
}

test('settings tell an added distance, and the option takes none or one', (t) => {
  t.deepEqual(distanceSettings(0), {});
  t.deepEqual(distanceSettings(5), { rttMs: '5 (added)' });
  t.is(rttMsOption.parse(undefined), 0);
  t.is(rttMsOption.parse(0.5), 0.5);
  for (const wrong of [-1, 1001, Number.NaN]) t.throws(() => rttMsOption.parse(wrong));
});
