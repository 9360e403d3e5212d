import { nameOf } from './decision.ts';
import { plainText } from './plain-text.ts';
import { inUnit, percent, rounded, unitFor, withUnit } from './quantity.ts';
import { type LoadSummary, loadsOf, sustainedRateOf } from './statistics/latency.ts';
import { USUAL_LOAD } from './statistics/metrics.ts';
import type { CellSummary, GroupSummary } from './statistics/summary.ts';
import type { Table } from './table.ts';

/** What a sustained rate and a latency are, for whoever reads the figures. */
export const LATENCY_NOTE =
  'Events come at their own rate (open loop); latency is from when an event was due until its micro-batch was done, so that a stall counts for all that waited.';

/** Cells that have an open loop and whose output is right. */
export function pacedCells(group: GroupSummary): readonly CellSummary[] {
  return group.candidates.filter((cell) => cell.standing !== 'wrong' && !cell.isTwin && sustainedRateOf(cell) !== null);
}

/** The sustained rate as the bracket of the search: "1.10 to 1.13 million events/s". */
export function bracketText(cell: CellSummary): string {
  const rate = sustainedRateOf(cell);
  if (rate === null) return 'not measured';
  const { passedPerSecond, failedPerSecond } = rate;
  if (passedPerSecond === null) return failedPerSecond === null ? 'not measured' : `none; ${withUnit('rate', failedPerSecond)} failed`;
  const unit = unitFor('rate', [passedPerSecond.mean]);
  const passed = inUnit(passedPerSecond.mean, passedPerSecond, unit);
  return failedPerSecond === null
    ? `${passed} ${unit.unit} or more`
    : `${passed} to ${rounded(failedPerSecond / unit.divisor, null)} ${unit.unit}`;
}

export function loadText({ fraction, ratePerSecond }: LoadSummary): string {
  return fraction === null ? `${withUnit('rate', ratePerSecond)}, in common` : `${percent(fraction)} of the sustained rate`;
}

/** A row a backend and load, or only the usual load. */
export function latencyTable(group: GroupSummary, usualOnly = false): Table | null {
  const rows = pacedCells(group).flatMap((cell) =>
    loadsOf(cell)
      .filter(({ fraction }) => !usualOnly || fraction === USUAL_LOAD)
      .map((load) => {
        const time = (ms: number | null) => (ms === null ? null : withUnit('time', ms));
        return [
          plainText(nameOf(cell)),
          loadText(load),
          withUnit('rate', load.ratePerSecond),
          time(load.p50Ms),
          load.p99Ms === null ? null : rangeText(load.p99Ms),
          time(load.p999Ms),
          time(load.maxMs),
          time(load.p99OutsideMs),
          time(load.p99DuringCheckpointMs),
          time(load.windowP50Ms),
          time(load.windowP99Ms),
          time(load.serviceP99Ms),
          load.voided === 0 ? '' : `${load.voided} void: ${plainText(load.voidReason ?? '')}`,
        ];
      }),
  );
  if (rows.length === 0) return null;
  const columns = [
    ['backend', 'Backend'],
    ['load', 'Load'],
    ['rate', 'Rate'],
    ['p50', 'p50'],
    ['p99', 'p99 (range of trials)'],
    ['p999', 'p99.9'],
    ['max', 'Most'],
    ['p99_outside', 'p99 outside checkpoints'],
    ['p99_inside', 'p99 in checkpoints'],
    ['window_p50', 'Window p50'],
    ['window_p99', 'Window p99'],
    ['service_p99', 'Service time p99'],
    ['void', 'Void trials'],
  ] as const;
  return { columns: columns.map(([key, title]) => ({ key, title })), rows };
}

function rangeText({ mean, min, max, n }: NonNullable<LoadSummary['p99Ms']>): string {
  const middle = withUnit('time', mean);
  return n < 2 ? middle : `${middle} (${withUnit('time', min)} to ${withUnit('time', max)})`;
}
