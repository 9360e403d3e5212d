import { rounded, type Unit, unitFor } from '../quantity.ts';
import type { MetricName } from '../statistics/metrics.ts';
import { type CellSummary, throughputOf } from '../statistics/summary.ts';
import { type BackendRow, backendRow } from './backend-axis.ts';
import type { Chart } from './chart.ts';
import type { Look } from './look.ts';
import { type ScatterRow, scatterSpec } from './scatter.ts';

/** What throughput is weighed against. */
export interface Against {
  readonly metric: MetricName;
  readonly title: string;
  /** What stands along the axis and over the column, without its unit. */
  readonly axis: string;
}

/** How long a restore takes. */
export const AGAINST_RESTORE: Against = { metric: 'restoreMs', title: 'Throughput against restore time', axis: 'restore' };
/** The tail of the service time of a micro-batch. */
export const AGAINST_TAIL: Against = {
  metric: 'batchP99Ms',
  title: 'Throughput against the tail of service time',
  axis: 'p99 service time of a micro-batch',
};

/** One cell: its throughput, and a time that should be short, each with its range over trials. */
export interface TradeOffRow extends BackendRow {
  readonly eventsPerSecond: number;
  readonly eventsPerSecondLow: number;
  readonly eventsPerSecondHigh: number;
  readonly ms: number;
  readonly msLow: number;
  readonly msHigh: number;
}

/** Rows of the cells that have both. */
export function tradeOffRows(cells: readonly CellSummary[], looks: ReadonlyMap<string, Look>, { metric }: Against): readonly TradeOffRow[] {
  return cells.flatMap((cell) => {
    const mean = throughputOf(cell);
    const { eventsPerSecond: rate, [metric]: time } = cell.metrics;
    if (mean === null || rate === null || time === null) return [];
    return [
      {
        ...backendRow(cell, looks),
        eventsPerSecond: mean,
        eventsPerSecondLow: rate.min,
        eventsPerSecondHigh: rate.max,
        ms: time.mean,
        msLow: time.min,
        msHigh: time.max,
      },
    ];
  });
}

/** Throughput against a time: right and down is better; the dashed line joins those that nothing beats in both. */
export function tradeOffChart(rows: readonly TradeOffRow[], { title, axis }: Against): Chart {
  const rate = unitFor(
    'rate',
    rows.map((row) => row.eventsPerSecond),
  );
  const time = unitFor(
    'time',
    rows.map((row) => row.ms),
  );
  const points = rows.map((row) => inUnits(row, rate, time));
  const front = paretoFront(points);
  const frontNames = front.map(({ label }) => label).join(', ');
  return {
    title,
    note: `right and down is better, lines are the range over trials; ${front.length > 1 ? 'the dashed line joins those that nothing beats in both' : `nothing beats ${frontNames} in both`}`,
    description: `${axis} in ${time.unit} over throughput in ${rate.unit}. Beaten in neither: ${frontNames}.`,
    table: {
      columns: [
        { key: 'backend', title: 'Backend' },
        { key: 'rate', title: `Throughput, ${rate.unit}` },
        { key: 'time', title: `${axis}, ${time.unit}` },
      ],
      rows: points.map((row) => [row.label, rounded(row.x, (row.xHigh - row.xLow) / 2), rounded(row.y, (row.yHigh - row.yLow) / 2)]),
    },
    legend: [],
    size: 'half',
    spec: (width) => scatterSpec(points, { x: rate.unit, y: `${axis}, ${time.unit}` }, front, width),
  };
}

function inUnits(row: TradeOffRow, rate: Unit, time: Unit): ScatterRow {
  const { id, label, color, shape } = row;
  return {
    id,
    label,
    color,
    shape,
    x: row.eventsPerSecond / rate.divisor,
    xLow: row.eventsPerSecondLow / rate.divisor,
    xHigh: row.eventsPerSecondHigh / rate.divisor,
    y: row.ms / time.divisor,
    yLow: row.msLow / time.divisor,
    yHigh: row.msHigh / time.divisor,
  };
}

/** Points for which no other is further right and lower, from left to right. */
function paretoFront(points: readonly ScatterRow[]): readonly ScatterRow[] {
  const beats = (a: ScatterRow, b: ScatterRow) => a.x >= b.x && a.y <= b.y && (a.x > b.x || a.y < b.y);
  return points.filter((point) => !points.some((other) => beats(other, point))).toSorted((a, b) => a.x - b.x);
}
