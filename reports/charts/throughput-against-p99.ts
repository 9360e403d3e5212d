import { rounded, type Unit, unitFor } from '../quantity.ts';
import { type CellSummary, throughputOf } from '../statistics/summary.ts';
import { type BackendRow, backendRow } from './backend-axis.ts';
import type { Chart } from './chart.ts';
import type { Look } from './look.ts';
import { type ScatterRow, scatterSpec } from './scatter.ts';

/** One cell: its throughput, and its p99 of the time per micro-batch, each with its range over trials. */
export interface TradeOffRow extends BackendRow {
  readonly eventsPerSecond: number;
  readonly eventsPerSecondLow: number;
  readonly eventsPerSecondHigh: number;
  readonly p99Ms: number;
  readonly p99MsLow: number;
  readonly p99MsHigh: number;
}

/** Rows of the cells that have both. */
export function tradeOffRows(cells: readonly CellSummary[], looks: ReadonlyMap<string, Look>): readonly TradeOffRow[] {
  return cells.flatMap((cell) => {
    const mean = throughputOf(cell);
    const { eventsPerSecond: rate, batchP99Ms: p99 } = cell.metrics;
    if (mean === null || rate === null || p99 === null) return [];
    return [
      {
        ...backendRow(cell, looks),
        eventsPerSecond: mean,
        eventsPerSecondLow: rate.min,
        eventsPerSecondHigh: rate.max,
        p99Ms: p99.median,
        p99MsLow: p99.min,
        p99MsHigh: p99.max,
      },
    ];
  });
}

/** Throughput against the tail: right and down is better; the dashed line joins those that nothing beats in both. */
export function tradeOffChart(rows: readonly TradeOffRow[]): Chart {
  const rate = unitFor(
    'rate',
    rows.map((row) => row.eventsPerSecond),
  );
  const time = unitFor(
    'time',
    rows.map((row) => row.p99Ms),
  );
  const points = rows.map((row) => inUnits(row, rate, time));
  const front = paretoFront(points);
  const frontNames = front.map(({ label }) => label).join(', ');
  return {
    title: 'Throughput against the tail',
    note: `right and down is better, lines are the range over trials; ${front.length > 1 ? 'the dashed line joins those that nothing beats in both' : `nothing beats ${frontNames} in both`}`,
    description: `p99 of the time per micro-batch in ${time.unit} over throughput in ${rate.unit}. Beaten in neither: ${frontNames}.`,
    table: {
      columns: [
        { key: 'backend', title: 'Backend' },
        { key: 'rate', title: `Throughput, ${rate.unit}` },
        { key: 'p99', title: `p99 per micro-batch, ${time.unit}` },
      ],
      rows: points.map((row) => [row.label, rounded(row.x, (row.xHigh - row.xLow) / 2), rounded(row.y, (row.yHigh - row.yLow) / 2)]),
    },
    legend: [],
    size: 'half',
    spec: (width) => scatterSpec(points, { x: rate.unit, y: `p99 per micro-batch, ${time.unit}` }, front, width),
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
    y: row.p99Ms / time.divisor,
    yLow: row.p99MsLow / time.divisor,
    yHigh: row.p99MsHigh / time.divisor,
  };
}

/** Points for which no other is further right and lower, from left to right. */
function paretoFront(points: readonly ScatterRow[]): readonly ScatterRow[] {
  const beats = (a: ScatterRow, b: ScatterRow) => a.x >= b.x && a.y <= b.y && (a.x > b.x || a.y < b.y);
  return points.filter((point) => !points.some((other) => beats(other, point))).toSorted((a, b) => a.x - b.x);
}
