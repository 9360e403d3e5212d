import { textWidth } from './chart.ts';

/** A rectangle in pixels, y downwards. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A point that wants its name beside it; pixels, y downwards. */
export interface Named {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** Where the name of a point stands: `x` is its edge or middle as `align` says, `y` its middle; `moved` if it wants a line to its point. */
export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly align: 'left' | 'right' | 'center';
  readonly moved: boolean;
}

const HEIGHT = 13;
const GAP = 8;
const SYMBOL = 7;

/**
 * Finds a place for every label within `width` × `height` such that no two overlap and none covers a point or an obstacle: first beside its point,
 * then on growing rings around it.
 */
export function placeLabels(points: readonly Named[], obstacles: readonly Box[], width: number, height: number): readonly Placed[] {
  const symbols = points
    .map(({ x, y }) => ({ left: x - SYMBOL, right: x + SYMBOL, top: y - SYMBOL, bottom: y + SYMBOL }))
    .concat(obstacles);
  const taken: Box[] = [];
  return points.map((point) => {
    const labelWidth = textWidth(point.label);
    const candidates = candidatesFor(point);
    const boxOf = ({ x, y, align }: Placed) => {
      const left = align === 'left' ? x : align === 'right' ? x - labelWidth : x - labelWidth / 2;
      return { left, right: left + labelWidth, top: y - HEIGHT / 2, bottom: y + HEIGHT / 2 };
    };
    const free = (place: Placed) => {
      const box = boxOf(place);
      const inside = box.left >= 0 && box.right <= width && box.top >= 0 && box.bottom <= height;
      return inside && ![...taken, ...symbols].some((other) => overlap(box, other));
    };
    const place = candidates.find(free) ?? candidates[0]!;
    taken.push(boxOf(place));
    return place;
  });
}

function candidatesFor({ x, y }: Named): readonly Placed[] {
  const beside = [0, 9, 18, 27].flatMap((further): Placed[] => [
    { x: x + GAP + further, y, align: 'left', moved: false },
    { x: x - GAP - further, y, align: 'right', moved: false },
  ]);
  const above = [-1, 1].map((side): Placed => ({ x, y: y + side * (GAP + HEIGHT / 2), align: 'center', moved: false }));
  const rings = Array.from({ length: 14 }, (_, ring) => 18 + ring * 9);
  const far = rings.flatMap((radius) =>
    Array.from({ length: 16 }, (_, step): Placed => {
      const angle = ((step + 0.5) / 16) * 2 * Math.PI;
      return {
        x: x + radius * 1.3 * Math.cos(angle),
        y: y + radius * Math.sin(angle),
        align: Math.cos(angle) >= 0 ? 'left' : 'right',
        moved: true,
      };
    }),
  );
  return [...beside.slice(0, 2), ...above, ...beside.slice(2), ...far];
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
