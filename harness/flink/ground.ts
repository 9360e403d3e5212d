/** What a job on Flink stands on, whatever it is for: the cluster, the events in a file, places for what it makes, all gone afterwards. */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { Source, Workload } from '../../workloads/contract.ts';
import { destroyCheckpoints, sweepJobs } from '../checkpointing/remove-jobs.ts';
import { StatebenchError } from '../errors.ts';
import { create, type ModuleRef } from '../modules.ts';
import type { Cell } from '../results.ts';
import { makeScratch } from '../scratch.ts';
import { endAbandonedJobs } from './abandoned-jobs.ts';
import { writeEvents } from './events-file.ts';
import type { FlinkJob } from './flink-job.ts';
import { hasTypes } from './job-arguments.ts';
import { JobManager } from './job-manager.ts';
import { OwnTaskManagers } from './own-task-managers.ts';
import { checkGateway } from './sql-gateway.ts';
import { budgeted } from './task-memory.ts';

export interface Ground {
  readonly jobManager: JobManager;
  readonly own: OwnTaskManagers | null;
  readonly workload: Workload;
  readonly source: Source;
  /** That were asked for. */
  readonly events: number;
  /** Where a job may put what it makes; removed afterwards. */
  readonly home: string;
  /** Holds at least as many events as were asked for. */
  readonly eventsFile: string;
  /** For the checkpoints of one more job, as Flink writes it. */
  readonly checkpointsUrl: (job: string) => Promise<string>;
  readonly signal: AbortSignal;
}

export interface GroundRequest {
  readonly backend: ModuleRef;
  /** What the backend says of itself. */
  readonly settings: Cell['backend']['settings'];
  readonly workload: ModuleRef;
  readonly storage: ModuleRef;
  readonly seed: number;
  /** To be there, at least, of a stream that begins again after its last event; null for one that does not, and all of it. */
  readonly events: number | null;
  /** Of this job or trial alone. */
  readonly directory: string;
  /** For the file of the events, which others of the same workload and seed may use. */
  readonly eventsFolder: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Makes the ground, hands it to `body`, and removes it. @throws whatever it throws, and StatebenchError if it cannot be made */
export async function onGround<Result>(request: GroundRequest, body: (ground: Ground) => Promise<Result>): Promise<Result> {
  const { backend, settings, storage, seed, directory, timeoutMs, signal } = request;
  const { shared } = settings;
  // A run that is resumed may have a cluster of another address than its plan says.
  const url = backend.options.url ?? settings.url;
  const jobManager = new JobManager(String(url));
  await jobManager.overview();
  const gateway = backend.options.gateway ?? settings.gateway;
  if (gateway !== undefined) await checkGateway(String(gateway));
  const own = await OwnTaskManagers.of(jobManager);
  if (own === null && shared === undefined) {
    throw new StatebenchError(
      'unavailable',
      `the Flink at ${jobManager.url} was not started here, so that it has to be told where its TaskManagers find events: give flink:shared=FOLDER, which they and this machine see at the same path`,
    );
  }
  const workload = await create<Workload>(request.workload);
  const source = await workload.source({ seed, endless: request.events !== null });
  const events = request.events ?? source.events;
  await endAbandonedJobs(jobManager, signal);
  const home = shared === undefined ? directory : await sharedFolder(String(shared), storage);
  mkdirSync(home, { recursive: true });
  try {
    const eventsFile = path.join(shared === undefined ? request.eventsFolder : home, `events-${digestOf(request.workload, seed)}`);
    await writeEvents(source, hasTypes(workload), events, eventsFile, signal);
    const timeout = AbortSignal.timeout(Math.ceil(timeoutMs));
    const checkpointsUrl = async (job: string): Promise<string> => {
      const made = await create<CheckpointStorage>(storage);
      const url = await (await made.open(path.join(home, job, 'checkpoints'))).hadoopUrl();
      if (url !== null) return `${url}/flink`;
      throw new StatebenchError('impossible-settings', `the checkpoint storage '${storage.name}' has no place where Flink could write`);
    };
    const either = AbortSignal.any([signal, timeout]);
    return await body({ jobManager, own, workload, source, events, home, eventsFile, checkpointsUrl, signal: either }).catch(
      (error: unknown) => {
        if (!timeout.aborted || signal.aborted) throw own?.explained(error) ?? error;
        throw new StatebenchError('backend-failed', `the job took more than ${Math.round(timeoutMs / 1000)} s`);
      },
    );
  } finally {
    await destroyCheckpoints(home, storage);
    // Tasks of a cluster whose JobManager is gone write on until they have heard of it.
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** One for this trial; what earlier processes left that were killed is removed. @throws StatebenchError `bad-folder` or `disk-full` */
async function sharedFolder(shared: string, storage: ModuleRef): Promise<string> {
  await sweepJobs(shared, [storage]);
  return makeScratch(shared, 'flink');
}

function digestOf({ file, options }: ModuleRef, seed: number): string {
  return createHash('sha256')
    .update(JSON.stringify([file, options, seed]))
    .digest('hex')
    .slice(0, 16);
}

/** Has fresh TaskManagers of the memory that a cell is to have, where they are ours. */
export async function renew({ own, signal }: Ground, settings: Cell['backend']['settings']): Promise<void> {
  await own?.renew(budgeted(settings, own.usualMemory), signal);
}

/** Does something with a job, which is gone afterwards. */
export async function withJob<Result>(job: FlinkJob, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } finally {
    await job.cancel();
  }
}
