import type { Cell } from '../../harness/results.ts';
import { SHAPES, type Shape } from './shapes.ts';

/** How one backend looks throughout a report: never by colour alone. */
export interface Look {
  readonly color: string;
  readonly shape: Shape;
}

const COLORS = 8;
const NAMES = (Object.keys(SHAPES) as readonly Shape[]).filter((shape) => shape !== 'bar');

/** The null backend: the one grey. */
export const HARNESS_LOOK: Look = { color: 'var(--soft)', shape: 'bar' };

/** A look for every backend of a plan or a comparison, by name. 56 differ. */
export function looksOf(plan: {
  readonly cells: readonly { readonly role: Cell['role']; readonly backend: { readonly name: string } }[];
}): ReadonlyMap<string, Look> {
  const candidates = plan.cells.filter((cell) => cell.role === 'candidate').map((cell) => cell.backend.name);
  const looks = [...new Set(candidates)].map(
    (name, i) => [name, { color: `var(--c${(i % COLORS) + 1})`, shape: NAMES[i % NAMES.length]! }] as const,
  );
  return new Map([...plan.cells.map((cell) => [cell.backend.name, HARNESS_LOOK] as const), ...looks]);
}
