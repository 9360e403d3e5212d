import { readFile } from 'node:fs/promises';

const SAMPLES_PER_SECOND = 4;

/** Watches the resident memory of other processes together, from outside, so that busy ones are seen too. */
export class ResidentMemory {
  #bytesMax: number | null = null;
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

  async #sample(): Promise<void> {
    const sizes = await Promise.all(this.#pids.map(residentBytes));
    const known = sizes.filter((bytes) => bytes !== null);
    if (known.length === 0) return;
    const bytes = known.reduce((sum, size) => sum + size);
    this.#bytesMax = Math.max(this.#bytesMax ?? 0, bytes);
  }
}

/** Null for a process that is gone, or a platform that does not tell. */
async function residentBytes(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
