/** Starts the `redis-server` on the PATH for a run or a test: loopback only, a free port, a password made up for it. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findOnPath } from '../../harness/on-path.ts';
import { startGuarded } from './guarded-process.ts';
import { freePorts } from './ports.ts';
import type { ServerRequest, ServerStart } from './server.ts';

const COMMAND = 'redis-server';
const READY_MS = 10_000;
const GRACE_MS = 1_000;
/** Another process may take the free port before the server does. */
const PORT_ATTEMPTS = 3;

/** What each class of durability costs: see `appendfsync` in redis.conf. `everysec` survives the server's own death. */
const PERSISTENCE = {
  volatile: ['appendonly no'],
  'process-crash': ['appendonly yes', 'appendfsync everysec'],
  'os-crash': ['appendonly yes', 'appendfsync always'],
} as const;

/**
 * Ready when it answers PING. Its log is `redis.log` in the directory. Started again in the same directory, after it was stopped or
 * killed, it is found at the same address with what it kept.
 */
export async function startRedis({ directory, durability }: ServerRequest): Promise<ServerStart> {
  const command = findOnPath(COMMAND);
  if (command === undefined) {
    return {
      state: 'unavailable',
      reason: `there is no ${COMMAND} on the PATH`,
      remedy: 'Install Redis 6.2 or newer, or give url=redis://…',
    };
  }
  const before = addressBefore(directory);
  const password = before?.password ?? randomBytes(24).toString('hex');
  const log = join(directory, 'redis.log');
  for (let attempt = 1; ; attempt++) {
    const [port] = before === null ? ((await freePorts(1)) as [number]) : [before.port];
    // The password goes by this file, which only we can read: arguments are visible to everybody on the machine.
    writeFileSync(
      join(directory, 'redis.conf'),
      `${['bind 127.0.0.1', `port ${port}`, `requirepass ${password}`, 'daemonize no', 'save ""', ...PERSISTENCE[durability]].join('\n')}\n`,
      { mode: 0o600 },
    );
    const process = await startGuarded({ command, args: ['redis.conf'], directory, log, graceMs: GRACE_MS });
    if (await answers(port, password, process.exited)) {
      const { pid, exited, stop } = process;
      return { state: 'running', server: { url: `redis://:${password}@127.0.0.1:${port}`, pid, pids: [pid], exited, stop } };
    }
    await process.stop();
    const end = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-3).join(' | ');
    if (before !== null || attempt === PORT_ATTEMPTS || !end.includes('Address already in use')) {
      return { state: 'unavailable', reason: `${command} did not answer on port ${port}: ${end}`, remedy: `See ${log}.` };
    }
  }
}

/** Of an earlier start in the same directory; null if there was none. */
function addressBefore(directory: string): { readonly port: number; readonly password: string } | null {
  try {
    const [, port, password] = /^port (\d+)\nrequirepass (\w+)$/m.exec(readFileSync(join(directory, 'redis.conf'), 'utf8')) ?? [];
    return port === undefined || password === undefined ? null : { port: Number(port), password };
  } catch {
    return null;
  }
}

/** Whether the server, and not another that took the port, says PONG before it ends or the time is up. */
async function answers(port: number, password: string, exited: Promise<number>): Promise<boolean> {
  let ended = false;
  exited.finally(() => (ended = true)).catch(() => {});
  for (const deadline = performance.now() + READY_MS; !ended && performance.now() < deadline; ) {
    if (await ping(port, password)) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

function ping(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (bytes) => {
      answer += bytes;
      if (answer.includes('+PONG') || answer.includes('-')) socket.destroy();
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(answer.includes('+PONG')));
  });
}
