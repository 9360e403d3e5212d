/** The part of the REST interface of Flink's JobManager that is used, typed. See Flink's "REST API", version v1. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { StatebenchError } from '../errors.ts';
import { FlinkRefusal, restCall, restText } from './rest-call.ts';
import { checkpointFailureIn, isOfCheckpoint, rootCause } from './root-cause.ts';
import { FLINK_VERSION, isOfOurRelease } from './version.ts';

const count = z.number();
/** Flink writes -1 or "NaN" where it has nothing to tell. */
const told = z.union([z.number(), z.string()]);

const overviewSchema = z.object({
  taskmanagers: count,
  'slots-total': count,
  'slots-available': count,
  'jobs-running': count,
  'flink-version': z.string(),
});
export type Overview = z.infer<typeof overviewSchema>;

const jobSchema = z.object({
  jid: z.string(),
  name: z.string(),
  state: z.string(),
  timestamps: z.record(z.string(), z.number()),
  vertices: z.array(z.object({ id: z.string(), name: z.string(), parallelism: count, status: z.string() })),
});
export type JobDetails = z.infer<typeof jobSchema>;

const jobsSchema = z.object({ jobs: z.array(z.object({ jid: z.string(), name: z.string(), state: z.string() })) });

const vertexSchema = z.object({
  subtasks: z.array(
    z.object({
      subtask: count,
      status: z.string(),
      attempt: count,
      'taskmanager-id': z.string().optional(),
      'start-time': count,
      'status-duration': z.record(z.string(), told).optional(),
    }),
  ),
});
export type Vertex = z.infer<typeof vertexSchema>;

const checkpointSchema = z.object({
  id: count,
  status: z.string(),
  is_savepoint: z.boolean(),
  trigger_timestamp: count,
  latest_ack_timestamp: count,
  state_size: count,
  checkpointed_size: count.optional(),
  end_to_end_duration: count,
  failure_message: z.string().nullish(),
  external_path: z.string().nullish(),
});
export type FlinkCheckpoint = z.infer<typeof checkpointSchema>;

const checkpointsSchema = z.object({
  counts: z.object({ restored: count, total: count, in_progress: count, completed: count, failed: count }),
  latest: z.object({ restored: z.object({ id: count, restore_timestamp: count }).nullable() }),
  history: z.array(checkpointSchema),
});

const triggeredSchema = z.object({
  status: z.object({ id: z.string() }),
  operation: z
    .object({ failureCause: z.object({ class: z.string().optional(), 'stack-trace': z.string().optional() }).nullish() })
    .nullish(),
});

const subtaskCheckpointsSchema = z.object({
  subtasks: z.array(
    z.object({
      index: count,
      status: z.string(),
      checkpoint: z.object({ sync: count, async: count }).optional(),
      alignment: z.object({ duration: count }).optional(),
      start_delay: count.optional(),
      checkpointed_size: count.optional(),
      state_size: count.optional(),
    }),
  ),
});
export type SubtaskCheckpoints = z.infer<typeof subtaskCheckpointsSchema>;

const checkpointsConfigSchema = z.object({
  mode: z.string(),
  interval: count,
  state_backend: z.string(),
  checkpoint_storage: z.string(),
});
export type CheckpointsConfig = z.infer<typeof checkpointsConfigSchema>;

const jobConfigSchema = z.object({
  'execution-config': z.object({ 'job-parallelism': count, 'object-reuse-mode': z.boolean(), 'restart-strategy': z.string() }).nullish(),
});

const accumulatorsSchema = z.object({ 'user-task-accumulators': z.array(z.object({ name: z.string(), value: z.string() })) });
const exceptionsSchema = z.object({ exceptionHistory: z.object({ entries: z.array(z.object({ stacktrace: z.string() })) }).optional() });
const settingsSchema = z.array(z.object({ key: z.string(), value: z.string() }));

export interface JobRequest {
  readonly jar: string;
  readonly entryClass: string;
  readonly args: readonly string[];
  readonly parallelism: number;
  /** Flink's own settings, in force for this job alone. */
  readonly settings: Readonly<Record<string, string>>;
}

/** In bytes. */
export interface TaskManagerMemory {
  readonly taskHeapBytes: number;
  /** With what Flink itself needs of it. */
  readonly jvmHeapBytes: number;
  readonly managedBytes: number;
  /** All that the process may take: heap, managed memory, network, code, and what Java needs beside. */
  readonly processBytes: number;
  readonly slots: number;
}

/** A job that has come to an end of which nothing good can be told. */
export const ENDED_BADLY: readonly string[] = ['FAILED', 'CANCELED'];
const ENDED: readonly string[] = [...ENDED_BADLY, 'FINISHED'];
const JOB_ID = z.object({ jobid: z.string() });
const POLL_MS = 100;
const TRIGGER_POLL_MS = 10;
/** A log of a cluster that has run for long may be more than is worth to be fetched. */
const LOG_BYTES_MAX = 64 * 2 ** 20;

export class JobManager {
  readonly url: string;
  readonly #whom: string;

  /** @param url `http://HOST:PORT` */
  constructor(url: string) {
    this.url = url.replace(/\/+$/, '');
    this.#whom = "Flink's JobManager";
  }

  /** @throws StatebenchError `unavailable` if it does not answer, or is of a release that the job is not compiled for */
  async overview(): Promise<Overview> {
    const overview = await this.#get('/overview', overviewSchema);
    const version = overview['flink-version'];
    if (isOfOurRelease(version)) return overview;
    const [major, minor] = FLINK_VERSION.split('.');
    throw new StatebenchError(
      'unavailable',
      `the Flink at ${this.url} is ${version}, and the job is made for ${FLINK_VERSION}: name a cluster of ${major}.${minor}`,
    );
  }

  /** The cluster's configuration. */
  async settings(): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.#get('/jobmanager/config', settingsSchema)).map(({ key, value }) => [key, value]));
  }

  async taskManagers(): Promise<readonly string[]> {
    const schema = z.object({ taskmanagers: z.array(z.object({ id: z.string() })) });
    return (await this.#get('/taskmanagers', schema)).taskmanagers.map(({ id }) => id);
  }

  /** What a TaskManager has of memory, in bytes, and its slots. */
  async memoryOf(id: string): Promise<TaskManagerMemory> {
    const schema = z.object({
      slotsNumber: count,
      memoryConfiguration: z.object({ frameworkHeap: count, taskHeap: count, managedMemory: count, totalProcessMemory: count }),
    });
    const { slotsNumber, memoryConfiguration: memory } = await this.#get(`/taskmanagers/${id}`, schema);
    return {
      taskHeapBytes: memory.taskHeap,
      jvmHeapBytes: memory.frameworkHeap + memory.taskHeap,
      managedBytes: memory.managedMemory,
      processBytes: memory.totalProcessMemory,
      slots: slotsNumber,
    };
  }

  /** Metrics of a TaskManager by name; one that it does not know, or has not told yet, is missing. */
  async taskManagerMetrics(id: string, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const schema = z.array(z.object({ id: z.string(), value: z.string() }));
    const metrics = await this.#get(`/taskmanagers/${id}/metrics?get=${names.join(',')}`, schema);
    return new Map(metrics.map(({ id: name, value }) => [name, Number(value)]));
  }

  /** @returns what {@link run} calls it */
  async upload(file: string): Promise<string> {
    const form = new FormData();
    form.append('jarfile', new Blob([await readFile(file)], { type: 'application/x-java-archive' }), basename(file));
    const { filename } = await this.#call('POST', '/jars/upload', z.object({ filename: z.string() }), form);
    return basename(filename);
  }

  async deleteJar(jar: string): Promise<void> {
    await this.#call('DELETE', `/jars/${jar}`, z.unknown());
  }

  /** @returns the job's id. One that began although no answer came, or came too late, is cancelled. */
  async run({ jar, entryClass, args, parallelism, settings }: JobRequest): Promise<string> {
    const jobId = randomBytes(16).toString('hex');
    const body = { entryClass, programArgsList: args, parallelism, jobId, flinkConfiguration: settings };
    try {
      return (await this.#call('POST', `/jars/${jar}/run`, JOB_ID, body)).jobid;
    } catch (error) {
      await this.cancel(jobId).catch(() => {});
      throw error;
    }
  }

  /** Those that have not come to an end, whoever began them. */
  async runningJobs(): Promise<readonly { readonly id: string; readonly name: string; readonly state: string }[]> {
    const { jobs } = await this.#get('/jobs/overview', jobsSchema);
    return jobs.filter(({ state }) => !ENDED.includes(state)).map(({ jid, name, state }) => ({ id: jid, name, state }));
  }

  job(id: string): Promise<JobDetails> {
    return this.#get(`/jobs/${id}`, jobSchema);
  }

  vertex(job: string, vertex: string): Promise<Vertex> {
    return this.#get(`/jobs/${job}/vertices/${vertex}`, vertexSchema);
  }

  async jobConfig(
    job: string,
  ): Promise<{ readonly parallelism: number; readonly objectReuse: boolean; readonly restartStrategy: string } | null> {
    const config = (await this.#get(`/jobs/${job}/config`, jobConfigSchema))['execution-config'];
    if (config === null || config === undefined) return null;
    return {
      parallelism: config['job-parallelism'],
      objectReuse: config['object-reuse-mode'],
      restartStrategy: config['restart-strategy'],
    };
  }

  checkpointsConfig(job: string): Promise<CheckpointsConfig> {
    return this.#get(`/jobs/${job}/checkpoints/config`, checkpointsConfigSchema);
  }

  checkpoints(job: string): Promise<z.infer<typeof checkpointsSchema>> {
    return this.#get(`/jobs/${job}/checkpoints`, checkpointsSchema);
  }

  /** Has a checkpoint made. @returns null once it is, or why it failed */
  async checkpoint(job: string, signal: AbortSignal): Promise<string | null> {
    const asked = await this.#call('POST', `/jobs/${job}/checkpoints`, z.object({ 'request-id': z.string() }), {
      checkpointType: 'CONFIGURED',
    });
    for (;;) {
      const { status, operation } = await this.#get(`/jobs/${job}/checkpoints/${asked['request-id']}`, triggeredSchema);
      if (status.id === 'COMPLETED') {
        const failure = operation?.failureCause?.['stack-trace'] ?? operation?.failureCause?.class;
        return failure === undefined ? null : rootCause(failure);
      }
      await pause(TRIGGER_POLL_MS, undefined, { signal });
    }
  }

  subtaskCheckpoints(job: string, checkpoint: number, vertex: string): Promise<SubtaskCheckpoints> {
    return this.#get(`/jobs/${job}/checkpoints/details/${checkpoint}/subtasks/${vertex}`, subtaskCheckpointsSchema);
  }

  /** What the tasks of a job have told, added up over them. */
  async accumulators(job: string): Promise<ReadonlyMap<string, bigint>> {
    const { 'user-task-accumulators': all } = await this.#get(`/jobs/${job}/accumulators`, accumulatorsSchema);
    return new Map(all.map(({ name, value }) => [name, BigInt(/-?\d+/.exec(value)?.[0] ?? '0')]));
  }

  /** Why a job failed, or has been restarted: the root cause of the newest failure; null if there was none. */
  async failureOf(job: string): Promise<string | null> {
    const { exceptionHistory } = await this.#get(`/jobs/${job}/exceptions?maxExceptions=1`, exceptionsSchema);
    const stack = exceptionHistory?.entries[0]?.stacktrace;
    if (stack === undefined) return null;
    if (!isOfCheckpoint(stack)) return rootCause(stack);
    const log = await restText(`${this.url}/v1/jobmanager/log`, LOG_BYTES_MAX);
    const cause = log === null ? null : checkpointFailureIn(log, job);
    return cause === null ? rootCause(stack) : `a checkpoint failed: ${rootCause(cause, stack)}`;
  }

  /** Asks for an end of a job, which then comes; one that has ended already is left alone. */
  async cancel(job: string): Promise<void> {
    try {
      await this.#call('PATCH', `/jobs/${job}?mode=cancel`, z.unknown());
    } catch (error) {
      // 404 and 409: it is gone, or has ended meanwhile.
      if (!(error instanceof FlinkRefusal) || (error.status !== 404 && error.status !== 409)) throw error;
    }
  }

  /** @throws StatebenchError `backend-failed` with the root cause once the job has ended otherwise */
  async checkAlive(job: string): Promise<JobDetails> {
    const details = await this.job(job);
    if (!ENDED_BADLY.includes(details.state)) return details;
    const why = details.state === 'CANCELED' ? 'somebody cancelled it' : ((await this.failureOf(job)) ?? 'Flink gives no reason');
    throw new StatebenchError('backend-failed', `the job ended as ${details.state}: ${why}`);
  }

  /** Waits until a job has ended as it should. @throws as {@link checkAlive}, or the signal's reason */
  async finished(job: string, signal: AbortSignal): Promise<JobDetails> {
    for (;;) {
      const details = await this.checkAlive(job);
      if (details.state === 'FINISHED') return details;
      await pause(POLL_MS, undefined, { signal });
    }
  }

  #get<Answer>(path: string, answer: z.ZodType<Answer>): Promise<Answer> {
    return this.#call('GET', path, answer);
  }

  #call<Answer>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, answer: z.ZodType<Answer>, body?: unknown): Promise<Answer> {
    return restCall({ url: `${this.url}/v1${path}`, method, answer, body, whom: this.#whom });
  }
}
