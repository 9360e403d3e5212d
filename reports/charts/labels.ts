import { textWidth } from './chart.ts';

interface Box {
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

/** Where the name of a point stands: the middle of its left edge; with a line to the point if it had to move away. */
export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly moved: boolean;
}

const HEIGHT = 13;
const GAP = 8;
const SYMBOL = 7;

/**
 * Finds a place for every label within `width` × `height` such that no two overlap and none covers a point: first beside its point,
 * then on growing rings around it.
 */
export function placeLabels(points: readonly Named[], width: number, height: number): readonly Placed[] {
  const symbols = points.map(({ x, y }) => ({ left: x - SYMBOL, right: x + SYMBOL, top: y - SYMBOL, bottom: y + SYMBOL }));
  const taken: Box[] = [];
  return points.map((point) => {
    const labelWidth = textWidth(point.label);
    const candidates = candidatesFor(point, labelWidth);
    const free = ({ x, y }: Placed) => {
      const box = { left: x, right: x + labelWidth, top: y - HEIGHT / 2, bottom: y + HEIGHT / 2 };
      const inside = box.left >= 0 && box.right <= width && box.top >= 0 && box.bottom <= height;
      return inside && ![...taken, ...symbols].some((other) => overlap(box, other));
    };
    const place = candidates.find(free) ?? candidates[0]!;
    taken.push({ left: place.x, right: place.x + labelWidth, top: place.y - HEIGHT / 2, bottom: place.y + HEIGHT / 2 });
    return place;
  });
}

function candidatesFor({ x, y }: Named, width: number): readonly Placed[] {
  const near = [
    { x: x + GAP, y },
    { x: x - GAP - width, y },
    { x: x - width / 2, y: y - GAP - HEIGHT / 2 },
    { x: x - width / 2, y: y + GAP + HEIGHT / 2 },
  ].map((place) => ({ ...place, moved: false }));
  const rings = Array.from({ length: 14 }, (_, ring) => 18 + ring * 9);
  const far = rings.flatMap((radius) =>
    Array.from({ length: 16 }, (_, step) => {
      const angle = (step / 16) * 2 * Math.PI;
      const tip = { x: x + radius * 1.3 * Math.cos(angle), y: y + radius * Math.sin(angle) };
      return { x: Math.cos(angle) >= 0 ? tip.x : tip.x - width, y: tip.y, moved: true };
    }),
  );
  return [...near, ...far];
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
