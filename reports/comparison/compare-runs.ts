/**
 * What two runs say of each other: the one model that terminal, JSON and a page are made from. Plain data, and text as it stands in the
 * results: what is shown has to be made plain first.
 */
import type { Durability, Plan } from '../../harness/results.ts';
import { finishedTrials, isPartial, plannedTrials, type Results } from '../read-results.ts';
import { ResultsError } from '../results-error.ts';
import { grouped } from '../statistics/grouped.ts';
import { type MetricName, measure } from '../statistics/metrics.ts';
import { holmLevels, type Ratio } from '../statistics/ratio.ts';
import type { Sample } from '../statistics/sample.ts';
import { levelOf } from '../statistics/sequential.ts';
import { type CellSummary, everyGroup, type RunSummary, type Standing, summarise } from '../statistics/summary.ts';
import { type Verdict, verdictOf } from '../statistics/verdict.ts';
import { type UnpairedRatio, welchRatio } from '../statistics/welch.ts';
import { COMPARED_METRICS, type ComparedMetric } from './compared-metrics.ts';
import { type Difference, differencesOf } from './differences.ts';
import { type Gate, type GateState, gateState } from './gate.ts';

/** Two of something, of run A and of run B. */
export interface Both<T> {
  readonly a: T;
  readonly b: T;
}

/** Which run it is, and how much of one. */
export interface RunIdentity {
  /** As it was named: a folder or a baseline. */
  readonly name: string;
  readonly startedAt: string;
  readonly command: string;
  readonly profile: Plan['profile']['name'];
  readonly statebench: string;
  readonly trials: { readonly finished: number; readonly planned: number };
  readonly isPartial: boolean;
  /** Of the trials that count, how many the machine disturbed, by the noise evidence of each; those without any are in `quiet`. */
  readonly noise: { readonly quiet: number; readonly amber: number; readonly red: number };
  /** The reference measured twice, as the run has it: where it came out different, the run's figures are not to be believed. */
  readonly sameTwice: readonly { readonly cell: string; readonly ratio: Ratio | null; readonly verdict: Verdict }[];
}

/** A metric of a cell in both runs. */
export interface ComparedValue {
  readonly metric: string;
  readonly a: Sample | null;
  readonly b: Sample | null;
  /** B / A of geometric means, by Welch's interval on logarithms, Holm-adjusted over the cells of the group; null without two figures above 0. */
  readonly ratio: Omit<UnpairedRatio, 'values'> | null;
  /** Of B against A; of sizes `faster` stands for less and `slower` for more. */
  readonly verdict: Verdict;
}

/** A backend in both runs, in one group. */
export interface ComparedCell {
  readonly backend: string;
  readonly role: 'candidate' | 'harness-cost';
  readonly durability: Both<Durability>;
  readonly standing: Both<Standing>;
  /** Blocks that count. */
  readonly blocks: Both<number>;
  /** First failure of each run, as phase and message. */
  readonly failure: Both<string | null>;
  /** Empty where one of the two did not finish with the right output: such figures count for nothing. */
  readonly values: readonly ComparedValue[];
}

export interface ComparedGroup {
  readonly workload: string;
  readonly storage: string;
  readonly batchSize: number;
  readonly parallelism: number;
  readonly cells: readonly ComparedCell[];
}

export interface GateResult {
  readonly gate: string;
  /** Key of the metric that was judged. */
  readonly metric: string;
  /** B / A − 1. */
  readonly limit: number;
  readonly group: number;
  readonly backend: string;
  readonly state: GateState;
}

export interface RunComparison {
  readonly schema: 1;
  readonly a: RunIdentity;
  readonly b: RunIdentity;
  /** Whether both are the same trials. */
  readonly isSameRun: boolean;
  readonly differences: readonly Difference[];
  /** Whether there is a difference that forbids the comparison, which was forced. */
  readonly isMixed: boolean;
  /** Level over the cells of a group: that of the stricter run. */
  readonly alpha: number;
  readonly groups: readonly ComparedGroup[];
  /** Cells that only one of the two has, by id. */
  readonly only: Both<readonly string[]>;
  readonly gates: readonly GateResult[];
}

export interface NamedResults {
  readonly name: string;
  readonly results: Results;
}

export interface CompareRequest {
  readonly gates: readonly Gate[];
  /** Compare what means different things, under a banner. */
  readonly forceMixed: boolean;
}

/**
 * Compares run B with run A, cell by cell.
 * @throws ResultsError `cannot-compare`, naming what differs, if the two have no cell in common, or did other work, with another seed or
 *   durability, and that is not forced.
 */
export function compareRuns(a: NamedResults, b: NamedResults, { gates, forceMixed }: CompareRequest): RunComparison {
  const differences = differencesOf(a.results, b.results);
  const mixed = differences.filter(({ isMixed }) => isMixed);
  if (mixed.length > 0 && !forceMixed) throw refusal(a.name, b.name, mixed);
  const runs = { a: summarise(a.results.plan, a.results.trials), b: summarise(b.results.plan, b.results.trials) };
  const alpha = Math.min(levelOf(a.results.plan.profile), levelOf(b.results.plan.profile));
  const decides = decidesIn(runs);
  const paired = pairsOf(runs);
  if (paired.length === 0) throw nothingInCommon(a, b);
  const groups = [...grouped(paired, ({ key }) => key).values()].map((cells) => groupOf(cells, alpha, decides));
  return {
    schema: 1,
    a: identityOf(a, runs.a),
    b: identityOf(b, runs.b),
    isSameRun: isSame(a.results, b.results),
    differences,
    isMixed: mixed.length > 0,
    alpha,
    groups,
    only: onlyOf(runs, paired),
    gates: gates.flatMap((gate) => groups.flatMap((group, index) => gateResults(gate, group, index))),
  };
}

function refusal(a: string, b: string, mixed: readonly Difference[]): ResultsError {
  const named = mixed.slice(0, MOST_NAMED).map((one) => `${one.what} (${one.a} in A, ${one.b} in B)`);
  const more = mixed.length > MOST_NAMED ? ` and ${mixed.length - MOST_NAMED} more` : '';
  return new ResultsError(
    'cannot-compare',
    `cannot compare A (${a}) with B (${b}): they differ in ${named.join(', ')}${more}, so that their figures mean different things. Measure again with the same, or see them side by side all the same with --force-mixed`,
  );
}

const MOST_NAMED = 5;

function nothingInCommon(a: NamedResults, b: NamedResults): ResultsError {
  const list = (of: (cell: Plan['cells'][number]) => string, { results }: NamedResults) =>
    [...new Set(results.plan.cells.map(of))].join(', ');
  const axes: readonly (readonly [string, (cell: Plan['cells'][number]) => string])[] = [
    ['workload', ({ workload }) => workload.name],
    ['backend', ({ backend }) => backend.name],
    ['checkpoint storage', ({ storage }) => storage.name],
    ['batch size', ({ batchSize }) => String(batchSize)],
    ['number of processes', ({ parallelism }) => String(parallelism)],
  ];
  const differing = axes.flatMap(([axis, of]) => {
    const others = new Set(b.results.plan.cells.map(of));
    return a.results.plan.cells.some((cell) => others.has(of(cell))) ? [] : [`${axis} (${list(of, a)} in A, ${list(of, b)} in B)`];
  });
  const what = differing.length === 0 ? 'no combination' : `no ${differing.join(', no ')}`;
  return new ResultsError('cannot-compare', `cannot compare A (${a.name}) with B (${b.name}): they have ${what} in common`);
}

function identityOf({ name, results }: NamedResults, run: RunSummary): RunIdentity {
  const { plan, environment } = results;
  return {
    name,
    startedAt: plan.startedAt,
    command: plan.command,
    profile: plan.profile.name,
    statebench: environment.statebench,
    trials: { finished: finishedTrials(results), planned: plannedTrials(plan) },
    isPartial: isPartial(results),
    noise: noiseOf(run),
    sameTwice: run.sameTwice.map(({ id, ratio, verdict }) => ({ cell: id, ratio: ratio && bare(ratio), verdict })),
  };
}

function noiseOf(run: RunSummary): RunIdentity['noise'] {
  const trials = everyGroup(run).flatMap(({ candidates }) => candidates.flatMap((cell) => cell.trials));
  const count = (badge: 'amber' | 'red') => trials.filter(({ noise }) => noise?.badge === badge).length;
  const [amber, red] = [count('amber'), count('red')];
  return { quiet: trials.length - amber - red, amber, red };
}

/** Without the values that it was made of. */
function bare({ n, ratio, interval, alpha, sdLog, df, p }: Ratio): Ratio {
  return { n, ratio, interval, alpha, sdLog, df, p };
}

function isSame(a: Results, b: Results): boolean {
  const trials = ({ trials: all }: Results) =>
    JSON.stringify(all.map((trial) => [trial.id, trial.startedAt, trial.state === 'completed' ? trial.throughput.eventsPerSecond : null]));
  return a.plan.startedAt === b.plan.startedAt && trials(a) === trials(b);
}

interface Pair extends Both<CellSummary> {
  /** Of the group. */
  readonly key: string;
}

function groupKey({ cell: { workload, storage, batchSize, parallelism } }: CellSummary): string {
  return JSON.stringify([workload.name, storage.name, batchSize, parallelism]);
}

/** The cells of a run by what they are called in both; a twin shows the noise of its own run and is compared with none. */
function cellsOf(run: RunSummary): ReadonlyMap<string, CellSummary> {
  const cells = everyGroup(run).flatMap(({ candidates, harness }) => [...candidates, ...(harness === null ? [] : [harness])]);
  return new Map(cells.filter(({ isTwin }) => !isTwin).map((cell) => [`${groupKey(cell)} ${cell.cell.backend.name}`, cell]));
}

function pairsOf(runs: Both<RunSummary>): readonly Pair[] {
  const others = cellsOf(runs.b);
  return [...cellsOf(runs.a)].flatMap(([name, a]) => {
    const b = others.get(name);
    return b === undefined ? [] : [{ key: groupKey(a), a, b }];
  });
}

function onlyOf(runs: Both<RunSummary>, paired: readonly Pair[]): Both<readonly string[]> {
  const both = new Set(paired.flatMap(({ a, b }) => [a, b]));
  const alone = (run: RunSummary) => [...cellsOf(run).values()].filter((cell) => !both.has(cell)).map(({ cell }) => cell.id);
  return { a: alone(runs.a), b: alone(runs.b) };
}

/** The smallest effect on a metric that both runs may decide, by the cell of each; null where one of them decides nothing. */
function decidesIn(runs: Both<RunSummary>): (metric: MetricName, pair: Pair) => number | null {
  const effectIn = (run: RunSummary, { cell: { id } }: CellSummary, metric: MetricName) => {
    const group = everyGroup(run).find(({ candidates, harness }) => [...candidates, harness].some((one) => one?.cell.id === id));
    return group?.decides(metric).smallestEffect ?? null;
  };
  return (metric, { a, b }) => {
    const effects = [effectIn(runs.a, a, metric), effectIn(runs.b, b, metric)].filter((effect) => effect !== null);
    return effects.length < 2 ? null : Math.max(...effects);
  };
}

function groupOf(pairs: readonly Pair[], alpha: number, decides: ReturnType<typeof decidesIn>): ComparedGroup {
  const { workload, storage, batchSize, parallelism } = pairs[0]!.a.cell;
  const sound = pairs.filter(({ a, b }) => isSound(a) && isSound(b));
  const values = new Map<Pair, ComparedValue[]>(sound.map((pair) => [pair, []]));
  for (const metric of COMPARED_METRICS) {
    const ratios = sound.map((pair) =>
      metric.isOfWork && !isSameWork(pair) ? null : welchRatio(valuesOf(metric, pair.b), valuesOf(metric, pair.a), alpha),
    );
    // The null backend is no candidate: it tells of the machine, and takes no part in what the others share.
    const levels = holmLevels(
      ratios.map((ratio, i) => (sound[i]!.a.cell.role === 'candidate' ? (ratio?.p ?? null) : null)),
      alpha,
    );
    for (const [i, pair] of sound.entries()) {
      const [a, b] = [pair.a.metrics[metric.name], pair.b.metrics[metric.name]];
      if (a === null && b === null) continue;
      const ratio = ratios[i]!;
      const level = levels[i] ?? alpha;
      const adjusted = ratio === null || level === alpha ? ratio : welchRatio(...ratio.values, level);
      values.get(pair)!.push({
        metric: metric.key,
        a,
        b,
        ratio: adjusted && bare(adjusted),
        verdict: verdictOf(adjusted && asRate(adjusted, metric), decides(metric.name, pair)),
      });
    }
  }
  return {
    workload: workload.name,
    storage: storage.name,
    batchSize,
    parallelism,
    cells: pairs.map((pair) => cellOf(pair, values.get(pair) ?? [])),
  };
}

/** Calibration may have given the trials of one run more events than those of the other. */
function isSameWork({ a, b }: Both<CellSummary>): boolean {
  return a.trials[0]?.events.measured === b.trials[0]?.events.measured;
}

function isSound({ standing }: CellSummary): boolean {
  return standing === 'correct' || standing === 'harness-cost';
}

function valuesOf({ name }: ComparedMetric, { trials }: CellSummary): readonly number[] {
  return trials.map((trial) => measure(name, trial)).filter((value) => value !== null);
}

/** Of times and sizes less is better: turned around, so that above 1 is better throughout. */
function asRate(ratio: Ratio, { better }: ComparedMetric): Ratio {
  if (better === 'higher') return ratio;
  return {
    ...ratio,
    ratio: 1 / ratio.ratio,
    interval: ratio.interval && { low: 1 / ratio.interval.high, high: 1 / ratio.interval.low },
  };
}

function cellOf({ a, b }: Pair, values: readonly ComparedValue[]): ComparedCell {
  const failure = ({ failures: [first] }: CellSummary) => (first === undefined ? null : `${first.phase}: ${first.message}`);
  return {
    backend: a.cell.backend.name,
    role: a.cell.role,
    durability: { a: a.cell.backend.durability, b: b.cell.backend.durability },
    standing: { a: a.standing, b: b.standing },
    blocks: { a: a.trials.length, b: b.trials.length },
    failure: { a: failure(a), b: failure(b) },
    values,
  };
}

function gateResults({ text, metric, direction, limit }: Gate, { cells }: ComparedGroup, group: number): readonly GateResult[] {
  return cells
    .filter(({ role }) => role === 'candidate')
    .map(({ backend, values }) => {
      // Service time of a closed loop is no answer to a gate on latency.
      const value = values.find((one) => one.metric === metric.key && one.ratio !== null);
      const state = value?.ratio == null ? 'not-measured' : gateState({ direction, limit }, value.ratio.interval);
      return { gate: text, metric: value?.metric ?? metric.key, limit, group, backend, state };
    });
}
