/** In which order the cells of a run are measured. */
import { seededRandom, shuffled } from './random.ts';

/**
 * Every item once in each block, each block in an order of its own that the seed decides: whatever drifts during a run
 * (heat, other tenants, a filling disk) then falls on all cells alike, and blocks can be compared pairwise.
 * @returns blocks in the order they are run, from block 1.
 */
export function makeSchedule<T>(items: readonly T[], blocks: number, seed: number): readonly (readonly T[])[] {
  const random = seededRandom(seed);
  return Array.from({ length: blocks }, () => shuffled(items, random));
}
