import type { TopLevelSpec } from 'vega-lite';
import { linearExtent, scaleOf, TICK_LABEL } from './axis.ts';
import { BANDS, type BackendRow, distinct, nameLayers, nameWidth } from './backend-axis.ts';
import { frame, textWidth } from './chart.ts';

/** A part of a backend's bar. */
export interface Segment extends BackendRow {
  readonly part: string;
  /** In the unit of the axis. */
  readonly value: number;
  readonly fill: string;
}

/** Fills for parts, in this order; next to each other they differ in lightness too, so that they can be told apart without colour. */
export const PART_FILLS = ['var(--p1)', 'var(--p2)', 'var(--p3)', 'var(--p4)', 'var(--p5)'] as const;

const LINE = 28;

/** One bar a backend, its parts end to end from zero, what they come to written behind (`totals`, by id). */
export function stackedSpec(segments: readonly Segment[], totals: ReadonlyMap<string, string>, title: string, width: number): TopLevelSpec {
  const ends = new Map<string, number>();
  const parts = segments.map((segment) => {
    const from = ends.get(segment.id) ?? 0;
    ends.set(segment.id, from + segment.value);
    return { ...segment, from, to: from + segment.value };
  });
  const left = nameWidth(segments);
  const right = Math.max(...[...totals.values()].map(textWidth)) + 12;
  const axis = linearExtent(Math.max(...ends.values()), width > 400 ? 6 : 4);
  const x = { type: 'quantitative', scale: scaleOf(axis) } as const;
  const labels = distinct(segments).map(({ id }) => ({ id, total: totals.get(id) ?? '', end: ends.get(id) ?? 0 }));
  return {
    ...frame(width, labels.length * LINE + 50, { left, right, top: 4, bottom: 46 }),
    data: { values: parts },
    layer: [
      {
        mark: { type: 'bar', height: 16, stroke: 'var(--card)', strokeWidth: 1 },
        encoding: {
          y: BANDS,
          x: { ...x, field: 'from', axis: { values: [...axis.ticks], labelExpr: TICK_LABEL, title } },
          x2: { field: 'to' },
          color: { field: 'fill', type: 'nominal', scale: null },
        },
      },
      {
        data: { values: labels },
        mark: { type: 'text', align: 'left', baseline: 'middle', dx: 6, fill: 'var(--ink)', limit: 0 },
        encoding: { y: BANDS, x: { ...x, field: 'end' }, text: { field: 'total', type: 'nominal' } },
      },
      ...nameLayers(segments, left),
    ],
  };
}
