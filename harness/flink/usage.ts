/** What the TaskManagers of a job use while it runs: processor time at moments that can be told between, and the most memory. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ResidentMemory } from '../measure/resident-memory.ts';
import type { JobManager } from './job-manager.ts';
import type { OwnTaskManagers } from './own-task-managers.ts';

const EVERY_MS = 200;
/** In nanoseconds, of the whole Java process. */
const CPU_METRIC = 'Status.JVM.CPU.Time';

interface Sample {
  readonly atMs: number;
  readonly cpuSeconds: number;
}

/** Of TaskManagers started here by their processes; of others by what they tell, some seconds late, which has no resident memory. */
export class TaskManagerUsage {
  readonly #samples: Sample[] = [];
  readonly #memory: ResidentMemory | null;
  readonly #read: () => Promise<number | null>;
  #timer: NodeJS.Timeout | null = null;

  constructor(jobManager: JobManager, own: OwnTaskManagers | null, ids: readonly string[]) {
    const pids = own === null ? [] : ids.flatMap((id) => own.pids().get(id) ?? []);
    this.#memory = own === null ? null : new ResidentMemory();
    for (const pid of pids) this.#memory?.watch(pid);
    this.#read =
      own === null
        ? async () => {
            const metrics = await Promise.all(ids.map((id) => jobManager.taskManagerMetrics(id, [CPU_METRIC])));
            const known = metrics.flatMap((one) => one.get(CPU_METRIC) ?? []);
            return known.length === ids.length ? known.reduce((sum, ns) => sum + ns, 0) / 1e9 : null;
          }
        : async () => {
            const known = pids.flatMap((pid) => processorSeconds(pid) ?? []);
            return known.length === pids.length ? known.reduce((sum, seconds) => sum + seconds, 0) : null;
          };
    this.#timer = setInterval(() => void this.#sample(), EVERY_MS);
    void this.#sample();
  }

  /** Between two moments, in ms since 1970, which samples have to enclose; null where they do not. */
  cpuSecondsBetween(fromMs: number, toMs: number): number | null {
    const [from, to] = [this.#at(fromMs), this.#at(toMs)];
    return from === null || to === null ? null : to - from;
  }

  /** Ends the sampling, with a last sample. @returns the most resident memory seen; null of processes that are not here */
  async stop(): Promise<number | null> {
    if (this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
      await this.#sample();
    }
    return this.#memory?.stop() ?? null;
  }

  async #sample(): Promise<void> {
    const atMs = Date.now();
    const cpuSeconds = await this.#read().catch(() => null);
    if (cpuSeconds !== null) this.#samples.push({ atMs, cpuSeconds });
  }

  #at(atMs: number): number | null {
    const index = this.#samples.findIndex((sample) => sample.atMs >= atMs);
    const [before, after] = [this.#samples[index - 1], this.#samples[index]];
    if (after === undefined || before === undefined) return null;
    return before.cpuSeconds + ((after.cpuSeconds - before.cpuSeconds) * (atMs - before.atMs)) / (after.atMs - before.atMs);
  }
}

let ticksPerSecond: number | null = null;

/** User and system time of a process and all its threads; null where there is no /proc, or no such process. */
function processorSeconds(pid: number): number | null {
  try {
    ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Fields 14 and 15 of proc(5); the name before them may hold spaces and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return null;
  }
}

/** Resident now, of TaskManagers started here; null of others. */
export function residentBytes(own: OwnTaskManagers | null, ids: readonly string[]): number | null {
  if (own === null) return null;
  try {
    const pids = own.pids();
    return ids.reduce(
      (sum, id) => sum + Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pids.get(id)}/status`, 'utf8'))![1]) * 1024,
      0,
    );
  } catch {
    return null;
  }
}
