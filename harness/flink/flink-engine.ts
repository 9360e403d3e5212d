/** Runs a workload on Flink, as trials have it: how fast, with which checkpoints, and what becomes of it when a TaskManager is killed. */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf, StatebenchError } from '../errors.ts';
import { watchWallClock } from '../measure/clock.ts';
import type { PlannedCell } from '../plan.ts';
import type { CompletedTrial, FailedTrial } from '../results.ts';
import type { Expected } from '../trial/tasks.ts';
import { check, checkLate, type Failure, type Measurements, type TrialRequest } from '../trial/trial.ts';
import { checkpointsOf } from './checkpoints.ts';
import { FlinkJob } from './flink-job.ts';
import { type Ground, type GroundRequest, onGround, renew, withJob } from './ground.ts';
import type { JobManager } from './job-manager.ts';
import { eventsOf, positionsOf, timeAt } from './progress.ts';
import { killAt, recoveryOf } from './recovery.ts';
import { checkBudget } from './task-memory.ts';
import { residentBytes, TaskManagerUsage } from './usage.ts';
import { checkWallClock } from './wall-clock.ts';

const POLL_MS = 50;
/** The part of the kill span after which a kill waits no longer for its moment: the job must not end first. */
const LATEST_KILL = 0.9;

type TrialGround = Pick<GroundRequest, 'seed' | 'directory' | 'timeoutMs' | 'signal'> & { readonly planned: PlannedCell };

/** Trials of one workload have the same events: in a folder of the run's own they are written once. */
function groundOf({ planned, seed, directory, timeoutMs, signal }: TrialGround, events: number): GroundRequest {
  const { backend, workload, storage, cell } = planned;
  const { settings } = cell.backend;
  return { backend, settings, workload, storage, seed, events, directory, eventsFolder: path.dirname(directory), timeoutMs, signal };
}

export interface FlinkCalibration extends TrialGround {
  /** Events that fill the state first. */
  readonly fill: number;
  readonly seconds: number;
}

/** Of a job that is given no end to come to: more than the fastest one takes in the time. */
export const CALIBRATION_EVENTS_PER_SECOND = 600_000;
/** The part of the time at the end that counts: the code is warm then. */
const WARM_SHARE = 0.4;

/** Events per second of the job once its code is warm. @throws StatebenchError if it does not run */
export function eventsPerSecondOnFlink(request: FlinkCalibration): Promise<number> {
  const { fill, seconds, planned } = request;
  // As many as one task more than another would have are left out.
  const { parallelism } = planned.cell;
  const events = Math.ceil((fill + seconds * CALIBRATION_EVENTS_PER_SECOND) / parallelism) * parallelism;
  return onGround(groundOf(request, events), async (ground) => {
    await renew(ground, planned.cell.backend.settings);
    const { home, checkpointsUrl, ...rest } = ground;
    const job = await FlinkJob.start({
      ...rest,
      cell: planned.cell,
      events,
      directory: home,
      checkpointsUrl: await checkpointsUrl('calibrated'),
      checkpointEveryMs: null,
      restarts: 0,
    });
    return await withJob(job, async () => {
      const ids = await job.taskManagers();
      ground.own?.markUsed(ids);
      await checkBudget(ground.jobManager, ids, planned.cell.backend.settings);
      let filledMs: number | null = null;
      for (let isDone = false; !isDone; ) {
        await pause(POLL_MS, undefined, { signal: ground.signal });
        const { state } = await job.details();
        if (filledMs === null && eventsOf(job.marks()) >= fill) filledMs = performance.now();
        isDone = state === 'FINISHED' || (filledMs !== null && performance.now() - filledMs >= seconds * 1000);
      }
      const positions = positionsOf(job.marks()).filter(({ events: position }) => position >= fill);
      const [first, last] = [positions[0], positions.at(-1)];
      if (first === undefined || last === undefined || last.events === first.events)
        throw new StatebenchError('backend-failed', `the job took no event in ${seconds} s`);
      const fromMs = last.atMs - WARM_SHARE * (last.atMs - first.atMs);
      const from = positions.find(({ atMs }) => atMs >= fromMs) ?? first;
      const counted = last.atMs > from.atMs ? from : first;
      return ((last.events - counted.events) * 1000) / (last.atMs - counted.atMs);
    });
  });
}

/** Whatever goes wrong is a failure with Flink's own reason, never an error. */
export async function measureOnFlink(request: TrialRequest): Promise<Measurements | Failure> {
  const { planned, stream, kill, signal, onPhase } = request;
  const progress: { phase: FailedTrial['phase'] } = { phase: 'open' };
  const enter = (phase: FailedTrial['phase']): void => {
    progress.phase = phase;
    onPhase(phase);
  };
  const events = stream.warmUp + stream.measured + stream.tail;
  try {
    return await onGround(groundOf(request, events), async (ground) => {
      enter('open');
      await renew(ground, planned.cell.backend.settings);
      const wallClockMovedMs = watchWallClock();
      const measured = await measureJob(request, ground, enter);
      const recovered = kill === null ? null : await recoverJob(request, ground, kill, enter, measured.throughput.eventsPerSecond);
      checkWallClock(wallClockMovedMs());
      return {
        ...measured,
        ...recovered,
        correctness: { ...measured.correctness, ...recovered?.correctness },
        unavailable: { ...measured.unavailable, ...recovered?.unavailable },
      };
    });
  } catch (error) {
    const code = signal.aborted ? 'interrupted' : error instanceof StatebenchError ? error.code : 'error';
    return { phase: progress.phase, code, message: messageOf(error) };
  }
}

type Enter = (phase: FailedTrial['phase']) => void;

/** From one checkpoint to the next, in ms; null where none is measured. */
function checkpointEveryMs({ planned, stream }: TrialRequest): number | null {
  if (stream.checkpoints.everyEvents === Number.MAX_SAFE_INTEGER) return null;
  const { interval } = planned.cell.backend.settings;
  return interval === undefined ? (stream.checkpoints.everyMs ?? null) : Number(interval);
}

async function measureJob(request: TrialRequest, ground: Ground, enter: Enter): Promise<Measurements> {
  const { planned, stream, expected } = request;
  const { jobManager, own, home, checkpointsUrl, ...rest } = ground;
  const end = stream.warmUp + stream.measured;
  const everyMs = checkpointEveryMs(request);
  const idle = own === null ? null : [...own.pids().keys()];
  const before = new Map(idle?.map((id) => [id, residentBytes(own, [id])]));
  const url = await checkpointsUrl('measured');
  const job = await FlinkJob.start({
    ...rest,
    jobManager,
    cell: planned.cell,
    events: end,
    directory: path.join(home, 'measured'),
    checkpointsUrl: url,
    checkpointEveryMs: everyMs,
    restarts: 0,
  });
  return await withJob(job, async () => {
    const ids = await job.taskManagers();
    own?.markUsed(ids);
    const usage = new TaskManagerUsage(jobManager, own, ids);
    try {
      await checkBudget(jobManager, ids, planned.cell.backend.settings);
      enter('warm-up');
      for (let isWarm = false; !isWarm; await pause(POLL_MS, undefined, { signal: ground.signal })) {
        isWarm = eventsOf(job.marks()) >= stream.warmUp || (await job.details()).state === 'FINISHED';
      }
      enter('measure');
      const details = await job.finished();
      const rssBytesMax = await usage.stop();
      enter('verify');
      const marks = job.marks();
      const positions = positionsOf(marks);
      const startMs = timeAt(positions, stream.warmUp) ?? 0;
      const endMs = timeAt(positions, end) ?? startMs;
      if (endMs <= startMs)
        throw new StatebenchError('backend-failed', 'the measured part took no time that could be told: measure longer');
      const seconds = (endMs - startMs) / 1000;
      const { output, lateByStage } = await job.output();
      const cpuSeconds = usage.cpuSecondsBetween(startMs, endMs);
      const checkpoints = everyMs === null ? [] : await checkpointsOf(jobManager, details, url, { positions, startMs, endMs });
      const rssBytesBefore = ids.reduce<number | null>((sum, id) => (sum === null ? null : addOrNull(sum, before.get(id))), 0);
      const newest = checkpoints.at(-1);
      const checkpointBytes = newest === undefined ? null : newest.bytesWritten + newest.bytesReferenced;
      return {
        backend: {
          ...planned.cell.backend,
          settings: { ...planned.cell.backend.settings, ...(await inForce(jobManager, everyMs, url, ids)) },
        },
        events: {
          total: end + (request.kill === null ? 0 : stream.tail),
          warmUp: stream.warmUp,
          measured: stream.measured,
          late: lateByStage.reduce((sum, late) => sum + late, 0),
          lateByStage,
        },
        throughput: {
          eventsPerSecond: stream.measured / seconds,
          measuredSeconds: seconds,
          cpuSeconds,
          perSecond: perSecond(positions, startMs, endMs),
        },
        parts: marks.map((subtask) => {
          const own = positionsOf([subtask]);
          const [from, to] = [stream.warmUp, end].map((position) => position / marks.length) as [number, number];
          const ms = (timeAt(own, to) ?? endMs) - (timeAt(own, from) ?? startMs);
          return { events: Math.round(to - from), measuredSeconds: Math.max(0.001, ms / 1000) };
        }),
        time: null,
        batchTime: null,
        calls: [],
        checkpoints,
        recovery: null,
        rescale: null,
        interval: null,
        latency: null,
        memory: { rssBytesBefore, rssBytesMax },
        liveState: null,
        disk: { workingBytes: null, checkpointBytes },
        correctness: {
          uninterrupted: check(expected?.measured.ended, output),
          ended: null,
          recovered: null,
          rescaled: null,
          swept: null,
          paced: null,
          late: checkLate(expected?.measured.lateByStage, lateByStage),
        },
        unavailable: {
          time: 'Flink does not tell calls of its store, the making of events and its own work apart',
          batchTime: 'Flink has no micro-batches: events flow one by one',
          calls: 'Flink does not tell single calls of its state backend',
          liveState: "Flink does not tell how many entries its state has; a full checkpoint's bytes come near to it",
          'disk.workingBytes': 'the state is in a folder of a TaskManager',
          ...(cpuSeconds === null && {
            'throughput.cpuSeconds': 'no TaskManager told its processor time before and after the measured part',
          }),
          ...(checkpointBytes === null && { 'disk.checkpointBytes': 'no checkpoint was completed in the measured part' }),
          ...(rssBytesMax === null && { 'memory.rssBytesMax': 'the TaskManagers are not processes of this machine' }),
          ...(rssBytesBefore === null && { 'memory.rssBytesBefore': 'the TaskManagers are not processes of this machine' }),
          latency: 'the open loop is not run on Flink',
          rescale: 'not measured on Flink',
          interval: 'not swept on Flink: run it under several labels, each with an interval= of its own',
        },
      };
    } finally {
      await usage.stop();
    }
  });
}

function addOrNull(sum: number, more: number | null | undefined): number | null {
  return more === null || more === undefined ? null : sum + more;
}

/** Events in each whole second of the measured part. */
function perSecond(positions: ReturnType<typeof positionsOf>, startMs: number, endMs: number): number[] {
  const inside = positions.filter(({ atMs }) => atMs >= startMs && atMs <= endMs);
  const at = (ms: number): number => {
    const index = inside.findIndex(({ atMs }) => atMs >= ms);
    const [before, after] = [inside[index - 1], inside[index]];
    if (after === undefined) return inside.at(-1)?.events ?? 0;
    if (before === undefined) return after.events;
    return before.events + ((after.events - before.events) * (ms - before.atMs)) / (after.atMs - before.atMs);
  };
  const seconds = Math.floor((endMs - startMs) / 1000);
  return Array.from({ length: seconds }, (_, second) => Math.round(at(startMs + (second + 1) * 1000) - at(startMs + second * 1000)));
}

/** What the cluster says is in force, beside what was asked for and checked. */
async function inForce(
  jobManager: JobManager,
  everyMs: number | null,
  checkpointsUrl: string,
  ids: readonly string[],
): Promise<Readonly<Record<string, string | number | boolean>>> {
  const { 'flink-version': version } = await jobManager.overview();
  const { jvmHeapBytes, managedBytes, processBytes, slots } = await jobManager.memoryOf(ids[0]!);
  return {
    version,
    objectReuse: true,
    checkpointIntervalMs: everyMs ?? 'none',
    checkpointsOn: fileSystemOf(checkpointsUrl),
    taskManagers: ids.length,
    slotsPerTaskManager: slots,
    heapBytes: jvmHeapBytes,
    managedBytes,
    processBytes,
  };
}

/** `file:`, or `hdfs://HOST:PORT`. */
function fileSystemOf(url: string): string {
  const { protocol, host } = new URL(url);
  return host === '' ? protocol : `${protocol}//${host}`;
}

/** Runs the job again over the whole stream, and kills a TaskManager of it on the way. */
async function recoverJob(
  request: TrialRequest,
  ground: Ground,
  kill: NonNullable<TrialRequest['kill']>,
  enter: Enter,
  rateBefore: number,
): Promise<Pick<CompletedTrial, 'recovery' | 'unavailable'> & { readonly correctness: Partial<CompletedTrial['correctness']> }> {
  const { planned, stream, expected } = request;
  const { jobManager, own, home, checkpointsUrl, signal, ...rest } = ground;
  if (own === null) {
    const why = 'the TaskManagers are not ours to kill: recovery is measured on a cluster that was started here';
    return { recovery: null, correctness: { recovered: null }, unavailable: { recovery: why } };
  }
  const events = stream.warmUp + stream.measured + stream.tail;
  enter('kill');
  const job = await FlinkJob.start({
    ...rest,
    jobManager,
    cell: planned.cell,
    events,
    directory: path.join(home, 'killed'),
    checkpointsUrl: await checkpointsUrl('killed'),
    checkpointEveryMs: checkpointEveryMs(request),
    // Until its heartbeat is missed a killed TaskManager still has slots: tasks that are sent there fail, and each try counts.
    restarts: 100,
    restartDelayMs: 100,
    signal,
  });
  return await withJob(job, async () => {
    own.markUsed(await job.taskManagers());
    const fromEvent = stream.warmUp + stream.measured;
    const untilEvent = fromEvent + Math.floor(LATEST_KILL * stream.killSpan);
    const { part, fraction } = kill;
    const killed = await killAt(
      { job, jobManager, own, signal },
      { part, fraction, fromEvent, untilEvent, everyMs: checkpointEveryMs(request) },
    );
    enter('replay');
    const details = await job.finished();
    own.markUsed(await job.taskManagers());
    enter('verify');
    const marks = job.marks();
    const { output } = await job.output();
    const total: Expected | undefined = expected?.total;
    const recovery = await recoveryOf(details, marks, killed, jobManager, rateBefore);
    return {
      recovery,
      correctness: { recovered: check(total?.ended, output) },
      unavailable: {
        ...(recovery.restoredBytes === null && {
          'recovery.restoredBytes': 'the JobManager no longer lists the checkpoint that was restored',
        }),
        ...(recovery.replayRate === null && { 'recovery.replayRate': 'no event had to be replayed' }),
      },
    };
  });
}
