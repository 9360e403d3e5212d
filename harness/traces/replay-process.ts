import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatebenchError } from '../errors.ts';
import type { ModuleRef } from '../modules.ts';
import { isHarnessCost } from '../plan.ts';
import { makeScratch, removeScratch, sweepScratch } from '../scratch.ts';
import { runChild, type TaskFailure } from '../trial/child.ts';
import type { TextRequest } from './gadget-text.ts';
import type { Replayed } from './replay.ts';

export interface ReplayOneRequest {
  readonly file: string;
  readonly text: TextRequest;
  readonly backend: ModuleRef;
  /** Kills the process that replays. */
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 24 * 3600 * 1000;

/**
 * Replays a trace on one backend, in a process and a directory of its own. What the null backend answers is not looked at.
 * @throws StatebenchError `backend-failed` if it fails or answers otherwise than in the recorded run; `interrupted`, `disk-full`
 */
export async function replayInProcess({ file, text, backend, signal }: ReplayOneRequest): Promise<Replayed> {
  sweepScratch(tmpdir());
  const scratch = makeScratch(tmpdir(), 'replay');
  try {
    const directory = join(scratch, 'state');
    mkdirSync(directory);
    const task = { kind: 'replay', file, text, backend, directory, verify: !isHarnessCost(backend) } as const;
    const { result, failure } = await runChild({ task, phase: 'open', timeoutMs: TIMEOUT_MS, signal });
    if (result === null || failure !== null) throw failed(backend.name, failure);
    return result;
  } finally {
    removeScratch(scratch);
  }
}

const PASSED_ON = ['missing-data', 'bad-data', 'disk-full', 'unavailable', 'interrupted'] as const;

function failed(name: string, failure: TaskFailure | null): StatebenchError {
  const { phase, code, message } = failure ?? { phase: 'replay', code: 'no-result', message: 'it ended without an answer' };
  const passed = PASSED_ON.find((one) => one === code);
  if (passed !== undefined) return new StatebenchError(passed, message);
  return new StatebenchError(
    'backend-failed',
    code === 'backend-failed' ? `${name}: ${message}` : `${name} failed (${phase}, ${code}): ${message}`,
  );
}
