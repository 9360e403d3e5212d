/** In which order the cells of a run are measured. */
import { seededRandom, shuffled } from './random.ts';

/**
 * Every item once in each block, in an order that the seed decides for each pair of blocks: the second block of a pair is the first one
 * reversed (ABBA), so every item has the same mean place in the pair. Drift during a run (heat, other tenants, a filling disk) then falls
 * on all cells alike, a steady drift exactly so, and blocks can be compared pairwise.
 * @returns blocks in the order they are run, from block 1.
 */
export function makeSchedule<T>(items: readonly T[], blocks: number, seed: number): readonly (readonly T[])[] {
  const random = seededRandom(seed);
  const pairs = Array.from({ length: Math.ceil(blocks / 2) }, () => shuffled(items, random));
  return pairs.flatMap((order) => [order, order.toReversed()]).slice(0, blocks);
}
