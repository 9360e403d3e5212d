import { unitFor } from '../quantity.ts';
import { headlineOf } from '../statistics/headline.ts';
import { type CellSummary, throughputOf } from '../statistics/summary.ts';
import { extentOf, scaleOf, TICK_LABEL } from './axis.ts';
import { BANDS, type BackendRow, backendRow, distinct, nameLayers, nameWidth } from './backend-axis.ts';
import { type Chart, frame } from './chart.ts';
import type { Look } from './look.ts';

/** One trial, with what its cell comes to. */
export interface ThroughputRow extends BackendRow {
  readonly block: number;
  readonly eventsPerSecond: number;
  /** Geometric mean of the cell, and its 95 % interval (both ends at the mean where there is none). */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Rows of the cells that have a completed trial. */
export function throughputRows(cells: readonly CellSummary[], looks: ReadonlyMap<string, Look>): readonly ThroughputRow[] {
  return cells.flatMap((cell) => {
    const mean = throughputOf(cell);
    if (mean === null) return [];
    const { low, high } = cell.metrics.eventsPerSecond?.interval ?? { low: mean, high: mean };
    return cell.trials.map((trial) => ({
      ...backendRow(cell, looks),
      block: trial.block,
      eventsPerSecond: headlineOf(trial),
      mean,
      low,
      high,
    }));
  });
}

/** Height of one backend's line; the bar stands at BAR, the points are spread below it. */
const LINE = 30;
const BAR = 8;
const BAR_AT = { ...BANDS, bandPosition: BAR / LINE };

/** Throughput with every trial as a point under its interval; one line a backend. */
export function throughputChart(rows: readonly ThroughputRow[]): Chart {
  const cells = distinct(rows);
  const unit = unitFor(
    'rate',
    cells.map(({ mean }) => mean),
  );
  const scaled = rows.map((row) => ({
    ...row,
    value: row.eventsPerSecond / unit.divisor,
    mean: row.mean / unit.divisor,
    low: row.low / unit.divisor,
    high: row.high / unit.divisor,
  }));
  const blocks = Math.max(...rows.map(({ block }) => block));
  const points = scaled.map((row) => ({ ...row, shift: BAR + 5 + ((row.block - 0.5) / blocks) * (LINE - BAR - 8) }));
  const extent = (most: number) =>
    extentOf(
      scaled.flatMap(({ value, low, high }) => [value, low, high]),
      most,
    );
  const { note } = extent(12);
  const hasIntervals = rows.some(({ low, high }) => low < high);
  return {
    title: 'Throughput, every trial',
    note: `${unit.unit}${note}; a point is a trial, ${hasIntervals ? 'the bar the 95 % interval of the geometric mean' : 'the stroke their mean: too few blocks for an interval'}`,
    description: `Throughput of ${cells.length} backends in ${unit.unit}, closed loop, highest first in the table below.`,
    table: {
      columns: [
        { key: 'backend', title: 'Backend' },
        { key: 'block', title: 'Block' },
        { key: 'events_per_second', title: 'Events/s' },
      ],
      rows: rows.map((row) => [row.label, row.block, Math.round(row.eventsPerSecond)]),
    },
    legend: [],
    size: 'full',
    spec: (width) => {
      const axis = extent(width > 600 ? 12 : 4);
      const left = nameWidth(rows);
      const color = { field: 'color', type: 'nominal', scale: null } as const;
      const x = { type: 'quantitative', scale: scaleOf(axis) } as const;
      const named = { ...x, field: 'value', axis: { values: [...axis.ticks], labelExpr: TICK_LABEL, title: `${unit.unit}${axis.note}` } };
      return {
        ...frame(width, cells.length * LINE + 50, { left, right: 14, top: 6, bottom: 44 }),
        data: { values: points },
        layer: [
          {
            mark: { type: 'point', filled: true, size: 20, opacity: 0.6 },
            encoding: {
              y: BANDS,
              yOffset: { field: 'shift', type: 'quantitative', scale: null },
              x: named,
              color,
              shape: { field: 'shape', type: 'nominal', scale: null },
            },
          },
          {
            data: { values: distinct(scaled) },
            mark: { type: 'rule', strokeWidth: 5, strokeCap: 'round', opacity: 0.9 },
            encoding: { y: BAR_AT, x: { ...x, field: 'low' }, x2: { field: 'high' }, color },
          },
          {
            data: { values: distinct(scaled) },
            mark: { type: 'point', shape: 'M0,-1L0,1', size: 120, strokeWidth: 2, opacity: 1 },
            encoding: { y: BAR_AT, x: { ...x, field: 'mean' }, stroke: { value: 'var(--ink)' } },
          },
          ...nameLayers(rows, left),
        ],
      };
    },
  };
}
