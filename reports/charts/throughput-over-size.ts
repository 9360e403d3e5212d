import { nameOf, outputMark } from '../decision.ts';
import { plainText } from '../plain-text.ts';
import { grouped, rounded, type Unit, uncertainty, unitFor, withUnit } from '../quantity.ts';
import type { Crossing } from '../statistics/scaling.ts';
import { type SizedCell, type StateSizes, sizedCells } from '../statistics/state-sizes.ts';
import { throughputOf } from '../statistics/summary.ts';
import type { Value } from '../table.ts';
import { logExtent, scaleOf, TICK_LABEL } from './axis.ts';
import { type BackendRow, backendRow, distinct } from './backend-axis.ts';
import { type Chart, frame } from './chart.ts';
import type { Look } from './look.ts';

/** A backend with a state of one size: how large it was found, and the throughput with its range over trials. */
export interface SizeRow extends BackendRow {
  /** The backend's whole name, as the results have it. */
  readonly name: string;
  readonly entries: number;
  readonly eventsPerSecond: number;
  readonly low: number;
  readonly high: number;
}

/** Rows of the cells whose state was counted and not empty, and whose output is not wrong. */
export function sizeRows(sizes: StateSizes, looks: ReadonlyMap<string, Look>): readonly SizeRow[] {
  return sizedCells(sizes).flatMap(({ cell, entries }) => {
    const mean = throughputOf(cell);
    const { eventsPerSecond: rate } = cell.metrics;
    if (mean === null || rate === null || entries === null || entries <= 0 || cell.standing === 'wrong') return [];
    return [{ ...backendRow(cell, looks), name: cell.cell.backend.name, entries, eventsPerSecond: mean, low: rate.min, high: rate.max }];
  });
}

const MARGIN = { left: 66, right: 16, top: 26, bottom: 44 };
const HEIGHT = 340;

/** Throughput over the size of the state, both logarithmic; a line a backend joins what was measured, and rings mark where two are known to change places. */
export function sizeChart(sizes: StateSizes, rows: readonly SizeRow[], crossings: readonly Crossing[]): Chart {
  const unit = unitFor(
    'rate',
    rows.map((row) => row.eventsPerSecond),
  );
  const points = rows.map((row) => ({
    ...row,
    backend: row.label,
    rate: row.eventsPerSecond / unit.divisor,
    low: row.low / unit.divisor,
    high: row.high / unit.divisor,
  }));
  const rings = crossings.map(({ below, at: { n, low, high } }) => ({
    n,
    low,
    high,
    rate:
      rateAt(
        rows.filter(({ name }) => name === below),
        n,
      ) / unit.divisor,
  }));
  const named = distinct(rows.map((row) => ({ ...row, id: row.label })));
  const { batchSize, storage } = sizes;
  return {
    title: `Throughput over state size, ${plainText(sizes.name)}`,
    note: `${unit.unit} over entries in the store at the end of the measured part, both on a log scale; lines join what was measured, bars are the range over trials${crossings.length === 0 ? '' : '; rings: two change places, with the interval of where'}; micro-batches of ${grouped(batchSize, 0)}, checkpoints to ${plainText(storage.name)}`,
    description: `Throughput in ${unit.unit} over the number of entries in the store. ${named.map(({ label }) => sentence(label, rows, unit)).join(' ')} Points are measured; between them nothing is known.`,
    table: {
      columns: COLUMNS.map(({ key, title }) => ({ key, title: key === 'rate' ? `Throughput, ${unit.unit}` : title })),
      rows: sizedCells(sizes).map((sized) => COLUMNS.map(({ value }) => value(sized, unit))),
    },
    legend: named.map(({ label, color }) => ({ label, color })),
    size: 'full',
    spec: (width) => {
      const across = logExtent(
        Math.min(...points.map(({ entries }) => entries)),
        Math.max(...points.map(({ entries }) => entries)),
        width > 600 ? 12 : 4,
      );
      const up = logExtent(Math.min(...points.map(({ low }) => low)), Math.max(...points.map(({ high }) => high)), 8);
      const quantitative = 'quantitative' as const;
      const x = {
        field: 'entries',
        type: quantitative,
        scale: scaleOf(across),
        axis: { values: [...across.ticks], labelExpr: TICK_LABEL, title: `entries in the store${across.note}` },
      };
      const y = {
        field: 'rate',
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
            encoding: { x, y, color, detail: { field: 'backend', type: 'nominal' } },
          },
          {
            mark: { type: 'rule', opacity: 0.5, strokeWidth: 1.5 },
            encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
          },
          {
            mark: { type: 'point', filled: true, size: 70, opacity: 1 },
            encoding: { x, y, color, shape: { field: 'shape', type: 'nominal', scale: null } },
          },
          {
            data: { values: rings },
            mark: { type: 'rule', stroke: 'var(--ink)', strokeWidth: 1.2, opacity: 0.7 },
            encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' }, y },
          },
          {
            data: { values: rings },
            mark: { type: 'point', shape: 'circle', size: 130, stroke: 'var(--ink)', strokeWidth: 1.4, opacity: 1 },
            encoding: { x: { ...x, field: 'n' }, y },
          },
          {
            data: { values: [{ title: `${unit.unit}${up.note}` }] },
            mark: { type: 'text', align: 'left', baseline: 'middle', fill: 'var(--soft)', limit: 0 },
            encoding: { x: { value: -MARGIN.left + 2 }, y: { value: -16 }, text: { field: 'title', type: 'nominal' } },
          },
        ],
      };
    },
  };
}

/** Where the line of a backend is at size `n`: straight between what was measured, both axes logarithmic. */
function rateAt(rows: readonly SizeRow[], n: number): number {
  const sorted = rows.toSorted((a, b) => a.entries - b.entries);
  const next = Math.max(
    1,
    sorted.findIndex(({ entries }) => entries >= n),
  );
  const [from, to] = [sorted[next - 1]!, sorted[next] ?? sorted[next - 1]!];
  const share = from === to ? 0 : Math.log(n / from.entries) / Math.log(to.entries / from.entries);
  return from.eventsPerSecond * (to.eventsPerSecond / from.eventsPerSecond) ** share;
}

const COLUMNS: readonly { readonly key: string; readonly title: string; readonly value: (sized: SizedCell, unit: Unit) => Value }[] = [
  { key: 'backend', title: 'Backend', value: ({ cell }) => nameOf(cell) },
  { key: 'keys', title: 'Keys asked for', value: ({ keys }) => grouped(keys, 0) },
  {
    key: 'entries',
    title: 'Entries found',
    value: ({ cell: { metrics } }) => (metrics.liveEntries === null ? null : grouped(metrics.liveEntries.mean, 0)),
  },
  {
    key: 'bytes',
    title: 'Keys and values',
    value: ({ cell: { metrics } }) => (metrics.liveBytes === null ? null : withUnit('bytes', metrics.liveBytes.mean)),
  },
  {
    key: 'rate',
    title: 'Throughput',
    value: ({ cell }, { divisor }) => {
      const mean = throughputOf(cell);
      if (mean === null || cell.standing === 'wrong') return null;
      const half = uncertainty(cell.metrics.eventsPerSecond!);
      return rounded(mean / divisor, half === null ? null : half / divisor);
    },
  },
  {
    key: 'interval',
    title: '95 %',
    value: ({ cell }, { divisor }) => {
      const interval = cell.standing === 'wrong' ? null : (cell.metrics.eventsPerSecond?.interval ?? null);
      if (interval === null) return null;
      const half = (interval.high - interval.low) / 2 / divisor;
      return `${rounded(interval.low / divisor, half)} to ${rounded(interval.high / divisor, half)}`;
    },
  },
  { key: 'output', title: 'Output', value: ({ cell }) => outputMark(cell) },
];

function sentence(label: string, rows: readonly SizeRow[], { divisor }: Unit): string {
  const own = rows.filter((row) => row.label === label).toSorted((a, b) => a.entries - b.entries);
  const said = (row: SizeRow) =>
    `${rounded(row.eventsPerSecond / divisor, (row.high - row.low) / 2 / divisor)} with ${grouped(row.entries, 0)}`;
  const [first, last] = [own[0]!, own.at(-1)!];
  return own.length === 1 ? `${label}: ${said(first)}.` : `${label}: ${said(first)}, ${said(last)}.`;
}
