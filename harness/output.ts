import { tmpdir } from 'node:os';
import { StatebenchError } from './errors.ts';
import { builtInFile, type ModuleRef } from './modules.ts';
import { makeScratch, removeScratch, sweepScratch } from './scratch.ts';
import { runChild, type TaskFailure } from './trial/child.ts';
import type { OutputResult } from './trial/tasks.ts';

export interface OutputRequest {
  readonly workload: ModuleRef;
  readonly backend: ModuleRef;
  readonly batchSize: number;
  /** Events from one checkpoint to the next; null for none. */
  readonly checkpointEveryEvents: number | null;
  /** Events at which the process is killed; each time a new one restores the newest checkpoint and goes on. */
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
 * number of crashes on the way.
 * @throws StatebenchError `disk-full`, `backend-failed` with what the backend did, or the workload's own complaint.
 */
export async function writeOutput(request: OutputRequest): Promise<OutputResult> {
  const { workload, backend, batchSize, checkpointEveryEvents, seed, to, signal } = request;
  const storage: ModuleRef = { kind: 'storage', name: 'filesystem', file: builtInFile('storage', 'filesystem'), options: {} };
  sweepScratch(tmpdir());
  const directory = request.directory ?? makeScratch(tmpdir(), 'output');
  try {
    const kills = [...request.killAfterEvents].sort((a, b) => a - b);
    for (const killAt of [...kills, null]) {
      const { result, failure } = await runChild({
        task: {
          kind: 'output',
          cell: { backend, workload, storage, batchSize, seed, directory },
          checkpointEvery: checkpointEveryEvents,
          killAt,
          to,
        },
        phase: 'open',
        timeoutMs: TIMEOUT_MS,
        signal,
      });
      if (failure !== null) throw failed(request, directory, failure);
      if (result !== null) return result;
    }
    throw new StatebenchError('harness', 'the last process was killed though nobody asked for it');
  } finally {
    if (request.directory === null) removeScratch(directory);
  }
}

function failed({ backend, to }: OutputRequest, directory: string, { phase, code, message }: TaskFailure): StatebenchError {
  // Stores seldom name the place.
  if (code === 'disk-full') return new StatebenchError(code, message.includes(to) ? message : `${directory}: ${message}`);
  if (
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
