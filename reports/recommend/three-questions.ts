import { type Calls, comparedRowsOf, type MicroResults } from '../../harness/results.ts';
import { largestBatch, largestBatchRate } from '../micro-table.ts';
import { plainText } from '../plain-text.ts';
import { grouped, percent, uncertainty, withUnit } from '../quantity.ts';
import type { MetricName } from '../statistics/metrics.ts';
import { mergeHistograms, percentileNs } from '../statistics/percentile.ts';
import { median, type Sample } from '../statistics/sample.ts';
import { type CellSummary, type GroupSummary, throughputOf } from '../statistics/summary.ts';

const SURVIVES = { volatile: 'nothing', 'process-crash': 'the crash of a process', 'os-crash': 'the crash of the machine' } as const;

/** What is asked of every backend. */
export const QUESTIONS = ['Performance', 'Reliability', 'State management'] as const;

/** A question answered for one backend: short statements, each with the measurement it rests on. */
export interface Answer {
  readonly question: (typeof QUESTIONS)[number];
  readonly statements: readonly string[];
}

/** What of the last question a run does not measure, and where its figures come from. */
export function elsewhere(micro: MicroResults | null): string {
  const migration = 'A checkpoint is carried to another backend by statebench migrate, entry by entry, as rescaling carries it.';
  if (micro === null) {
    return `Expiry of single entries, operations on lists and maps, and carrying an entry over are measured by statebench micro --out with the folder of these results. ${migration}`;
  }
  const { keys, keyBytes, valueBytes } = micro.settings;
  return `Marked (micro): from the state micro-suite, in calls of ${grouped(largestBatch(micro), 0)} slots on ${grouped(keys, 0)} keys of ${keyBytes} bytes with values of ${valueBytes}, with nothing else of a job around them. ${migration}`;
}

/** The cells of a group that the questions are asked of: those with a trial, without the reference's twin. */
export function askedOf({ candidates }: Pick<GroupSummary, 'candidates'>): readonly CellSummary[] {
  return candidates.filter(({ isTwin, trials }) => !isTwin && trials.length > 0);
}

/**
 * The three questions, answered for one backend by what was measured; what was not is said to be so.
 * @param micro what the state micro-suite found, where it was run for the same results
 */
export function answersOf(cell: CellSummary, micro: MicroResults | null): readonly Answer[] {
  return [
    { question: 'Performance', statements: performance(cell) },
    { question: 'Reliability', statements: reliability(cell) },
    { question: 'State management', statements: [...stateManagement(cell), ...inCalls(cell, micro)] },
  ];
}

function performance(cell: CellSummary): readonly string[] {
  const { metrics, tier } = cell;
  const { storeShare } = metrics;
  return [
    ...(metrics.eventsPerSecond === null
      ? []
      : [`${withUnit('rate', throughputOf(cell)!, uncertainty(metrics.eventsPerSecond))}${tier === null ? '' : `, tier ${tier}`}`]),
    ...told(cell, 'batchP99Ms', 'time', (value) => `p99 service time of a micro-batch ${value}`),
    ...(metrics.cpuNsPerEvent === null ? [] : [`${withUnit('time', metrics.cpuNsPerEvent.mean / 1e6)} of CPU per event`]),
    ...(storeShare === null ? [] : [`${percent(storeShare.mean)} of the time in the store`]),
  ];
}

function reliability(cell: CellSummary): readonly string[] {
  const { trials, failures, wrong, killsChecked } = cell;
  const skipped = trials.reduce((sum, { recovery }) => sum + (recovery?.checkpointsSkipped ?? 0), 0);
  const checked = trials.filter((trial) => comparedRowsOf(trial) > 0).length;
  const exact = checked - wrong.filter((trial) => trials.includes(trial)).length;
  return [
    checked === 0 ? 'output not compared' : `output exact in ${exact} of ${checked} trials`,
    killsChecked === 0 ? 'no crash tried' : `killed and restored ${killsChecked} time${killsChecked === 1 ? '' : 's'}`,
    ...told(cell, 'restoreMs', 'time', (value) => `restored in ${value}`),
    ...told(cell, 'replayPerSecond', 'rate', (value) => `replays at ${value}`),
    ...(failures.length === 0 ? [] : [`${failures.length} trial${failures.length === 1 ? '' : 's'} did not finish`]),
    ...(skipped === 0 ? [] : [`${skipped} damaged checkpoint${skipped === 1 ? '' : 's'} passed over`]),
    `without a checkpoint its state survives ${SURVIVES[cell.cell.backend.durability]}`,
  ];
}

function stateManagement(cell: CellSummary): readonly string[] {
  const { metrics, trials, cell: planned } = cell;
  const settings = trials.at(-1)?.backend.settings ?? planned.backend.settings;
  const said = (name: string) => (settings[name] === undefined ? '' : ` (${plainText(String(settings[name]))})`);
  return [
    ...incremental(cell, said('incremental')),
    ...perCall(cell, 'drop', (time) => `a window is dropped in ${time}`),
    ...lists(cell, settings.lists === undefined ? null : plainText(String(settings.lists))),
    ...(metrics.splitMs === null
      ? ['rescaling not measured (--measure rescale)']
      : [
          ...told(cell, 'splitMs', 'time', (value) => `rescaled from 1 to 2 processes in ${value}`),
          ...told(cell, 'mergeMs', 'time', (value) => `and back in ${value}`),
        ]),
  ];
}

/** What the micro-suite tells of the same backend: what expiry costs, what lists and maps do, and carrying an entry to another store. */
function inCalls({ cell: { backend } }: CellSummary, micro: MicroResults | null): readonly string[] {
  const isSame = micro?.backends.some(({ name, durability }) => name === backend.name && durability === backend.durability) ?? false;
  if (micro === null || !isSame) return [];
  const timeOf = (operation: string): string | null => {
    const rate = largestBatchRate(micro, backend.name, operation);
    return rate === null ? null : withUnit('time', 1000 / rate.median, timeSpread(rate));
  };
  const one = (operation: string, text: (time: string) => string): readonly string[] => {
    const time = timeOf(operation);
    return time === null ? [] : [`${text(time)} (micro)`];
  };
  const plain = timeOf('valueGet');
  const without = plain === null ? '' : `, ${plain} without`;
  return [
    ...one('valueGetTtl', (time) => `a value with an expiry is read in ${time}${without}`),
    ...one('listAppend', (time) => `an element is appended in ${time}`),
    ...one('mapEntries', (time) => `a map of ten entries is read in ${time}`),
    ...one('rescaleOut', (time) => `an entry of a checkpoint is carried to another store in ${time}`),
  ];
}

/** Of the time of one operation, in ms, what {@link uncertainty} is of the operations a second. */
function timeSpread(rate: Sample): number | null {
  const half = uncertainty(rate);
  return half === null ? null : ((half / rate.median) * 1000) / rate.median;
}

/** What appending costs; where a workload appends nothing, how the store would do it. */
function lists(cell: CellSummary, how: string | null): readonly string[] {
  const appended = perSlot(cell, 'append', (time) => `an element is appended in ${time}${how === null ? '' : ` (${how})`}`);
  return appended.length > 0 ? appended : [`this workload appends nothing${how === null ? '' : ` (a list would be ${how})`}`];
}

/** What a checkpoint after the first writes, of what it holds. */
function incremental({ trials }: CellSummary, how: string): readonly string[] {
  const later = trials.flatMap(({ checkpoints }) =>
    checkpoints.filter(({ id, part }) => id > Math.min(...checkpoints.filter((one) => one.part === part).map((one) => one.id))),
  );
  if (later.length === 0) return ['no second checkpoint to tell whether it is incremental'];
  const written = median(later.map(({ bytesWritten }) => bytesWritten));
  const share = median(later.map(({ bytesWritten, bytesReferenced }) => bytesWritten / Math.max(1, bytesWritten + bytesReferenced)));
  return [
    share < 0.95
      ? `incremental: a later checkpoint writes ${withUnit('bytes', written)}, ${percent(share)} of what it holds${how}`
      : `a later checkpoint writes ${withUnit('bytes', written)} and refers to nothing it had${how}`,
  ];
}

function perCall({ trials }: CellSummary, operation: Calls['operation'], text: (time: string) => string): readonly string[] {
  const calls = trials.flatMap((trial) => trial.calls.filter((call) => call.operation === operation));
  const ns = percentileNs(mergeHistograms(calls.map(({ time }) => time)), 0.5);
  return ns === null ? [] : [text(`${withUnit('time', ns / 1e6)} (median)`)];
}

function perSlot({ trials }: CellSummary, operation: Calls['operation'], text: (time: string) => string): readonly string[] {
  const calls = trials.flatMap((trial) => trial.calls.filter((call) => call.operation === operation));
  const ns = percentileNs(mergeHistograms(calls.map(({ time }) => time)), 0.5);
  const slots =
    calls.reduce((sum, call) => sum + call.slots, 0) /
    Math.max(
      1,
      calls.reduce((sum, call) => sum + call.calls, 0),
    );
  return ns === null || slots === 0 ? [] : [text(`${withUnit('time', ns / 1e6 / slots)}`)];
}

function told(
  { metrics }: CellSummary,
  name: MetricName,
  kind: 'rate' | 'time' | 'bytes',
  text: (value: string) => string,
): readonly string[] {
  const sample = metrics[name];
  return sample === null ? [] : [text(withUnit(kind, sample.mean, uncertainty(sample)))];
}
