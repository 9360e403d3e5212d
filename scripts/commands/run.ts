/** `statebench run`: plans, says what it will take, measures, reports. */
import path from 'node:path';
import { Command, Option } from 'commander';
import { EXIT, type ExitCode, StatebenchError } from '../../harness/errors.ts';
import { readEnvironment } from '../../harness/measure/environment.ts';
import { loadBackend, loadStorage, loadWorkload } from '../../harness/modules.ts';
import { type Modules, makePlan, type PlannedRun } from '../../harness/plan.ts';
import { PROFILE_NAMES, type ProfileName } from '../../harness/profiles.ts';
import { MEASURES, type Measure, type Plan, type Trial } from '../../harness/results.ts';
import { runPlan } from '../../harness/run.ts';
import { parseSpec, type Spec } from '../../harness/spec.ts';
import { DEFAULT_SUITE, overrule, readSuite, type Suite } from '../../harness/suite.ts';
import { readResults } from '../../reports/read-results.ts';
import { summaryFile } from '../../reports/summary-file.ts';
import { renderTerminal, terminalOptions } from '../../reports/terminal.ts';
import type { Finish } from '../command-line.ts';
import { printJson, say } from '../console.ts';
import { gathered, wholeNumber, wholeNumbers, words } from '../flags.ts';
import { planText } from '../plan-text.ts';
import { drawProgress } from '../progress.ts';
import { defaultFolder, prepareFolder, REPORT, writePage, writePlan, writeResult } from '../results-folder.ts';
import { type BackendModule, startServerFor, withoutServer } from '../servers/for-backend.ts';
import { listenForStop } from '../stop-signals.ts';

interface Flags {
  readonly backend?: readonly string[];
  readonly workload?: readonly string[];
  readonly checkpointStorage?: readonly string[];
  readonly profile?: ProfileName;
  readonly batchSize?: readonly number[];
  readonly measure?: readonly Measure[];
  readonly seed?: number;
  readonly reference?: string;
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly plain?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function runCommand(finish: Finish): Command {
  return new Command('run')
    .description('measure backends; without a suite and flags, the default suite')
    .argument('[suite]', 'a suite, JSON; flags overrule it')
    .option('--backend <spec>', 'NAME[@label][:option=value,…] or a path; may be repeated', gathered)
    .option('--workload <spec>', 'what to run on them; may be repeated', gathered)
    .option('--checkpoint-storage <spec>', 'where checkpoints go; may be repeated', gathered)
    .addOption(new Option('--profile <name>', 'how long to measure').choices(PROFILE_NAMES))
    .option('--batch-size <events>', 'events in a micro-batch; several with commas', wholeNumbers(1))
    .option(
      '--measure <names>',
      `what to measure, with commas: ${MEASURES.join(', ')}; default: ${DEFAULT_SUITE.measures.join(',')}`,
      words(MEASURES),
    )
    .option('--seed <number>', 'decides events, order and moments of killing', wholeNumber(0))
    .option('--reference <backend>', 'the backend every other is compared with')
    .option('--out <folder>', 'where results go; default: reports/out/<time>-<suite>')
    .option('--dry-run', 'print the plan, measure nothing')
    .option('--plain', 'a line per finished trial, also on a terminal')
    .option('--json', 'the plan (with --dry-run) or the summary as one JSON document on stdout')
    .option('-q, --quiet', 'say only what fails and how it ended')
    .action(async (file: string | undefined, flags: Flags) => {
      const suite = overrule(file === undefined ? DEFAULT_SUITE : readSuite(file), suiteFlags(flags));
      finish(await run(suite, flags, commandText(process.argv.slice(2))));
    });
}

function suiteFlags({ backend, workload, checkpointStorage, batchSize, profile, measure, seed, reference }: Flags): Partial<Suite> {
  const specs = (texts: readonly string[]): readonly Spec[] => texts.map(parseSpec);
  return {
    ...(backend && { backends: specs(backend) }),
    ...(workload && { workloads: specs(workload) }),
    ...(checkpointStorage && { storages: specs(checkpointStorage) }),
    ...(batchSize && { batchSizes: batchSize }),
    ...(profile && { profile }),
    ...(measure && { measures: measure }),
    ...(seed !== undefined && { seed }),
    ...(reference !== undefined && { reference }),
  };
}

/** The line that repeats the run, as a shell takes it. */
function commandText(args: readonly string[]): string {
  const given = args.length === 0 ? ['run'] : args;
  const quoted = given.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return ['npx', 'statebench', ...quoted].join(' ');
}

async function run(suite: Suite, flags: Flags, command: string): Promise<ExitCode> {
  const startedAt = new Date();
  const folder = path.resolve(flags.out ?? defaultFolder(suite.name, startedAt));
  const { modules, leftOut } = await loadModules(suite);
  // Everything that can be wrong with names, options and settings is told before anything is started.
  const rehearsed = makePlan(suite, { ...modules, backends: modules.backends.map(withoutServer) }, { command, startedAt, leftOut });
  if (flags.dryRun) {
    if (flags.json) printJson({ ...rehearsed.plan, estimate: rehearsed.estimate });
    else say(planText(rehearsed, folder));
    return EXIT.ok;
  }
  prepareFolder(folder, rehearsed.estimate.diskBytes);
  await using servers = await startServers(modules.backends);
  const planned = makePlan(
    suite,
    { ...modules, backends: servers.backends },
    { command, startedAt, leftOut: [...leftOut, ...servers.leftOut] },
  );
  if (!flags.quiet) say(planText(planned, folder));
  const { trials, stoppedBy } = await measure(planned, folder, flags);
  if (stoppedBy !== null) say(`partial: ${trials.length} of ${planned.estimate.trials} trials were finished`);
  if (trials.length > 0) await showResults(folder, flags);
  return stoppedBy ?? verdict(suite, planned.plan, trials);
}

/** Everything a report says comes from the files, so that `statebench report` says the same later. */
async function showResults(folder: string, flags: Flags): Promise<void> {
  const results = await readResults(folder);
  const summary = summaryFile(results);
  writeResult(path.join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  await writePage(results, path.join(folder, REPORT));
  if (flags.json) printJson(summary);
  say(`\n${renderTerminal(results, terminalOptions(process.env, process.stderr.columns, process.stderr.isTTY === true))}`);
  say(`report: ${path.join(folder, REPORT)}`);
}

interface Loaded {
  readonly modules: Modules & { readonly backends: readonly BackendModule[] };
  readonly leftOut: Plan['leftOut'];
}

async function loadModules(suite: Suite): Promise<Loaded> {
  const workloads = await Promise.all(suite.workloads.map(loadWorkload));
  const storages = await Promise.all(suite.storages.map(loadStorage));
  const { values: backends, leftOut } = await availableOf(suite.backends, specText, loadBackend);
  return { modules: { workloads, storages, backends }, leftOut };
}

function specText({ name, label }: Spec): string {
  return label === null ? name : `${name}@${label}`;
}

interface StartedServers extends AsyncDisposable {
  readonly backends: readonly BackendModule[];
  readonly leftOut: Plan['leftOut'];
}

async function startServers(backends: readonly BackendModule[]): Promise<StartedServers> {
  const { values, leftOut } = await availableOf(backends, ({ name }) => name, startServerFor);
  return {
    backends: values.map(({ backend }) => backend),
    leftOut,
    async [Symbol.asyncDispose]() {
      await Promise.all(values.map((served) => served[Symbol.asyncDispose]()));
    },
  };
}

/** What can be had here; the rest with the reason. Any other error ends the run. */
async function availableOf<From, To>(
  items: readonly From[],
  nameOf: (item: From) => string,
  get: (item: From) => Promise<To>,
): Promise<{ readonly values: readonly To[]; readonly leftOut: Plan['leftOut'] }> {
  const values: To[] = [];
  const leftOut: Plan['leftOut'] = [];
  for (const item of items) {
    try {
      values.push(await get(item));
    } catch (error) {
      if (!(error instanceof StatebenchError) || error.code !== 'unavailable') throw error;
      leftOut.push({ backend: nameOf(item), reason: error.message });
    }
  }
  return { values, leftOut };
}

interface Measured {
  readonly trials: readonly Trial[];
  /** What to exit with if a signal ended the run; null if it went to its end. */
  readonly stoppedBy: ExitCode | null;
}

async function measure({ plan, cells, estimate }: PlannedRun, folder: string, flags: Flags): Promise<Measured> {
  writePlan(folder, plan, readEnvironment(folder));
  const progress = drawProgress({
    screen: process.stderr,
    style: flags.quiet ? 'quiet' : flags.plain ? 'plain' : 'line',
    expectedSeconds: estimate.seconds,
  });
  using stop = listenForStop(() => say('\nending this trial and writing what there is; once more to kill'));
  try {
    const { trials } = await runPlan({ plan, cells, outDirectory: folder, onEvent: progress.onEvent, signal: stop.signal });
    return { trials, stoppedBy: stop.exitCode() };
  } finally {
    progress.end();
  }
}

/** 3 where a trial did not finish, an output was wrong, or a backend asked for by name was left out. */
function verdict(suite: Suite, { leftOut }: Plan, trials: readonly Trial[]): ExitCode {
  const failed = trials.filter(
    (trial) => trial.state === 'failed' || Object.values(trial.correctness).some((output) => output !== null && !output.equal),
  );
  const missed = suite.backends !== DEFAULT_SUITE.backends && leftOut.length > 0;
  return failed.length > 0 || missed ? EXIT.backendFailed : EXIT.ok;
}
