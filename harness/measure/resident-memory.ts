import { readFile } from 'node:fs/promises';
import { getHeapStatistics } from 'node:v8';
import { PROC } from './proc.ts';

const SAMPLES_PER_SECOND = 4;

/** Watches the resident memory of other processes together, from outside, so that busy ones are seen too. */
export class ResidentMemory {
  #bytesMax: number | null = null;
  #anonymousBytesMax: number | null = null;
  readonly #pids: number[] = [];
  readonly #proc: string;
  readonly #timer = setInterval(() => void this.#sample(), 1000 / SAMPLES_PER_SECOND);

  constructor(proc = PROC) {
    this.#proc = proc;
  }

  watch(pid: number): void {
    this.#pids.push(pid);
    void this.#sample();
  }

  /** Ends watching. The most that was seen at once, in bytes; null where the platform has no `/proc`. */
  stop(): number | null {
    clearInterval(this.#timer);
    return this.#bytesMax;
  }

  /** Of that the most that belonged to no file; null where the platform does not tell. */
  get anonymousBytesMax(): number | null {
    return this.#anonymousBytesMax;
  }

  async #sample(): Promise<void> {
    const texts = await Promise.all(this.#pids.map((pid) => statusOf(this.#proc, pid)));
    this.#bytesMax = mostOf(this.#bytesMax, sumOf(texts, 'VmRSS'));
    this.#anonymousBytesMax = mostOf(this.#anonymousBytesMax, sumOf(texts, 'RssAnon'));
  }
}

/** Resident memory of this process that belongs to no file, in bytes; null where the platform does not tell. */
export async function anonymousBytes(proc = PROC): Promise<number | null> {
  return sumOf([await statusOf(proc, 'self')], 'RssAnon');
}

/** Resident memory of this process, in bytes; null where the system does not tell: Node throws then. */
export function residentBytes(read: () => number = process.memoryUsage.rss): number | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** Objects of JavaScript in this process, and what they hold outside of its heap, in bytes: of V8, which asks no system. */
export function heapBytes(): { readonly heap: number; readonly external: number } {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return { heap, external };
}

function mostOf(before: number | null, bytes: number | null): number | null {
  return bytes === null ? before : Math.max(before ?? 0, bytes);
}

/** Empty for a process that is gone, or a platform that does not tell. */
function statusOf(proc: string, pid: number | 'self'): Promise<string> {
  return readFile(`${proc}/${pid}/status`, 'utf8').catch(() => '');
}

/** Null where no text has the field. */
function sumOf(texts: readonly string[], field: string): number | null {
  const kilobytes = texts.flatMap((text) => new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? []);
  return kilobytes.length === 0 ? null : kilobytes.reduce((sum, size) => sum + Number(size) * 1024, 0);
}
