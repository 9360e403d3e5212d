import { join } from 'node:path';
import { Answers, type Worked } from './answers.ts';
import { Attempts, type Basis, EXTENDED } from './attempts.ts';
import { sweepJobs } from './checkpointing/remove-jobs.ts';
import { engineOf } from './engine.ts';
import { StatebenchError } from './errors.ts';
import { filledStream, fillOf } from './fill.ts';
import { nowNs, secondsSince } from './measure/clock.ts';
import { freeBytes } from './measure/file-system.ts';
import { NoiseWatch, type Watched } from './measure/noise.ts';
import { cleared } from './passwords.ts';
import type { PlannedCell } from './plan.ts';
import type { Cell, CompletedTrial, FailedTrial, Measure, Plan, Trial } from './results.ts';
import type { RunOutcome, RunRequest } from './run-events.ts';
import { openRunFiles, type RunFiles } from './run-files.ts';
import { makeSchedule } from './schedule.ts';
import { makeScratch, removeScratch } from './scratch.ts';
import { withCatchUp } from './trial/catch-up.ts';
import { killOf, withKillSpan } from './trial/kill-point.ts';
import { commonRates, latencyPlan } from './trial/latency-run.ts';
import { BASE_TIMEOUT_MS } from './trial/pipeline-rate.ts';
import type { StreamPlan } from './trial/tasks.ts';
import { trialId } from './trial/trial.ts';
import { originalOf, withFastestOnDiskTwice } from './twins.ts';

/** How many times slower than calibrated a trial may be before it is given up. */
const SLOWEST = 20;

/** A run begins with much more than this; what a trial took is free again when it has ended. */
const LEAST_FREE_BYTES = 64 * 2 ** 20;

/** A cell with the work its trials do, and how long a process of one may take. */
interface SizedCell extends Worked {
  readonly timeoutMs: number;
}

/**
 * Runs a plan: finds how many events a trial of each cell takes, computes the right output once a workload, then runs
 * the blocks, or as many of them as are enough. Every finished trial is appended to `trials.ndjson` at once. In a folder where the same plan was run in part it goes on
 * where that ended, with the same work in the same order: what is finished stays, what is not is done.
 * @throws StatebenchError `disk-full` once there is no room for a trial, StatebenchError or WorkloadError if a workload has no events or no oracle; what a backend does is in its trials.
 */
export async function runPlan({
  outDirectory,
  isEnough = () => false,
  onEvent,
  onPlan,
  signal,
  ...planned
}: RunRequest): Promise<RunOutcome> {
  let { plan, cells } = planned;
  await sweepJobs(outDirectory, distinctStorages(cells));
  using files = openRunFiles(outDirectory);
  const { trials } = files;
  const total = () => cells.length * plan.profile.blocks;
  if (isWhole(plan, trials)) return { trials };
  const work = makeScratch(outDirectory, 'work');
  const watch = new NoiseWatch();
  const record = (made: Trial) => {
    const measured = cleared(made);
    if (measured.state === 'failed') checkRoom(outDirectory);
    const trial = files.addTrial(measured);
    onEvent({ type: 'trial-finished', trial, index: trials.length, trials: Math.max(total(), trials.length) });
  };
  try {
    const swept = plan.measures.includes('interval');
    const answers = new Answers({ seed: plan.seed, swept, signal });
    for (const workload of distinctWorkloads(cells)) await answers.check(workload);
    const calibration = { work, signal, onEvent, files, record };
    const calibrated = await calibrate(cells, { plan, ...calibration });
    if (plan.choosesTwinOnDisk === true && !signal.aborted) {
      const before = cells.length;
      ({ plan, cells } = withFastestOnDiskTwice({ plan, cells }, files.eventsPerSecond));
      onPlan?.(plan);
      calibrated.push(...(await calibrate(cells.slice(before), { plan, ...calibration })));
    }
    const sized = withLatency(calibrated, plan);
    const before = new Attempts(plan, trials);
    await answers.prepare(sized.map((one) => workOf(one, before)));
    for (const [index, order] of makeSchedule(sized, plan.profile.blocks, plan.seed).entries()) {
      const block = index + 1;
      for (let due = dueIn(block, order, plan, trials); due.length > 0; due = dueIn(block, order, plan, trials)) {
        await answers.prepare(due);
        for (const { planned, stream, timeoutMs, latency, attempt, basis } of due) {
          if (signal.aborted) return { trials };
          const { cell } = planned;
          if (basis === 'extended' && block === 1)
            onEvent({ type: 'extended', cell: cell.id, measuredSeconds: EXTENDED * plan.profile.measuredSeconds });
          onEvent({ type: 'trial-started', cell: cell.id, block, index: trials.length + 1, trials: Math.max(total(), trials.length + 1) });
          watch.start();
          const trial = await engineOf(planned.backend).trial({
            planned,
            block,
            attempt,
            seed: plan.seed,
            stream,
            kill:
              cell.role === 'candidate' && plan.measures.includes('recovery')
                ? killOf(plan.seed, cell, block, plan.profile.blocks, stream)
                : null,
            watchesDevice: plan.profile.smallestEffect !== null,
            rescale: measuredAlone(cell) && plan.measures.includes('rescale'),
            interval: measuredAlone(cell) && swept,
            latency: latency && { plan: latency, settings: plan.latency },
            expected: cell.role === 'candidate' ? answers.of({ planned, stream, latency }) : null,
            directory: join(work, `trial-${trials.length + 1}`),
            timeoutMs,
            signal,
            onPhase: (phase) => onEvent({ type: 'progress', cell: cell.id, phase, done: PHASES_DONE[phase] ?? 0 }),
          });
          // A trial that Ctrl-C ended says nothing of its backend.
          if (trial.state === 'failed' && signal.aborted) return { trials };
          record(
            trial.state === 'completed'
              ? { ...trial, throughput: { ...trial.throughput, basis }, noise: watch.stop(watched(planned, trial)) }
              : trial,
          );
        }
      }
      if (isEnough(trials, block)) break;
    }
    return { trials };
  } finally {
    removeScratch(work);
  }
}

/** A cell with the trial that it lacks in a block. */
interface DueCell extends SizedCell {
  readonly attempt: number;
  readonly basis: Basis;
}

/**
 * What a block lacks, in its order: at first every cell, when those have their trials the ones that were disturbed or too short. By then
 * whatever disturbed them may be over.
 */
function dueIn(block: number, order: readonly SizedCell[], plan: Plan, trials: readonly Trial[]): readonly DueCell[] {
  const attempts = new Attempts(plan, trials);
  return order.flatMap((one) => {
    const { cell } = one.planned;
    const attempt = attempts.due(cell, block);
    return attempt === null ? [] : [{ ...workOf(one, attempts), attempt, basis: attempts.basisOf(cell) }];
  });
}

/** The work of a cell's trials, as it is once its first one is known. */
function workOf(one: SizedCell, attempts: Attempts): SizedCell {
  if (attempts.basisOf(one.planned.cell) !== 'extended') return one;
  const { stream, timeoutMs } = one;
  // The mean of the last part alone is compared: what the store did until it was as full is warm-up.
  const extended = { ...stream, warmUp: stream.warmUp + (EXTENDED - 1) * stream.measured };
  // Flink cuts by the clock, so its kill span depends on no event.
  const isByEvents = stream.checkpoints.everyMs === undefined && stream.checkpoints.everyEvents !== NEVER.everyEvents;
  return { ...one, stream: isByEvents ? withKillSpan(extended, stepOf(stream)) : extended, timeoutMs: EXTENDED * timeoutMs };
}

/** True where nothing is left to do. */
function isWhole(plan: Plan, trials: readonly Trial[]): boolean {
  const attempts = new Attempts(plan, trials);
  const blocks = Array.from({ length: plan.profile.blocks }, (_, i) => i + 1);
  return plan.cells.every((cell) => blocks.every((block) => attempts.due(cell, block) === null));
}

/** What a noise watch has to know of a trial. */
function watched({ backend }: PlannedCell, trial: CompletedTrial): Watched {
  return {
    majorFaults: trial.memory.majorFaults ?? null,
    readsFiles: trial.backend.settings.pageCache === true,
    usesServer: 'url' in backend.options || 'contactPoints' in backend.options,
  };
}

/** Gives the cells their open loops, with rates in common for those that are compared. */
function withLatency(sized: readonly SizedCell[], { measures, profile, latency }: Plan): SizedCell[] {
  const isPaced = ({ planned }: SizedCell) => measures.includes('latency') && measuredAlone(planned.cell);
  const groupOf = ({ planned: { cell } }: SizedCell) => [cell.workload.name, cell.storage.name, cell.batchSize].join(' ');
  const speedOf = ({ stream }: SizedCell) => stream.measured / profile.measuredSeconds;
  return sized.map((one) => {
    if (!isPaced(one)) return one;
    const group = sized.filter((other) => isPaced(other) && groupOf(other) === groupOf(one));
    const stream = measures.includes('recovery') ? withCatchUp(one.stream, profile.measuredSeconds) : one.stream;
    return {
      ...one,
      stream,
      latency: latencyPlan(one.stream, profile.measuredSeconds, latency.ratesPerSecond ?? commonRates(group.map(speedOf))),
    };
  });
}

/** Rescaling, the sweep of the interval and the open loop are measured of one process of our own pipeline. */
function measuredAlone({ role, parallelism, engine }: Cell): boolean {
  return role === 'candidate' && parallelism === 1 && engine === undefined;
}

/** @throws StatebenchError `disk-full` if others filled the disk: a trial that failed then says nothing of its backend. */
function checkRoom(folder: string): void {
  if (freeBytes(folder) >= LEAST_FREE_BYTES) return;
  throw new StatebenchError('disk-full', `cannot go on in ${folder}: the disk is full. Make space there`);
}

/** How much of a trial is done when a phase begins, roughly. */
const PHASES_DONE: Readonly<Record<string, number>> = {
  open: 0,
  'warm-up': 0.05,
  measure: 0.2,
  kill: 0.7,
  restore: 0.75,
  replay: 0.8,
  rescale: 0.85,
  interval: 0.9,
  latency: 0.92,
  verify: 0.98,
};

type Calibration = Pick<RunRequest, 'plan' | 'signal' | 'onEvent'> & {
  readonly work: string;
  readonly files: RunFiles;
  readonly record: (trial: Trial) => void;
};

/** Gives every cell its number of events. A cell that fails here fails all its trials, which are recorded so at once. */
async function calibrate(cells: readonly PlannedCell[], calibration: Calibration): Promise<SizedCell[]> {
  const { plan, signal, onEvent, files, record } = calibration;
  const sized: SizedCell[] = [];
  for (const planned of cells) {
    if (signal.aborted) break;
    const { cell } = planned;
    const before = files.trials.filter((trial) => trial.cell === cell.id);
    const failedBefore = before.find((trial) => trial.state === 'failed' && trial.phase === 'calibrate');
    // A twin does the same work as its original.
    let eventsPerSecond = files.eventsPerSecond.get(cell.id) ?? files.eventsPerSecond.get(originalOf(plan, cell) ?? '');
    let failure: FailedTrial | undefined = failedBefore?.state === 'failed' ? failedBefore : undefined;
    if (eventsPerSecond === undefined && failure === undefined) {
      onEvent({ type: 'progress', cell: cell.id, phase: 'calibrate', done: 0 });
      const found = await eventsPerSecondOf(planned, calibration);
      if (signal.aborted) break;
      if (typeof found === 'number') {
        files.addSize(cell.id, found);
        eventsPerSecond = found;
      } else failure = found;
    }
    if (eventsPerSecond !== undefined) {
      const engine = engineOf(planned.backend);
      const wanted = streamFor(plan.measures, eventsPerSecond * plan.profile.measuredSeconds);
      const stream = filledStream(engine.stream(wanted, eventsPerSecond, plan.profile), fillOf(cell.workload));
      const seconds = (stream.warmUp + stream.measured + stream.tail) / eventsPerSecond;
      sized.push({ planned, stream, latency: null, timeoutMs: BASE_TIMEOUT_MS + SLOWEST * seconds * 1000 });
    } else if (failure !== undefined) {
      for (let block = 1; block <= plan.profile.blocks; block++) {
        const id = trialId(cell.id, block);
        if (!before.some((trial) => trial.id === id)) record({ ...failure, id, block });
      }
    }
  }
  return sized;
}

async function eventsPerSecondOf(planned: PlannedCell, { plan, work, signal }: Calibration): Promise<number | FailedTrial> {
  const { cell } = planned;
  const { seed, profile } = plan;
  const startedAt = new Date();
  const startedNs = nowNs();
  const lived = await engineOf(planned.backend).calibrate({ planned, seed, profile, directory: join(work, 'calibrate'), signal });
  if ('result' in lived && Number.isFinite(lived.result) && lived.result > 0) return lived.result;
  const failure =
    'failure' in lived ? lived.failure : { code: 'no-rate', message: `calibration measured ${lived.result} events/s: report this` };
  return {
    schema: 1,
    id: trialId(cell.id, 1),
    cell: cell.id,
    block: 1,
    backend: cell.backend,
    workload: cell.workload,
    storage: cell.storage,
    batchSize: cell.batchSize,
    parallelism: cell.parallelism,
    seed: plan.seed,
    startedAt: startedAt.toISOString(),
    durationSeconds: secondsSince(startedNs),
    state: 'failed',
    ...failure,
    phase: 'calibrate',
  };
}

/** Too far for any stream, and still a number in JSON. */
const NEVER: StreamPlan['checkpoints'] = { firstEvent: Number.MAX_SAFE_INTEGER, everyEvents: Number.MAX_SAFE_INTEGER, exact: false };

/** All but throughput needs checkpoints. */
function streamFor(measures: readonly Measure[], measuredEvents: number): StreamPlan {
  const stream = streamPlan(measuredEvents);
  return measures.some((measure) => measure !== 'throughput') ? stream : { ...stream, checkpoints: NEVER };
}

/**
 * Divides a trial's stream: nearly a unit of warm-up, three units measured, a tail with a whole checkpoint interval to be killed in, and
 * about a checkpoint a unit. The unit comes from a coarse grid, so that cells of about one speed share the oracle's answers.
 * Neither the checkpoints' interval nor where the measured part ends, when what the store holds is counted, may be a multiple of
 * a window's events, or they would find the windows just emptied: sines of 63°, 72° and 27° are as good as any numbers that no
 * period divides.
 */
export function streamPlan(measuredEvents: number): StreamPlan {
  const wanted = Math.max(1000, measuredEvents / 3);
  const decade = 10 ** Math.floor(Math.log10(wanted));
  const steps = [1, 1.5, 2, 3, 5, 7, 10].map((step) => step * decade);
  const unit = steps.reduce((best, step) => (Math.abs(Math.log(step / wanted)) < Math.abs(Math.log(best / wanted)) ? step : best));
  const stream: StreamPlan = {
    warmUp: Math.round(unit * 0.8910065),
    measured: 3 * unit,
    swept: 3 * unit,
    tail: unit,
    killSpan: unit,
    checkpoints: { firstEvent: Math.round(unit * 0.4539905), everyEvents: Math.round(unit * 0.9510565), exact: false },
  };
  return withKillSpan(stream, stepOf(stream));
}

/** Half a unit of the grid: in which the tail is measured. */
function stepOf({ swept }: StreamPlan): number {
  return swept / 6;
}

function distinctWorkloads(cells: readonly PlannedCell[]): PlannedCell['workload'][] {
  return [...new Map(cells.map(({ workload }) => [workload.name, workload])).values()];
}

function distinctStorages(cells: readonly PlannedCell[]): PlannedCell['storage'][] {
  return [...new Map(cells.map(({ storage }) => [storage.name, storage])).values()];
}
