/** `statebench run`: plans, says what it will take, measures, reports. */
import path from 'node:path';
import { Command, Option } from 'commander';
import { EXIT, type ExitCode, StatebenchError } from '../../harness/errors.ts';
import { checkFill } from '../../harness/fill.ts';
import { memoryBytes, readEnvironment } from '../../harness/measure/environment.ts';
import { withMemory } from '../../harness/memory-budget.ts';
import { loadBackend, loadStorage, loadWorkload } from '../../harness/modules.ts';
import { type Modules, makePlan } from '../../harness/plan.ts';
import { PROFILE_NAMES, type ProfileName } from '../../harness/profiles.ts';
import { MEASURES, type Measure, type Plan } from '../../harness/results.ts';
import { lockFolder } from '../../harness/run-lock.ts';
import { parseSpec, type Spec } from '../../harness/spec.ts';
import { DEFAULT_SUITE, overrule, readSuite, type Suite } from '../../harness/suite.ts';
import { twinned } from '../../harness/twins.ts';
import { saveBaseline } from '../baselines.ts';
import { baselineOf, type GateFlags } from '../comparing.ts';
import { printJson, say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { duration, gathered, positive, seconds, size, wholeNumber, wholeNumbers, words } from '../flags.ts';
import { availableOf, type MeasuringFlags, measure, measureAndReport, startServers, type Unavailable } from '../measuring.ts';
import { onCluster } from '../own-cluster.ts';
import { planText } from '../plan-text.ts';
import { defaultFolder, prepareFolder, writePlan } from '../results-folder.ts';
import { serversBytes, withoutServer } from '../servers/for-backend.ts';
import { listenForStop } from '../stop-signals.ts';
import { FAIL_ON } from './compare.ts';

interface Flags extends MeasuringFlags, GateFlags {
  readonly baseline?: string;
  readonly saveBaseline?: string;
  readonly backend?: readonly string[];
  readonly workload?: readonly string[];
  readonly checkpointStorage?: readonly string[];
  readonly profile?: ProfileName;
  readonly batchSize?: readonly number[];
  readonly parallelism?: readonly number[];
  readonly memory?: number;
  readonly measure?: readonly Measure[];
  readonly arrivals?: Plan['latency']['arrivals'];
  readonly p99Limit?: number;
  readonly rates?: readonly number[];
  readonly crashesPerDay?: number;
  readonly seed?: number;
  readonly reference?: string;
  readonly timeLimit?: number;
  readonly flink?: string;
  readonly gateway?: string;
  readonly out?: string;
  readonly dryRun?: boolean;
}

export function runCommand(finish: Finish): Command {
  return new Command('run')
    .description('measure backends; without a suite and flags, the default suite')
    .argument('[suite]', 'a suite, JSON; flags overrule it')
    .option('--backend <spec>', 'NAME[@label][:option=value,…] or a path; may be repeated', gathered)
    .option('--workload <spec>', 'what to run on them; may be repeated', gathered)
    .option('--checkpoint-storage <spec>', 'where checkpoints go; may be repeated', gathered)
    .addOption(new Option('--profile <name>', 'how long to measure').choices(PROFILE_NAMES))
    .option(
      '--batch-size <events>',
      'events in a micro-batch, at most those from one watermark to the next; several with commas; default: 1000, or that number if it is smaller',
      wholeNumbers(1),
    )
    .option(
      '--parallelism <processes>',
      'processes that divide a stream among them by key; several with commas, for the speed-up',
      wholeNumbers(1),
    )
    .option(
      '--memory <size>',
      'what every embedded backend may keep in memory, in each process: 256mb; how it is spent stands in its settings',
      size,
    )
    .option(
      '--measure <names>',
      `what to measure, with commas: ${MEASURES.join(', ')}; default: ${DEFAULT_SUITE.measures.join(',')}`,
      words(MEASURES),
    )
    .addOption(new Option('--arrivals <kind>', 'with --measure latency: how events follow each other').choices(['constant', 'poisson']))
    .option('--p99-limit <time>', 'with --measure latency: what p99 may be for a rate to count as sustained: 100ms; default: 1s', duration)
    .option(
      '--rates <events per second>',
      'with --measure latency: rates that every backend is measured at, if it can, with commas; default: by how fast they are',
      wholeNumbers(1),
    )
    .option('--crashes-per-day <number>', 'with --measure interval: what the best checkpoint interval is told for', positive)
    .option('--seed <number>', 'decides events, order and moments of killing', wholeNumber(0))
    .option('--time-limit <duration>', 'with --profile rigorous: end after the block in which trials have taken this long: 2h', seconds)
    .option('--reference <backend>', 'the backend every other is compared with')
    .option('--baseline <run>', 'a baseline or a results folder to compare with in the end, as compare does')
    .option('--fail-on <limit>', FAIL_ON, gathered)
    .option('--strict', 'with --baseline: exit 5 where the data are too noisy or too few to tell')
    .option('--save-baseline <name>', 'keep the results under reports/baselines, for --baseline and compare')
    .option('--flink <url>', 'JobManager of a cluster of your own for flink backends, http://HOST:PORT; by default one is started here')
    .option('--gateway <url>', 'SQL gateway of that cluster')
    .option('--out <folder>', 'where results go; default: reports/out/<time>-<suite>')
    .option('--dry-run', 'print the plan, measure nothing')
    .option('--plain', 'a line per finished trial, also on a terminal')
    .option('--json', 'the plan (with --dry-run) or the summary as one JSON document on stdout')
    .option('-q, --quiet', 'say only what fails and how it ended')
    .action(async (file: string | undefined, flags: Flags) => {
      const suite = file === undefined ? DEFAULT_SUITE : readSuite(file);
      finish(
        await run(
          onCluster(overrule(suite, { ...suiteFlags(flags), latency: { ...suite.latency, ...latencyFlags(flags) } }), flags),
          flags,
          commandText(process.argv.slice(2)),
        ),
      );
    });
}

function suiteFlags({
  backend,
  workload,
  checkpointStorage,
  batchSize,
  parallelism,
  memory,
  profile,
  measure,
  crashesPerDay,
  seed,
  timeLimit,
  reference,
}: Flags): Partial<Suite> {
  const specs = (texts: readonly string[]): readonly Spec[] => texts.map(parseSpec);
  return {
    ...(backend && { backends: specs(backend) }),
    ...(workload && { workloads: specs(workload) }),
    ...(checkpointStorage && { storages: specs(checkpointStorage) }),
    ...(batchSize && { batchSizes: batchSize }),
    ...(parallelism && { parallelisms: parallelism }),
    ...(memory && { memoryBytes: memory }),
    ...(profile && { profile }),
    ...(measure && { measures: measure }),
    ...(crashesPerDay && { crashesPerDay }),
    ...(seed !== undefined && { seed }),
    ...(timeLimit !== undefined && { timeLimitSeconds: timeLimit }),
    ...(reference !== undefined && { reference }),
  };
}

function latencyFlags({ arrivals, p99Limit, rates }: Flags): Partial<Plan['latency']> {
  return {
    ...(arrivals && { arrivals }),
    ...(p99Limit !== undefined && { limitMs: p99Limit }),
    ...(rates && { ratesPerSecond: [...rates] }),
  };
}

/** The line that repeats the run, as a shell takes it. */
export function commandText(args: readonly string[]): string {
  const given = args.length === 0 ? ['run'] : args;
  const quoted = given.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return ['npx', 'statebench', ...quoted].join(' ');
}

async function run(suite: Suite, flags: Flags, command: string): Promise<ExitCode> {
  using stop = listenForStop();
  const startedAt = new Date();
  const folder = path.resolve(flags.out ?? defaultFolder(suite.name, startedAt));
  const baseline = await baselineOf(flags);
  const { modules, unavailable } = await loadModules(suite);
  const asLeftOut = (backends: readonly Unavailable[]): Plan['leftOut'] =>
    backends.map((backend) => ({ ...backend, missed: suite.backends !== DEFAULT_SUITE.backends }));
  const parts = Math.max(...suite.parallelisms);
  // Everything that can be wrong with names, options and settings is told before anything is started.
  const rehearsed = makePlan(
    suite,
    { ...modules, backends: modules.backends.map(withoutServer), storages: modules.storages.map(withoutServer) },
    { command, startedAt, leftOut: asLeftOut(unavailable), serversBytes: serversBytes([...modules.backends, ...modules.storages], parts) },
  );
  baseline?.check(rehearsed.plan);
  checkFill(
    modules.workloads.map((workload) => workload.create()),
    memoryBytes(),
  );
  if (flags.dryRun) {
    if (flags.json) printJson({ ...rehearsed.plan, estimate: rehearsed.estimate });
    else say(planText(rehearsed, folder));
    return EXIT.ok;
  }
  prepareFolder(folder, rehearsed.estimate.freeBytes);
  using _lock = lockFolder(folder);
  const code = await measureAndReport(folder, flags, stop, async () => {
    // A backend less is measured all the same; a storage less is no run that was asked for.
    await using storages = await startServers(modules.storages);
    const [noStorage] = storages.unavailable;
    if (noStorage !== undefined) throw new StatebenchError('unavailable', noStorage.reason);
    await using servers = await startServers(modules.backends);
    const missing = new Set(servers.unavailable.map(({ backend }) => backend));
    const { plan, cells, estimate } = makePlan(
      suite,
      { ...modules, backends: servers.modules, storages: storages.modules },
      {
        command,
        startedAt,
        leftOut: asLeftOut([...unavailable, ...servers.unavailable]),
        serversBytes: serversBytes([...modules.backends.filter(({ name }) => !missing.has(name)), ...modules.storages], parts),
      },
    );
    if (!flags.quiet) say(planText({ plan, cells, estimate }, folder));
    const planned = new Set(plan.cells.map((cell) => cell.backend.name));
    writePlan(folder, plan, readEnvironment(folder), [
      ...twinned(modules.backends, plan).filter(({ name }) => planned.has(name)),
      ...modules.workloads,
      ...modules.storages,
    ]);
    await measure({ plan, cells, folder, flags, stop, expected: estimate, alreadyFinished: [] });
  });
  if (stop.exitCode() !== null) return code;
  if (flags.saveBaseline !== undefined) say(`kept as baseline ${flags.saveBaseline}: ${saveBaseline(folder, flags.saveBaseline)}`);
  return baseline === null ? code : await baseline.compare(folder, code);
}

interface Loaded {
  readonly modules: Modules;
  readonly unavailable: readonly Unavailable[];
}

async function loadModules(suite: Suite): Promise<Loaded> {
  const workloads = await Promise.all(suite.workloads.map(loadWorkload));
  const storages = await Promise.all(suite.storages.map(loadStorage));
  const { values: backends, unavailable } = await availableOf(suite.backends, specText, loadBackend);
  const { memoryBytes } = suite;
  const budgeted = memoryBytes === null ? backends : backends.map((backend) => withMemory(backend, memoryBytes));
  return { modules: { workloads, storages, backends: budgeted }, unavailable };
}

function specText({ name, label }: Spec): string {
  return label === null ? name : `${name}@${label}`;
}
