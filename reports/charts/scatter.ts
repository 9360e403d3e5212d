import type { TopLevelSpec } from 'vega-lite';
import { type Extent, extentOf, fromPixel, scaleOf, TICK_LABEL, toPixel } from './axis.ts';
import type { BackendRow } from './backend-axis.ts';
import { frame } from './chart.ts';
import { type Box, placeLabels } from './labels.ts';

/** A named point in the units of the axes, with the range of its trials or interval in both directions. */
export interface ScatterRow extends BackendRow {
  readonly x: number;
  readonly y: number;
  readonly xLow: number;
  readonly xHigh: number;
  readonly yLow: number;
  readonly yHigh: number;
}

/** What stands along the axes, with units. */
export interface ScatterTitles {
  readonly x: string;
  readonly y: string;
}

const MARGIN = { left: 52, right: 16, top: 26, bottom: 44 };

/** Points of one a backend with their names beside them, none over another; `front` is drawn as a dashed line through the rows it names. */
export function scatterSpec(rows: readonly ScatterRow[], titles: ScatterTitles, front: readonly ScatterRow[], width: number): TopLevelSpec {
  const height = Math.max(300, Math.min(420, rows.length * 28 + 66));
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const xs = extentOf(
    rows.flatMap((row) => [row.x, row.xLow, row.xHigh]),
    width > 400 ? 7 : 4,
  );
  const ys = extentOf(
    rows.flatMap((row) => [row.y, row.yLow, row.yHigh]),
    6,
  );
  const x = axis(xs, `${titles.x}${xs.note}`);
  const y = axis(ys, null);
  const at = rows.map((row) => ({
    label: row.label,
    x: toPixel(xs, inner.width, row.x),
    y: inner.height - toPixel(ys, inner.height, row.y),
  }));
  const ranges = rows.flatMap((row, i) => {
    const [across, down] = [
      (value: number) => toPixel(xs, inner.width, value),
      (value: number) => inner.height - toPixel(ys, inner.height, value),
    ];
    return [
      { left: across(row.xLow), right: across(row.xHigh), top: at[i]!.y - 1, bottom: at[i]!.y + 1 },
      { left: at[i]!.x - 1, right: at[i]!.x + 1, top: down(row.yHigh), bottom: down(row.yLow) },
    ];
  });
  const line = front.slice(1).flatMap((row, i) => {
    const [from, to] = [front[i]!, row].map(({ x: across, y: down }) => ({
      x: toPixel(xs, inner.width, across),
      y: inner.height - toPixel(ys, inner.height, down),
    })) as [Point, Point];
    return alongside(from, to);
  });
  const labels = placeLabels(at, [...ranges, ...line], inner.width + MARGIN.right, inner.height).map((place, i) => ({
    label: rows[i]!.label,
    x: fromPixel(xs, inner.width, place.x),
    y: fromPixel(ys, inner.height, inner.height - place.y),
    fromX: rows[i]!.x,
    fromY: rows[i]!.y,
    moved: place.moved,
    align: place.align,
  }));
  const color = { field: 'color', type: 'nominal', scale: null } as const;
  return {
    ...frame(width, height, MARGIN),
    data: { values: rows.map((row) => ({ ...row })) },
    layer: [
      {
        data: { values: front.map((row) => ({ ...row })) },
        mark: { type: 'line', stroke: 'var(--soft)', strokeDash: [4, 4], strokeWidth: 1.2 },
        encoding: { x, y },
      },
      {
        mark: { type: 'rule', opacity: 0.5, strokeWidth: 1.5 },
        encoding: { x: { ...x, field: 'xLow' }, x2: { field: 'xHigh' }, y, color },
      },
      {
        mark: { type: 'rule', opacity: 0.5, strokeWidth: 1.5 },
        encoding: { y: { ...y, field: 'yLow' }, y2: { field: 'yHigh' }, x, color },
      },
      {
        data: { values: labels.filter(({ moved }) => moved) },
        mark: { type: 'rule', stroke: 'var(--soft)', strokeWidth: 0.8, opacity: 0.8 },
        encoding: { x: { ...x, field: 'fromX' }, y: { ...y, field: 'fromY' }, x2: { field: 'x' }, y2: { field: 'y' } },
      },
      {
        mark: { type: 'point', filled: true, size: 90, opacity: 1 },
        encoding: { x, y, color, shape: { field: 'shape', type: 'nominal', scale: null } },
      },
      ...(['left', 'right', 'center'] as const).map((align) => ({
        data: { values: labels.filter((label) => label.align === align) },
        mark: { type: 'text' as const, align, baseline: 'middle' as const, fill: 'var(--ink)', limit: 0 },
        encoding: { x, y, text: { field: 'label', type: 'nominal' as const } },
      })),
      {
        data: { values: [{ title: `${titles.y}${ys.note}` }] },
        mark: { type: 'text', align: 'left', baseline: 'middle', fill: 'var(--soft)', limit: 0 },
        encoding: { x: { value: -MARGIN.left + 2 }, y: { value: -16 }, text: { field: 'title', type: 'nominal' } },
      },
    ],
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const STEP = 6;

/** Small boxes along a line, so that no label stands on it. */
function alongside(from: Point, to: Point): readonly Box[] {
  const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / STEP));
  return Array.from({ length: steps + 1 }, (_, i) => {
    const [x, y] = [from.x + ((to.x - from.x) * i) / steps, from.y + ((to.y - from.y) * i) / steps];
    return { left: x - 1, right: x + 1, top: y - 1, bottom: y + 1 };
  });
}

function axis(extent: Extent, title: string | null) {
  const field = title === null ? 'y' : 'x';
  const type = 'quantitative' as const;
  return { field, type, scale: scaleOf(extent), axis: { values: [...extent.ticks], labelExpr: TICK_LABEL, title } };
}
