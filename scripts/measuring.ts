/** What `run` and `resume` share: measures a plan in its folder, then reports what the folder holds. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { writeAtomically } from '../harness/atomic-file.ts';
import { EXIT, type ExitCode, StatebenchError } from '../harness/errors.ts';
import { RunUsage } from '../harness/measure/run-usage.ts';
import type { Configured, LoadedModule } from '../harness/modules.ts';
import type { Estimate, PlannedCell } from '../harness/plan.ts';
import { resultText } from '../harness/result-text.ts';
import { comparedRowsOf, type Plan, type Trial } from '../harness/results.ts';
import { removeResumeFiles, replacePlan } from '../harness/resume-file.ts';
import { runPlan } from '../harness/run.ts';
import { isPartial, plannedTrials, type Results, readMicro, readResults } from '../reports/read-results.ts';
import { blocksOf } from '../reports/statistics/sequential.ts';
import { summaryFile, summarySchema } from '../reports/summary-file.ts';
import { renderTerminal, terminalOptions } from '../reports/terminal.ts';
import { printJson, say } from './console.ts';
import { takenText } from './plan-text.ts';
import { drawProgress } from './progress.ts';
import { PLAN, REPORT, writePage } from './results-folder.ts';
import { isShared, needsServer, type Served, sharing, startServerFor } from './servers/for-backend.ts';
import type { StopSignals } from './stop-signals.ts';

export interface MeasuringFlags {
  readonly plain?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export interface MeasuringRequest {
  readonly plan: Plan;
  readonly cells: readonly PlannedCell[];
  readonly folder: string;
  readonly flags: MeasuringFlags;
  readonly stop: StopSignals;
  /** For what is still to be done. */
  readonly expected: Estimate;
  readonly alreadyFinished: readonly Trial[];
}

/** Runs what is not finished. @throws as {@link runPlan}; what is finished by then is kept. */
export async function measure(request: MeasuringRequest): Promise<void> {
  const { cells, folder, flags, stop, expected, alreadyFinished } = request;
  let { plan } = request;
  const progress = drawProgress({
    screen: process.stderr,
    style: flags.quiet ? 'quiet' : flags.plain ? 'plain' : 'line',
    plan,
    expectedSeconds: expected.seconds,
    alreadyFinished,
  });
  const startedMs = performance.now();
  const usage = new RunUsage(folder);
  try {
    const isEnough = (trials: readonly Trial[], block: number) => blocksOf(plan, trials) <= block;
    const onPlan = (chosen: Plan) => {
      plan = chosen;
      replacePlan(folder, `${JSON.stringify(plan, null, 2)}\n`);
      progress.onPlan(plan);
      const second = plan.twins.at(-1);
      if (!flags.quiet && second !== undefined && second.of !== plan.reference)
        say(`${second.of} is the fastest store on disk: measured once more as ${second.name} (A/A)`);
    };
    await runPlan({ plan, cells, outDirectory: folder, isEnough, onEvent: progress.onEvent, onPlan, signal: stop.signal });
  } finally {
    progress.end();
    const taken = { ...(await usage.stop()), seconds: (performance.now() - startedMs) / 1000 };
    if (!flags.quiet && !stop.signal.aborted) say(takenText(taken, expected));
  }
}

/**
 * Runs `measuring`, then writes summary and report of whatever there is, also when a signal or a full disk ended it.
 * @returns what to exit with
 */
export async function measureAndReport(
  folder: string,
  flags: MeasuringFlags,
  stop: StopSignals,
  measuring: () => Promise<void>,
): Promise<ExitCode> {
  const full: StatebenchError[] = [];
  const unlessFull = (error: unknown): void => {
    if (!(error instanceof StatebenchError) || error.code !== 'disk-full') throw error;
    full.push(error);
  };
  await measuring().catch(unlessFull);
  if (full[0] !== undefined && !existsSync(path.join(folder, PLAN))) throw full[0];
  const results = await readResults(folder);
  await showResults(results, folder, flags).catch(unlessFull);
  const again = `statebench resume ${path.relative('', folder) || '.'}`;
  const [error] = full;
  if (error !== undefined) {
    const kept = `${results.trials.length} of ${plannedTrials(results.plan)} trials are kept`;
    throw new StatebenchError('disk-full', `${error.message}; ${kept}. Then: ${again}`, { cause: error.cause });
  }
  if (!isPartial(results)) removeResumeFiles(folder);
  else say(`go on with: ${again}`);
  return stop.exitCode() ?? verdict(results);
}

/** Everything a report says comes from the files, so that `statebench report` says the same later. */
export async function showResults(results: Results, folder: string, flags: MeasuringFlags): Promise<void> {
  const summary = summaryFile(results);
  writeAtomically(path.join(folder, 'summary.json'), resultText('summary.json', summarySchema, summary));
  await writePage({ results, micro: await readMicro(folder) }, path.join(folder, REPORT));
  if (flags.json) printJson(summary);
  say(`\n${renderTerminal(results, terminalOptions(process.env, process.stderr.columns, process.stderr.isTTY === true))}`);
  say(`report: ${path.join(folder, REPORT)}`);
}

/** 3 where a backend that was asked for by name could not run, a trial did not finish or an output was wrong; 5 where one was not checked. */
export function verdict({ plan, trials }: Results): ExitCode {
  const failed = trials.some(
    (trial) => trial.state === 'failed' || Object.values(trial.correctness).some((output) => output !== null && !output.equal),
  );
  if (failed || plan.leftOut.some(({ missed }) => missed)) return EXIT.backendFailed;
  const candidates = new Set(plan.cells.filter(({ role }) => role === 'candidate').map(({ id }) => id));
  const isUnchecked = trials.some((trial) => trial.state === 'completed' && candidates.has(trial.cell) && comparedRowsOf(trial) === 0);
  return isUnchecked ? EXIT.tooNoisy : EXIT.ok;
}

export interface StartedServers<Made extends Configured> extends AsyncDisposable {
  readonly modules: readonly LoadedModule<Made>[];
  readonly unavailable: readonly Unavailable[];
}

/** A backend that cannot be had here. */
export type Unavailable = Pick<Plan['leftOut'][number], 'backend' | 'reason'>;

/** Starts a server for every module that needs one of its own, or one for all that can share it; disposing of the result stops them. */
export async function startServers<Made extends Configured>(modules: readonly LoadedModule<Made>[]): Promise<StartedServers<Made>> {
  const shared = new Map<string, Served<Made>>();
  const { values, unavailable } = await availableOf(
    modules,
    ({ name }) => name,
    async (module) => {
      const running = needsServer(module) ? shared.get(module.server!) : undefined;
      if (running !== undefined) return sharing(running, module);
      const served = await startServerFor(module);
      if (needsServer(module) && isShared(module)) shared.set(module.server!, served);
      return served;
    },
  );
  return {
    modules: values.map(({ module }) => module),
    unavailable,
    async [Symbol.asyncDispose]() {
      await Promise.all(values.map((served) => served[Symbol.asyncDispose]()));
    },
  };
}

/** What can be had here; the rest with the reason. Any other error ends the run. */
export async function availableOf<From, To>(
  items: readonly From[],
  nameOf: (item: From) => string,
  get: (item: From) => Promise<To>,
): Promise<{ readonly values: readonly To[]; readonly unavailable: readonly Unavailable[] }> {
  const values: To[] = [];
  const unavailable: Unavailable[] = [];
  for (const item of items) {
    try {
      values.push(await get(item));
    } catch (error) {
      if (!(error instanceof StatebenchError) || error.code !== 'unavailable') throw error;
      unavailable.push({ backend: nameOf(item), reason: error.message });
    }
  }
  return { values, unavailable };
}
