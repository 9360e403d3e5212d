/** What is under a folder: the kind of its file system, how much is free, and how long a small durable write takes. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, statfsSync, writeSync } from 'node:fs';
import path from 'node:path';
import { makeScratch, removeScratch } from '../scratch.ts';

/** Below this median a disk acknowledges from a cache, and durable figures are optimistic. */
export const CACHED_FSYNC_MS = 0.3;

const PROBES = 50;
const PROBE_BYTES = 4096;

/** The nearest folder on the way up to the root that exists: what a folder still to be made will lie on. */
export function nearestFolder(folder: string): string {
  let at = path.resolve(folder);
  while (!existsSync(at)) at = path.dirname(at);
  return at;
}

/** Kind of the file system that holds `folder` (ext4, tmpfs, overlay …). Null where /proc/mounts does not tell. */
export function fileSystemOf(folder: string, mounts = readMounts()): string | null {
  const at = nearestFolder(folder);
  let kind: string | null = null;
  let longest = -1;
  for (const line of mounts.split('\n')) {
    const [, escaped, type] = line.split(' ');
    if (escaped === undefined || type === undefined) continue;
    // Spaces and the like stand as octal escapes.
    const mount = escaped.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const holds = at === mount || at.startsWith(mount.endsWith('/') ? mount : `${mount}/`);
    // Of two mounts on one folder the later one is what is seen.
    if (holds && mount.length >= longest) {
      kind = type;
      longest = mount.length;
    }
  }
  return kind;
}

function readMounts(): string {
  try {
    return readFileSync('/proc/mounts', 'utf8');
  } catch {
    return '';
  }
}

/** Bytes that we may still write below `folder`, which need not exist yet. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(nearestFolder(folder));
  return bavail * bsize;
}

/** Median time of a 4 KiB write + fsync in `folder`, in ms, over 50 of them. @throws what the file system throws. */
export function probeFsyncMs(folder: string): number {
  const directory = makeScratch(nearestFolder(folder), 'probe');
  try {
    const file = openSync(path.join(directory, 'probe'), 'w');
    try {
      const block = Buffer.alloc(PROBE_BYTES, 0x5b);
      const times = Float64Array.from({ length: PROBES }, (_, i) => {
        const start = performance.now();
        writeSync(file, block, 0, PROBE_BYTES, i * PROBE_BYTES);
        fsyncSync(file);
        return performance.now() - start;
      }).sort();
      return (times[PROBES / 2 - 1]! + times[PROBES / 2]!) / 2;
    } finally {
      closeSync(file);
    }
  } finally {
    removeScratch(directory);
  }
}
