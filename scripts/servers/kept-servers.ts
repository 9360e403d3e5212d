/**
 * Servers that stay up after the command that started them, until they are stopped. Each has a keeper: a process that owns it as a
 * run owns its servers, so that the server is gone soon after its keeper, however that died. A file in the cache names the keeper,
 * in a form that tells it from a later process of the same number.
 */
import { fork } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { cannotWrite } from '../../harness/atomic-file.ts';
import { cacheFolder } from '../../harness/cache-folder.ts';
import { messageOf, StatebenchError } from '../../harness/errors.ts';
import { processSchema, stateOf, thisProcess } from '../../harness/process-identity.ts';
import { sweepScratch } from '../../harness/scratch.ts';
import { madeCacheFolder } from './cache.ts';
import type { RunningServer, ServerRequest } from './server.ts';
import { SERVER_NAMES, type ServerName } from './server-kinds.ts';

const keptSchema = z.strictObject({
  schema: z.literal(1),
  server: z.enum(SERVER_NAMES as [ServerName, ...ServerName[]]),
  keeper: processSchema,
  /** Of the server itself. */
  pids: z.array(z.int().positive()).min(1),
  /** What the option takes that names the server, with a password if it has one. */
  url: z.string(),
  durability: z.enum(['volatile', 'process-crash', 'os-crash']),
  directory: z.string(),
  startedAt: z.string(),
});
export type KeptServer = z.infer<typeof keptSchema>;

/** What a keeper tells whoever started it. */
export type KeeperMessage = { readonly state: 'running' | 'was-running' } | { readonly state: 'unavailable'; readonly why: string };

/** Longer than any grace: then the keeper is killed, and the guards of its servers end them. */
const STOP_MS = 60_000;
const POLL_MS = 50;

/** Where the files of kept servers are, and their directories. Only the user may look into it. */
function keptFolder(): string {
  return path.join(cacheFolder(), 'running');
}

function fileOf(name: ServerName): string {
  return path.join(keptFolder(), `${name}.json`);
}

/** {@link keptFolder}, made if it is not there. @throws StatebenchError `disk-full` or `bad-folder` */
export function madeKeptFolder(): string {
  madeCacheFolder();
  const folder = keptFolder();
  try {
    mkdirSync(folder, { recursive: true });
    // What is in it may hold a password.
    chmodSync(folder, 0o700);
  } catch (cause) {
    throw cannotWrite(folder, cause);
  }
  return folder;
}

/**
 * The kept server of a kind; null if none runs. What a keeper left that died is removed.
 * @throws StatebenchError `unavailable` if it runs, or ran, on another machine, which alone can tell
 */
export function keptServer(name: ServerName): KeptServer | null {
  const kept = read(name);
  if (kept === null) return null;
  const state = stateOf(kept.keeper);
  if (state === 'running') return kept;
  if (state === 'elsewhere') {
    throw new StatebenchError(
      'unavailable',
      `${name} was started on ${kept.keeper.host}: stop it there, or remove ${fileOf(name)} if that machine is gone`,
    );
  }
  rmSync(fileOf(name), { force: true });
  sweepScratch(keptFolder());
  return null;
}

/** Starts a server that stays up. @returns it, and whether it ran already. @throws StatebenchError `unavailable` */
export async function startKept(
  name: ServerName,
  durability: ServerRequest['durability'],
): Promise<{ readonly kept: KeptServer; readonly isNew: boolean }> {
  const before = keptServer(name);
  if (before !== null) return { kept: before, isNew: false };
  madeKeptFolder();
  const keeper = fork(fileURLToPath(new URL('./keeper.js', import.meta.url)), [name, durability], { detached: true, stdio: 'ignore' });
  const told = await new Promise<KeeperMessage>((resolve) => {
    keeper.once('message', (message) => resolve(message as KeeperMessage));
    keeper.once('error', (error) => resolve({ state: 'unavailable', why: messageOf(error) }));
    keeper.once('exit', (code, signal) => resolve({ state: 'unavailable', why: `its keeper ended with ${signal ?? code}` }));
  });
  if (keeper.connected) keeper.disconnect();
  keeper.unref();
  if (told.state === 'unavailable') throw new StatebenchError('unavailable', `${name} was not started: ${told.why}`);
  const kept = keptServer(name);
  if (kept === null) throw new StatebenchError('unavailable', `${name} was started, and ended at once`);
  return { kept, isNew: told.state === 'running' };
}

/** Stops a kept server and waits until it is gone, its data with it. @returns false if none ran */
export async function stopKept(name: ServerName): Promise<boolean> {
  const kept = keptServer(name);
  if (kept === null) return false;
  const { keeper } = kept;
  process.kill(keeper.pid, 'SIGTERM');
  const deadline = performance.now() + STOP_MS;
  while (stateOf(keeper) === 'running' && performance.now() < deadline) await pause(POLL_MS);
  if (stateOf(keeper) === 'running') process.kill(keeper.pid, 'SIGKILL');
  while (keptServer(name) !== null) await pause(POLL_MS);
  return true;
}

/** Enters a server of this process, its keeper. @returns false if another of the kind runs already */
export function enterKept(server: ServerName, { url, pids }: RunningServer, { durability, directory }: ServerRequest): boolean {
  const kept: KeptServer = {
    schema: 1,
    server,
    keeper: thisProcess(),
    pids: [...pids],
    url,
    durability,
    directory,
    startedAt: new Date().toISOString(),
  };
  const draft = `${fileOf(server)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(kept), { mode: 0o600 });
  try {
    if (keptServer(server) !== null) return false;
    linkSync(draft, fileOf(server));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes the file of this process's server away. */
export function leaveKept(name: ServerName): void {
  const { pid, startTicks } = thisProcess();
  const kept = read(name);
  if (kept?.keeper.pid === pid && kept.keeper.startTicks === startTicks) rmSync(fileOf(name), { force: true });
}

/** @returns null if there is no such file, or none of ours */
function read(name: ServerName): KeptServer | null {
  try {
    return keptSchema.parse(JSON.parse(readFileSync(fileOf(name), 'utf8')));
  } catch {
    return null;
  }
}
