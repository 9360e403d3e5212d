import type { TopLevelSpec } from 'vega-lite';
import { shortText } from '../plain-text.ts';
import { textWidth } from './chart.ts';
import type { Look } from './look.ts';
import { vegaShape } from './shapes.ts';

/** What every row of every chart says about the cell it is of. */
export interface BackendRow {
  /** The cell: unique, and never shown. */
  readonly id: string;
  /** The backend's name, short enough for a chart. */
  readonly label: string;
  readonly color: string;
  readonly shape: string;
}

type Layers = Extract<TopLevelSpec, { layer: unknown }>['layer'];

const LONGEST = 22;

/** What of a cell names it. */
interface NamedCell {
  readonly cell: { readonly id: string; readonly backend: { readonly name: string } };
}

/** The part of a row that names its cell. */
export function backendRow({ cell }: NamedCell, looks: ReadonlyMap<string, Look>): BackendRow {
  const look = looks.get(cell.backend.name)!;
  return { id: cell.id, label: shortText(cell.backend.name, LONGEST), color: look.color, shape: vegaShape(look.shape) };
}

/** Room that the names of `rows` take at the left of a chart. */
export function nameWidth(rows: readonly BackendRow[]): number {
  return Math.max(40, ...rows.map(({ label }) => textWidth(label))) + 26;
}

/** The vertical encoding of a chart with one line a backend, in the order of its rows. Names are drawn by {@link nameLayers}. */
export const BANDS = { field: 'id', type: 'nominal', sort: null, scale: { paddingInner: 0, paddingOuter: 0 }, axis: null } as const;

/** One entry a backend. */
export function distinct<T extends BackendRow>(rows: readonly T[]): readonly T[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

/** Names with their symbols left of the drawing; text is data, so that it is never read as an expression. */
export function nameLayers(rows: readonly BackendRow[], left: number): Layers {
  const values = distinct(rows).map(({ id, label, color, shape }) => ({ id, label, color, shape }));
  return [
    {
      data: { values },
      mark: { type: 'text', align: 'left', baseline: 'middle', fill: 'var(--ink)', limit: 0 },
      encoding: { y: BANDS, x: { value: 18 - left }, text: { field: 'label', type: 'nominal' } },
    },
    {
      data: { values },
      mark: { type: 'point', filled: true, size: 58, opacity: 1 },
      encoding: {
        y: BANDS,
        x: { value: 8 - left },
        shape: { field: 'shape', type: 'nominal', scale: null },
        color: { field: 'color', type: 'nominal', scale: null },
      },
    },
  ];
}
