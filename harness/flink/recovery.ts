/** Kills a TaskManager amid a job, and takes apart how long it takes until the job is where it was. */
import { setTimeout as pause } from 'node:timers/promises';
import { StatebenchError } from '../errors.ts';
import { nowNs } from '../measure/clock.ts';
import type { Recovery } from '../results.ts';
import type { FlinkJob } from './flink-job.ts';
import type { FlinkCheckpoint, JobDetails, JobManager } from './job-manager.ts';
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
  /** Of the checkpoint interval, since the last checkpoint was triggered; null where none is due. */
  readonly fraction: number | null;
}

/** @throws StatebenchError `backend-failed` if the job comes to its end before it could be killed */
export async function killAt(
  { job, jobManager, own, signal }: { job: FlinkJob; jobManager: JobManager; own: OwnTaskManagers; signal: AbortSignal },
  { part, fromEvent, untilEvent, fraction, everyMs }: KillWindow,
): Promise<Killed> {
  let dueNs: number | null = null;
  for (let isThere = false; !isThere; ) {
    await pause(POLL_MS, undefined, { signal });
    const { state } = await job.details();
    if (state === 'FINISHED') {
      throw new StatebenchError(
        'backend-failed',
        `the job ended before it could be killed after event ${fromEvent} with a checkpoint to go on from`,
      );
    }
    const events = eventsOf(job.marks());
    if (events < fromEvent) continue;
    const { counts, history } = await jobManager.checkpoints(job.id);
    if (counts.completed === 0) continue;
    // The triggers keep to their interval: the moment is so far after one of them.
    if (dueNs === null) {
      // Flink dates its triggers by the wall clock; the wait itself is counted by the monotonic one.
      const nowMs = Date.now();
      dueNs = nowNs() + (momentAfter(nowMs, lastTriggered(history), { fraction, everyMs }) - nowMs) * 1e6;
    }
    isThere = nowNs() >= dueNs || events >= untilEvent;
  }
  const id = await job.taskManagerOf(part);
  const { 'slots-available': spareSlots } = await jobManager.overview();
  const { history } = await jobManager.checkpoints(job.id);
  const atMs = own.kill(id);
  const triggeredMs = lastTriggered(history.filter(({ trigger_timestamp: triggered }) => triggered <= atMs));
  return {
    atMs,
    events: eventsOf(job.marks()),
    part: part + 1,
    spareSlots,
    fraction: everyMs === null || triggeredMs === null ? null : (atMs - triggeredMs) / everyMs,
  };
}

/** Where a kill may fall. */
export interface KillWindow {
  readonly part: number;
  /** The first event of the tail, and one from which on the kill waits no longer. */
  readonly fromEvent: number;
  readonly untilEvent: number;
  /** Of the checkpoint interval. */
  readonly fraction: number;
  readonly everyMs: number | null;
}

type Triggered = Pick<FlinkCheckpoint, 'trigger_timestamp'>;

function lastTriggered(history: readonly Triggered[]): number | null {
  return history.length === 0 ? null : Math.max(...history.map(({ trigger_timestamp: triggered }) => triggered));
}

/** The first moment at or after `nowMs` that lies at a fraction of the interval after a trigger. */
export function momentAfter(
  nowMs: number,
  triggeredMs: number | null,
  { fraction, everyMs }: { readonly fraction: number; readonly everyMs: number | null },
): number {
  if (everyMs === null || triggeredMs === null) return nowMs;
  const first = triggeredMs + fraction * everyMs;
  return first + Math.max(0, Math.ceil((nowMs - first) / everyMs)) * everyMs;
}

/** Of a job that has finished since. `rateBefore`: events per second of the measured part. @throws StatebenchError `backend-failed` if it was not restored from a checkpoint */
export async function recoveryOf(
  job: JobDetails,
  marks: readonly (readonly Mark[])[],
  killed: Killed,
  jobManager: JobManager,
  rateBefore: number,
): Promise<Recovery> {
  const { latest, history } = await jobManager.checkpoints(job.jid);
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
  const restoredFromEvent = begun.reduce((sum, { next }) => sum + next, 0);
  const restored = latest.restored;
  const replayed = killed.events - restoredFromEvent;
  // A clock of whole milliseconds measures no rate over less than one.
  const replayRate = replayed > 0 && caughtUpMs > restoredMs ? (replayed * 1000) / (caughtUpMs - restoredMs) : null;
  return {
    part: killed.part,
    killedAtEvent: killed.events,
    restoredFromEvent,
    ...(killed.fraction !== null && { killFraction: killed.fraction }),
    restoreMs: restoredMs - deployedMs,
    restoredBytes: history.find(({ id }) => id === restored.id)?.state_size ?? null,
    replayRate,
    replayShare: replayRate === null ? null : replayRate / rateBefore,
    checkpointId: restored.id,
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
