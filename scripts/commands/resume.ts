/** `statebench resume`: goes on with a run that was interrupted, as if it had not been. */
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import { batchSizesFor } from '../../harness/batch-size.ts';
import { type ExitCode, StatebenchError } from '../../harness/errors.ts';
import { machineDifferences, machineOf } from '../../harness/measure/environment.ts';
import {
  type Configured,
  type LoadedModule,
  loadBackend,
  loadStorage,
  loadWorkload,
  type ModuleKind,
  refOf,
} from '../../harness/modules.ts';
import { estimateOf, type PlannedCell } from '../../harness/plan.ts';
import type { Cell, Plan } from '../../harness/results.ts';
import { loadRunModules, removeResumeFiles } from '../../harness/resume-file.ts';
import { lockFolder } from '../../harness/run-lock.ts';
import { sweepScratch } from '../../harness/scratch.ts';
import { twinned } from '../../harness/twins.ts';
import { isPartial, readResults } from '../../reports/read-results.ts';
import type { Workload } from '../../workloads/contract.ts';
import { say } from '../console.ts';
import type { Finish } from '../finish.ts';
import { gathered } from '../flags.ts';
import { type MeasuringFlags, measure, measureAndReport, showResults, startServers, verdict } from '../measuring.ts';
import { checkWritable } from '../results-folder.ts';
import { addressOption, needsServer, serversBytes } from '../servers/for-backend.ts';
import { listenForStop } from '../stop-signals.ts';

interface Flags extends MeasuringFlags {
  readonly backend?: readonly string[];
  readonly workload?: readonly string[];
  readonly checkpointStorage?: readonly string[];
}

export function resumeCommand(finish: Finish): Command {
  return new Command('resume')
    .description('go on with a run that was interrupted, with the trials it lacks')
    .argument('<folder>', 'what the run wrote')
    .option('--backend <spec>', 'a backend of the run again, with the password that is not kept; may be repeated', gathered)
    .option('--workload <spec>', 'the same for a workload', gathered)
    .option('--checkpoint-storage <spec>', 'the same for a checkpoint storage', gathered)
    .option('--plain', 'a line per finished trial, also on a terminal')
    .option('--json', 'the summary as one JSON document on stdout')
    .option('-q, --quiet', 'say only what fails and how it ended')
    .action(async (folder: string, flags: Flags) => finish(await resume(path.resolve(folder), flags)));
}

async function resume(folder: string, flags: Flags): Promise<ExitCode> {
  using stop = listenForStop();
  const given = await givenAgain(flags);
  const before = await readResults(folder);
  const { plan } = before;
  const total = plan.cells.length * plan.profile.blocks;
  if (!isPartial(before)) {
    using _lock = lockFolder(folder);
    say(`this run is complete: ${total} of ${total} trials; its report is drawn again`);
    sweepScratch(folder);
    await showResults(before, folder, flags);
    removeResumeFiles(folder);
    return stop.exitCode() ?? verdict(before);
  }
  const differences = machineDifferences(before.environment, machineOf(folder));
  if (differences.length > 0) {
    throw new StatebenchError(
      'cannot-resume',
      `cannot resume ${folder}: the trials there were made with another ${differences.join(', another ')}. Resume it where it began, or begin anew here: ${plan.command}`,
    );
  }
  using _lock = lockFolder(folder);
  const kept = await loadRunModules(folder, given);
  const isBackend = (module: LoadedModule<Configured>) => module.kind === 'backend';
  const modules = [...twinned(kept.filter(isBackend), plan), ...kept.filter((module) => !isBackend(module))];
  const workloads = modules.filter((module): module is LoadedModule<Workload> => module.kind === 'workload');
  const left = estimateOf(
    plan,
    workloads.map((workload) => workload.create()),
    total - before.trials.length,
    serversBytes(modules, Math.max(...plan.cells.map(({ parallelism }) => parallelism))),
  );
  checkWritable(folder, left.freeBytes);
  return await measureAndReport(folder, flags, stop, async () => {
    await using servers = await startServers(modules);
    const missing = servers.unavailable[0];
    if (missing !== undefined) throw new StatebenchError('cannot-resume', `cannot resume ${folder}: ${missing.reason}`);
    const own = new Map(modules.filter(needsServer).map((module) => [`${module.kind} ${module.name}`, addressOption(module)!]));
    const cells = plannedCells(plan, servers.modules, own, folder);
    if (!flags.quiet) say(`${before.trials.length} of ${total} trials are finished; going on in ${folder}`);
    await measure({ plan, cells, folder, flags, stop, expected: left, alreadyFinished: before.trials });
  });
}

async function givenAgain({ backend, workload, checkpointStorage }: Flags): Promise<readonly LoadedModule<Configured>[]> {
  return [
    ...(await Promise.all((backend ?? []).map(loadBackend))),
    ...(await Promise.all((workload ?? []).map(loadWorkload))),
    ...(await Promise.all((checkpointStorage ?? []).map(loadStorage))),
  ];
}

/**
 * The plan's cells with the modules they are made of.
 * @param ownServers of `KIND NAME` whose server was started for this run the option that names it, which is another each time
 */
function plannedCells(
  plan: Plan,
  modules: readonly LoadedModule<Configured>[],
  ownServers: ReadonlyMap<string, string>,
  folder: string,
): readonly PlannedCell[] {
  const settings = new Map(modules.map((module) => [module, { ...module.create().settings }]));
  const refIn = (kind: ModuleKind, { name, settings: planned }: Cell['workload']) => {
    const module = modules.find((candidate) => candidate.kind === kind && candidate.name === name);
    if (module === undefined)
      throw new StatebenchError('cannot-resume', `cannot resume ${folder}: resume.json lacks the ${kind} '${name}'`);
    const address = ownServers.get(`${kind} ${name}`);
    const now = { ...settings.get(module), ...(address !== undefined && address in planned && { [address]: planned[address]! }) };
    if (!isDeepStrictEqual(now, { ...planned })) {
      throw new StatebenchError(
        'cannot-resume',
        `cannot resume ${folder}: ${kind} '${name}' has other settings now (${JSON.stringify(now)}) than when the run began (${JSON.stringify(planned)})`,
      );
    }
    return refOf(module);
  };
  for (const { workload, batchSize } of plan.cells) {
    const module = modules.find(
      (candidate): candidate is LoadedModule<Workload> => candidate.kind === 'workload' && candidate.name === workload.name,
    );
    if (module !== undefined) batchSizesFor([batchSize], module, module.create());
  }
  return plan.cells.map((cell) => ({
    cell,
    backend: refIn('backend', cell.backend),
    workload: refIn('workload', cell.workload),
    storage: refIn('storage', cell.storage),
  }));
}
