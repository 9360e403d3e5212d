import { rm } from 'node:fs/promises';
import { ResidentMemory } from '../measure/resident-memory.ts';
import type { PlannedCell } from '../plan.ts';
import type { CompletedTrial, FailedTrial, Output, Recovery, Trial } from '../results.ts';
import { type Outcome, runChild, type TaskFailure } from './child.ts';
import { sweepInterval } from './interval-sweep.ts';
import { takeOver } from './take-over.ts';
import type { CellTask, Expected, MeasureResult, Phase, RecoverResult, StreamPlan } from './tasks.ts';

export interface TrialRequest {
  readonly planned: PlannedCell;
  readonly block: number;
  /** Seed of the events, the same for every trial of a run. */
  readonly seed: number;
  readonly stream: StreamPlan;
  /** The event at which the process is killed; null where no recovery is measured. */
  readonly killAt: number | null;
  /** Whether the checkpoint interval is swept. */
  readonly interval: boolean;
  /** Whether other numbers of processes take over from the newest checkpoint in the end. */
  readonly rescale: boolean;
  /**
   * The right output at the end of the measured part, at the end of the stream and, where the interval is swept, at the end of that;
   * null where output means nothing.
   */
  readonly expected: { readonly measured: Expected; readonly total: Expected; readonly swept: Expected | null } | null;
  /** The trial's own; made, and removed afterwards. */
  readonly directory: string;
  /** How long each of the trial's processes may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
}

/**
 * One trial: a fresh process warms up, is measured, and is killed in the tail of its stream; a second one restores,
 * replays and ends the stream. Output is checked at the end of the measured part and, after the crash, at the end.
 * Whatever goes wrong is a failed trial, never an error.
 */
export async function runTrial(request: TrialRequest): Promise<Trial> {
  const { planned, block, seed, directory } = request;
  const { cell } = planned;
  const startedAt = new Date();
  const task: CellTask = {
    backend: planned.backend,
    workload: planned.workload,
    storage: planned.storage,
    batchSize: cell.batchSize,
    seed,
    directory,
  };
  try {
    const done = await measureAll(request, task);
    const base = {
      schema: 1 as const,
      id: trialId(cell.id, block),
      cell: cell.id,
      block,
      backend: cell.backend,
      workload: cell.workload,
      storage: cell.storage,
      batchSize: cell.batchSize,
      seed,
      startedAt: startedAt.toISOString(),
      durationSeconds: (Date.now() - startedAt.getTime()) / 1000,
    };
    return 'phase' in done ? { ...base, state: 'failed', ...done } : { ...base, ...done, state: 'completed' };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What a trial is called: every block has each cell once. */
export function trialId(cell: string, block: number): string {
  return `${cell}#${block}`;
}

type Failure = Pick<FailedTrial, 'phase' | 'code' | 'message'>;
type Measurements = Omit<CompletedTrial, Exclude<keyof FailedTrial, 'backend'>> & Pick<CompletedTrial, 'backend'>;

async function measureAll(request: TrialRequest, cell: CellTask): Promise<Measurements | Failure> {
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

async function measureAndRecover(request: TrialRequest, cell: CellTask): Promise<Measurements | Failure> {
  const { stream, killAt, expected, timeoutMs, signal, onPhase } = request;
  let memory: ResidentMemory | null = null;
  let rssBytesMax: number | null = null;
  const first = await runChild({
    task: { kind: 'measure', cell, stream, killAt },
    phase: 'open',
    timeoutMs,
    signal,
    onSpawn: (pid) => {
      memory = new ResidentMemory(pid);
    },
    onPhase: (phase) => {
      if (phase === 'kill') rssBytesMax = memory?.stop() ?? null;
      onPhase(phase);
    },
  });
  rssBytesMax ??= (memory as ResidentMemory | null)?.stop() ?? null;
  const measured = first.result;
  if (first.failure !== null || measured === null) return failureOf(first);
  const measurements = {
    ...measurementsOf(measured, stream, rssBytesMax),
    backend: { ...request.planned.cell.backend, settings: measured.settings },
    correctness: { uninterrupted: check(expected?.measured.fired, measured.output), recovered: null, rescaled: null, swept: null },
    recovery: null,
    rescale: null,
    interval: null,
  };
  if (killAt === null) return measurements;
  if (first.killed === null) return { phase: 'kill', code: 'not-killed', message: 'the process ended before it could be killed' };
  const second = await runChild({
    task: { kind: 'recover', cell, stream, replayTo: first.killed.event },
    phase: 'restore',
    timeoutMs,
    signal,
    onPhase,
  });
  const recovered = second.result;
  if (second.failure !== null || recovered === null) return failureOf(second);
  return {
    ...measurements,
    events: { ...measurements.events, late: recovered.lateEvents },
    recovery: recoveryOf(recovered, first.killed),
    correctness: { ...measurements.correctness, recovered: check(expected?.total.ended, recovered.output) },
  };
}

function failureOf({ failure }: Outcome<'measure' | 'recover'>): TaskFailure {
  return failure ?? { phase: 'clean-up', code: 'no-result', message: 'the process ended without a result' };
}

function measurementsOf(
  { lateEvents, rssBytesBefore, output: _, settings: __, ...measured }: MeasureResult,
  stream: StreamPlan,
  rssBytesMax: number | null,
) {
  return {
    ...measured,
    events: {
      total: stream.warmUp + stream.measured + stream.tail,
      warmUp: stream.warmUp,
      measured: stream.measured,
      late: lateEvents,
    },
    memory: { rssBytesBefore, rssBytesMax },
    unavailable: {
      ...measured.unavailable,
      ...(rssBytesMax === null && { 'memory.rssBytesMax': 'this platform has no /proc to watch another process by' }),
    },
  };
}

function recoveryOf(recovered: RecoverResult, killed: { readonly ns: number; readonly event: number }): Recovery {
  const { startedNs, verifiedNs, restoredNs, firstBatchNs, replayedNs } = recovered;
  return {
    killedAtEvent: killed.event,
    restoredFromEvent: recovered.fromEvent,
    checkpointId: recovered.checkpointId,
    checkpointsSkipped: recovered.skipped,
    phases: {
      processMs: (startedNs - killed.ns) / 1e6,
      verifyMs: (verifiedNs - startedNs) / 1e6,
      restoreMs: (restoredNs - verifiedNs) / 1e6,
      firstBatchMs: (firstBatchNs - restoredNs) / 1e6,
      replayMs: (replayedNs - firstBatchNs) / 1e6,
    },
  };
}

function check(expected: Output | undefined, got: Output): CompletedTrial['correctness']['uninterrupted'] {
  if (expected === undefined) return null;
  const equal =
    expected.atEvent === got.atEvent && expected.ended === got.ended && expected.rows === got.rows && expected.digest === got.digest;
  return { expected, got, equal };
}
