import { percent, withUnit } from '../quantity.ts';
import { type IntervalSummary, intervalSummary } from '../statistics/checkpoint-interval.ts';
import type { CellSummary } from '../statistics/summary.ts';
import { extentOf, linearExtent, scaleOf, TICK_LABEL } from './axis.ts';
import { type BackendRow, backendRow } from './backend-axis.ts';
import { type Chart, frame } from './chart.ts';
import type { Look } from './look.ts';

/** A cell whose checkpoint interval was swept. */
export interface IntervalRow extends BackendRow {
  readonly crashesPerDay: number;
  readonly summary: IntervalSummary;
}

/** Rows of the cells that swept it. */
export function intervalRows(
  cells: readonly CellSummary[],
  looks: ReadonlyMap<string, Look>,
  crashesPerDay: number,
): readonly IntervalRow[] {
  return cells.flatMap((cell) => {
    const summary = intervalSummary(cell.trials, crashesPerDay);
    return summary === null ? [] : [{ ...backendRow(cell, looks), crashesPerDay, summary }];
  });
}

const MARGIN = { left: 52, right: 16, top: 26, bottom: 44 };
const HEIGHT = 320;

/** Lost throughput against the replay to be expected after a crash, a line a backend; the best interval is the large symbol. */
export function intervalChart(rows: readonly IntervalRow[]): Chart {
  const points = rows.flatMap(({ id, color, shape, summary }) =>
    summary.points.map((point) => ({
      id,
      color,
      shape,
      replay: point.replaySeconds,
      // Noise may put a loss below nothing: the table has it as it is.
      lost: Math.max(0, point.lost * 100),
      low: Math.max(0, (point.lostInterval?.low ?? point.lost) * 100),
      high: Math.max(0, (point.lostInterval?.high ?? point.lost) * 100),
      size: point === summary.best ? 190 : 50,
    })),
  );
  const crashes = `${rows[0]!.crashesPerDay} crash${rows[0]!.crashesPerDay === 1 ? '' : 'es'} a day`;
  return {
    title: 'Checkpoint interval',
    note: `throughput lost to checkpoints over the replay to be expected after a crash (half an interval and the restore); large: the best measured for ${crashes}, where noise lets one be told`,
    description: `Throughput lost, % of that without checkpoints, over the expected replay in seconds. ${rows.map(sentence).join(' ')} Young: the first-order optimum √(2 · cost of a checkpoint · time between crashes), from a fit over all intervals; one longer than any measured is an extrapolation.`,
    table: {
      columns: [
        { key: 'backend', title: 'Backend' },
        { key: 'interval', title: 'Interval' },
        { key: 'lost', title: 'Throughput lost, %' },
        { key: 'lost_range', title: '95 % over blocks' },
        { key: 'replay', title: 'Expected replay' },
        { key: 'expected', title: `Lost in all at ${crashes}, %` },
        { key: 'best', title: 'Best' },
        { key: 'young', title: 'Young' },
      ],
      rows: rows.flatMap(({ label, summary }) =>
        summary.points.map((point) => [
          label,
          seconds(point.intervalSeconds),
          (point.lost * 100).toFixed(1),
          point.lostInterval === null
            ? null
            : `${(point.lostInterval.low * 100).toFixed(1)} to ${(point.lostInterval.high * 100).toFixed(1)}`,
          seconds(point.replaySeconds),
          (point.expectedLost * 100).toFixed(2),
          point === summary.best ? 'best measured' : null,
          summary.youngSeconds === null ? null : seconds(summary.youngSeconds),
        ]),
      ),
    },
    legend: rows.map(({ label, color }) => ({ label, color })),
    size: 'half',
    spec: (width) => {
      const across = extentOf(
        points.map(({ replay }) => replay),
        width > 400 ? 7 : 4,
      );
      const up = linearExtent(Math.max(...points.map(({ high }) => high)), 6);
      const quantitative = 'quantitative' as const;
      const x = {
        field: 'replay',
        type: quantitative,
        scale: scaleOf(across),
        axis: { values: [...across.ticks], labelExpr: TICK_LABEL, title: `expected replay, s${across.note}` },
      };
      const y = {
        field: 'lost',
        type: quantitative,
        scale: scaleOf(up),
        axis: { values: [...up.ticks], labelExpr: TICK_LABEL, title: null },
      };
      const color = { field: 'color', type: 'nominal', scale: null } as const;
      return {
        ...frame(width, HEIGHT, MARGIN),
        data: { values: points },
        layer: [
          {
            mark: { type: 'line', strokeWidth: 1.4, opacity: 0.7 },
            encoding: { x, y, color, detail: { field: 'id', type: 'nominal' } },
          },
          {
            mark: { type: 'rule', opacity: 0.5, strokeWidth: 1.5 },
            encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
          },
          {
            mark: { type: 'point', filled: true, opacity: 1 },
            encoding: {
              x,
              y,
              color,
              shape: { field: 'shape', type: 'nominal', scale: null },
              size: { field: 'size', type: quantitative, scale: null },
            },
          },
          {
            data: { values: [{ title: 'throughput lost, %' }] },
            mark: { type: 'text', align: 'left', baseline: 'middle', fill: 'var(--soft)', limit: 0 },
            encoding: { x: { value: -MARGIN.left + 2 }, y: { value: -16 }, text: { field: 'title', type: 'nominal' } },
          },
        ],
      };
    },
  };
}

function sentence({ label, summary: { points, best, costSeconds, youngSeconds } }: IntervalRow): string {
  if (best === null) return `${label}: what checkpoints cost was not told from noise, so no interval is the best.`;
  const longest = points.at(-1) === best ? ', the longest measured' : '';
  const young =
    costSeconds === null || youngSeconds === null
      ? 'no cost of a checkpoint fits all intervals.'
      : `a checkpoint costs ${seconds(costSeconds)}, which makes Young's ${seconds(youngSeconds)}.`;
  return `${label}: best at ${seconds(best.intervalSeconds)}${longest} (${percent(Math.max(0, best.lost))} lost); ${young}`;
}

function seconds(value: number): string {
  return withUnit('time', value * 1000);
}
