import type { Cell, Plan } from '../../harness/results.ts';
import { plainText } from '../plain-text.ts';
import { rowOfRecovery } from '../recovery-model.ts';
import { type MetricName, measure } from '../statistics/metrics.ts';
import { recoveriesOf } from '../statistics/recoveries.ts';
import { median } from '../statistics/sample.ts';
import { crossingsOf } from '../statistics/scaling.ts';
import { levelOf } from '../statistics/sequential.ts';
import { stateSizesOf } from '../statistics/state-sizes.ts';
import { alternativesIn, type CellSummary, type GroupSummary, type RunSummary } from '../statistics/summary.ts';
import type { Contender, Contest, CriterionName } from './contest.ts';

/** `recovery` is predicted from restore and replay (`recoveryAt`): its measured total depends on where the kill fell. */
export const METRIC_OF: Readonly<Record<Exclude<CriterionName, 'recovery'>, MetricName>> = {
  throughput: 'eventsPerSecond',
  sustained: 'sustainedPerSecond',
  p50: 'latencyP50Ms',
  p99: 'latencyP99Ms',
  'p99.9': 'latencyP999Ms',
  pause: 'pauseMs',
  persist: 'persistMs',
  checkpoint: 'bytesWritten',
  restore: 'restoreMs',
  rescale: 'splitMs',
  rss: 'rssBytesMax',
  disk: 'workingBytes',
  cpu: 'cpuNsPerEvent',
};

/** From the unit of the metric to that of the criterion. */
const SCALE: Readonly<Partial<Record<CriterionName, number>>> = { cpu: 1e-6 };

/** Settings that only a store with a process of its own has: where it is reached. */
const SERVER_SETTINGS = ['url', 'contactPoints'];

/**
 * What a recommendation on `group` is made from.
 * @param run of which it is: other sizes of the same workload tell where backends change places
 */
export function contestOf(group: GroupSummary, plan: Plan, run: Pick<RunSummary, 'groups'>): Contest {
  const candidates = alternativesIn(group);
  const percentiles = candidates.some(({ metrics }) => metrics.latencyP50Ms !== null) ? 'latency' : 'not-measured';
  const decidesOf = (metric: MetricName) => {
    const { smallestEffect, why } = group.decides(metric);
    return { smallestEffect: smallestEffect === null ? null : Number(smallestEffect.toPrecision(4)), why };
  };
  // A prediction of recovery is no better than the weaker of the two figures that it is made from.
  const [weaker] = [decidesOf('restoreMs'), decidesOf('replayPerSecond')].toSorted(
    (a, b) => (b.smallestEffect ?? Number.POSITIVE_INFINITY) - (a.smallestEffect ?? Number.POSITIVE_INFINITY),
  );
  const decides: NonNullable<Contest['decides']> = {
    ...Object.fromEntries(Object.entries(METRIC_OF).map(([name, metric]) => [name, decidesOf(metric)])),
    recovery: weaker!,
  };
  const blocks = Math.max(1, ...candidates.flatMap(({ trials }) => trials.map(({ block }) => block)));
  return {
    workload: plainText(group.workload.name),
    blocks,
    profile: plan.profile.name,
    smallestEffect: decides.throughput!.smallestEffect,
    why: decides.throughput!.why,
    decides,
    level: levelOf(plan.profile),
    percentiles,
    command: plainText(plan.command),
    measures: plan.measures,
    seed: plan.seed,
    contenders: candidates.map((cell) => contenderOf(cell, blocks)),
    ...sizesAround(group, plan, run),
  };
}

function sizesAround(group: GroupSummary, plan: Plan, run: Pick<RunSummary, 'groups'>): Pick<Contest, 'entries' | 'crossings'> {
  const found = alternativesIn(group).flatMap(({ metrics }) => metrics.liveEntries?.mean ?? []);
  const family = stateSizesOf(run).find(({ sizes }) => sizes.some((size) => size.group === group));
  const idOf = (name: string) => alternativesIn(group).find(({ cell }) => cell.backend.name === name)?.cell.id;
  const digits = (value: number) => Number(value.toPrecision(6));
  const crossings = family === undefined ? [] : crossingsOf(family, levelOf(plan.profile));
  return {
    entries: found.length === 0 ? null : median(found),
    crossings: crossings.flatMap(({ below, above, at: { n, low, high } }) => {
      const ids = { below: idOf(below), above: idOf(above) };
      if (ids.below === undefined || ids.above === undefined) return [];
      return [{ below: ids.below, above: ids.above, n: digits(n), low: digits(low), high: digits(high) }];
    }),
  };
}

/** Whether the state of a backend is in a process of its own, by where its settings say that it is reached. */
export function isServed({ settings }: Cell['backend']): boolean {
  return SERVER_SETTINGS.some((name) => Object.hasOwn(settings, name));
}

function contenderOf(summary: CellSummary, blocks: number): Contender {
  const { cell, standing, isTwin, trials } = summary;
  const values = Object.entries(METRIC_OF).flatMap(([name, metric]) => {
    const scale = SCALE[name as CriterionName] ?? 1;
    const row: (number | null)[] = Array.from({ length: blocks }, () => null);
    for (const trial of trials) {
      const value = measure(metric, trial);
      // Six digits are more than any of them is good for, and keep a page small.
      if (value !== null) row[trial.block - 1] = Number((value * scale).toPrecision(6));
    }
    return row.every((value) => value === null) ? [] : [[name, row] as const];
  });
  const share = summary.metrics.storeShare?.mean ?? null;
  return {
    id: cell.id,
    name: plainText(cell.backend.name),
    durability: cell.backend.durability,
    served: isServed(cell.backend),
    standing: standing === 'harness-cost' ? 'unchecked' : standing,
    trouble: troubleOf(summary),
    isTwin,
    storeShare: share === null ? null : Number(share.toPrecision(4)),
    values: Object.fromEntries(values),
    recoveries: recoveriesOf(trials)?.map(rowOfRecovery) ?? null,
  };
}

/** What went wrong with a cell, in a sentence; empty where nothing did. */
export function troubleOf({ failures, trials, superseded, standing, wrong }: CellSummary): string {
  const all = trials.length + superseded + failures.length;
  const [first] = failures;
  if (first !== undefined) {
    const of = all === 1 ? '' : ` in ${failures.length} of ${all} trials`;
    return `during ${first.phase}${of}: ${plainText(first.message)} (${plainText(first.code)})`;
  }
  if (standing === 'wrong') return `in ${wrong.length} of ${all} trials: its figures count for nothing`;
  if (standing === 'missing') return 'no trial finished before the run ended';
  return standing === 'unchecked' ? 'no output row was compared with the oracle, since no window fired' : '';
}
