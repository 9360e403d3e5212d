import type { TopLevelSpec } from 'vega-lite';
import type { CompletedTrial } from '../../harness/results.ts';
import { rounded, unitFor, withUnit } from '../quantity.ts';
import { headlineOf } from '../statistics/headline.ts';
import { recoveryTotalMs } from '../statistics/metrics.ts';
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
  /** What came after the measured part; null where nothing was killed. */
  readonly kill: Kill | null;
}

/** SIGKILL of a trial, and how it came back. Seconds after the kill. */
export interface Kill {
  /** When the first micro-batch was done again, and when the event was at which the kill came. */
  readonly firstSeconds: number;
  readonly backSeconds: number;
  /** Mean rate between the two; null where other processes went on meanwhile, so that the kill did not stop the stream. */
  readonly replayPerSecond: number | null;
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
    return [{ ...backendRow(cell, looks), block: trial.block, seconds, checkpoints, kill: killOf(trial) }];
  });
}

function killOf({ recovery, parallelism }: CompletedTrial): Kill | null {
  if (recovery === null) return null;
  const { phases, killedAtEvent, restoredFromEvent } = recovery;
  const isWhole = parallelism === 1 && phases.replayMs > 0 && killedAtEvent > restoredFromEvent;
  return {
    firstSeconds: (recoveryTotalMs(phases) - phases.replayMs) / 1000,
    backSeconds: recoveryTotalMs(phases) / 1000,
    replayPerSecond: isWhole ? ((killedAtEvent - restoredFromEvent) / phases.replayMs) * 1000 : null,
  };
}

type Layers = Extract<TopLevelSpec, { layer: unknown }>['layer'];

const MARGIN = { left: 50, right: 10, top: 20, bottom: 40 };
const PANEL = { height: 70, apart: 30 };
/** Between the measured part and the kill, as a share of the former: the stream went on, and nobody counted. */
const UNCOUNTED = 0.06;

/** Throughput and p99 second by second with checkpoints, the kill and the recovery marked; both axes from zero. */
export function overTimeChart(row: OverTimeRow): Chart {
  const rate = unitFor(
    'rate',
    row.seconds.map(({ eventsPerSecond }) => eventsPerSecond),
  );
  const time = unitFor(
    'time',
    row.seconds.map(({ p99Ms }) => p99Ms ?? 0),
  );
  const { kill } = row;
  const back = kill === null ? '' : withUnit('time', kill.backSeconds * 1000);
  const short = { 1: 'events/s', 1000: 'thousand/s', 1000000: 'million/s' }[rate.divisor] ?? rate.unit;
  const shown = row.seconds.map(({ second, eventsPerSecond, p99Ms }) => ({
    second,
    rate: eventsPerSecond / rate.divisor,
    p99: p99Ms === null ? null : p99Ms / time.divisor,
  }));
  return {
    title: row.label,
    note: `block ${row.block}`,
    description: `${row.label}, block ${row.block}: throughput and p99 of the service time of a micro-batch in each second, ${row.checkpoints.length} checkpoints marked.${kill === null ? '' : ` After the measured part it was killed, and was back where it had been after ${back}.`}`,
    table: {
      columns: [
        { key: 'second', title: 'Second' },
        { key: 'rate', title: short },
        { key: 'p99', title: `p99 service time, ${time.unit}` },
      ],
      rows: shown.map((each, i) => [i + 1, rounded(each.rate, each.rate / 50), each.p99 === null ? null : rounded(each.p99, null)]),
    },
    legend: [],
    size: 'third',
    spec: (width) => {
      const measured = row.seconds.length;
      const ticks = linearExtent(measured, 5).ticks.filter((tick) => tick <= measured);
      const killed = kill === null ? null : { ...kill, at: measured * (1 + UNCOUNTED) };
      const end = killed === null ? measured : killed.at + killed.backSeconds * 1.02;
      const x = { type: 'quantitative' as const, scale: { domain: [0, end], nice: false as const } };
      const seconds = { ...x, field: 'second', axis: { values: [...ticks], grid: false, title: 'seconds', labelExpr: TICK_LABEL } };
      const drawing: Drawing = { row, shown, x, seconds, killed, divisor: rate.divisor };
      return {
        ...frame(width, MARGIN.top + PANEL.height * 2 + PANEL.apart + MARGIN.bottom, MARGIN),
        data: { values: shown },
        layer: [
          ...panel('rate', short, 0, drawing),
          ...(killed === null ? [] : [note(`SIGKILL, back after ${back}`)]),
          ...panel('p99', `p99 service time, ${time.unit}`, PANEL.height + PANEL.apart, drawing),
        ],
        resolve: { scale: { y: 'independent' }, axis: { y: 'independent' } },
      };
    },
  };
}

/** What happened to it, above the drawing at its right end. */
function note(text: string): Layers[number] {
  return {
    data: { values: [{ text }] },
    mark: { type: 'text', align: 'right', baseline: 'middle', fill: 'var(--bad)', limit: 0 },
    encoding: { x: { value: 'width' }, y: { value: -12 }, text: { field: 'text', type: 'nominal' } },
  };
}

interface Killed extends Kill {
  /** Where on the axis, in seconds after the measured part began. */
  readonly at: number;
}

/** What both panels are drawn from. */
interface Drawing {
  readonly row: OverTimeRow;
  readonly shown: readonly Shown[];
  readonly x: Across;
  readonly seconds: object;
  readonly killed: Killed | null;
  /** Of rates. */
  readonly divisor: number;
}

/** The kill, the time until it was back, and on the throughput what was processed again. */
function killLayers(field: 'rate' | 'p99', top: number, y: object, { row, x, killed, divisor }: Drawing): Layers {
  if (killed === null) return [];
  const { at, firstSeconds, backSeconds, replayPerSecond } = killed;
  const [upper, lower] = [{ value: top }, { value: top + PANEL.height }];
  const zone = { values: [{ from: at, to: at + backSeconds }] };
  const course = [
    [at, 0],
    [at + firstSeconds, 0],
    [at + firstSeconds, (replayPerSecond ?? 0) / divisor],
    [at + backSeconds, (replayPerSecond ?? 0) / divisor],
  ].map(([second, rate], order) => ({ second, rate, order }));
  return [
    {
      data: zone,
      mark: { type: 'rect', fill: 'var(--bad)', opacity: 0.12 },
      encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' }, y: upper, y2: lower },
    },
    {
      data: zone,
      mark: { type: 'rule', stroke: 'var(--bad)', strokeWidth: 1.4 },
      encoding: { x: { ...x, field: 'from' }, y: upper, y2: lower },
    },
    ...(field === 'p99' || replayPerSecond === null
      ? []
      : [
          {
            data: { values: course },
            mark: { type: 'line' as const, strokeWidth: 1.6, strokeDash: [3, 2] },
            encoding: {
              x: { ...x, field: 'second' },
              y,
              order: { field: 'order', type: 'quantitative' as const },
              color: { value: row.color },
            },
          },
        ]),
  ];
}

type Shown = { readonly second: number; readonly rate: number; readonly p99: number | null };
type Across = { readonly type: 'quantitative'; readonly scale: { domain: number[]; nice: false } };

/** One of the two panels: its own vertical axis over its part of the height, from `top` down. */
function panel(field: 'rate' | 'p99', title: string, top: number, drawing: Drawing): Layers {
  const { row, shown, x, seconds, killed, divisor } = drawing;
  const replayed = field === 'rate' && killed !== null ? (killed.replayPerSecond ?? 0) / divisor : 0;
  const axis = linearExtent(Math.max(replayed, ...shown.map((each) => each[field] ?? 0)), 3);
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
        ...killLayers(field, top, y, drawing),
        {
          data: { values: [{ title }] },
          mark: { type: 'text', align: 'left', baseline: 'middle', fill: 'var(--soft)', limit: 0 },
          encoding: { x: { value: 2 - MARGIN.left }, y: { value: top - 12 }, text: { field: 'title', type: 'nominal' } },
        },
      ],
    },
  ];
}
