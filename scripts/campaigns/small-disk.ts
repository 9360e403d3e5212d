/** A disk that is small and can be filled to its end, for what has to be told when there is no room. */
import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Why there can be none here; null where there can. */
export function whyNoSmallDisk(): string | null {
  return process.getuid?.() === 0 && process.platform === 'linux' ? null : 'mounting a small tmpfs takes root on Linux';
}

/** Puts one at `directory`, which is made, and which goes with the disk. */
export async function smallDisk(directory: string, sizeMib: number): Promise<AsyncDisposable> {
  await mkdir(directory, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', directory]);
  return {
    async [Symbol.asyncDispose]() {
      await run('umount', ['--lazy', directory]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Takes all the room that is left on a disk, by a file there. */
export function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let chunk = Buffer.alloc(1 << 20); chunk.length > 0; ) {
      try {
        if (writeSync(file, chunk) < chunk.length) chunk = chunk.subarray(chunk.length >> 1);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        chunk = chunk.subarray(0, chunk.length >> 1);
      }
    }
  } finally {
    closeSync(file);
  }
}
