import {
  type Cell,
  type CompletedTrial,
  comparedRowsOf,
  type Durability,
  type FailedTrial,
  type Plan,
  type Trial,
} from '../../harness/results.ts';
import { grouped } from './grouped.ts';
import { headlineOf } from './headline.ts';
import { METRIC_NAMES, type MetricName, measure } from './metrics.ts';
import { type ByBlock, holm, type PairedRatio, pairedRatio } from './ratio.ts';
import { median, type Sample, sampleOf } from './sample.ts';
import { levelOf } from './sequential.ts';
import { type Comparison, type Tier, tiersOf } from './tiers.ts';
import { type Decides, type TwinFindings, type TwinRatio, twinFindings } from './twins.ts';
import { MARGIN, type Verdict, verdictOf } from './verdict.ts';

/**
 * What became of a cell. `correct`: every trial finished and every output equals the oracle's. `wrong`: some output
 * does not. `failed`: some trial did not finish. `unchecked`: of some trial no row was compared. `missing`: there is no trial yet.
 * `harness-cost`: the null backend, whose output means nothing.
 */
export type Standing = 'correct' | 'wrong' | 'failed' | 'unchecked' | 'missing' | 'harness-cost';

export interface CellSummary {
  readonly cell: Cell;
  readonly standing: Standing;
  /** The trials that count: the last completed one of each block, by block. */
  readonly trials: readonly CompletedTrial[];
  readonly failures: readonly FailedTrial[];
  /** Completed trials with an output that does not equal the oracle's. */
  readonly wrong: readonly CompletedTrial[];
  /** Completed trials that a later one of the same block replaced. */
  readonly superseded: number;
  /** Trials whose output was compared after SIGKILL and restore. */
  readonly killsChecked: number;
  /** Output rows compared with the oracle's, over the trials that count. */
  readonly comparedRows: number;
  /** What the trials say of each metric; null where none measured it. */
  readonly metrics: Readonly<Record<MetricName, Sample | null>>;
  /** Throughput against the reference backend, Holm-adjusted over the group; null for the reference itself, and unless both compete. */
  readonly againstReference: { readonly ratio: PairedRatio | null; readonly verdict: Verdict } | null;
  /** Another cell once more under another name (A/A): it shows the noise and does not compete. */
  readonly isTwin: boolean;
  /** From 1, best, among those of its engine; null for a cell that does not compete or where the data support no tiers. */
  readonly tier: number | null;
}

/** Cells that may be compared: one workload, one checkpoint storage, one batch size, one number of processes. */
export interface GroupSummary {
  readonly workload: Cell['workload'];
  readonly storage: Cell['storage'];
  readonly batchSize: number;
  readonly parallelism: number;
  /** Candidates: those of our own pipeline before those of Flink, in each those with tiers first, then by throughput. */
  readonly candidates: readonly CellSummary[];
  /** The null backend, if it ran. */
  readonly harness: CellSummary | null;
  /** Those of our own pipeline, or where it has none, those of Flink. Null where the data support none. */
  readonly tiers: readonly Tier[] | null;
  /** Flink's state backends among themselves: no pipeline chooses between them and a store of ours. Null where the data support none. */
  readonly flinkTiers: readonly Tier[] | null;
  /** What the working state must survive for a cell to compete. */
  readonly need: Durability;
  readonly reference: string;
  /** What a metric may decide here, by the run's own A/A. */
  readonly decides: (metric: MetricName) => Decides;
}

export interface RunSummary {
  /** Those with the plan's first number of processes, which are what a report compares. */
  readonly groups: readonly GroupSummary[];
  /** Those with other numbers. */
  readonly otherGroups: readonly GroupSummary[];
  readonly trials: { readonly completed: number; readonly failed: number; readonly wrong: number; readonly superseded: number };
  /** Completed candidate trials whose output equals the oracle's, without a crash and after one. */
  readonly exact: { readonly uninterrupted: number; readonly recovered: number; readonly candidates: number };
  /** Throughput of backends measured a second time under another name with the same settings (A/A): the ratio should be 1. */
  readonly sameTwice: readonly (Comparison & { readonly other: string })[];
  /** The same of every metric that a verdict or a need can use. */
  readonly twins: readonly TwinRatio[];
}

/** All groups, with any number of processes: what is counted, exported or told of troubles. */
export function everyGroup({ groups, otherGroups }: RunSummary): readonly GroupSummary[] {
  return [...groups, ...otherGroups];
}

const STRENGTH: readonly Durability[] = ['volatile', 'process-crash', 'os-crash'];

/** Whether state of class `has` survives what `need` asks for. */
export function survives(has: Durability, need: Durability): boolean {
  return STRENGTH.indexOf(has) >= STRENGTH.indexOf(need);
}

/**
 * Everything a report says, computed from plan and trials. `need` is what the working state must survive to compete;
 * the default is the engine's own contract: it need not survive, recovery comes from the checkpoint.
 */
export function summarise(plan: Plan, trials: readonly Trial[], need: Durability = 'volatile'): RunSummary {
  const byCell = grouped(trials, (trial) => trial.cell);
  const bare = plan.cells.map((cell) => bareCell(cell, byCell.get(cell.id) ?? []));
  const pairs = twinPairs(bare, plan);
  const found = twinFindings(
    pairs.map(({ twin, original }) => ({
      id: twin.cell.id,
      other: original.cell.id,
      group: groupKey(twin),
      ratioOf: (metric) => twinRatio(valuesByBlock(twin, metric), valuesByBlock(original, metric), levelOf(plan.profile)),
    })),
    plan,
  );
  const twins = new Set(pairs.map(({ twin }) => twin.cell.id));
  const all = [...grouped(bare, groupKey).values()].map((cells) => groupOf(cells, plan, need, twins, found));
  const isFirst = ({ parallelism }: GroupSummary) => parallelism === plan.cells[0]!.parallelism;
  const groups = all.filter(isFirst);
  const candidates = bare.filter(({ cell }) => cell.role === 'candidate');
  const count = (of: (cell: BareCell) => number, cells = bare) => cells.reduce((sum, cell) => sum + of(cell), 0);
  return {
    groups,
    otherGroups: all.filter((group) => !isFirst(group)),
    trials: {
      completed: count((cell) => cell.trials.length + cell.superseded),
      failed: count((cell) => cell.failures.length),
      wrong: count((cell) => cell.wrong.length),
      superseded: count((cell) => cell.superseded),
    },
    exact: {
      uninterrupted: count((cell) => cell.trials.filter(isProvenWithoutCrash).length, candidates),
      recovered: count((cell) => cell.trials.filter((trial) => isProven(trial.correctness.recovered)).length, candidates),
      candidates: count((cell) => cell.trials.length, candidates),
    },
    sameTwice: sameTwice(pairs, found, plan),
    twins: found.ratios,
  };
}

type BareCell = Omit<CellSummary, 'againstReference' | 'tier' | 'isTwin'>;
type Checked = CompletedTrial['correctness']['recovered'];

/** The digests decide, whatever the flag beside them says. */
function isEqual(checked: Checked): boolean {
  if (checked === null) return false;
  const { expected, got, equal } = checked;
  return equal && expected.digest === got.digest && expected.rows === got.rows;
}

/** Equal, and in more than being empty. */
function isProven(checked: Checked): boolean {
  return isEqual(checked) && checked!.expected.rows > 0;
}

function isProvenWithoutCrash({ correctness: { uninterrupted, ended } }: CompletedTrial): boolean {
  return [uninterrupted, ended].some(isProven) && [uninterrupted, ended].every((checked) => checked === null || isEqual(checked));
}

function bareCell(cell: Cell, trials: readonly Trial[]): BareCell {
  const completed = trials.filter((trial) => trial.state === 'completed');
  const failures = trials.filter((trial) => trial.state === 'failed');
  const last = new Map(completed.map((trial) => [trial.block, trial]));
  const counting = [...last.values()].toSorted((a, b) => a.block - b.block);
  const candidate = cell.role === 'candidate';
  const wrong = completed.filter(({ correctness: { late, ...outputs } }) => {
    return Object.values(outputs).some((checked) => checked !== null && !isEqual(checked)) || late?.equal === false;
  });
  const unchecked = completed.some((trial) => comparedRowsOf(trial) === 0);
  const standing = (): Standing => {
    if (failures.length > 0) return 'failed';
    if (completed.length === 0) return 'missing';
    if (!candidate) return 'harness-cost';
    if (wrong.length > 0) return 'wrong';
    return unchecked ? 'unchecked' : 'correct';
  };
  const metrics = METRIC_NAMES.map((name) => [
    name,
    sampleOf(counting.map((trial) => measure(name, trial)).filter((value) => value !== null)),
  ]);
  return {
    cell,
    standing: standing(),
    trials: counting,
    failures,
    wrong: candidate ? wrong : [],
    superseded: completed.length - counting.length,
    killsChecked: counting.filter(({ correctness: { recovered } }) => recovered !== null && recovered.expected.rows > 0).length,
    comparedRows: counting.reduce((sum, trial) => sum + comparedRowsOf(trial), 0),
    metrics: Object.fromEntries(metrics) as CellSummary['metrics'],
  };
}

const named = ({ name, settings }: Cell['workload']) => JSON.stringify([name, Object.entries(settings).toSorted()]);
const groupKey = ({ cell }: BareCell) => `${named(cell.workload)} ${named(cell.storage)} ${cell.batchSize} ${cell.parallelism}`;

/** Throughput of a cell by block: what is compared. */
export function throughputByBlock({ trials }: Pick<CellSummary, 'trials'>): ByBlock {
  return new Map(trials.map((trial) => [trial.block, headlineOf(trial)]));
}

/** The throughput printed for a cell, events/s: the geometric mean over blocks; null if no trial completed. */
export function throughputOf({ metrics }: Pick<CellSummary, 'metrics'>): number | null {
  return metrics.eventsPerSecond?.mean ?? null;
}

/** Values of a metric by block. */
function valuesByBlock({ trials }: Pick<CellSummary, 'trials'>, metric: MetricName): ByBlock {
  return new Map(
    trials.flatMap((trial) => {
      const value = measure(metric, trial);
      return value === null ? [] : [[trial.block, value] as const];
    }),
  );
}

/** The paired ratio of twins, where a block in which both have zero counts as equal. */
function twinRatio(twin: ByBlock, original: ByBlock, level: number): PairedRatio | null {
  const orOne = (values: ByBlock, others: ByBlock): ByBlock =>
    new Map([...values].map(([block, value]) => [block, value === 0 && others.get(block) === 0 ? 1 : value]));
  return pairedRatio(orOne(twin, original), orOne(original, twin), level);
}

function groupOf(cells: readonly BareCell[], plan: Plan, need: Durability, twins: ReadonlySet<string>, found: TwinFindings): GroupSummary {
  const group = groupKey(cells[0]!);
  const { smallestEffect } = found.decides(group, 'eventsPerSecond');
  const level = levelOf(plan.profile);
  const candidates = cells.filter(({ cell }) => cell.role === 'candidate');
  const competing = candidates.filter(
    ({ cell, standing }) => standing === 'correct' && survives(cell.backend.durability, need) && !twins.has(cell.id),
  );
  const tiersAmong = (cells: readonly BareCell[]): readonly Tier[] | null =>
    tiersOf(
      cells.map((one) => ({ id: one.cell.id, mean: throughputOf(one) ?? 0, byBlock: throughputByBlock(one) })),
      smallestEffect,
      level,
    );
  const flinkTiers = tiersAmong(competing.filter(isFlink));
  const tiers = candidates.every(isFlink) ? flinkTiers : tiersAmong(competing.filter((one) => !isFlink(one)));
  const tierOf = new Map(
    [tiers, flinkTiers].flatMap((each) => each?.flatMap(({ members }, i) => members.map((id) => [id, i + 1] as const)) ?? []),
  );
  const reference = competing.find(({ cell }) => cell.backend.name === plan.reference);
  const others = competing.filter((one) => one !== reference && one.cell.engine === reference?.cell.engine);
  const ratios =
    reference === undefined
      ? []
      : holm(
          others.map((one) => pairedRatio(throughputByBlock(one), throughputByBlock(reference))),
          level,
        );
  const against = new Map(ratios.map((ratio, i) => [others[i]!.cell.id, { ratio, verdict: verdictOf(ratio, smallestEffect) }] as const));
  const full = (one: BareCell): CellSummary => ({
    ...one,
    isTwin: twins.has(one.cell.id),
    tier: tierOf.get(one.cell.id) ?? null,
    againstReference: against.get(one.cell.id) ?? null,
  });
  const order = (one: CellSummary) =>
    [isFlink(one) ? 1 : 0, one.tier ?? 1e6, one.standing !== 'correct' ? 2 : one.isTwin ? 1 : 0, -(throughputOf(one) ?? 0)] as const;
  const harness = cells.find(({ cell }) => cell.role === 'harness-cost');
  const { workload, storage, batchSize, parallelism } = cells[0]!.cell;
  return {
    workload,
    storage,
    batchSize,
    parallelism,
    candidates: candidates.map(full).toSorted((a, b) => compare(order(a), order(b))),
    harness: harness === undefined ? null : full(harness),
    tiers,
    flinkTiers,
    need,
    reference: plan.reference,
    decides: (metric) => found.decides(group, metric),
  };
}

/** Whether a cell ran on Flink, in the place of our own pipeline. */
export function isFlink({ cell }: Pick<CellSummary, 'cell'>): boolean {
  return cell.engine === 'flink';
}

/** The tiers that a cell's own is one of. */
export function tiersFor(cell: CellSummary, group: GroupSummary): readonly Tier[] | null {
  return isFlink(cell) ? group.flinkTiers : group.tiers;
}

/** The cells that a recommendation chooses from: those of one engine, of our own if there are any. */
export function alternativesIn({ candidates }: GroupSummary): readonly CellSummary[] {
  const own = candidates.filter((cell) => !isFlink(cell));
  return own.length === 0 ? candidates : own;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((value, i) => value !== b[i]);
  return place < 0 ? 0 : a[place]! - b[place]!;
}

/** A cell and the one that it is the twin of. */
interface Twins {
  readonly twin: BareCell;
  readonly original: BareCell;
}

/** The twins that the plan names, and, where `memory` is the reference, every other `memory@…` with the same settings: in the same group. */
function twinPairs(cells: readonly BareCell[], { reference, twins }: Plan): readonly Twins[] {
  const isSame = ({ cell }: BareCell, original: BareCell) =>
    original.cell.backend.name === reference &&
    cell.backend.name.startsWith(`${reference.split('@')[0]}@`) &&
    named({ ...cell.backend, name: '' }) === named({ ...original.cell.backend, name: '' });
  const isTwin = (other: BareCell, original: BareCell) =>
    twins.some(({ of, name }) => of === original.cell.backend.name && name === other.cell.backend.name) || isSame(other, original);
  return cells.flatMap((original) =>
    cells
      .filter((other) => other !== original && groupKey(other) === groupKey(original) && isTwin(other, original))
      .map((twin) => ({ twin, original })),
  );
}

function sameTwice(pairs: readonly Twins[], found: TwinFindings, { profile }: Plan): RunSummary['sameTwice'] {
  return pairs.map(({ twin, original }) => {
    const [id, other] = [twin.cell.id, original.cell.id];
    const ratio = found.ratios.find((one) => one.id === id && one.other === other && one.metric === 'eventsPerSecond')?.ratio ?? null;
    return { id, other, ratio, verdict: verdictOf(ratio, profile.smallestEffect === null ? null : MARGIN) };
  });
}

/** The trial of a cell whose `value` is nearest the median: the one shown where a chart can show only one. */
export function medianTrial(
  { trials }: Pick<CellSummary, 'trials'>,
  value: (trial: CompletedTrial) => number | null,
): CompletedTrial | null {
  const measured = trials.filter((trial) => value(trial) !== null);
  if (measured.length === 0) return null;
  const middle = median(measured.map((trial) => value(trial)!));
  return measured.reduce((best, trial) => (Math.abs(value(trial)! - middle) < Math.abs(value(best)! - middle) ? trial : best));
}
