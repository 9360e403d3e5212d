/** For tests of servers: a server whose owner can be killed, and what it listens on. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { RunningServer, ServerRequest, ServerStart } from './server.ts';

/** Longer than the grace of any of them. */
const GONE_MS = 25_000;
/** Of each server, once it was asked for. */
export const requests = new Map<string, ServerRequest>();

/** The server, owned by a process of its own, which `stop` kills. */
export async function startOwned(file: string, start: string, directory: string): Promise<ServerStart> {
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

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function killOwner(t: ExecutionContext, { pids, stop }: RunningServer): Promise<void> {
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

export function onLoopbackAlone(t: ExecutionContext, { pids }: RunningServer): void {
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
