/** Finds how many events a second a cell of our own pipeline takes. */
import { removeJobs } from '../checkpointing/remove-jobs.ts';
import type { CalibrationRequest } from '../engine.ts';
import { fillOf } from '../fill.ts';
import { runChild } from './child.ts';
import { type Lived, liveTogether, partsOf } from './parts.ts';

/** Half of what a trial measures, within what is needed for code to get warm and what tells no more. */
const CALIBRATION_SECONDS = { shortest: 0.3, longest: 1 };
/** What a process may take to start, open and close, whatever it measures. */
export const BASE_TIMEOUT_MS = 120_000;
/** What filling a state may take before it is known how fast a cell is. */
const FILL_MS_PER_EVENT_MAX = 1;

/** The slowest of its processes decides when all are done. */
export async function calibratePipeline({ planned, seed, profile, directory, signal }: CalibrationRequest): Promise<Lived<number>> {
  const { cell, backend, workload, storage } = planned;
  const fill = fillOf(cell.workload);
  const { shortest, longest } = CALIBRATION_SECONDS;
  const seconds = Math.min(longest, Math.max(shortest, profile.measuredSeconds / 2));
  const lived = await liveTogether({
    parts: partsOf({ backend, workload, storage, batchSize: cell.batchSize, seed, directory }, cell.parallelism),
    signal,
    live: async (part, _, companions) => {
      const { result, failure } = await runChild({
        task: { kind: 'calibrate', cell: part, fill, seconds },
        phase: 'calibrate',
        timeoutMs: BASE_TIMEOUT_MS + fill * FILL_MS_PER_EVENT_MAX,
        signal: companions.signal,
      });
      if (failure === null && result !== null) return { result: result.eventsPerSecond };
      return { failure: failure ?? { phase: 'calibrate', code: 'no-result', message: 'the process ended without a result' } };
    },
  });
  await removeJobs(directory, storage);
  return 'result' in lived ? { result: Math.min(...lived.result) } : lived;
}
