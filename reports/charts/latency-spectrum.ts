import { grouped, percent, rounded, unitFor, withUnit } from '../quantity.ts';
import { type Spectrum, spectraOf } from '../statistics/latency.ts';
import { type Distribution, percentileNs } from '../statistics/percentile.ts';
import type { CellSummary } from '../statistics/summary.ts';
import { extentOf, scaleOf, TICK_LABEL, toPixel } from './axis.ts';
import { type BackendRow, backendRow } from './backend-axis.ts';
import { type Chart, frame, textWidth } from './chart.ts';
import { endLabels, endLabelsWidth, LABEL_HEIGHT } from './end-labels.ts';
import type { Look } from './look.ts';
import { SHAPES, type Shape } from './shapes.ts';

/** A line of a spectrum: all latencies of a backend at one load. */
export interface SpectrumRow extends BackendRow {
  readonly latency: Distribution;
}

/** Spectra that belong into one drawing, and what they have in common. */
export interface Spectra {
  readonly title: string;
  readonly note: string;
  readonly size: Chart['size'];
  readonly rows: readonly SpectrumRow[];
}

/** Fewest latencies beyond a percentile that is drawn: fewer would be a story of single stalls. */
const FEWEST_BEYOND = 10;
/** Fewest backends for a drawing that compares them. */
const FEWEST_LINES = 2;

/**
 * Spectra of the backends at each rate that several have in common, the one that most of them took first; where there is none, at the
 * same part of the rate that each sustains.
 */
export function spectraInCommon(cells: readonly CellSummary[], looks: ReadonlyMap<string, Look>): readonly Spectra[] {
  const found = new Map<string, { readonly spectrum: Spectrum; readonly rows: SpectrumRow[] }>();
  for (const cell of cells) {
    for (const spectrum of spectraOf(cell)) {
      const key = spectrum.fraction === null ? `at ${spectrum.ratePerSecond}` : `part ${spectrum.fraction}`;
      const entry = found.get(key) ?? { spectrum, rows: [] };
      entry.rows.push({ ...backendRow(cell, looks), latency: spectrum.latency });
      found.set(key, entry);
    }
  }
  const several = [...found.values()].filter(({ rows }) => rows.length >= FEWEST_LINES);
  const common = several.filter(({ spectrum }) => spectrum.fraction === null);
  if (common.length > 0)
    return common
      .toSorted((a, b) => b.rows.length - a.rows.length || b.spectrum.ratePerSecond - a.spectrum.ratePerSecond)
      .map(({ spectrum, rows }) => ({
        title: `Latency at ${withUnit('rate', spectrum.ratePerSecond)}`,
        note: 'the same rate for all',
        size: 'half',
        rows,
      }));
  const [usual] = several.toSorted((a, b) => b.rows.length - a.rows.length || Number(b.spectrum.fraction) - Number(a.spectrum.fraction));
  return usual === undefined
    ? []
    : [
        {
          title: `Latency at ${percent(usual.spectrum.fraction!)} of what each sustains`,
          note: 'each at a rate of its own',
          size: 'half',
          rows: usual.rows,
        },
      ];
}

const LOAD_SHAPES = (Object.keys(SHAPES) as readonly Shape[]).filter((shape) => shape !== 'bar');

/** Spectra of one backend at all its loads; null where it has fewer than two that count. */
export function spectraByLoad(cell: CellSummary, looks: ReadonlyMap<string, Look>): Spectra | null {
  const own = backendRow(cell, looks);
  const rows = spectraOf(cell).map(({ fraction, ratePerSecond, latency }, i) => ({
    ...own,
    id: String(i),
    label: fraction === null ? shortRate(ratePerSecond) : percent(fraction),
    shape: LOAD_SHAPES[i % LOAD_SHAPES.length]!,
    latency,
  }));
  return rows.length < FEWEST_LINES ? null : { title: `${own.label} by load`, note: 'a line a load', size: 'third', rows };
}

/** "5k/s": where a load has to stand beside a line. */
function shortRate(perSecond: number): string {
  const { unit, divisor } = unitFor('rate', [perSecond]);
  return `${rounded(perSecond / divisor, null)}${unit.startsWith('thousand') ? 'k' : unit.startsWith('million') ? 'M' : ''}/s`;
}

/** Percentiles that an axis may name, as 1 / (1 − p). */
const NAMED = [2, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const PER_DECADE = 6;
const MARGIN = { left: 46, top: 26, bottom: 44 };

/** "50 %", "99.9 %" of 1 / (1 − p). */
function percentileLabel(tail: number): string {
  return `${Number((100 - 100 / tail).toPrecision(12))} %`;
}

/** Latency by percentile, each step to the right a tenth of the events that are left (after G. Tene's HdrHistogram): the tail is as long as the body. */
export function spectrumChart({ title, note, size, rows }: Spectra): Chart {
  const lines = rows.map((row) => ({ ...row, points: pointsOf(row.latency) })).filter(({ points }) => points.length > 1);
  const values = lines.flatMap(({ points }) => points.map(({ ms }) => ms));
  const unit = unitFor('time', values);
  const last = Math.max(...lines.map(({ points }) => points.at(-1)!.tail));
  const named = NAMED.filter((tail) => tail <= last * 1.001);
  const scaled = lines.map((line) => ({ ...line, points: line.points.map(({ tail, ms }) => ({ tail, y: ms / unit.divisor })) }));
  const ys = extentOf(
    scaled.flatMap(({ points }) => points.map(({ y }) => y)),
    6,
  );
  const at = (latency: Distribution, tail: number) =>
    latency.total < tail * FEWEST_BEYOND ? null : percentileNs(latency, 1 - 1 / tail)! / 1e6 / unit.divisor;
  const text = (value: number | null) => (value === null ? null : rounded(value, null));
  return {
    title,
    note: `${unit.unit}${ys.note}, from when an event was due, by percentile; ${note}`,
    description: `Latency by percentile in ${unit.unit}; a line ends where fewer than ${FEWEST_BEYOND} events were slower. ${rows
      .map(
        ({ label, latency }) =>
          `${label}: p50 ${text(at(latency, 2)) ?? 'unknown'}, p99.9 ${text(at(latency, 1000)) ?? 'of too few events'}`,
      )
      .join('; ')}.`,
    table: {
      columns: [
        { key: 'line', title: size === 'third' ? 'Load' : 'Backend' },
        { key: 'events', title: 'Events' },
        ...named.map((tail) => ({ key: percentileLabel(tail), title: `${percentileLabel(tail)}, ${unit.unit}` })),
        { key: 'max', title: `Most, ${unit.unit}` },
      ],
      rows: rows.map(({ label, latency }) => [
        label,
        grouped(latency.total, 0),
        ...named.map((tail) => text(at(latency, tail))),
        text(latency.max / 1e6 / unit.divisor),
      ]),
    },
    legend: [],
    size,
    spec: (width) => {
      const right = endLabelsWidth(lines.map(({ label }) => label));
      const height = Math.max(230, lines.length * LABEL_HEIGHT + 20);
      const inner = width - MARGIN.left - right;
      const tails = { type: 'log', domain: [1, last], ticks: [], note: '' } as const;
      const ticks = roomy(named, (tail) => toPixel(tails, inner, tail));
      const ends = scaled.map(({ label, color, shape, points }) => ({ label, color, shape, x: points.at(-1)!.tail, y: points.at(-1)!.y }));
      const quantitative = 'quantitative' as const;
      const x = {
        field: 'tail',
        type: quantitative,
        scale: scaleOf(tails),
        axis: { values: [...ticks], labelExpr: "format(100 - 100 / datum.value, '.12~r') + ' %'", title: 'percentile of events' },
      };
      const y = { field: 'y', type: quantitative, scale: scaleOf(ys), axis: { values: [...ys.ticks], labelExpr: TICK_LABEL, title: null } };
      const color = { field: 'color', type: 'nominal', scale: null } as const;
      const points = scaled.flatMap(({ id, color: own, shape, points: all }) => all.map((point) => ({ id, color: own, shape, ...point })));
      const marked = points.filter(({ tail }) => named.some((one) => Math.abs(one / tail - 1) < 1e-6));
      return {
        ...frame(width, height + MARGIN.top + MARGIN.bottom, { ...MARGIN, right }),
        data: { values: points },
        layer: [
          {
            mark: { type: 'line', strokeWidth: 1.6, strokeJoin: 'round' },
            encoding: { x, y, color, detail: { field: 'id', type: 'nominal' } },
          },
          {
            data: { values: marked },
            mark: { type: 'point', filled: true, size: 34, opacity: 1 },
            encoding: { x, y, color, shape: { field: 'shape', type: 'nominal', scale: null } },
          },
          ...endLabels(ends, { x, y, ys, width: inner, height }),
          {
            data: { values: [{ title: `${unit.unit}${ys.note}` }] },
            mark: { type: 'text', align: 'left', baseline: 'middle', fill: 'var(--soft)', limit: 0 },
            encoding: { x: { value: 2 - MARGIN.left }, y: { value: -16 }, text: { field: 'title', type: 'nominal' } },
          },
        ],
      };
    },
  };
}

/** Equal steps on the axis of percentiles, and those that it names, as far as enough latencies lie beyond. */
function pointsOf(latency: Distribution): readonly { readonly tail: number; readonly ms: number }[] {
  const most = latency.total / FEWEST_BEYOND;
  if (most < 2) return [];
  const steps = Array.from({ length: Math.floor(Math.log10(most) * PER_DECADE) + 1 }, (_, step) => 10 ** (step / PER_DECADE));
  return [...steps, 2].toSorted((a, b) => a - b).map((tail) => ({ tail, ms: percentileNs(latency, 1 - 1 / tail)! / 1e6 }));
}

/** Those of `tails` whose labels have room beside one another, the greatest first. */
function roomy(tails: readonly number[], at: (tail: number) => number): readonly number[] {
  const kept: number[] = [];
  for (const tail of tails.toReversed()) {
    const next = kept[0];
    const needed = next === undefined ? 0 : (textWidth(percentileLabel(tail)) + textWidth(percentileLabel(next))) / 2 + 4;
    if (next === undefined || at(next) - at(tail) >= needed) kept.unshift(tail);
  }
  return kept;
}
