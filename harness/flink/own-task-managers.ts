/** The TaskManagers of a cluster that was started here: its processes are known, so that they can be measured, killed and replaced. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { StatebenchError } from '../errors.ts';
import { processSchema, stateOf } from '../process-identity.ts';
import type { JobManager } from './job-manager.ts';
import { whyLost } from './lost-task-manager.ts';
import { SEE_ITS_LOG } from './root-cause.ts';
import { hasMemory, type TaskMemory } from './task-memory.ts';

const describedSchema = z.object({ id: z.string(), process: processSchema });

/** Three times what the slowest start took on a busy machine of two cores. */
const REPLACED_MS = 180_000;
const POLL_MS = 100;
/** How Flink tells that one was lost. */
const LOST = /TaskManager with id (\S+) (?:timed out|is no longer reachable)/;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

export class OwnTaskManagers {
  readonly #jobManager: JobManager;
  readonly #folder: string;
  /** Says what memory those that come have. */
  readonly #memoryFile: string;
  /** What they have where nobody asks for more or less. */
  readonly usualMemory: TaskMemory;
  /** Those that have had tasks: their code is warm, their heap used. */
  readonly #used = new Set<string>();

  private constructor(jobManager: JobManager, folder: string, memoryFile: string, usualMemory: TaskMemory) {
    this.#jobManager = jobManager;
    this.#folder = folder;
    this.#memoryFile = memoryFile;
    this.usualMemory = usualMemory;
  }

  static readonly #known = new Map<string, OwnTaskManagers>();

  /** Those of a cluster on loopback that says where its processes are described, in a folder of ours; null of any other. */
  static async of(jobManager: JobManager): Promise<OwnTaskManagers | null> {
    if (!LOOPBACK.has(new URL(jobManager.url).hostname)) return null;
    const settings = await jobManager.settings();
    const folder = settings.get('statebench.task-managers');
    const memoryFile = settings.get('statebench.task-manager-memory');
    if (folder === undefined || memoryFile === undefined) return null;
    const usual = { taskHeapBytes: Number(settings.get('statebench.task-heap')), managedBytes: Number(settings.get('statebench.managed')) };
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat === undefined || !stat.isDirectory() || (process.getuid !== undefined && stat.uid !== process.getuid())) return null;
    const known = OwnTaskManagers.#known.get(folder) ?? new OwnTaskManagers(jobManager, folder, memoryFile, usual);
    OwnTaskManagers.#known.set(folder, known);
    return known;
  }

  /** Pids of those that are there, by name. */
  pids(): ReadonlyMap<string, number> {
    const found = readdirSync(this.#folder).flatMap((file) => {
      try {
        const { id, process } = describedSchema.parse(JSON.parse(readFileSync(path.join(this.#folder, file), 'utf8')));
        return stateOf(process) === 'running' ? [[id, process.pid] as const] : [];
      } catch {
        // It has ended, or is being written.
        return [];
      }
    });
    return new Map(found);
  }

  /** Whether all are there, and the JobManager knows of no others. */
  async areThere(): Promise<boolean> {
    const here = [...this.pids().keys()].sort();
    return here.length >= 2 && here.join() === (await this.#jobManager.taskManagers()).toSorted().join();
  }

  markUsed(ids: Iterable<string>): void {
    for (const id of ids) this.#used.add(id);
  }

  /** Kills one. @returns when, in ms since 1970 @throws StatebenchError `harness` if it is not there */
  kill(id: string): number {
    const pid = this.pids().get(id);
    if (pid === undefined) throw new StatebenchError('harness', `the TaskManager ${id} is not there to be killed`);
    const atMs = Date.now();
    process.kill(pid, 'SIGKILL');
    return atMs;
  }

  /**
   * Sees to it that all are there, have the memory that is asked for, and none has had tasks before: others are killed and replaced, some
   * ten seconds on a quiet machine.
   * @throws StatebenchError `unavailable` if somebody else's job runs there, or they do not come
   */
  async renew(memory: TaskMemory, signal: AbortSignal): Promise<void> {
    const { 'jobs-running': running } = await this.#jobManager.overview();
    if (running > 0) {
      throw new StatebenchError(
        'unavailable',
        `${running} other jobs run on the Flink at ${this.#jobManager.url}: end them, as trials take all of the cluster`,
      );
    }
    writeFileSync(this.#memoryFile, JSON.stringify(memory));
    this.#killUsed();
    for (const deadline = performance.now() + REPLACED_MS; !(await this.#isWhole(memory)); this.#killUsed()) {
      if (performance.now() > deadline) {
        throw new StatebenchError(
          'unavailable',
          `the TaskManagers that were to take the place of killed ones did not come within ${REPLACED_MS / 1000} s`,
        );
      }
      await pause(POLL_MS, undefined, { signal });
    }
  }

  #killUsed(): void {
    for (const [id, pid] of this.pids()) {
      if (!this.#used.has(id)) continue;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /**
   * Of a TaskManager that a job was lost with Flink tells only that it is not heard of: what became of it, from its own files, is added.
   * Any other error comes back as it is.
   */
  explained(error: unknown): unknown {
    const id = error instanceof StatebenchError ? LOST.exec(error.message)?.[1] : undefined;
    const why = id === undefined ? null : this.#whyLost(id);
    if (why === null || !(error instanceof StatebenchError)) return error;
    return new StatebenchError(error.code, `${error.message.replace(`; ${SEE_ITS_LOG}`, '')}: ${why}`);
  }

  #whyLost(id: string): string | null {
    const file = (name: string): string => {
      try {
        return readFileSync(path.join(path.dirname(this.#folder), name), 'utf8');
      } catch {
        return '';
      }
    };
    return whyLost({ log: file(`${id}.log`), collections: file(`${id}.gc.log`), isThere: this.pids().has(id) });
  }

  async #isWhole(memory: TaskMemory): Promise<boolean> {
    const here = [...this.pids().keys()];
    if (here.some((id) => this.#used.has(id)) || !(await this.areThere())) return false;
    for (const id of here) {
      // One that goes again is not there.
      const has = await this.#jobManager.memoryOf(id).catch(() => null);
      if (has === null) return false;
      if (!hasMemory(has, memory)) this.#used.add(id);
    }
    if (here.some((id) => this.#used.has(id))) return false;
    // One that has just come is listed before its slots are.
    const { 'slots-total': slots, 'slots-available': free } = await this.#jobManager.overview();
    return slots >= here.length && free === slots;
  }
}
