/** What a comparison says, in words and figures: the same on a terminal and on a page. Text of results comes out plain. */
import { groupTitle } from '../group-title.ts';
import { plainText } from '../plain-text.ts';
import { grouped, rounded, type Unit } from '../quantity.ts';
import { unitOf } from '../shown-metric.ts';
import type { Interval, Sample } from '../statistics/sample.ts';
import type { Standing } from '../statistics/summary.ts';
import type { Verdict } from '../statistics/verdict.ts';
import type { ComparedCell, ComparedGroup, ComparedValue, GateResult, RunComparison, RunIdentity } from './compare-runs.ts';
import { COMPARED_METRICS, type ComparedMetric } from './compared-metrics.ts';
import type { Difference } from './differences.ts';

/** Symbols beside the words, so that neither colour nor reading every word is needed. */
export const VERDICT_SYMBOL = { faster: '+', slower: '-', equivalent: '=', unresolved: '?', insufficient: '.' } as const;

/** The two runs with their letters. */
export function lettered({ a, b }: RunComparison): readonly (readonly ['A' | 'B', RunIdentity])[] {
  return [
    ['A', a],
    ['B', b],
  ];
}

/** What a change is, and what is not in it. */
export function methodText({ alpha }: RunComparison): string {
  return `Change is B against A: of geometric means over trials, with its ${levelText(alpha)} interval (Welch on logarithms, Holm over the backends of a table). It holds the noise within the runs; what moved the whole machine between them is not in it. "sees" is the smallest change that would be found in 9 of 10 repetitions.`;
}

/** "95 %". */
export function levelText(alpha: number): string {
  return `${Number(((1 - alpha) * 100).toPrecision(3))} %`;
}

/** "50 trials", "22 of 50 trials". */
export function trialsText({ trials: { finished, planned } }: RunIdentity): string {
  return `${finished === planned ? finished : `${finished} of ${planned}`} trials`;
}

/** When a run began, to the minute. */
export function startText({ startedAt }: RunIdentity): string {
  return startedAt.slice(0, 16).replace('T', ' ');
}

/** What makes the whole comparison doubtful, weightiest first. */
export function alarmsOf(compared: RunComparison): readonly string[] {
  const { isMixed, isSameRun } = compared;
  const forbidden = compared.differences.filter((one) => one.isMixed).map(({ what }) => plainText(what));
  const twins = lettered(compared).flatMap(([letter, { sameTwice }]) =>
    sameTwice
      .filter(({ verdict }) => isDecided(verdict))
      .map(
        ({ cell, verdict }) =>
          `${letter}: ${plainText(cell)} is the reference measured twice and came out ${verdict.word}: that machine was too unsteady, believe nothing of it.`,
      ),
  );
  const drift = compared.groups.flatMap(({ cells }) =>
    cells.flatMap(({ role, values }) => {
      const throughput = values.find(({ metric }) => metric === 'throughput');
      if (role !== 'harness-cost' || throughput?.ratio == null || !isDecided(throughput.verdict)) return [];
      return [
        `The null backend, which stores nothing, came out ${throughput.verdict.word} (${changeText(throughput.ratio.ratio)}): the machine or the harness is not what it was, and moves every backend.`,
      ];
    }),
  );
  return [
    ...(isMixed ? [`MIXED: compared by force although these differ, so that figures mean different things: ${forbidden.join(', ')}.`] : []),
    ...(isSameRun ? ['A and B are the same run: every change is 0, and says nothing.'] : []),
    ...lettered(compared).flatMap(([letter, { isPartial, trials }]) =>
      isPartial ? [`${letter} is partial: ${trials.finished} of ${trials.planned} trials are finished.`] : [],
    ),
    ...lettered(compared).flatMap(([letter, { noise }]) =>
      noise.red === 0
        ? []
        : [
            `${letter}: the machine was noisy in ${noise.red} of ${noise.quiet + noise.amber + noise.red} trials (red): its report says by what, and what to do.`,
          ],
    ),
    ...twins,
    ...drift,
  ];
}

/** What to say where there are no differences. */
export const NOTHING_DIFFERS =
  'Nothing but the figures differs: workload, seed, durability, version, environment and settings are the same.';

/** A difference as it is told: of several in the work, the first with how many more there are. */
export interface ToldDifference extends Pick<Difference, 'of' | 'what' | 'a' | 'b' | 'isMixed'> {
  /** Of work: ", and others in 3 more cells", and what is not judged for it. */
  readonly more: string;
}

/** Calibration may have given every cell of a large run other work: the first tells enough. */
export function toldDifferences({ differences }: RunComparison): readonly ToldDifference[] {
  const works = differences.filter((one) => one.of === 'work');
  return differences
    .filter((one) => one.of !== 'work' || one === works[0])
    .map((one) => ({
      of: one.of,
      what: plainText(one.what),
      a: plainText(one.a),
      b: plainText(one.b),
      isMixed: one.isMixed,
      more:
        one !== works[0]
          ? ''
          : `${works.length === 1 ? '' : `, and others in ${works.length - 1} more cells`}; persisting, bytes of checkpoints, recovery and disk are not judged there`,
    }));
}

/** What was measured in a group, in a line. */
export function comparedTitle({ workload, storage, batchSize, parallelism }: ComparedGroup): string {
  return groupTitle({ workload: { name: workload }, storage: { name: storage }, batchSize, parallelism });
}

/** Metrics of a group that a gate is on. */
export function gatedMetrics({ gates }: RunComparison, group: number): ReadonlySet<string> {
  return new Set(gates.filter((gate) => gate.group === group).map(({ metric }) => metric));
}

/** Metrics that are told in full: throughput, those under a gate, and those in which something changed. */
export function weightyMetrics({ cells }: ComparedGroup, gated: ReadonlySet<string>): readonly ComparedMetric[] {
  const isWeighty = (key: string) =>
    key === 'throughput' || gated.has(key) || cells.some((cell) => cell.values.some((one) => one.metric === key && isDecided(one.verdict)));
  return COMPARED_METRICS.filter(({ key }) => isWeighty(key));
}

export function isDecided({ word }: Verdict): boolean {
  return word === 'faster' || word === 'slower';
}

const STANDING: Readonly<Record<Standing, string>> = {
  correct: 'right',
  wrong: 'wrong output',
  failed: 'failed',
  unchecked: 'output not checked',
  missing: 'no trial',
  'harness-cost': 'finished',
};

/** Why a backend is not compared: "right in A, failed in B (checkpoint: …)". */
export function troubleOf({ standing, failure }: ComparedCell): string {
  const side = (letter: 'a' | 'b') =>
    `${STANDING[standing[letter]]} in ${letter.toUpperCase()}${failure[letter] === null ? '' : ` (${plainText(failure[letter])})`}`;
  return `${side('a')}, ${side('b')}`;
}

/** A backend's value of one metric. */
export interface ComparedRow {
  readonly cell: ComparedCell;
  readonly value: ComparedValue;
}

/** The backends of a group that have the metric. */
export function rowsOf({ key }: ComparedMetric, { cells }: ComparedGroup): readonly ComparedRow[] {
  return cells.flatMap((cell) => {
    const value = cell.values.find(({ metric }) => metric === key);
    return value === undefined ? [] : [{ cell, value }];
  });
}

/** The unit that suits the figures of both runs. */
export function rowsUnit({ kind }: ComparedMetric, rows: readonly ComparedRow[]): Unit {
  return unitOf(
    kind,
    rows.flatMap(({ value: { a, b } }) => [a, b].flatMap((sample) => (sample === null ? [] : [middleOf(sample)]))),
  );
}

/** A run's figure in `unit`, rounded to what its trials support. */
export function figureText(sample: Sample | null, { divisor }: Unit): string {
  return sample === null ? '–' : rounded(middleOf(sample) / divisor, halfOf(sample) / divisor);
}

/** What a figure of a run is: the geometric mean, or the median where a value is zero. */
export function middleOf({ mean, median }: Sample): number {
  return mean ?? median;
}

function halfOf({ interval, min, max, median }: Sample): number {
  if (interval !== null) return (interval.high - interval.low) / 2;
  return max > min ? (max - min) / 2 : median / 20;
}

/** "+3.2 %" of 1.032. */
export function changeText(ratio: number): string {
  return signed(ratio - 1);
}

/** "−5.1 % to +1.2 %". */
export function intervalText({ low, high }: Interval): string {
  return `${signed(low - 1)} to ${signed(high - 1)}`;
}

function signed(change: number): string {
  const size = percentOf(Math.abs(change));
  return `${Number.parseFloat(size) === 0 ? '' : change < 0 ? '−' : '+'}${size}`;
}

function percentOf(change: number): string {
  const value = change * 100;
  return `${grouped(value, value < 10 ? 1 : 0)} %`;
}

/** "sees 12 %", or nothing. Beyond a doubling, percent are hard to read. */
export function seenText({ detectable }: Verdict): string {
  if (detectable === null) return '';
  return `sees ${detectable > 1 ? `a factor of ${rounded(1 + detectable, null)}` : percentOf(detectable)}`;
}

/** The verdict in the metric's own word: bytes are less or more, not faster or slower. */
export function wordOf({ kind }: ComparedMetric, { word }: Verdict): string {
  if (kind !== 'bytes') return word;
  return word === 'faster' ? 'less' : word === 'slower' ? 'more' : word;
}

/** The word with what would help: "unresolved (24 blocks each might do)". */
export function verdictText(metric: ComparedMetric, { verdict }: ComparedValue, { blocks }: ComparedCell): string {
  const fewest = Math.min(blocks.a, blocks.b);
  const why =
    verdict.word === 'unresolved' && verdict.blocksNeeded !== null
      ? ` (${verdict.blocksNeeded} blocks each might do)`
      : verdict.word === 'insufficient'
        ? ` (${fewest} ${fewest === 1 ? 'block' : 'blocks'})`
        : '';
  return `${wordOf(metric, verdict)}${why}`;
}

/** A gate's outcome on one backend. */
export interface ToldGate {
  readonly state: GateResult['state'];
  /** As it was written, with the metric that stood in for its own. */
  readonly gate: string;
  readonly backend: string;
  readonly group: ComparedGroup;
  /** "−31 % to −28 %", "no interval"; empty where nothing was measured. */
  readonly seen: string;
}

const ORDER: readonly GateResult['state'][] = ['failed', 'undecided', 'not-measured', 'passed'];

/** Outcomes of all gates, failed ones first. */
export function toldGates({ gates, groups }: RunComparison): readonly ToldGate[] {
  return gates
    .toSorted((x, y) => ORDER.indexOf(x.state) - ORDER.indexOf(y.state))
    .map(({ gate, group: index, backend, state, metric }) => {
      const group = groups[index]!;
      const value = group.cells.find((cell) => cell.backend === backend)!.values.find((one) => one.metric === metric);
      const interval = value?.ratio?.interval ?? null;
      return {
        state,
        gate: plainText(gate),
        backend: plainText(backend),
        group,
        seen: interval !== null ? intervalText(interval) : state === 'not-measured' ? '' : 'no interval',
      };
    });
}
