/**
 * Distance from a served store, on a machine that has none: a process in between keeps every byte for half a round trip in
 * each direction. It is a process of its own, so that neither its timers nor its work are in the event loop of what is measured.
 */
import { spawn } from 'node:child_process';
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { BackendError } from '../contract.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where to connect instead, and which process stands in between; null if none does. */
export interface DistantAddress extends Address {
  readonly pid: number | null;
}

const PROGRAM = fileURLToPath(new URL('./distance-process.js', import.meta.url));

/** The option of a served backend that says how far away its server is. */
export const rttMsOption = z
  .number()
  .min(0)
  .max(1_000)
  .default(0)
  .describe('Distance to add: how much longer every round trip takes, half of it each way, by a process in between. 0 adds none.');

/** A served backend's settings about its distance: none where there is none. */
export function distanceSettings(rttMs: number): Readonly<Record<string, string>> {
  return rttMs === 0 ? {} : { rttMs: `${rttMs} (added)` };
}

/** Options of a TLS client for `host`, wherever it is connected to: what it is shown has to be the certificate of that host, or of one of `others`. */
export function tlsFor(host: string, ...others: readonly string[]): Pick<ConnectionOptions, 'servername' | 'checkServerIdentity'> {
  return {
    // The protocol takes no addresses for names.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    checkServerIdentity(_, certificate) {
      const problems = [host, ...others].map((named) => checkServerIdentity(named, certificate));
      return problems.includes(undefined) ? undefined : problems[0];
    },
  };
}

/** By address and distance, so that the stores of a process share one. */
const distances = new Map<string, Promise<DistantAddress>>();

/**
 * Where to connect so that the server is `rttMs` further away: on loopback, a free port. Streams pass through untouched, TLS
 * too, whose client has to be told of the server by {@link tlsFor}. What is sent together arrives together, however much it is. To be
 * connected costs no round trip. What stands in between ends with this process, however that ends.
 * @throws BackendError `unavailable` if no process can be started
 */
export function atDistance(server: Address, rttMs: number): Promise<DistantAddress> {
  if (rttMs === 0) return Promise.resolve({ ...server, pid: null });
  const name = JSON.stringify([server.host, server.port, rttMs]);
  const there = distances.get(name);
  if (there !== undefined) return there;
  const forget = (): void => {
    distances.delete(name);
  };
  const started = startDistance(server, rttMs, forget);
  distances.set(name, started);
  started.catch(forget);
  return started;
}

function startDistance({ host, port }: Address, rttMs: number, onEnd: () => void): Promise<DistantAddress> {
  // A session of its own: a Ctrl-C at the terminal reaches the owner alone, with which it ends.
  const child = spawn(process.execPath, [PROGRAM, host, String(port), String(rttMs)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      onEnd();
      reject(new BackendError('unavailable', `nothing can stand ${rttMs} ms before ${host}:${port}: ${why}; go without rttMs`));
    };
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`the process in between ended (${signal ?? code})`));
    child.stdout.setEncoding('utf8').once('data', (line: string) => {
      child.stdout.destroy();
      // It must not keep this process running.
      child.unref();
      (child.stdin as Socket).on('error', () => {}).unref();
      resolve({ host: '127.0.0.1', port: Number(line), pid: child.pid ?? null });
    });
  });
}
