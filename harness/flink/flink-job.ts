/** One run of a workload's job on a cluster: submitted, checked to be what was asked for, watched, and cancelled if it is not through. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Source, Workload } from '../../workloads/contract.ts';
import { StatebenchError } from '../errors.ts';
import type { Cell, Output } from '../results.ts';
import { jobName } from './abandoned-jobs.ts';
import { layoutOf } from './events-file.ts';
import { hasTypes, stageArguments } from './job-arguments.ts';
import { ENTRY_CLASS, jobJar } from './job-jar.ts';
import { ENDED_BADLY, type JobDetails, type JobManager } from './job-manager.ts';
import { type Mark, readMarks } from './progress.ts';

export interface FlinkJobRequest {
  readonly jobManager: JobManager;
  readonly cell: Cell;
  readonly workload: Workload;
  readonly source: Pick<Source, 'keyBytes' | 'width'>;
  /** Of the events, at least as many as the job takes. */
  readonly eventsFile: string;
  readonly events: number;
  /** Where its progress goes; TaskManagers see it under the same path. */
  readonly directory: string;
  /** Where its checkpoints go, as Flink writes it. */
  readonly checkpointsUrl: string;
  /** From one checkpoint to the next; null for none. */
  readonly checkpointEveryMs: number | null;
  /** How often it may go on after a TaskManager died. */
  readonly restarts: number;
  /** Before it does; 0 if absent. */
  readonly restartDelayMs?: number;
  /** For the rows of all stages, a file for each subtask; absent where only their digest is asked for. */
  readonly rowsFolder?: string;
  /** Says up to which event the source may go; absent where it may go on. */
  readonly gateFile?: string;
  /** Ends the wait for it. */
  readonly signal: AbortSignal;
}

/** What Flink calls the state backends. */
const STATE_BACKENDS: Readonly<Record<string, string>> = {
  hashmap: 'HashMapStateBackend',
  rocksdb: 'EmbeddedRocksDBStateBackend',
  forst: 'ForStStateBackend',
};
/** What each calls the place of timers. */
const TIMER_SERVICES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  rocksdb: { heap: 'HEAP', store: 'ROCKSDB' },
  forst: { heap: 'HEAP', store: 'ForStDB' },
};
/** Without an interval Flink would not say which state backend is in force: one that never comes has it say so. */
const NEVER_MS = 24 * 3_600_000;
const POLL_MS = 100;
const ENDED: readonly string[] = ['FINISHED', ...ENDED_BADLY];
/** Much more than a task takes to notice. */
const CANCELLED_MS = 30_000;
/** Within which one has to be made: every task has to be there. */
const CHECKPOINT_MS = 180_000;
/** From submission until the source gives its first event. */
const BEGIN_MS = 120_000;
/** A job is told to have finished up to 30 ms before its slots are told to be free, on a quiet machine of two cores. */
const FREED_MS = 30_000;
const WAITS_FOR_SLOT: readonly string[] = ['CREATED', 'SCHEDULED'];

export class FlinkJob {
  readonly id: string;
  readonly #request: FlinkJobRequest;
  readonly #progress: string;

  private constructor(id: string, request: FlinkJobRequest, progress: string) {
    this.id = id;
    this.#request = request;
    this.#progress = progress;
  }

  /** Submits the job, and checks what is in force. @throws StatebenchError with Flink's own reason if it does not begin as asked */
  static async start(request: FlinkJobRequest): Promise<FlinkJob> {
    const { jobManager, cell, workload, source, eventsFile, events, directory, signal } = request;
    const { parallelism } = cell;
    await waitForSlots(jobManager, parallelism, signal);
    const progress = path.join(directory, 'progress');
    mkdirSync(progress, { recursive: true });
    const jar = await jobManager.upload(await jobJar());
    const { delayMs, everyEvents } = workload.watermark;
    const layout = layoutOf(source, hasTypes(workload));
    const given = {
      name: jobName(cell.id),
      stages: stageArguments(workload, parallelism),
      'events-file': eventsFile,
      events,
      width: layout.width,
      'key-bytes': layout.keyBytes,
      'delay-ms': delayMs,
      'every-events': everyEvents,
      progress,
      chained: cell.backend.settings.chained === true,
      ...(request.rowsFolder !== undefined && { rows: request.rowsFolder }),
      ...(request.gateFile !== undefined && { gate: request.gateFile }),
    };
    try {
      const id = await jobManager.run({
        jar,
        entryClass: ENTRY_CLASS,
        args: Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]),
        parallelism,
        settings: settingsOf(request),
      });
      const job = new FlinkJob(id, request, progress);
      try {
        await job.#begins(signal);
        await job.#check();
        return job;
      } catch (error) {
        await job.cancel();
        throw error;
      }
    } finally {
      // The job has its own copy.
      await jobManager.deleteJar(jar).catch(() => {});
    }
  }

  marks(): readonly (readonly Mark[])[] {
    return readMarks(this.#progress);
  }

  /** @throws StatebenchError `backend-failed` once it has ended other than by finishing */
  details(): Promise<JobDetails> {
    return this.#request.jobManager.checkAlive(this.id);
  }

  /** Names of all that have tasks of it. */
  async taskManagers(): Promise<readonly string[]> {
    const { vertices } = await this.details();
    const all = await Promise.all(vertices.map(({ id }) => this.#request.jobManager.vertex(this.id, id)));
    return [...new Set(all.flatMap(({ subtasks }) => subtasks.flatMap((task) => task['taskmanager-id'] ?? [])))];
  }

  /** Name of the one that has a subtask of the source; empty if none has. */
  async taskManagerOf(subtask: number): Promise<string> {
    const { vertices } = await this.details();
    const source = await this.#request.jobManager.vertex(this.id, vertices[0]!.id);
    return source.subtasks[subtask]?.['taskmanager-id'] ?? '';
  }

  /** Has a checkpoint made, again where one failed since the job was just going on. @throws StatebenchError `backend-failed` if none is */
  async checkpoint(): Promise<void> {
    const { jobManager, signal } = this.#request;
    for (const deadline = performance.now() + CHECKPOINT_MS; ; await pause(POLL_MS, undefined, { signal })) {
      const failure = await jobManager.checkpoint(this.id, signal);
      if (failure === null) return;
      await this.details();
      if (performance.now() > deadline)
        throw new StatebenchError('backend-failed', `no checkpoint was made within ${CHECKPOINT_MS / 1000} s: ${failure}`);
    }
  }

  finished(): Promise<JobDetails> {
    return this.#request.jobManager.finished(this.id, this.#request.signal);
  }

  /**
   * Nothing else is touched. Waits until it has ended, since until then it makes its folders anew. Never throws: a cluster that is gone has
   * no job either.
   */
  async cancel(): Promise<void> {
    const { jobManager } = this.#request;
    try {
      await jobManager.cancel(this.id);
      const deadline = performance.now() + CANCELLED_MS;
      while (!ENDED.includes((await jobManager.job(this.id)).state) && performance.now() < deadline) await pause(POLL_MS);
    } catch {
      // It is not there any more.
    }
  }

  /** All rows of a job that has finished, and its late events by stage. */
  async output(): Promise<{ readonly output: Output; readonly lateByStage: number[] }> {
    const { jobManager, workload, events } = this.#request;
    const told = await jobManager.accumulators(this.id);
    const stages = workload.stages.map((_, index) => index + 1);
    const sum = (name: string): bigint => stages.reduce((total, stage) => total + (told.get(`${name}-${stage}`) ?? 0n), 0n);
    const lanes = [1, 2, 3, 4].map((lane) => (sum(`lane-${lane}`) & 0xffff_ffffn).toString(16).padStart(8, '0'));
    return {
      output: { atEvent: events, ended: true, rows: Number(sum('rows')), digest: lanes.join('') },
      lateByStage: stages.map((stage) => Number(told.get(`late-${stage}`) ?? 0n)),
    };
  }

  async #begins(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + BEGIN_MS;
    while (this.marks().length < this.#request.cell.parallelism) {
      const { state, vertices } = await this.details();
      if (state === 'FINISHED') return;
      if (performance.now() > deadline) {
        const waits = vertices.some(({ status }) => WAITS_FOR_SLOT.includes(status));
        const why = waits
          ? 'its tasks wait for a slot: end other jobs, or start more TaskManagers'
          : await this.#request.jobManager.failureOf(this.id);
        throw new StatebenchError(
          'backend-failed',
          `the job gave no event within ${BEGIN_MS / 1000} s, and is ${state}: ${why ?? 'Flink gives no reason'}`,
        );
      }
      await pause(POLL_MS, undefined, { signal });
    }
  }

  /** @throws StatebenchError `backend-failed` naming what is not as asked */
  async #check(): Promise<void> {
    const { jobManager, cell, checkpointEveryMs } = this.#request;
    const checkpoints = await jobManager.checkpointsConfig(this.id);
    const config = await jobManager.jobConfig(this.id);
    const wanted: readonly (readonly [string, unknown, unknown])[] = [
      ['state backend', checkpoints.state_backend, STATE_BACKENDS[String(cell.backend.settings.state)]],
      ['checkpoint interval', checkpoints.interval, checkpointEveryMs ?? NEVER_MS],
      ['checkpoint storage', checkpoints.checkpoint_storage, 'FileSystemCheckpointStorage'],
      ['checkpoint mode', checkpoints.mode, 'exactly_once'],
      ['parallelism', config?.parallelism, cell.parallelism],
      ['object reuse', config?.objectReuse, true],
    ];
    const wrong = wanted
      .filter(([, is, asked]) => is !== asked)
      .map(([name, is, asked]) => `${name} ${String(is)} instead of ${String(asked)}`);
    if (wrong.length > 0)
      throw new StatebenchError('backend-failed', `the job runs with ${wrong.join(', ')}: the cluster does not take what a job asks for`);
  }
}

/** Those that no job has any more are waited for. @throws StatebenchError `unavailable` if there are too few, or others' jobs have them */
async function waitForSlots(jobManager: JobManager, needed: number, signal: AbortSignal): Promise<void> {
  for (const deadline = performance.now() + FREED_MS; ; await pause(POLL_MS, undefined, { signal })) {
    const { 'slots-available': free, 'slots-total': slots, 'jobs-running': running } = await jobManager.overview();
    if (free >= needed) return;
    if (slots >= needed && running === 0 && performance.now() < deadline) continue;
    throw new StatebenchError(
      'unavailable',
      `${needed} slots are needed, and ${free} of ${slots} are free on the Flink at ${jobManager.url}: end other jobs, or start more TaskManagers`,
    );
  }
}

function settingsOf({
  cell,
  checkpointsUrl,
  checkpointEveryMs,
  restarts,
  restartDelayMs = 0,
}: FlinkJobRequest): Readonly<Record<string, string>> {
  const { state, incremental, timers } = cell.backend.settings;
  const isOnDisk = state !== 'hashmap';
  return {
    'state.backend.type': String(state),
    'execution.checkpointing.interval': `${checkpointEveryMs ?? NEVER_MS} ms`,
    'execution.checkpointing.storage': 'filesystem',
    'execution.checkpointing.dir': checkpointsUrl,
    'execution.checkpointing.incremental': String(incremental === true),
    'pipeline.object-reuse': 'true',
    'pipeline.max-parallelism': '128',
    ...(isOnDisk && {
      [`state.backend.${String(state)}.timer-service.factory`]: TIMER_SERVICES[String(state)]?.[String(timers)] ?? 'HEAP',
    }),
    ...(restarts > 0
      ? {
          'restart-strategy.type': 'fixed-delay',
          'restart-strategy.fixed-delay.attempts': String(restarts),
          'restart-strategy.fixed-delay.delay': `${restartDelayMs} ms`,
        }
      : { 'restart-strategy.type': 'disable' }),
  };
}
