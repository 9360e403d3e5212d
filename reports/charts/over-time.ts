import type { TopLevelSpec } from 'vega-lite';
import { rounded, unitFor } from '../quantity.ts';
import { headlineOf } from '../statistics/headline.ts';
import { type CellSummary, medianTrial } from '../statistics/summary.ts';
import { linearExtent, scaleOf, TICK_LABEL } from './axis.ts';
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
    const trial = medianTrial(cell, headlineOf);
    if (trial === null || trial.throughput.perSecond.length === 0) return [];
    const seconds = trial.throughput.perSecond.map((eventsPerSecond, second) => ({
      second: second + 0.5,
      eventsPerSecond,
      p99Ms: trial.batchTime?.p99MsPerSecond[second] ?? null,
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

type Layers = Extract<TopLevelSpec, { layer: unknown }>['layer'];

const MARGIN = { left: 50, right: 10, top: 20, bottom: 40 };
const PANEL = { height: 70, apart: 30 };

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
  const short = { 1: 'events/s', 1000: 'thousand/s', 1000000: 'million/s' }[rate.divisor] ?? rate.unit;
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
      const end = row.seconds.length;
      const ticks = linearExtent(end, 5).ticks.filter((tick) => tick <= end);
      const x = { type: 'quantitative' as const, scale: { domain: [0, end], nice: false as const } };
      const seconds = { ...x, field: 'second', axis: { values: [...ticks], grid: false, title: 'seconds', labelExpr: TICK_LABEL } };
      return {
        ...frame(width, MARGIN.top + PANEL.height * 2 + PANEL.apart + MARGIN.bottom, MARGIN),
        data: { values: shown },
        layer: [
          ...panel('rate', short, 0, row, shown, x, seconds),
          ...panel('p99', `p99 per micro-batch, ${time.unit}`, PANEL.height + PANEL.apart, row, shown, x, seconds),
        ],
        resolve: { scale: { y: 'independent' }, axis: { y: 'independent' } },
      };
    },
  };
}

type Shown = { readonly second: number; readonly rate: number; readonly p99: number | null };
type Across = { readonly type: 'quantitative'; readonly scale: { domain: number[]; nice: false } };

/** One of the two panels: its own vertical axis over its part of the height, from `top` down. */
function panel(
  field: 'rate' | 'p99',
  title: string,
  top: number,
  row: OverTimeRow,
  shown: readonly Shown[],
  x: Across,
  seconds: object,
): Layers {
  const axis = linearExtent(Math.max(...shown.map((each) => each[field] ?? 0)), 3);
  const y = {
    field,
    type: 'quantitative' as const,
    scale: { ...scaleOf(axis), range: [top + PANEL.height, top] },
    axis: { values: [...axis.ticks], title: null, labelExpr: TICK_LABEL, orient: 'left' as const },
  };
  const across = { ...x, ...seconds };
  const bands = { values: [...row.checkpoints] };
  const [upper, lower] = [{ value: top }, { value: top + PANEL.height }];
  return [
    {
      layer: [
        {
          data: bands,
          mark: { type: 'rect', fill: 'var(--accent)', opacity: 0.13 },
          encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' }, y: upper, y2: lower },
        },
        {
          data: bands,
          mark: { type: 'rule', stroke: 'var(--accent)', strokeWidth: 1 },
          encoding: { x: { ...x, field: 'from' }, y: upper, y2: lower },
        },
        { mark: { type: 'line', strokeWidth: 1.6, strokeJoin: 'round' }, encoding: { x: across, y, color: { value: row.color } } },
        {
          mark: { type: 'point', filled: true, size: shown.length > 40 ? 0 : 14, opacity: 1 },
          encoding: { x: across, y, color: { value: row.color } },
        },
        {
          data: { values: [{ title }] },
          mark: { type: 'text', align: 'left', baseline: 'middle', fill: 'var(--soft)', limit: 0 },
          encoding: { x: { value: 2 - MARGIN.left }, y: { value: top - 12 }, text: { field: 'title', type: 'nominal' } },
        },
      ],
    },
  ];
}
