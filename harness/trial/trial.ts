import { isDeepStrictEqual } from 'node:util';
import { removeJobs } from '../checkpointing/remove-jobs.ts';
import { nowNs, secondsSince } from '../measure/clock.ts';
import { DeviceWrites } from '../measure/device-writes.ts';
import { ResidentMemory } from '../measure/resident-memory.ts';
import { ServerTime } from '../measure/server-time.ts';
import type { PlannedCell } from '../plan.ts';
import {
  type CompletedTrial,
  comparedRowsOf,
  type FailedTrial,
  type Interruptions,
  type Output,
  type Plan,
  type Recovery,
  type Trial,
} from '../results.ts';
import { type Outcome, runChild, type TaskFailure } from './child.ts';
import { sweepInterval } from './interval-sweep.ts';
import { fractionAt, type Kill } from './kill-point.ts';
import { runLatency } from './latency-run.ts';
import { mergeMeasured, sumLate, sumOutputs } from './merge-parts.ts';
import { type Companions, type Lived, liveTogether, partsOf } from './parts.ts';
import { takeOver } from './take-over.ts';
import type { CellTask, Ended, Expected, LatencyPlan, MeasureResult, Phase, RecoverResult, StreamPlan } from './tasks.ts';

export interface TrialRequest {
  readonly planned: PlannedCell;
  readonly block: number;
  /** From 1; a later one repeats the one before it, in its block. */
  readonly attempt: number;
  /** Seed of the events, the same for every trial of a run. */
  readonly seed: number;
  readonly stream: StreamPlan;
  /** Which of the processes, from 0, is killed, and at which event; null where no recovery is measured. */
  readonly kill: Kill | null;
  /** Whether the disk is looked at, before and after what is measured. */
  readonly watchesDevice: boolean;
  /** Whether the checkpoint interval is swept. Of one process only. */
  readonly interval: boolean;
  /** The open loop; null where none is run. Of one process only. */
  readonly latency: { readonly plan: LatencyPlan; readonly settings: Plan['latency'] } | null;
  /** Whether other numbers of processes take over from the newest checkpoint in the end. Of one process only. */
  readonly rescale: boolean;
  /**
   * The right output at the end of the measured part, at the end of the stream and, where the interval is swept or an open loop run, at the
   * end of that; null where output means nothing.
   */
  readonly expected: {
    readonly measured: Expected;
    readonly total: Expected;
    readonly swept: Expected | null;
    readonly paced: Expected | null;
  } | null;
  /** The trial's own; made, and removed afterwards. */
  readonly directory: string;
  /** How long each of the trial's processes may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
}

/**
 * One trial: a fresh process, or several that have the stream between them, warm up and are measured; one is killed in the tail of
 * its stream, and a new one restores, replays and ends the stream, as meanwhile the others do. The output of all together is
 * checked at the end of the measured part and, after the crash, at the end.
 * Whatever goes wrong is a failed trial, never an error.
 * @param measured what does it, where that is another engine than our own pipeline
 */
export async function runTrial(request: TrialRequest, measured: TrialMeasurement = measureAll): Promise<Trial> {
  const { planned, block, attempt, seed, directory } = request;
  const { cell } = planned;
  const startedAt = new Date();
  const startedNs = nowNs();
  const task = {
    backend: planned.backend,
    workload: planned.workload,
    storage: planned.storage,
    batchSize: cell.batchSize,
    keyGroups: null,
    seed,
    directory,
  };
  try {
    const done = await measured(request, task);
    const base = {
      schema: 1 as const,
      id: trialId(cell.id, block, attempt),
      ...(attempt > 1 && { supersedes: trialId(cell.id, block, attempt - 1) }),
      cell: cell.id,
      block,
      backend: cell.backend,
      workload: cell.workload,
      storage: cell.storage,
      batchSize: cell.batchSize,
      parallelism: cell.parallelism,
      seed,
      startedAt: startedAt.toISOString(),
      durationSeconds: secondsSince(startedNs),
    };
    if ('phase' in done) return { ...base, state: 'failed', ...done };
    return { ...base, ...done, output: { comparedRows: comparedRowsOf(done) }, state: 'completed' };
  } finally {
    await removeJobs(directory, planned.storage);
  }
}

/** What a trial is called: every block has each cell once, and again where that was disturbed or too short. */
export function trialId(cell: string, block: number, attempt = 1): string {
  return attempt === 1 ? `${cell}#${block}` : `${cell}#${block}.${attempt}`;
}

export type Failure = Pick<FailedTrial, 'phase' | 'code' | 'message'>;
export type Measurements = Omit<CompletedTrial, Exclude<keyof FailedTrial, 'backend'>> & Pick<CompletedTrial, 'backend'>;

/** How an engine measures a trial. The cell's task is made of the request. */
export type TrialMeasurement = (request: TrialRequest, cell: CellTask) => Promise<Measurements | Failure>;

async function measureAll(request: TrialRequest, cell: CellTask): Promise<Measurements | Failure> {
  const measured = await measureAndSweep(request, cell);
  if (request.latency === null || 'phase' in measured) return measured;
  const { eventsPerSecond } = measured.throughput;
  const paced = await runLatency({ ...request, ...request.latency, cell, eventsPerSecond });
  if ('code' in paced) return paced;
  const { latency, output } = paced;
  const unbounded = latency.loads.some(({ window }) => window === null);
  return {
    ...measured,
    latency,
    unavailable: {
      ...measured.unavailable,
      ...(unbounded && { 'latency.loads.window': 'windows without fixed bounds in event time have no last event that all keys share' }),
    },
    correctness: { ...measured.correctness, paced: check(request.expected?.paced?.fired, output) },
  };
}

async function measureAndSweep(request: TrialRequest, cell: CellTask): Promise<Measurements | Failure> {
  const measured = await measureAndRescale(request, cell);
  if (!request.interval || 'phase' in measured) return measured;
  const { eventsPerSecond } = measured.throughput;
  const sweep = await sweepInterval({ ...request, cell, eventsPerSecond });
  if ('code' in sweep) return sweep;
  const { interval, output } = sweep;
  return { ...measured, interval, correctness: { ...measured.correctness, swept: check(request.expected?.swept?.fired, output) } };
}

async function measureAndRescale(request: TrialRequest, cell: CellTask): Promise<Measurements | Failure> {
  const measured = await measureAndRecover(request, cell);
  if (!request.rescale || 'phase' in measured) return measured;
  const taken = await takeOver({ ...request, cell, events: measured.events.total });
  if ('code' in taken) return taken;
  const { rescale, output } = taken;
  return { ...measured, rescale, correctness: { ...measured.correctness, rescaled: check(request.expected?.total.ended, output) } };
}

/** What became of one process, and of the one that took over if it was killed. */
interface Part {
  readonly measured: MeasureResult;
  readonly ended: Ended | null;
  readonly recovery: Recovery | null;
  /** Why a job that was killed had not caught up; null where it had, or where it was not asked. */
  readonly notCaughtUp: string | null;
}

async function measureAndRecover(request: TrialRequest, cell: CellTask): Promise<Measurements | Failure> {
  const { planned, stream, kill, expected } = request;
  const device = request.watchesDevice ? await DeviceWrites.prepare(request.directory) : null;
  const memory = new ResidentMemory();
  const servers = new ServerTime();
  let rssBytesMax: number | null = null;
  const lived = await liveTogether({
    parts: partsOf(cell, planned.cell.parallelism),
    signal: request.signal,
    live: (part, index, companions) =>
      livePart(request, part, index, companions, (pid) => {
        memory.watch(pid);
        servers.leaveOut(pid);
      }),
    onMet: async (nth) => {
      if (nth === AFTER_MEASURING) rssBytesMax = memory.stop();
      else await device?.begin();
      servers.look();
      if (nth === AFTER_MEASURING) await device?.end();
    },
  });
  memory.stop();
  if ('failure' in lived) return lived.failure;
  const parts = lived.result;
  const measured = mergeMeasured(
    parts.map((part) => part.measured),
    stream,
  );
  const ends = parts.flatMap(({ ended }) => ended ?? []);
  const written = device?.written ?? { reason: 'a trial so short says nothing of it' };
  const memoryFigures = {
    rssBytesBefore: sumOrNull(parts, ({ rssBytesBefore }) => rssBytesBefore),
    rssBytesMax,
    anonymousBytesMax: memory.anonymousBytesMax,
    anonymousBytesBefore: sumOrNull(parts, ({ anonymousBytesBefore }) => anonymousBytesBefore),
    heapBytes: parts.reduce((sum, part) => sum + part.measured.heapBytes, 0),
    externalBytes: parts.reduce((sum, part) => sum + part.measured.externalBytes, 0),
    majorFaults: sumOrNull(parts, ({ majorFaults }) => majorFaults),
  };
  const notCaughtUp = parts.find((part) => part.notCaughtUp !== null)?.notCaughtUp ?? null;
  const lateByStage = sumLate(kill === null ? parts.map((part) => part.measured) : ends);
  return {
    ...measured,
    throughput: { ...measured.throughput, serverCpuSeconds: servers.seconds },
    interruptions: mostInterrupted(parts.map((part) => part.measured.interruptions)),
    backend: { ...planned.cell.backend, settings: parts[0]!.measured.settings },
    events: {
      total: stream.warmUp + stream.measured + stream.tail,
      warmUp: stream.warmUp,
      measured: stream.measured,
      late: lateByStage.reduce((sum, late) => sum + late, 0),
      lateByStage,
    },
    memory: memoryFigures,
    disk: { ...measured.disk, deviceBytesWritten: 'bytes' in written ? Math.max(0, written.bytes) : null },
    unavailable: {
      ...measured.unavailable,
      ...(servers.seconds === null && { 'throughput.serverCpuSeconds': 'this run has started no server whose time could be told' }),
      ...(notCaughtUp !== null && { 'recovery.catchUp.caughtUpMs': notCaughtUp }),
      ...missingRecovery(parts.find(({ recovery }) => recovery !== null)?.recovery ?? null),
      ...missingMemory(memoryFigures),
      ...('reason' in written && { 'disk.deviceBytesWritten': written.reason }),
    },
    recovery: parts.find(({ recovery }) => recovery !== null)?.recovery ?? null,
    correctness: {
      uninterrupted: check(expected?.measured.fired, sumOutputs(parts.map((part) => part.measured.output))),
      ended: kill === null ? check(expected?.measured.ended, sumOutputs(ends.map(({ output }) => output))) : null,
      recovered: kill === null ? null : check(expected?.total.ended, sumOutputs(ends.map(({ output }) => output))),
      rescaled: null,
      swept: null,
      paced: null,
      late: checkLate((kill === null ? expected?.measured : expected?.total)?.lateByStage, lateByStage),
    },
    rescale: null,
    interval: null,
    latency: null,
  };
}

/** Why figures of a recovery are null, for those that are. */
function missingRecovery(recovery: Recovery | null): Record<string, string> {
  const isReplayed = recovery?.replayRate !== null;
  return {
    ...(recovery?.restoredBytes === null && {
      'recovery.restoredBytes': 'this checkpoint storage does not report the bytes of a checkpoint',
    }),
    ...(!isReplayed && { 'recovery.replayRate': 'no event had to be replayed', 'recovery.replayShare': 'no event had to be replayed' }),
  };
}

/** Why memory is not told, for what is not. */
function missingMemory(memory: CompletedTrial['memory']): Record<string, string> {
  const reasons = {
    rssBytesBefore: 'the system does not tell a process its resident memory here',
    rssBytesMax: 'there is no /proc here to watch another process by',
    anonymousBytesMax: 'there is no /proc here that tells mapped files from other memory',
    anonymousBytesBefore: 'there is no /proc here that tells mapped files from other memory',
    majorFaults: 'this platform does not tell page faults by their kind',
  } as const;
  const missing = Object.entries(reasons).filter(([name]) => memory[name as keyof typeof reasons] === null);
  return Object.fromEntries(missing.map(([name, reason]) => [`memory.${name}`, reason]));
}

function sumOrNull(parts: readonly Part[], of: (measured: MeasureResult) => number | null): number | null {
  const values = parts.map(({ measured }) => of(measured));
  return values.some((value) => value === null) ? null : values.reduce<number>((sum, value) => sum + value!, 0);
}

function mostInterrupted(parts: readonly Interruptions[]): Interruptions {
  const garbageMs = ({ garbage }: Interruptions) => garbage.reduce((sum, { ms }) => sum + ms, 0);
  return parts.reduce((most, one) => (garbageMs(one) > garbageMs(most) ? one : most));
}

/** The meeting at which every process has measured. */
const AFTER_MEASURING = 2;

async function livePart(
  { stream, kill, rescale, latency, timeoutMs, onPhase }: TrialRequest,
  cell: CellTask,
  index: number,
  { signal, onWait }: Companions,
  onSpawn: (pid: number) => void,
): Promise<Lived<Part>> {
  const isKilled = kill?.part === index;
  const measuredEnd = stream.warmUp + stream.measured;
  // One tells where the trial is: the one with most ahead of it.
  const told = isKilled || (kill === null && index === 0) ? { onPhase } : {};
  const first = await runChild({
    task: {
      kind: 'measure',
      cell,
      stream,
      afterwards: isKilled
        ? { killAt: kill.atEvent, isPaced: latency !== null }
        : { endAt: measuredEnd + (kill === null ? 0 : stream.tail) },
      goesOn: rescale,
    },
    phase: 'open',
    timeoutMs,
    signal,
    onWait,
    onSpawn,
    ...told,
  });
  const measured = first.result;
  if (first.failure !== null || measured === null) return { failure: failureOf(first) };
  if (!isKilled) return { result: { measured, ended: measured.ended, recovery: null, notCaughtUp: null } };
  if (first.killed === null)
    return { failure: { phase: 'kill', code: 'not-killed', message: 'the process ended before it could be killed' } };
  const second = await runChild({
    task: { kind: 'recover', cell, stream, replayTo: first.killed.event, pace: first.killed.pace, goesOn: rescale },
    phase: 'restore',
    timeoutMs,
    signal,
    ...told,
  });
  const recovered = second.result;
  if (second.failure !== null || recovered === null) return { failure: failureOf(second) };
  const { notCaughtUp } = recovered;
  return {
    result: { measured, ended: recovered, recovery: recoveryOf(recovered, first.killed, index + 1, { stream, measured }), notCaughtUp },
  };
}

function failureOf({ failure }: Outcome<'measure' | 'recover'>): TaskFailure {
  return failure ?? { phase: 'clean-up', code: 'no-result', message: 'the process ended without a result' };
}

function recoveryOf(
  recovered: RecoverResult,
  killed: NonNullable<Outcome<'measure'>['killed']>,
  part: number,
  { stream, measured }: { readonly stream: StreamPlan; readonly measured: MeasureResult },
): Recovery {
  const { startedNs, loadedNs, verifiedNs, restoredNs, firstBatchNs, replayedNs, caughtUpNs } = recovered;
  const { pace } = killed;
  const killFraction = fractionAt(killed.event, stream);
  const replayedEvents = Math.max(0, killed.event - recovered.fromEvent);
  // The first micro-batch counts: a store that reads its state only when asked for it pays there.
  const replayRate = replayedEvents === 0 ? null : replayedEvents / ((replayedNs - restoredNs) / 1e9);
  const rateBefore = stream.measured / ((measured.endNs - measured.startNs) / 1e9);
  return {
    part,
    ...(killFraction !== null && { killFraction }),
    restoreMs: (restoredNs - loadedNs) / 1e6,
    restoredBytes: recovered.restoredBytes,
    replayRate,
    replayShare: replayRate === null ? null : replayRate / rateBefore,
    killedAtEvent: killed.event,
    restoredFromEvent: recovered.fromEvent,
    checkpointId: recovered.checkpointId,
    checkpointsSkipped: recovered.skipped,
    phases: {
      processMs: (startedNs - killed.ns) / 1e6,
      loadMs: (loadedNs - startedNs) / 1e6,
      verifyMs: (verifiedNs - loadedNs) / 1e6,
      restoreMs: (restoredNs - verifiedNs) / 1e6,
      firstBatchMs: (firstBatchNs - restoredNs) / 1e6,
      replayMs: (replayedNs - firstBatchNs) / 1e6,
    },
    ...(pace !== null && {
      catchUp: {
        ratePerSecond: pace.ratePerSecond,
        p99BeforeMs: pace.p99Ns / 1e6,
        caughtUpMs: caughtUpNs === null ? null : (caughtUpNs - killed.ns) / 1e6,
      },
    }),
  };
}

export function check(expected: Output | undefined, got: Output): CompletedTrial['correctness']['uninterrupted'] {
  if (expected === undefined) return null;
  const equal =
    expected.atEvent === got.atEvent && expected.ended === got.ended && expected.rows === got.rows && expected.digest === got.digest;
  return { expected, got, equal };
}

export function checkLate(expected: readonly number[] | undefined, got: number[]): CompletedTrial['correctness']['late'] {
  return expected === undefined ? null : { expected: [...expected], got, equal: isDeepStrictEqual(expected, got) };
}
