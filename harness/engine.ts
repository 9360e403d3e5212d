/** What runs the trials of a backend: our own pipeline over a store, or a cluster of Flink. Told apart here and nowhere else. */
import type { Workload } from '../workloads/contract.ts';
import { messageOf, StatebenchError } from './errors.ts';
import { fillOf } from './fill.ts';
import { CALIBRATION_EVENTS_PER_SECOND, eventsPerSecondOnFlink, measureOnFlink } from './flink/flink-engine.ts';
import { stageArguments } from './flink/job-arguments.ts';
import { builtInFile, LOCAL_STORAGE, type ModuleRef } from './modules.ts';
import type { PlannedCell } from './plan.ts';
import type { Cell, Plan, Trial } from './results.ts';
import type { Lived } from './trial/parts.ts';
import { calibratePipeline } from './trial/pipeline-rate.ts';
import type { StreamPlan } from './trial/tasks.ts';
import { runTrial, type TrialRequest } from './trial/trial.ts';

export interface CalibrationRequest {
  readonly planned: PlannedCell;
  readonly seed: number;
  readonly profile: Plan['profile'];
  /** Its own, made and removed. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

export interface Engine {
  /** As cells have it; absent of our own pipeline. */
  readonly name: Cell['engine'];
  /** @throws StatebenchError `impossible-settings` or `bad-value` if it cannot run such cells */
  check(workload: Workload, storage: ModuleRef, parallelism: number, settings: Cell['backend']['settings']): void;
  /** Finds how many events a second a cell takes. */
  calibrate(request: CalibrationRequest): Promise<Lived<number>>;
  /** What a trial takes beyond one of our pipeline: it starts more, and warms up longer. */
  extraSeconds(plan: Pick<Plan, 'profile' | 'measures'>): number;
  /** The stream of its trials, from one of our pipeline's. */
  stream(stream: StreamPlan, eventsPerSecond: number, profile: Plan['profile']): StreamPlan;
  trial(request: TrialRequest): Promise<Trial>;
}

export function engineOf(backend: Pick<ModuleRef, 'file'>): Engine {
  return backend.file === FLINK_FILE ? FLINK : PIPELINE;
}

/**
 * Refuses a backend that is no store, before a server of it is started.
 * @param because what calls of a store are needed for
 * @throws StatebenchError `impossible-settings`
 */
export function checkIsStore({ name, file }: Pick<ModuleRef, 'name' | 'file'>, because: string): void {
  if (engineOf({ file }).name === undefined) return;
  throw new StatebenchError(
    'impossible-settings',
    `${name} runs whole workloads, and ${because}: leave it out here, and measure it with 'statebench run --backend ${name}'`,
  );
}

const FLINK_FILE = builtInFile('backend', 'flink');

const PIPELINE: Engine = {
  name: undefined,
  check() {},
  calibrate: calibratePipeline,
  extraSeconds: () => 0,
  stream: (stream) => stream,
  trial: (request) => runTrial(request),
};

/** Where Flink can write its checkpoints itself. */
const FLINK_STORAGES = [LOCAL_STORAGE.file, builtInFile('storage', 'hdfs')];

/** A Java machine compiles what it runs often, for some ten seconds. */
const WARM_UP_SECONDS = 10;
const SMOKE_WARM_UP_SECONDS = 2;
/** Minimum length of the tail in which a TaskManager is killed, and what it needs beyond one checkpoint interval. */
const TAIL_SECONDS = 4;
const BEYOND_INTERVAL_SECONDS = 2;
/** A killed TaskManager has another in its place after about so long: before a trial, and where recovery is measured. */
const REPLACED_SECONDS = 15;
const SUBMITTED_SECONDS = 5;
const CALIBRATION_MS = 600_000;
/** Events per second of Flink's task with state in the heap and on disk, as seen at most, and what one takes in the file of events: for plans. */
const HEAP_RATE = 1_000_000;
const DISK_RATE = 80_000;
const EVENT_BYTES = 28;

const FLINK: Engine = {
  name: 'flink',
  check(workload, storage, parallelism, settings) {
    stageArguments(workload, parallelism);
    if (!FLINK_STORAGES.includes(storage.file))
      throw new StatebenchError(
        'impossible-settings',
        `flink writes its checkpoints itself, and cannot use the checkpoint storage '${storage.name}': leave flink out, or take filesystem or hdfs`,
      );
    if (settings.chained === true && parallelism !== 1)
      throw new StatebenchError('bad-value', 'flink:chained=true runs in one task: leave it out with --parallelism above 1');
  },
  async calibrate({ planned, seed, profile, directory, signal }) {
    try {
      const fill = fillOf(planned.cell.workload);
      const seconds = warmUpSeconds(profile);
      return { result: await eventsPerSecondOnFlink({ planned, seed, directory, signal, fill, seconds, timeoutMs: CALIBRATION_MS }) };
    } catch (error) {
      const code = error instanceof StatebenchError ? error.code : 'error';
      return { failure: { phase: 'calibrate', code, message: messageOf(error) } };
    }
  },
  // A job on fresh TaskManagers, with a warm-up and some seconds to be submitted, and where recovery is measured another.
  extraSeconds({ profile, measures }) {
    const job = REPLACED_SECONDS + SUBMITTED_SECONDS + warmUpSeconds(profile);
    return measures.includes('recovery') ? 2 * job + tailSeconds(profile) : job;
  },
  stream(stream, eventsPerSecond, profile) {
    // In whole units of the grid, so that tasks have equally many events and cells of about one speed share the oracle's answers.
    const unit = stream.measured / 3;
    const units = (seconds: number): number => Math.max(1, Math.ceil((seconds * eventsPerSecond) / unit)) * unit;
    return {
      warmUp: units(warmUpSeconds(profile)),
      measured: stream.measured,
      swept: stream.swept,
      tail: units(tailSeconds(profile)),
      killSpan: units(tailSeconds(profile)),
      checkpoints: { ...stream.checkpoints, everyMs: Math.round(intervalSeconds(profile) * 1000) },
    };
  },
  trial: (request) => runTrial(request, measureOnFlink),
};

/** {@link Engine.extraSeconds} of all trials of a plan's cells, on average. */
export function extraSecondsPerTrial({ cells, ...plan }: Pick<Plan, 'cells' | 'profile' | 'measures'>): number {
  return (cells.filter(({ engine }) => engine === 'flink').length / cells.length) * FLINK.extraSeconds(plan);
}

/** The file of events that cells on Flink read, which all of a workload share: what they keep on disk beyond a store of ours. */
export function eventsFileBytes({ cells, profile, measures }: Pick<Plan, 'cells' | 'profile' | 'measures'>): number {
  const seconds = warmUpSeconds(profile) + profile.measuredSeconds + (measures.includes('recovery') ? tailSeconds(profile) : 0);
  const rates = cells.map(({ engine, backend }) => (engine !== 'flink' ? 0 : backend.settings.state === 'hashmap' ? HEAP_RATE : DISK_RATE));
  const fastest = Math.max(0, ...rates);
  // Calibration reads of the same file, and does not know yet how few events will do.
  return fastest === 0 ? 0 : Math.max(fastest * seconds, CALIBRATION_EVENTS_PER_SECOND * warmUpSeconds(profile)) * EVENT_BYTES;
}

function intervalSeconds({ measuredSeconds }: Plan['profile']): number {
  return Math.max(0.1, measuredSeconds / 3);
}

/** Long enough for a kill anywhere in a checkpoint interval. */
function tailSeconds(profile: Plan['profile']): number {
  return Math.max(TAIL_SECONDS, intervalSeconds(profile) + BEYOND_INTERVAL_SECONDS);
}

function warmUpSeconds({ name, warmUpSeconds: least }: Plan['profile']): number {
  return name === 'smoke' ? SMOKE_WARM_UP_SECONDS : Math.max(WARM_UP_SECONDS, least);
}
