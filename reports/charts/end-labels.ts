import type { TopLevelSpec } from 'vega-lite';
import { type Extent, fromPixel, toPixel } from './axis.ts';
import { textWidth } from './chart.ts';

type Layers = Extract<TopLevelSpec, { layer: unknown }>['layer'];

/** Where a line ends, in the units of the axes, and what it is called there. */
export interface LineEnd {
  readonly label: string;
  readonly color: string;
  readonly shape: string;
  readonly x: number;
  readonly y: number;
}

/** Height of a label. */
export const LABEL_HEIGHT = 13;
/** From the drawing to the symbol, and from there to the text. */
const SYMBOL_AT = 15;
const TEXT_AT = 24;

/** Room that labels take at the right of a drawing. */
export function endLabelsWidth(labels: readonly string[]): number {
  return Math.max(...labels.map(textWidth)) + TEXT_AT + 8;
}

/** The drawing that labels stand beside. */
interface Beside {
  readonly x: { readonly type: 'quantitative'; readonly scale: object };
  readonly y: { readonly type: 'quantitative'; readonly scale: object };
  readonly ys: Extent;
  /** Inner size, pixels. */
  readonly width: number;
  readonly height: number;
}

/** Names of lines with their symbols right of the drawing, none over another, each joined to the end of its line. */
export function endLabels(ends: readonly LineEnd[], { x, y, ys, width, height }: Beside): Layers {
  const placed = apart(
    ends.map((end) => height - toPixel(ys, height, end.y)),
    height,
  );
  const values = ends.map((end, i) => ({ ...end, labelY: fromPixel(ys, height, height - placed[i]!) }));
  const at = { field: 'labelY', type: y.type, scale: y.scale };
  const color = { field: 'color', type: 'nominal', scale: null } as const;
  return [
    {
      data: { values },
      mark: { type: 'rule', strokeWidth: 0.8, opacity: 0.8 },
      encoding: {
        x: { field: 'x', type: x.type, scale: x.scale },
        x2: { value: width + SYMBOL_AT - 5 },
        y: { field: 'y', type: y.type, scale: y.scale },
        y2: { field: 'labelY' },
        color,
      },
    },
    {
      data: { values },
      mark: { type: 'point', filled: true, size: 44, opacity: 1 },
      encoding: { x: { value: width + SYMBOL_AT }, y: at, color, shape: { field: 'shape', type: 'nominal', scale: null } },
    },
    {
      data: { values },
      mark: { type: 'text', align: 'left', baseline: 'middle', fill: 'var(--ink)', limit: 0 },
      encoding: { x: { value: width + TEXT_AT }, y: at, text: { field: 'label', type: 'nominal' } },
    },
  ];
}

/** Heights of labels, in pixels, as near to `wanted` as they can be without touching, within `height`. */
export function apart(wanted: readonly number[], height: number): readonly number[] {
  const order = wanted.map((_, i) => i).toSorted((a, b) => wanted[a]! - wanted[b]!);
  const placed = [...wanted];
  let free = LABEL_HEIGHT / 2;
  for (const i of order) {
    placed[i] = Math.max(placed[i]!, free);
    free = placed[i]! + LABEL_HEIGHT;
  }
  let end = height;
  for (const i of order.toReversed()) {
    placed[i] = Math.min(placed[i]!, end);
    end = placed[i]! - LABEL_HEIGHT;
  }
  return placed;
}
