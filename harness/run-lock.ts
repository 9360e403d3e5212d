/** One process at a time works on a results folder. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, StatebenchError } from './errors.ts';
import { processSchema, stateOf, thisProcess } from './process-identity.ts';

/** Name of the lock in a results folder. */
export const LOCK = 'run.lock';

/** A lock is made and then written; one that stays empty for longer belongs to a process that died in between. */
const EMPTY_MS = 2000;
const EMPTY_POLL_MS = 20;

/**
 * Takes the folder until disposed of. The lock of a process that died is taken over.
 * @throws StatebenchError `bad-folder` if another process works on it or it cannot be written to.
 */
export function lockFolder(folder: string): Disposable {
  const file = join(folder, LOCK);
  const text = JSON.stringify(thisProcess());
  for (;;) {
    try {
      writeFileSync(file, text, { flag: 'wx' });
      return { [Symbol.dispose]: () => read(file) === text && rmSync(file, { force: true }) };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new StatebenchError('bad-folder', `results folder ${folder}: it cannot be written to (${messageOf(cause)})`, { cause });
    }
    const held = readWritten(file);
    if (held !== null) {
      refuseIfHeld(folder, file, held);
      removeStale(file, held);
    }
  }
}

function refuseIfHeld(folder: string, file: string, held: string): void {
  const refuse = (by: string): never => {
    throw new StatebenchError('bad-folder', `results folder ${folder}: ${by}`);
  };
  const owner = processSchema.safeParse(parsed(held)).data;
  if (owner === undefined) {
    if (held !== '') refuse(`${LOCK} is no lock of ours; remove it if no statebench works there`);
    return;
  }
  const state = stateOf(owner);
  if (state === 'running') refuse(`another statebench (process ${owner.pid}) works on it; wait for it to end`);
  if (state === 'elsewhere') refuse(`a statebench on ${owner.host} (process ${owner.pid}) works on it; if it does no more, remove ${file}`);
}

/** Of several that find the same stale lock each moves one aside; whoever moved a fresh one by mistake puts it back. */
function removeStale(file: string, stale: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (read(aside) === stale) rmSync(aside);
    else renameSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Gives a process that has just made its lock the time to write it: by waiting, as the file's time is that of the wall clock. */
function readWritten(file: string): string | null {
  let held = read(file);
  for (const startMs = performance.now(); held === '' && performance.now() - startMs < EMPTY_MS; held = read(file))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EMPTY_POLL_MS);
  return held;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
