/** What to write into Flink's configuration, each line with the measurement behind it, or why there is none. */
import { nameOf, rangeOf, timesOf } from '../decision.ts';
import { plainText } from '../plain-text.ts';
import { withUnit } from '../quantity.ts';
import { type PairedRatio, pairedRatio } from '../statistics/ratio.ts';
import { type CellSummary, type GroupSummary, isFlink, throughputByBlock, throughputOf } from '../statistics/summary.ts';

export interface AdviceLine {
  readonly setting: string;
  /** Null where the data support none: the line is then to be left as it is. */
  readonly value: string | null;
  readonly because: string;
}

/** Null where no cell of Flink had the right output. */
export function adviceOf(group: GroupSummary): readonly AdviceLine[] | null {
  const cells = group.candidates.filter((cell) => isFlink(cell) && !cell.isTwin && cell.standing === 'correct');
  const [best] = cells.toSorted((a, b) => (throughputOf(b) ?? 0) - (throughputOf(a) ?? 0));
  if (best === undefined) return null;
  const { state, managedBytes, heapBytes } = inForce(best);
  const onDisk = cells.find((cell) => cell.cell.backend.settings.state !== 'hashmap');
  return [
    stateBackend(best, cells),
    compared(cells, 'incremental', 'execution.checkpointing.incremental', (value) => String(value), 'flink@full:rocksdb,checkpoints=full'),
    {
      setting: 'execution.checkpointing.storage',
      value: null,
      because: `only ${plainText(group.storage.name)} was measured`,
    },
    interval(cells),
    {
      setting: state === 'hashmap' ? 'taskmanager.memory.task.heap.size' : 'taskmanager.memory.managed.size',
      value: null,
      because: `only one size was measured, ${withUnit('bytes', Number(state === 'hashmap' ? heapBytes : managedBytes))} ${state === 'hashmap' ? 'of heap' : 'of managed memory'} a TaskManager, and the state may have been smaller`,
    },
    compared(
      cells,
      'timers',
      `state.backend.${String(onDisk?.cell.backend.settings.state ?? 'rocksdb')}.timer-service.factory`,
      (value) => (value === 'heap' ? 'HEAP' : 'ROCKSDB'),
      'flink@heap:rocksdb,timers=heap',
    ),
  ];
}

/** What was asked for, and what Flink said when it ran. */
function inForce({ cell, trials }: CellSummary): CellSummary['cell']['backend']['settings'] {
  return { ...cell.backend.settings, ...trials[0]?.backend.settings };
}

/** As it is pasted: lines without support are comments. */
export function adviceText(lines: readonly AdviceLine[]): string {
  return lines
    .map(({ setting, value, because }) => (value === null ? `# ${setting}: no advice: ${because}` : `${setting}: ${value}  # ${because}`))
    .join('\n');
}

function stateBackend(best: CellSummary, cells: readonly CellSummary[]): AdviceLine {
  const setting = 'state.backend.type';
  const others = cells.filter((cell) => cell.cell.backend.settings.state !== best.cell.backend.settings.state);
  if (others.length === 0) return { setting, value: null, because: `only ${String(best.cell.backend.settings.state)} was measured` };
  const ratios = others.map((cell) => ({ cell, ratio: pairedRatio(throughputByBlock(best), throughputByBlock(cell)) }));
  const open = ratios.find(({ ratio }) => !isAbove(ratio));
  if (open !== undefined)
    return { setting, value: null, because: `${nameOf(best)} and ${nameOf(open.cell)} are not told apart by these data` };
  const told = ratios.map(({ cell, ratio }) => `${timesOf(ratio!, false)} times as fast as ${nameOf(cell)} (${rangeOf(ratio!, false)})`);
  return { setting, value: String(best.cell.backend.settings.state), because: `${told.join(', ')}, while the state fits` };
}

function isAbove(ratio: PairedRatio | null): boolean {
  return ratio?.interval != null && ratio.interval.low > 1;
}

/** A setting that cells differ in, and in nothing else. */
function compared(
  cells: readonly CellSummary[],
  name: 'incremental' | 'timers',
  setting: string,
  text: (value: string | number | boolean) => string,
  tried: string,
): AdviceLine {
  const pairs = cells.flatMap((one) => cells.filter((other) => differOnlyIn(one, other, name)).map((other) => [one, other] as const));
  const [pair] = pairs.filter(([one, other]) => (throughputOf(one) ?? 0) >= (throughputOf(other) ?? 0));
  if (pair === undefined) return { setting, value: null, because: `not compared: measure ${tried} beside it` };
  const [one, other] = pair;
  const ratio = pairedRatio(throughputByBlock(one), throughputByBlock(other));
  const bytes = [one, other].map((cell) => cell.metrics.bytesWritten);
  const written = bytes.every((sample) => sample !== null)
    ? `; a checkpoint writes ${withUnit('bytes', bytes[0]!.mean)} against ${withUnit('bytes', bytes[1]!.mean)}`
    : '';
  if (!isAbove(ratio))
    return { setting, value: null, because: `${nameOf(one)} and ${nameOf(other)} are not told apart in throughput${written}` };
  return {
    setting,
    value: text(one.cell.backend.settings[name]!),
    because: `${timesOf(ratio!, false)} times as fast as ${nameOf(other)} (${rangeOf(ratio!, false)})${written}`,
  };
}

function differOnlyIn(one: CellSummary, other: CellSummary, name: string): boolean {
  const rest = ({ cell }: CellSummary): string =>
    JSON.stringify(
      Object.entries(cell.backend.settings)
        .filter(([key]) => key !== name)
        .sort(),
    );
  return one !== other && one.cell.backend.settings[name] !== other.cell.backend.settings[name] && rest(one) === rest(other);
}

/** Several intervals are needed for advice; from one, what a checkpoint takes is what is known. */
function interval(cells: readonly CellSummary[]): AdviceLine {
  const setting = 'execution.checkpointing.interval';
  const intervals = new Set(cells.map((cell) => inForce(cell).checkpointIntervalMs ?? 'none'));
  const took = cells.flatMap(({ metrics: { pauseMs, persistMs } }) =>
    pauseMs === null || persistMs === null ? [] : [pauseMs.mean + persistMs.mean],
  );
  const longest = took.length === 0 ? '' : `; a checkpoint took ${withUnit('time', Math.max(...took))} end to end at most in the median`;
  return {
    setting,
    value: null,
    because: `${intervals.size === 1 ? 'only one was measured' : 'it is not swept on Flink'}, ${[...intervals].join(' and ')} ms${longest}`,
  };
}
