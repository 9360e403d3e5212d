/** From a suite and its loaded modules to the cells of a run, and to what the run will take. */
import type { StateBackend } from '../backends/contract.ts';
import type { Workload } from '../workloads/contract.ts';
import { batchSizesFor } from './batch-size.ts';
import { engineOf, eventsFileBytes, extraSecondsPerTrial } from './engine.ts';
import { StatebenchError, suggestion } from './errors.ts';
import { fillNeeds, fillSeconds } from './fill.ts';
import { builtInFile, type Configured, type LoadedModule, type ModuleRef, refOf } from './modules.ts';
import { cleared, withoutPasswords } from './passwords.ts';
import { checkDividable } from './portable/key-groups.ts';
import { PROFILES, type Profile } from './profiles.ts';
import { type Cell, MEASURES, type Measure, type Plan, SCHEMA } from './results.ts';
import type { Suite } from './suite.ts';
import { latencySeconds } from './trial/latency-run.ts';
import { mayHaveTwinOnDisk, standInsForTwin, twinned, twinOf } from './twins.ts';

/** A cell with all that another process needs to run it. */
export interface PlannedCell {
  readonly cell: Cell;
  readonly backend: ModuleRef;
  readonly workload: ModuleRef;
  readonly storage: ModuleRef;
}

/** What the suite's specs were loaded as, in the suite's order, without the backends that are left out. */
export interface Modules {
  readonly backends: readonly LoadedModule<StateBackend>[];
  readonly workloads: readonly LoadedModule<Workload>[];
  readonly storages: readonly LoadedModule<Configured>[];
}

/** What a run is expected to take. */
export interface Estimate {
  readonly trials: number;
  readonly seconds: number;
  /** If it ends as early as it may. */
  readonly secondsLeast: number;
  /** The most at one time, in the results folder. */
  readonly diskBytes: number;
  /** What must be free there: more, since a store may write more before it compacts than it keeps. */
  readonly freeBytes: number;
  /** The most at one time, of all processes. */
  readonly memoryBytes: number;
}

export interface PlannedRun {
  readonly plan: Plan;
  readonly cells: readonly PlannedCell[];
  readonly estimate: Estimate;
}

export interface PlanRequest {
  /** The command that repeats the run. */
  readonly command: string;
  readonly startedAt: Date;
  readonly leftOut: Plan['leftOut'];
  /** What the servers take that are started for it; 0 where that is not said. */
  readonly serversBytes?: number;
}

const MOST_CELLS = 10_000;
/** Starting a process, loading the events and opening the store; twice where one is killed and another goes on. */
const START_SECONDS = 1;
/** What a trial plays beside the measured part, in parts of that: the warm-up; the tail, and half a checkpoint interval again after the kill. */
const WARM_UP = 1 / 3;
const TAIL_AND_REPLAY = 2 / 3;
/** The disk is looked at before a trial, and after it what was written is waited for. */
const DEVICE_SECONDS = 0.7;
/** Three more processes, and the tail of the stream once more. */
const RESCALE_SECONDS_PER_TRIAL = 3;
/** Of the sweep of the checkpoint interval: five and one without. */
const STRETCHES = 6;
/** Finding the number of events of a cell, beside the start of a process. */
const CALIBRATION_SECONDS_MOST = 1;
/** What the right answer takes, in parts of the measured time: that of the longest stream, which the fastest store played, once a workload. */
const ORACLE = 3;
/** What a process has on the disk beside the logs of its store: of a small state tables, two checkpoints and a draft; trials run one at a time and clean up. */
const DISK_BYTES_PER_PROCESS = 8 * 2 ** 20;
/** A process that is killed leaves what its successor restores beside it. Both are seldom at their largest together. */
const KILLED_DISKS = 1.5;
/** What must be free for one: a store may leave old files for a while. */
const FREE_BYTES_PER_PROCESS = 512 * 2 ** 20;
/** Result lines of a trial with all histograms. */
const RESULT_BYTES_PER_TRIAL = 32 * 2 ** 10;
/** The supervisor, with what it walks through to tell how fast memory is. */
const SUPERVISOR_BYTES = 192 * 2 ** 20;
/** A process with the events of a workload and a store of a small state. */
const PROCESS_BYTES = 192 * 2 ** 20;
/** Of a store that maps its files: batches written while a checkpoint is persisted, entries of a page, and its size. */
const PERSISTED_BATCHES = 36;
const ENTRIES_PER_PAGE = 40;
const PAGE_BYTES = 4096;
/** Settings that say how much a store writes into a log before it writes tables, which it then has on the disk. */
const LOGGED = ['writeBufferBytes', 'walBytes'] as const;

/** @throws StatebenchError `duplicate-name`, `unknown-name` or `bad-value` */
export function makePlan(suite: Suite, modules: Modules, { command, startedAt, leftOut, serversBytes = 0 }: PlanRequest): PlannedRun {
  const { workloads, storages } = modules;
  const profile = profileOf(suite);
  const reference = chooseReference(suite.reference, modules.backends, leftOut);
  const original = modules.backends.find(({ name }) => name === reference);
  const isTwice = profile.smallestEffect !== null && original !== undefined && !isHarnessCost(original);
  const twins = isTwice ? [{ of: reference, name: twinOf(original, modules.backends) }] : [];
  const backends = twinned(modules.backends, { twins });
  checkUnique('backend', backends);
  checkUnique('workload', workloads);
  checkUnique('storage', storages);
  const parallelisms = [...new Set(suite.parallelisms)];
  const measures = measuresOf(suite.measures);
  const alone = measures.find((measure) => MEASURED_ALONE.includes(measure));
  if (alone !== undefined && !parallelisms.includes(1))
    throw new StatebenchError('bad-value', `'${alone}' is measured of one process: name 1 among the parallelisms, or leave it out`);
  const made = {
    backends: backends.map((module) => ({ module, instance: module.create() })),
    workloads: workloads.map((module) => {
      const workload = module.create();
      for (const parallelism of parallelisms) checkDividable(workload, parallelism);
      return { module, workload, settings: workload.settings, batchSizes: batchSizesFor(suite.batchSizes, module, workload) };
    }),
    storages: storages.map((module) => ({ module, settings: module.create().settings })),
  };
  const sizes = made.workloads.reduce((sum, { batchSizes }) => sum + batchSizes.length, 0);
  const count = backends.length * storages.length * sizes * parallelisms.length;
  if (count === 0)
    throw new StatebenchError('unavailable', `no backend is left to measure. ${leftOut.map((item) => item.reason).join(' ')}`);
  if (count > MOST_CELLS) throw new StatebenchError('bad-value', `the suite makes ${count} cells, more than ${MOST_CELLS}; split it`);
  const cells: PlannedCell[] = [];
  for (const workload of made.workloads) {
    for (const storage of made.storages) {
      for (const batchSize of workload.batchSizes) {
        for (const parallelism of parallelisms) {
          const processes = parallelism === 1 ? [] : [`${parallelism}-processes`];
          for (const { module, instance } of made.backends) {
            const engine = engineOf(module);
            engine.check(workload.workload, storage.module, parallelism, instance.settings);
            const cell: Cell = {
              id: [module.name, workload.module.name, storage.module.name, batchSize, ...processes].join('/'),
              backend: { name: module.name, settings: cleared(instance.settings), durability: instance.durability },
              workload: { name: workload.module.name, settings: cleared(workload.settings) },
              storage: { name: storage.module.name, settings: cleared(storage.settings) },
              batchSize,
              parallelism,
              role: isHarnessCost(module) ? 'harness-cost' : 'candidate',
              ...(engine.name !== undefined && { engine: engine.name }),
            };
            cells.push({ cell, backend: refOf(module), workload: refOf(workload.module), storage: refOf(storage.module) });
          }
        }
      }
    }
  }
  const plan: Plan = {
    schema: SCHEMA,
    suite: suite.name,
    command: withoutPasswords(command),
    seed: suite.seed,
    startedAt: startedAt.toISOString(),
    profile,
    measures,
    crashesPerDay: suite.crashesPerDay,
    latency: suite.latency,
    memoryBytes: suite.memoryBytes,
    reference,
    twins,
    ...(isTwice && mayHaveTwinOnDisk(cells, reference, twins) && { choosesTwinOnDisk: true as const }),
    cells: cells.map(({ cell }) => cell),
    leftOut,
  };
  const expected = [...plan.cells, ...standInsForTwin(plan)];
  const estimate = estimateOf(
    { ...plan, cells: expected },
    made.workloads.map(({ workload }) => workload),
    expected.length * profile.blocks,
    serversBytes,
  );
  return { plan, cells, estimate };
}

/** Of cells of several processes they would take another way to divide the work, and are not measured. */
const MEASURED_ALONE: readonly Measure[] = ['latency', 'rescale', 'interval'];

/** In the order of the list; throughput always, and for the interval the time that a restore takes. */
function measuresOf(asked: readonly Measure[]): Measure[] {
  const needed: readonly Measure[] = ['throughput', ...asked, ...(asked.includes('interval') ? (['recovery'] as const) : [])];
  return MEASURES.filter((measure) => needed.includes(measure));
}

/** The null backend shows what the harness costs and never competes. Decided here and nowhere else. */
export function isHarnessCost(module: ModuleRef): boolean {
  return module.file === builtInFile('backend', 'null');
}

function profileOf({ profile: name, timeLimitSeconds }: Suite): Profile {
  const profile = PROFILES[name];
  if (timeLimitSeconds === null) return profile;
  if (profile.sequential !== null) return { ...profile, sequential: { ...profile.sequential, timeLimitSeconds } };
  throw new StatebenchError(
    'bad-value',
    `a time limit goes with the profile rigorous, which ends when enough is known; ${name} always has ${profile.blocks} blocks`,
  );
}

function checkUnique(kind: string, modules: readonly ModuleRef[]): void {
  const seen = new Set<string>();
  for (const { name } of modules) {
    if (seen.has(name)) {
      throw new StatebenchError('duplicate-name', `two ${kind}s are named '${name}'; tell them apart with a label, such as ${name}@second`);
    }
    seen.add(name);
  }
}

function chooseReference(asked: string | null, backends: readonly ModuleRef[], leftOut: Plan['leftOut']): string {
  const candidates = backends.filter((module) => !isHarnessCost(module)).map(({ name }) => name);
  if (asked === null) return candidates.find((name) => name === 'memory') ?? candidates[0] ?? backends[0]?.name ?? '';
  if (candidates.includes(asked)) return asked;
  const missing = leftOut.find(({ backend }) => backend === asked);
  if (missing !== undefined) throw new StatebenchError('unavailable', `the reference '${asked}' cannot run here: ${missing.reason}`);
  throw new StatebenchError('unknown-name', `the reference '${asked}' is no candidate of this run.${suggestion(asked, candidates)}`);
}

/**
 * @param workloads those of the plan
 * @param trials how many there are to be run
 * @param serversBytes memory of the servers that are started for it
 */
export function estimateOf(plan: Plan, workloads: readonly Workload[], trials: number, serversBytes: number): Estimate {
  const { cells, profile, measures } = plan;
  const { measuredSeconds, blocks } = profile;
  const processes = Math.max(...cells.map(({ parallelism }) => parallelism));
  const fill = fillNeeds(workloads);
  const shareAlone = cells.filter(({ parallelism }) => parallelism === 1).length / cells.length;
  const alone =
    (measures.includes('rescale') ? RESCALE_SECONDS_PER_TRIAL : 0) +
    (measures.includes('interval') ? STRETCHES * measuredSeconds : 0) +
    (measures.includes('latency') ? latencySeconds(profile) : 0);
  const isKilled = measures.includes('recovery');
  const perTrial =
    (profile.smallestEffect === null ? 0 : DEVICE_SECONDS) +
    (isKilled ? (1 + WARM_UP + TAIL_AND_REPLAY) * measuredSeconds + 2 * START_SECONDS : (1 + WARM_UP) * measuredSeconds + START_SECONDS);
  const perCell = Math.min(CALIBRATION_SECONDS_MOST, measuredSeconds / 2) + START_SECONDS;
  const secondsOf = (count: number) =>
    count * (perTrial + extraSecondsPerTrial(plan) + shareAlone * alone) +
    cells.length * perCell +
    new Set(cells.map(({ workload }) => workload.name)).size * ORACLE * measuredSeconds +
    (count / (cells.length * blocks)) * allFillsSeconds(plan);
  const limit = profile.sequential?.timeLimitSeconds ?? Number.POSITIVE_INFINITY;
  const fewest = profile.sequential?.fewestBlocks ?? blocks;
  const most = Math.min(secondsOf(trials), limit + secondsOf(cells.length));
  return {
    trials,
    seconds: most,
    secondsLeast: Math.min(most, secondsOf(Math.min(trials, cells.length * fewest))),
    diskBytes:
      fill.diskBytes +
      eventsFileBytes(plan) +
      (DISK_BYTES_PER_PROCESS + Math.max(mostLogged(cells), mostMapped(cells))) * (isKilled ? KILLED_DISKS : 1) * processes +
      trials * RESULT_BYTES_PER_TRIAL,
    freeBytes: fill.diskBytes + eventsFileBytes(plan) + FREE_BYTES_PER_PROCESS * processes + trials * RESULT_BYTES_PER_TRIAL,
    memoryBytes:
      serversBytes + fill.memoryBytes + SUPERVISOR_BYTES + (PROCESS_BYTES + mostMapped(cells) + (plan.memoryBytes ?? 0)) * processes,
  };
}

/** The largest log that a backend of the plan keeps before it cuts it off. */
function mostLogged(cells: Plan['cells']): number {
  return Math.max(0, ...cells.map(loggedBytes));
}

function loggedBytes({ backend: { settings } }: Cell): number {
  const sizes = LOGGED.map((name) => settings[name]).filter((size) => typeof size === 'number');
  return Math.max(0, ...sizes);
}

/**
 * What a file grows by that is read from and written to by pages, with no log: pages that a checkpoint still reads are written anew
 * elsewhere, in every batch as many as it has keys, if there are so many. Such files are mapped, and so in memory too.
 */
function mostMapped(cells: Plan['cells']): number {
  const bytes = (cell: Cell): number => {
    if (cell.backend.settings.pageCache !== true || loggedBytes(cell) > 0) return 0;
    const { keys } = cell.workload.settings;
    const pages = typeof keys === 'number' ? Math.ceil(keys / ENTRIES_PER_PAGE) : 0;
    return PERSISTED_BATCHES * Math.min(cell.batchSize, pages) * PAGE_BYTES;
  };
  return Math.max(0, ...cells.map(bytes));
}

/** What it takes to fill the state of every cell: for each trial, to calibrate, and once a workload for the right output. */
function allFillsSeconds({ cells, profile, measures }: Plan): number {
  const candidates = cells.filter(({ role }) => role === 'candidate');
  const workloads = new Map(candidates.map(({ workload }) => [workload.name, workload]));
  const again = measures.filter((measure) => measure === 'interval' || measure === 'latency').length;
  const streams = profile.blocks * (1 + again) + 1;
  const sum = (numbers: readonly number[]) => numbers.reduce((total, seconds) => total + seconds, 0);
  return (
    streams * sum(candidates.map(({ workload }) => fillSeconds(workload).store)) +
    sum([...workloads.values()].map((workload) => fillSeconds(workload).oracle))
  );
}
