/**
 * Directories for what is only needed while a process lives: working states, data of servers, probes. Each holds a marker that
 * names its process, so that what a SIGKILL left is recognised and removed by whoever comes next, and nothing else ever is.
 */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cannotWrite } from './atomic-file.ts';
import { processSchema, stateOf, thisProcess } from './process-identity.ts';

/** Name of the marker in a directory of ours. */
export const MARKER = '.statebench-scratch';

/** Kind, then the pid: a process that dies before it writes the marker leaves an empty directory that still says whose it was. */
const NAME = /^statebench-[a-z]+-(\d+)-[A-Za-z0-9]{6}$/;

/**
 * Makes a directory below `parent`, which exists; whoever makes it removes it.
 * @param kind what it is for, in lower-case letters
 * @throws StatebenchError `disk-full` or `bad-folder`
 */
export function makeScratch(parent: string, kind: string): string {
  try {
    const directory = mkdtempSync(join(parent, `statebench-${kind}-${process.pid}-`));
    writeFileSync(join(directory, MARKER), JSON.stringify(thisProcess()));
    return directory;
  } catch (cause) {
    throw cannotWrite(parent, cause);
  }
}

/** Removes a directory of {@link makeScratch}, its marker last: who dies amid this leaves a directory that is still recognised. */
export function removeScratch(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name !== MARKER) rmSync(join(directory, name), { recursive: true, force: true });
  }
  rmSync(join(directory, MARKER), { force: true });
  rmdirSync(directory);
}

/** True for a name that {@link makeScratch} gives. */
export function isScratchName(name: string): boolean {
  return NAME.test(name);
}

/** Removes the scratch directories directly below `parent` whose processes are gone. Never throws: what stays does no harm. */
export function sweepScratch(parent: string): void {
  for (const directory of staleScratch(parent)) {
    try {
      if (readdirSync(directory).length === 0) rmdirSync(directory);
      else removeScratch(directory);
    } catch {
      // Somebody else was faster, or it is not ours to remove.
    }
  }
}

/** The scratch directories directly below `parent` whose processes are gone. */
export function staleScratch(parent: string): readonly string[] {
  return namesIn(parent).flatMap((name) => {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined) return [];
    const directory = join(parent, name);
    try {
      const stat = lstatSync(directory);
      // In a shared folder somebody else's directory may bear such a name.
      if (!stat.isDirectory() || (process.getuid !== undefined && stat.uid !== process.getuid())) return [];
      const owner =
        readdirSync(directory).length === 0
          ? { ...thisProcess(), pid: Number(pid), startTicks: null }
          : processSchema.parse(JSON.parse(readFileSync(join(directory, MARKER), 'utf8')));
      return stateOf(owner) === 'gone' ? [directory] : [];
    } catch {
      // No marker of ours.
      return [];
    }
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
