import type { Plan } from '../../harness/results.ts';

/** How one backend looks throughout a report: never by colour alone. */
export interface Look {
  readonly color: string;
  readonly shape: Shape;
}

/** Symbols as the charts draw them, within ± 5 units, for swatches in the page. */
export const SHAPES = {
  circle: 'M-4.5,0A4.5,4.5,0,1,1,4.5,0A4.5,4.5,0,1,1,-4.5,0Z',
  square: 'M-4,-4H4V4H-4Z',
  'triangle-up': 'M0,-4.8L5,4H-5Z',
  diamond: 'M0,-5.4L4.6,0L0,5.4L-4.6,0Z',
  'triangle-down': 'M0,4.8L5,-4H-5Z',
  cross: 'M-1.7,-5H1.7V-1.7H5V1.7H1.7V5H-1.7V1.7H-5V-1.7H-1.7Z',
  'triangle-right': 'M4.8,0L-4,5V-5Z',
  /** The null backend's alone. */
  bar: 'M-5,-1.8H5V1.8H-5Z',
} as const;

export type Shape = keyof typeof SHAPES;

const COLORS = 8;
const NAMES = (Object.keys(SHAPES) as readonly Shape[]).filter((shape) => shape !== 'bar');

/** The null backend: the one grey. */
export const HARNESS_LOOK: Look = { color: 'var(--soft)', shape: 'bar' };

/** A look for every backend of the plan, by name. 56 differ. */
export function looksOf(plan: Plan): ReadonlyMap<string, Look> {
  const candidates = plan.cells.filter((cell) => cell.role === 'candidate').map((cell) => cell.backend.name);
  const looks = [...new Set(candidates)].map(
    (name, i) => [name, { color: `var(--c${(i % COLORS) + 1})`, shape: NAMES[i % NAMES.length]! }] as const,
  );
  return new Map([...plan.cells.map((cell) => [cell.backend.name, HARNESS_LOOK] as const), ...looks]);
}
