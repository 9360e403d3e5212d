/**
 * The program between a client and a server that are to be apart: `node distance-process.js HOST PORT RTT_MS`. Prints the port of
 * loopback on which it listens, and ends when its standard input does, which its owner holds.
 */
import { createConnection, createServer, type Socket } from 'node:net';

const [host, port, rttMs] = process.argv.slice(2);
const ONE_WAY_MS = Number(rttMs) / 2;
/** Timers of the event loop are whole milliseconds and may be one late: the rest is waited for by the {@link NAP_MS}. */
const TIMER_MS = 2;
/** Short enough to be exact and to look after sockets in time, long enough to leave the processor to others. */
const NAP_MS = 0.1;
/** What a slow receiver may leave unsent before its sender is no longer read. */
const UNSENT_BYTES_MAX = 16 * 2 ** 20;

interface Due {
  readonly atMs: number;
  readonly deliver: () => void;
}

/** Everything that is on its way. All ways are of one length, so that what came first is due first, of whichever connection. */
let onTheWay: Due[] = [];
let delivered = 0;
const pillow = new Int32Array(new SharedArrayBuffer(4));

function later(deliver: () => void): void {
  onTheWay.push({ atMs: performance.now() + ONE_WAY_MS, deliver });
  if (onTheWay.length === 1) awaitNext();
}

function awaitNext(): void {
  const leftMs = onTheWay[delivered]!.atMs - performance.now();
  if (leftMs > TIMER_MS) {
    setTimeout(deliverDue, Math.floor(leftMs - TIMER_MS));
    return;
  }
  if (leftMs > 0) Atomics.wait(pillow, 0, 0, Math.min(leftMs, NAP_MS));
  setImmediate(deliverDue);
}

function deliverDue(): void {
  const now = performance.now();
  while (delivered < onTheWay.length && onTheWay[delivered]!.atMs <= now) onTheWay[delivered++]!.deliver();
  if (delivered === onTheWay.length || delivered > 1_000) {
    onTheWay = onTheWay.slice(delivered);
    delivered = 0;
  }
  if (onTheWay.length > 0) awaitNext();
}

/** One direction of a connection: bytes, the end of them, and a break, each after its way. */
function relay(from: Socket, to: Socket): void {
  const goOn = (): void => {
    from.resume();
  };
  from.on('data', (bytes) => {
    later(() => {
      if (to.destroyed) return;
      to.write(bytes);
      if (to.writableLength < UNSENT_BYTES_MAX || from.isPaused()) return;
      from.pause();
      to.once('drain', goOn);
    });
  });
  from.on('end', () => later(() => to.end()));
  from.on('error', () => later(() => to.resetAndDestroy()));
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const upstream = createConnection({ host: host!, port: Number(port), allowHalfOpen: true, noDelay: true });
  relay(client, upstream);
  relay(upstream, client);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : ''}\n`);
});

process.stdin.on('end', () => process.exit()).resume();
