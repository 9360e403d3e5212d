import type { TopLevelSpec } from 'vega-lite';
import { rounded, unitFor } from '../quantity.ts';
import { type CellSummary, medianTrial } from '../statistics/summary.ts';
import { linearExtent, scaleOf } from './axis.ts';
import { type BackendRow, backendRow } from './backend-axis.ts';
import { type Chart, frame } from './chart.ts';
import type { Look } from './look.ts';

/** The course of one trial: that whose throughput is the median of its cell. */
export interface OverTimeRow extends BackendRow {
  readonly block: number;
  readonly seconds: readonly { readonly second: number; readonly eventsPerSecond: number; readonly p99Ms: number | null }[];
  /** Checkpoints of the measured part: cut, and durable, in seconds after it began. */
  readonly checkpoints: readonly { readonly from: number; readonly to: number }[];
}

/** Rows of the cells that have a completed trial. */
export function overTimeRows(cells: readonly CellSummary[], looks: ReadonlyMap<string, Look>): readonly OverTimeRow[] {
  return cells.flatMap((cell) => {
    const trial = medianTrial(cell, ({ throughput }) => throughput.eventsPerSecond);
    if (trial === null || trial.throughput.perSecond.length === 0) return [];
    const seconds = trial.throughput.perSecond.map((eventsPerSecond, second) => ({
      second: second + 0.5,
      eventsPerSecond,
      p99Ms: trial.batchTime.p99MsPerSecond[second] ?? null,
    }));
    const end = seconds.length;
    const checkpoints = trial.checkpoints
      .map(({ atSeconds, pauseMs, persistMs }) => ({
        from: Math.max(0, atSeconds),
        to: Math.min(end, atSeconds + (pauseMs + persistMs) / 1000),
      }))
      .filter(({ from, to }) => to > 0 && from < end);
    return [{ ...backendRow(cell, looks), block: trial.block, seconds, checkpoints }];
  });
}

type Panel = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];

const MARGIN = { left: 50, right: 10, top: 20, bottom: 40 };
const PANEL = { height: 70, apart: 26 };

/** Throughput and p99 second by second with checkpoints marked; both axes from zero. */
export function overTimeChart(row: OverTimeRow): Chart {
  const rate = unitFor(
    'rate',
    row.seconds.map(({ eventsPerSecond }) => eventsPerSecond),
  );
  const time = unitFor(
    'time',
    row.seconds.map(({ p99Ms }) => p99Ms ?? 0),
  );
  const short = rate.divisor === 1 ? 'events/s' : 'k events/s';
  const shown = row.seconds.map(({ second, eventsPerSecond, p99Ms }) => ({
    second,
    rate: eventsPerSecond / rate.divisor,
    p99: p99Ms === null ? null : p99Ms / time.divisor,
  }));
  return {
    title: row.label,
    note: `block ${row.block}`,
    description: `${row.label}, block ${row.block}: throughput and p99 of the time per micro-batch in each second, ${row.checkpoints.length} checkpoints marked.`,
    table: {
      columns: [
        { key: 'second', title: 'Second' },
        { key: 'rate', title: short },
        { key: 'p99', title: `p99 per micro-batch, ${time.unit}` },
      ],
      rows: shown.map((each, i) => [i + 1, rounded(each.rate, each.rate / 50), each.p99 === null ? null : rounded(each.p99, null)]),
    },
    legend: [],
    size: 'third',
    spec: (width) => {
      const inner = width - MARGIN.left - MARGIN.right;
      const end = row.seconds.length;
      const step = linearExtent(end, 5);
      const x = (labels: boolean) => ({
        field: 'second',
        type: 'quantitative' as const,
        scale: { domain: [0, end], nice: false },
        axis: {
          values: [...step.ticks].filter((tick) => tick <= end),
          grid: false,
          labels,
          title: labels ? 'seconds' : null,
          format: ',~f',
        },
      });
      const panel = (field: 'rate' | 'p99', title: string, last: boolean): Panel => {
        const axis = linearExtent(Math.max(...shown.map((each) => each[field] ?? 0)), 3);
        const y = {
          field,
          type: 'quantitative' as const,
          scale: scaleOf(axis),
          axis: { values: [...axis.ticks], title: null, format: ',~f' },
        };
        const color = { value: row.color };
        const bands = { data: { values: [...row.checkpoints] }, encoding: { x: { ...x(last), field: 'from' }, x2: { field: 'to' } } };
        return {
          width: inner,
          height: PANEL.height,
          layer: [
            { ...bands, mark: { type: 'rect', fill: 'var(--accent)', opacity: 0.13 } },
            {
              data: bands.data,
              mark: { type: 'rule', stroke: 'var(--accent)', strokeWidth: 1 },
              encoding: { x: { ...x(last), field: 'from' } },
            },
            { mark: { type: 'line', strokeWidth: 1.6, strokeJoin: 'round' }, encoding: { x: x(last), y, color } },
            { mark: { type: 'point', filled: true, size: end > 40 ? 0 : 14, opacity: 1 }, encoding: { x: x(last), y, color } },
            {
              data: { values: [{ title }] },
              mark: { type: 'text', align: 'left', baseline: 'middle', fill: 'var(--soft)', limit: 0 },
              encoding: { x: { value: 2 - MARGIN.left }, y: { value: -11 }, text: { field: 'title', type: 'nominal' } },
            },
          ],
        };
      };
      return {
        ...frame(width, 0, MARGIN),
        data: { values: shown },
        spacing: PANEL.apart,
        vconcat: [panel('rate', short, false), panel('p99', `p99 per micro-batch, ${time.unit}`, true)],
      };
    },
  };
}
