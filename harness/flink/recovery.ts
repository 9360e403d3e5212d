/** Kills a TaskManager amid a job, and takes apart how long it takes until the job is where it was. */
import { setTimeout as pause } from 'node:timers/promises';
import { StatebenchError } from '../errors.ts';
import type { Recovery } from '../results.ts';
import type { FlinkJob } from './flink-job.ts';
import type { JobDetails, JobManager } from './job-manager.ts';
import type { OwnTaskManagers } from './own-task-managers.ts';
import { eventsOf, lastAttempt, type Mark, positionsOf, timeAt } from './progress.ts';

const POLL_MS = 20;

/** What was known at the moment of the kill. */
export interface Killed {
  /** In ms since 1970. */
  readonly atMs: number;
  readonly events: number;
  readonly part: number;
  readonly spareSlots: number;
}

/** @throws StatebenchError `backend-failed` if the job comes to its end before it could be killed */
export async function killAt(
  { job, jobManager, own, signal }: { job: FlinkJob; jobManager: JobManager; own: OwnTaskManagers; signal: AbortSignal },
  { part, atEvent }: { readonly part: number; readonly atEvent: number },
): Promise<Killed> {
  for (let isThere = false; !isThere; ) {
    await pause(POLL_MS, undefined, { signal });
    const { state } = await job.details();
    if (state === 'FINISHED') {
      throw new StatebenchError(
        'backend-failed',
        `the job ended before it could be killed at event ${atEvent} with a checkpoint to go on from`,
      );
    }
    if (eventsOf(job.marks()) >= atEvent) isThere = (await jobManager.checkpoints(job.id)).counts.completed > 0;
  }
  const id = await job.taskManagerOf(part);
  const { 'slots-available': spareSlots } = await jobManager.overview();
  const atMs = own.kill(id);
  return { atMs, events: eventsOf(job.marks()), part: part + 1, spareSlots };
}

/** Of a job that has finished since. @throws StatebenchError `backend-failed` if it was not restored from a checkpoint */
export async function recoveryOf(
  job: JobDetails,
  marks: readonly (readonly Mark[])[],
  killed: Killed,
  jobManager: JobManager,
): Promise<Recovery> {
  const { latest } = await jobManager.checkpoints(job.jid);
  const settings = await jobManager.settings();
  const restartedMs = job.timestamps.RESTARTING ?? 0;
  const attempt = lastAttempt(marks);
  const begun = attempt.flatMap(([mark]) => mark ?? []);
  if (latest.restored === null || restartedMs < killed.atMs || begun.length < marks.length) {
    throw new StatebenchError('backend-failed', 'the job went on after its TaskManager was killed, but not from a checkpoint');
  }
  const vertices = await Promise.all(job.vertices.map(({ id }) => jobManager.vertex(job.jid, id)));
  const tasks = vertices.flatMap(({ subtasks }) => subtasks);
  const duration = (task: (typeof tasks)[number], state: string): number => Math.max(0, Number(task['status-duration']?.[state] ?? 0));
  // A task begins when it is deployed: it has a slot then.
  const slotsMs = Math.max(...tasks.map((task) => task['start-time']));
  const deployedMs = Math.max(slotsMs, ...tasks.map((task) => task['start-time'] + duration(task, 'DEPLOYING')));
  const restoredMs = Math.max(
    deployedMs,
    ...tasks.map((task) => task['start-time'] + duration(task, 'DEPLOYING') + duration(task, 'INITIALIZING')),
  );
  const firstMs = Math.max(restoredMs, Math.min(...begun.map(({ atMs }) => atMs)));
  const caughtUpMs = Math.max(firstMs, timeAt(positionsOf(attempt), killed.events) ?? firstMs);
  return {
    part: killed.part,
    killedAtEvent: killed.events,
    restoredFromEvent: begun.reduce((sum, { next }) => sum + next, 0),
    checkpointId: latest.restored.id,
    checkpointsSkipped: 0,
    phases: {
      processMs: slotsMs - killed.atMs,
      verifyMs: deployedMs - slotsMs,
      restoreMs: restoredMs - deployedMs,
      firstBatchMs: firstMs - restoredMs,
      replayMs: caughtUpMs - firstMs,
    },
    flink: {
      detectedMs: restartedMs - killed.atMs,
      heartbeatIntervalMs: msOf(settings.get('heartbeat.interval')),
      heartbeatTimeoutMs: msOf(settings.get('heartbeat.timeout')),
      spareSlots: killed.spareSlots,
    },
  };
}

/** Flink's default where it is not set. Written as a number of ms, or with a unit that is not read here. */
function msOf(text: string | undefined): number | null {
  const [, number, unit = 'ms'] = /^(\d+)\s*(ms|s)?$/.exec(text ?? '') ?? [];
  return number === undefined ? null : Number(number) * (unit === 's' ? 1000 : 1);
}
