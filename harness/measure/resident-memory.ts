import { readFile } from 'node:fs/promises';

const SAMPLES_PER_SECOND = 4;

/** Watches the resident memory of other processes together, from outside, so that busy ones are seen too. */
export class ResidentMemory {
  #bytesMax: number | null = null;
  #anonymousBytesMax: number | null = null;
  readonly #pids: number[] = [];
  readonly #timer = setInterval(() => void this.#sample(), 1000 / SAMPLES_PER_SECOND);

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
    const texts = await Promise.all(this.#pids.map(statusOf));
    this.#bytesMax = mostOf(this.#bytesMax, sumOf(texts, 'VmRSS'));
    this.#anonymousBytesMax = mostOf(this.#anonymousBytesMax, sumOf(texts, 'RssAnon'));
  }
}

/** Resident memory of this process that belongs to no file, in bytes; null where the platform does not tell. */
export async function anonymousBytes(): Promise<number | null> {
  return sumOf([await statusOf('self')], 'RssAnon');
}

function mostOf(before: number | null, bytes: number | null): number | null {
  return bytes === null ? before : Math.max(before ?? 0, bytes);
}

/** Empty for a process that is gone, or a platform that does not tell. */
function statusOf(pid: number | 'self'): Promise<string> {
  return readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
}

/** Null where no text has the field. */
function sumOf(texts: readonly string[], field: string): number | null {
  const kilobytes = texts.flatMap((text) => new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? []);
  return kilobytes.length === 0 ? null : kilobytes.reduce((sum, size) => sum + Number(size) * 1024, 0);
}
