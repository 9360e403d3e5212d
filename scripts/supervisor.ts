/** The harness's entry points that measure, loaded when first used so that `list` and `--help` start at once. */
import type { ModuleRef } from '../harness/modules.ts';
import type { RunOutcome, RunRequest } from '../harness/run-events.ts';

export interface OutputRequest {
  readonly workload: ModuleRef;
  readonly backend: ModuleRef;
  readonly batchSize: number;
  /** Null cuts none. */
  readonly checkpointEveryEvents: number | null;
  /** Ascending. */
  readonly killAfterEvents: readonly number[];
  readonly to: string;
}

/** Measures every cell in every block and appends each finished trial to `trials.ndjson`. */
export async function runPlan(request: RunRequest): Promise<RunOutcome> {
  const module: { runPlan(request: RunRequest): Promise<RunOutcome> } = await import(harnessFile('run'));
  return await module.runPlan(request);
}

/** Runs a workload to its end, with the crashes asked for, and writes its rows. @returns how many. */
export async function writeOutput(request: OutputRequest): Promise<{ readonly rows: number }> {
  const module: { writeOutput(request: OutputRequest): Promise<{ readonly rows: number }> } = await import(harnessFile('output'));
  return await module.writeOutput(request);
}

function harnessFile(name: string): string {
  return new URL(`../harness/${name}.js`, import.meta.url).href;
}
