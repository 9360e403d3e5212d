import { readdir, readFile } from 'node:fs/promises';
import { allocatedBytes } from './disk.ts';
import { PROC } from './proc.ts';

/** What a run took at most at one time; null where the platform does not tell. */
export interface Usage {
  /** Allocated in the results folder, working state and checkpoints of the trial under way included. */
  readonly diskBytesMax: number | null;
  /** Resident in this process and all that it started, servers included; pages that several share count for each. */
  readonly memoryBytesMax: number | null;
}

/** Seldom enough to leave a trial in peace: a sample reads a few files of `/proc` and the names in a folder. */
const PAUSE_MS = 2000;

/** Watches what a run takes, to be put beside what was expected of it. */
export class RunUsage {
  #diskBytesMax: number | null = null;
  #memoryBytesMax: number | null = null;
  #sampling: Promise<void> = Promise.resolve();
  readonly #folder: string;
  readonly #proc: string;
  readonly #timer: NodeJS.Timeout;

  /** @param folder where results and working state are kept */
  constructor(folder: string, proc = PROC) {
    this.#folder = folder;
    this.#proc = proc;
    this.#timer = setInterval(() => this.#sample(), PAUSE_MS);
    this.#timer.unref();
    this.#sample();
  }

  /** Ends watching, with a last look. */
  async stop(): Promise<Usage> {
    clearInterval(this.#timer);
    this.#sample();
    await this.#sampling;
    return { diskBytesMax: this.#diskBytesMax, memoryBytesMax: this.#memoryBytesMax };
  }

  #sample(): void {
    this.#sampling = this.#sampling.then(async () => {
      // What a trial removes meanwhile is not there to be counted.
      const [disk, memory] = await Promise.all([
        allocatedBytes(this.#folder).catch(() => null),
        residentBytesBelow(this.#proc, process.pid),
      ]);
      this.#diskBytesMax = most(this.#diskBytesMax, disk);
      this.#memoryBytesMax = most(this.#memoryBytesMax, memory);
    });
  }
}

function most(before: number | null, now: number | null): number | null {
  return now === null ? before : Math.max(before ?? 0, now);
}

/** Of a process and all its descendants; null on a platform without `/proc`. */
async function residentBytesBelow(proc: string, pid: number): Promise<number | null> {
  const own = await residentBytes(proc, pid);
  if (own === null) return null;
  const children = await childrenOf(proc, pid);
  const below = await Promise.all(children.map((child) => residentBytesBelow(proc, child)));
  return below.reduce<number>((sum, bytes) => sum + (bytes ?? 0), own);
}

async function residentBytes(proc: string, pid: number): Promise<number | null> {
  const status = await readFile(`${proc}/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** Those that any of its threads started. */
async function childrenOf(proc: string, pid: number): Promise<readonly number[]> {
  const threads = await readdir(`${proc}/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => readFile(`${proc}/${pid}/task/${thread}/children`, 'utf8').catch(() => '')));
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((word) => word.trim() !== '')
      .map(Number),
  );
}
