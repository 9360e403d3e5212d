/** What a disk was really given to write, by Linux's counters of it: what write amplification down to the device is told from. */
import { readFileSync, statSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { nearestFolder } from './file-system.ts';
import { PROC } from './proc.ts';

/** The unit of the kernel's counters, whatever the device's own is. */
const SECTOR_BYTES = 512;
/** How long the disk is looked at before a trial, while the run does nothing. */
const IDLE_MS = 500;

/** A disk, by its numbers in /proc/diskstats. */
export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** Bytes, or why they cannot be told. */
export type Written = { readonly bytes: number } | { readonly reason: string };

/** The disk under a folder. Of what has none of its own (memory, layers over other file systems, a network) the reason is told. */
export function deviceOf(folder: string, proc = PROC): { readonly device: Device } | { readonly reason: string } {
  if (diskLines(proc) === null) return { reason: `there is no ${PROC}/diskstats here, which counts what disks write` };
  const device = numbersOf(statSync(nearestFolder(folder), { bigint: true }).dev);
  if (sectorsWritten(device, proc) !== null) return { device };
  return { reason: 'the file system here is not on a disk of its own, but in memory, over others (a container), or on a network' };
}

/** Linux's encoding of the numbers, see makedev(3). */
function numbersOf(dev: bigint): Device {
  return {
    major: Number(((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn)),
    minor: Number((dev & 0xffn) | ((dev >> 12n) & 0xffffff00n)),
  };
}

/** Since the system started; null where it does not count them for such a device. */
export function sectorsWritten({ major, minor }: Device, proc = PROC): number | null {
  const fields = diskLines(proc)?.find(([ofMajor, ofMinor]) => Number(ofMajor) === major && Number(ofMinor) === minor);
  // After the name four fields of reads, then writes completed, writes merged, sectors written.
  const sectors = fields?.[9];
  return sectors === undefined ? null : Number(sectors);
}

function diskLines(proc: string): readonly (readonly string[])[] | null {
  try {
    return readFileSync(`${proc}/diskstats`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
  } catch {
    return null;
  }
}

/** Waits until all that was written to the files below a folder is on the disk. Those that vanish meanwhile are passed over. */
export async function syncFiles(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name)).catch(() => null);
    await file?.sync().catch(() => {});
    await file?.close();
  }
}

/**
 * Counts what the disk under a folder writes between two moments, what was written before and then brought to it first, less what it
 * writes anyway. What others write more than before is in it: a figure of a machine that does nothing else.
 */
export class DeviceWrites {
  readonly #folder: string;
  readonly #proc: string;
  readonly #idlePerMs: number;
  readonly #found: ReturnType<typeof deviceOf>;
  #begun: { readonly sectors: number; readonly ms: number } | null = null;
  #written: Written = { reason: 'the trial ended before it was measured' };

  private constructor(folder: string, proc: string, found: ReturnType<typeof deviceOf>, idlePerMs: number) {
    this.#folder = folder;
    this.#proc = proc;
    this.#found = found;
    this.#idlePerMs = idlePerMs;
  }

  /** Looks for half a second at what the disk writes anyway. @param folder need not exist yet */
  static async prepare(folder: string, proc = PROC): Promise<DeviceWrites> {
    const found = deviceOf(folder, proc);
    if ('reason' in found) return new DeviceWrites(folder, proc, found, 0);
    const before = sectorsWritten(found.device, proc) ?? 0;
    await pause(IDLE_MS);
    return new DeviceWrites(folder, proc, found, ((sectorsWritten(found.device, proc) ?? before) - before) / IDLE_MS);
  }

  async begin(): Promise<void> {
    const sectors = await this.#sectorsNow();
    this.#begun = sectors === null ? null : { sectors, ms: performance.now() };
  }

  async end(): Promise<void> {
    const sectors = await this.#sectorsNow();
    if (sectors === null || this.#begun === null) return;
    const counted = sectors - this.#begun.sectors;
    const idle = this.#idlePerMs * (performance.now() - this.#begun.ms);
    this.#written =
      idle > counted / 2 && idle > 0
        ? { reason: 'more than half of what the disk wrote it would have written anyway: others write to it' }
        : { bytes: Math.round(counted - idle) * SECTOR_BYTES };
  }

  /** What was written from {@link begin} to {@link end}. */
  get written(): Written {
    return 'reason' in this.#found ? this.#found : this.#written;
  }

  async #sectorsNow(): Promise<number | null> {
    if ('reason' in this.#found) return null;
    await syncFiles(this.#folder);
    return sectorsWritten(this.#found.device, this.#proc);
  }
}
