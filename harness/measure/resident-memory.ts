import { readFile } from 'node:fs/promises';

const SAMPLES_PER_SECOND = 4;

/** Watches the resident memory of another process from outside, so that a busy one is seen too. */
export class ResidentMemory {
  #bytesMax: number | null = null;
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => void this.#sample(), 1000 / SAMPLES_PER_SECOND);
    void this.#sample();
  }

  /** Ends watching. The most that was seen, in bytes; null where the platform has no `/proc`. */
  stop(): number | null {
    clearInterval(this.#timer);
    return this.#bytesMax;
  }

  async #sample(): Promise<void> {
    const status = await readFile(`/proc/${this.#pid}/status`, 'utf8').catch(() => '');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes !== undefined) this.#bytesMax = Math.max(this.#bytesMax ?? 0, Number(kilobytes) * 1024);
  }
}
