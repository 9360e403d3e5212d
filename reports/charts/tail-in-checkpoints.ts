import { inUnit, unitFor } from '../quantity.ts';
import type { Sample } from '../statistics/sample.ts';
import type { CellSummary } from '../statistics/summary.ts';
import { extentOf, scaleOf, TICK_LABEL } from './axis.ts';
import { BANDS, type BackendRow, backendRow, nameLayers, nameWidth } from './backend-axis.ts';
import { type Chart, frame } from './chart.ts';
import type { Look } from './look.ts';

/** p99 of the service time of a micro-batch of one cell: of all, and of those that began while a checkpoint was being persisted. */
export interface TailRow extends BackendRow {
  readonly allMs: Sample;
  readonly duringMs: Sample;
}

/** Rows of the cells that have both. */
export function tailRows(cells: readonly CellSummary[], looks: ReadonlyMap<string, Look>): readonly TailRow[] {
  return cells.flatMap((cell) => {
    const { batchP99Ms: allMs, batchP99DuringCheckpointMs: duringMs } = cell.metrics;
    return allMs === null || duringMs === null ? [] : [{ ...backendRow(cell, looks), allMs, duringMs }];
  });
}

const LINE = 28;

/** How much a checkpoint that is being written makes the tail longer. */
export function tailChart(rows: readonly TailRow[]): Chart {
  const unit = unitFor(
    'time',
    rows.map(({ allMs }) => allMs.mean),
  );
  const shown = rows.map(({ allMs, duringMs, ...row }) => ({
    ...row,
    all: allMs.mean / unit.divisor,
    during: duringMs.mean / unit.divisor,
    times: `${(duringMs.mean / allMs.mean).toFixed(1)} ×`,
  }));
  const values = shown.flatMap(({ all, during }) => [all, during]);
  return {
    title: 'The tail while a checkpoint is written',
    note: `p99 service time of a micro-batch, ${unit.unit}${extentOf(values, 6).note}; hollow: of all micro-batches, filled: of those begun during a checkpoint`,
    description: `p99 of the service time of a micro-batch in ${unit.unit}, over all micro-batches and over those that began while a checkpoint was being persisted; geometric means over blocks.`,
    table: {
      columns: [
        { key: 'backend', title: 'Backend' },
        { key: 'all', title: `p99 of all, ${unit.unit}` },
        { key: 'during', title: `p99 during checkpoints, ${unit.unit}` },
      ],
      rows: rows.map((row) => [row.label, inUnit(row.allMs.mean, row.allMs, unit), inUnit(row.duringMs.mean, row.duringMs, unit)]),
    },
    legend: [],
    size: 'half',
    spec: (width) => {
      const axis = extentOf(values, width > 400 ? 7 : 4);
      const left = nameWidth(rows);
      const x = { type: 'quantitative' as const, scale: scaleOf(axis) };
      const named = {
        ...x,
        axis: { values: [...axis.ticks], labelExpr: TICK_LABEL, title: `p99 service time, ${unit.unit}${axis.note}` },
      };
      const color = { field: 'color', type: 'nominal' as const, scale: null };
      const shape = { field: 'shape', type: 'nominal' as const, scale: null };
      return {
        ...frame(width, rows.length * LINE + 50, { left, right: 40, top: 4, bottom: 46 }),
        data: { values: shown },
        layer: [
          {
            mark: { type: 'rule', strokeWidth: 2, opacity: 0.7 },
            encoding: { y: BANDS, x: { ...named, field: 'all' }, x2: { field: 'during' }, color },
          },
          {
            mark: { type: 'point', filled: true, size: 70, opacity: 1 },
            encoding: { y: BANDS, x: { ...x, field: 'during' }, color, shape },
          },
          {
            mark: { type: 'point', filled: true, size: 70, opacity: 1, strokeWidth: 1.6, fill: 'var(--card)' },
            encoding: { y: BANDS, x: { ...x, field: 'all' }, stroke: color, shape },
          },
          {
            mark: { type: 'text', align: 'right', baseline: 'middle', fill: 'var(--soft)', limit: 0 },
            encoding: { y: BANDS, x: { value: width - left - 4 }, text: { field: 'times', type: 'nominal' } },
          },
          ...nameLayers(rows, left),
        ],
      };
    },
  };
}
