import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateBackend } from '../backends/contract.ts';
import type { Workload } from '../workloads/contract.ts';
import { destroyCheckpoints, sweepJobs } from './checkpointing/remove-jobs.ts';
import { engineOf } from './engine.ts';
import { StatebenchError } from './errors.ts';
import { outputOnFlink } from './flink/flink-output.ts';
import { create, LOCAL_STORAGE, type ModuleRef } from './modules.ts';
import { makeScratch, removeScratch } from './scratch.ts';
import { runChild, type TaskFailure } from './trial/child.ts';
import { type Companions, type Lived, liveTogether, partsOf } from './trial/parts.ts';
import type { CellTask, CheckRowsResult, OutputResult, OutputTask } from './trial/tasks.ts';

export interface OutputRequest {
  readonly workload: ModuleRef;
  readonly backend: ModuleRef;
  /** Where its checkpoints go; a local folder if absent. */
  readonly storage?: ModuleRef;
  readonly batchSize: number;
  /** Processes over the stream, among which the workload can be divided. */
  readonly parallelism: number;
  /** Events from one checkpoint to the next; null for none. */
  readonly checkpointEveryEvents: number | null;
  /** Events at which a process is killed, each in its turn; each time a new one restores the newest checkpoint and goes on. */
  readonly killAfterEvents: readonly number[];
  readonly seed: number;
  /** The job's directory, kept, and gone on in from its newest checkpoint; null for one that is removed. */
  readonly directory: string | null;
  /** The CSV file to write. */
  readonly to: string;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 24 * 3600 * 1000;

/**
 * Writes every output row of a workload, sorted, as CSV: the same file whatever the backend, the batch size and the
 * number of processes and of crashes on the way.
 * @throws StatebenchError `disk-full`, `backend-failed` with what the backend did, or the workload's own complaint.
 */
export async function writeOutput(request: OutputRequest): Promise<OutputResult> {
  const { workload, backend, storage = LOCAL_STORAGE, batchSize, parallelism, seed, signal } = request;
  const engine = engineOf(backend);
  if (engine.name === 'flink') {
    engine.check(await create<Workload>(workload), storage, parallelism, (await create<StateBackend>(backend)).settings);
    return await outputOnFlink(request);
  }
  await sweepJobs(tmpdir(), [storage]);
  const directory = request.directory ?? makeScratch(tmpdir(), 'output');
  try {
    checkParallelism(directory, parallelism);
    const parts = partsOf({ backend, workload, storage, batchSize, seed, directory }, parallelism);
    const live = (cell: CellTask, index: number, companions: Companions) => livePart(request, parts, cell, index, companions);
    const lived = await liveTogether({ parts, signal, live });
    if ('failure' in lived) throw failed(request, directory, lived.failure);
    const sum = (of: (result: OutputResult) => number) => lived.result.reduce((total, result) => total + of(result), 0);
    return { rows: sum(({ rows }) => rows), lateEvents: sum(({ lateEvents }) => lateEvents) };
  } finally {
    if (request.directory === null) {
      await destroyCheckpoints(directory, storage);
      removeScratch(directory);
    }
  }
}

/**
 * Compares the rows that {@link writeOutput} wrote with the oracle's.
 * @throws StatebenchError `interrupted`, or `harness` if the oracle did not finish
 */
export async function checkOutput({
  workload,
  seed,
  to,
  signal,
}: Pick<OutputRequest, 'workload' | 'seed' | 'to' | 'signal'>): Promise<CheckRowsResult> {
  const task = { kind: 'check-rows' as const, workload, seed, csv: to };
  const { result, failure } = await runChild({ task, phase: 'verify', timeoutMs: TIMEOUT_MS, signal });
  if (result !== null && failure === null) return result;
  if (failure?.code === 'interrupted') throw new StatebenchError('interrupted', failure.message);
  throw new StatebenchError(
    'harness',
    `the oracle did not finish: ${failure?.message ?? 'no result'}; take fewer events, or leave out --check`,
  );
}

async function livePart(
  { checkpointEveryEvents, killAfterEvents, directory, to }: OutputRequest,
  parts: readonly CellTask[],
  cell: CellTask,
  index: number,
  { signal, onWait }: Companions,
): Promise<Lived<OutputResult>> {
  const kills = killAfterEvents.toSorted((a, b) => a - b).filter((_, nth) => nth % parts.length === index);
  for (const killAt of [...kills, null]) {
    const task: OutputTask = {
      kind: 'output',
      cell,
      checkpointEvery: checkpointEveryEvents,
      killAt,
      lastKill: killAfterEvents.length === 0 ? null : Math.max(...killAfterEvents),
      parts: parts.map(({ directory }) => directory),
      kept: directory !== null,
      to: index === 0 ? to : null,
    };
    const { result, failure } = await runChild({ task, phase: 'open', timeoutMs: TIMEOUT_MS, signal, onWait });
    if (failure !== null) return { failure };
    if (result !== null) {
      if (killAt === null) return { result };
      return { failure: { phase: 'kill', code: 'not-killed', message: `the process ended before the kill at event ${killAt}` } };
    }
  }
  return { failure: { phase: 'clean-up', code: 'not-asked', message: 'the last process was killed though nobody asked for it' } };
}

/** @throws StatebenchError `bad-checkpoint` if the directory is of one process and several are to go on there, or the other way round */
function checkParallelism(directory: string, parallelism: number): void {
  const others = parallelism === 1 ? 'several processes' : 'one process';
  if (!existsSync(join(directory, parallelism === 1 ? 'part-1' : 'checkpoints'))) return;
  throw new StatebenchError(
    'bad-checkpoint',
    `${directory} is that of ${others}: go on there with the --parallelism it began with, or begin in another directory`,
  );
}

function failed({ backend, to }: OutputRequest, directory: string, { phase, code, message }: TaskFailure): StatebenchError {
  // Stores seldom name the place.
  if (code === 'disk-full') return new StatebenchError(code, message.includes(to) ? message : `${directory}: ${message}`);
  if (
    code === 'bad-command-line' ||
    code === 'missing-data' ||
    code === 'bad-data' ||
    code === 'impossible-settings' ||
    code === 'unavailable' ||
    code === 'bad-checkpoint' ||
    code === 'no-whole-checkpoint' ||
    code === 'interrupted'
  ) {
    return new StatebenchError(code, message);
  }
  return new StatebenchError('backend-failed', `${backend.name} failed (${phase}, ${code}): ${message}`);
}
