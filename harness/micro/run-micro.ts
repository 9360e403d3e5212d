/** Runs the state micro-suite: every backend once a block, a fresh process for each state. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModuleRef } from '../modules.ts';
import { cleared } from '../passwords.ts';
import type { MicroFailure, MicroMeasurement, MicroResults } from '../results.ts';
import { makeSchedule } from '../schedule.ts';
import { runChild } from '../trial/child.ts';
import type { MicroTask } from '../trial/tasks.ts';
import { MAP_ENTRIES, OPERATIONS, RESCALES, STATES } from './operations.ts';

/** What a process may take to start, open and close. */
const BASE_TIMEOUT_MS = 120_000;
/** How much longer than its timed part an operation may take with all that prepares it. */
const SLOWEST = 40;
/** The slowest filling of a state that is waited for. */
const FILL_MS_PER_ENTRY = 2;

/** What is done in one process: operations on one state. */
export interface MicroPart {
  readonly title: string;
  readonly operations: readonly string[];
}

/** The operations asked for, by the process that does them. */
export function partsOf(operations: readonly string[]): readonly MicroPart[] {
  const parts = [false, true].flatMap((ttl) =>
    STATES.map((state) => ({
      title: `${state}${ttl ? ' with time to live' : ''}`,
      operations: OPERATIONS.filter((operation) => operation.state === state && operation.ttl === ttl).map(({ name }) => name),
    })),
  );
  const all: readonly MicroPart[] = [...parts, { title: 'rescaling', operations: RESCALES.map(({ name }) => name) }];
  return all
    .map(({ title, operations: of }) => ({ title, operations: of.filter((name) => operations.includes(name)) }))
    .filter((part) => part.operations.length > 0);
}

export interface MicroRequest {
  /** Without measurements and failures. */
  readonly plan: Omit<MicroResults, 'measurements' | 'failures' | 'complete'>;
  /** In the order of the plan's. */
  readonly backends: readonly ModuleRef[];
  /** For working states; exists. */
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Called with all there is, before the first process and after each: to be kept. */
  readonly onResults: (results: MicroResults) => void;
  /** Called after each process. */
  readonly onPart: (part: {
    readonly backend: string;
    readonly block: number;
    readonly title: string;
    readonly index: number;
    readonly parts: number;
  }) => void;
}

/** Runs a plan. What a backend does is in the results, never an error; what failed once is not tried in later blocks. */
export async function runMicro({ plan, backends, directory, signal, onResults, onPart }: MicroRequest): Promise<MicroResults> {
  const { settings, seed } = plan;
  const parts = partsOf(plan.operations.map(({ name }) => name));
  const measurements: MicroMeasurement[] = [];
  const failures: MicroFailure[] = [];
  const described = [...plan.backends];
  const results = (complete: boolean): MicroResults => cleared({ ...plan, backends: described, measurements, failures, complete });
  const total = settings.blocks * backends.length * parts.length;
  let index = 0;
  onResults(results(false));
  for (const [number, order] of makeSchedule(backends, settings.blocks, seed).entries()) {
    const block = number + 1;
    // A state on all backends before the next state: what is compared lies near in time.
    for (const { title, operations } of parts) {
      for (const backend of order) {
        if (signal.aborted) return results(false);
        index++;
        const failed = new Set(failures.filter((failure) => failure.backend === backend.name).flatMap((failure) => failure.operations));
        const rest = operations.filter((name) => !failed.has(name));
        if (rest.length === 0) continue;
        const task: MicroTask = {
          kind: 'micro',
          ...settings,
          backend,
          directory: join(directory, `part-${index}`),
          operations: rest,
          seed: seed + block,
        };
        const { result, failure } = await runChild({ task, phase: 'open', timeoutMs: timeoutOf(task), signal });
        await rm(task.directory, { recursive: true, force: true });
        // What Ctrl-C ended says nothing of its backend.
        if (failure !== null && signal.aborted) return results(false);
        const of = { backend: backend.name, block };
        if (failure !== null) failures.push({ ...of, operations: [...rest], code: failure.code, message: failure.message });
        if (result !== null && failure === null) {
          measurements.push(...result.measurements.map((measurement) => ({ ...of, ...measurement })));
          failures.push(...result.failures.map((each) => ({ ...of, ...each })));
          const at = described.findIndex(({ name }) => name === backend.name);
          described[at] = { ...described[at]!, settings: result.settings };
        }
        onResults(results(false));
        onPart({ ...of, title, index, parts: total });
      }
    }
  }
  onResults(results(true));
  return results(true);
}

function timeoutOf({ keys, operations, batchSizes, timeMs, warmUpMs }: MicroTask): number {
  return BASE_TIMEOUT_MS + SLOWEST * operations.length * batchSizes.length * (timeMs + warmUpMs) + FILL_MS_PER_ENTRY * keys * MAP_ENTRIES;
}
