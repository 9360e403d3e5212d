/** Seeded randomness: the same seed gives the same numbers on every machine. */

/**
 * Uniform numbers in [0, 1) with 32 bits each, from any safe non-negative integer as seed.
 * The generator is mulberry32 (T. Ettinger, public domain), its state mixed from both halves of the seed.
 */
export function seededRandom(seed: number): () => number {
  let state = (Math.imul(seed >>> 0, 0x9e3779b1) ^ Math.imul(Math.floor(seed / 0x1_0000_0000) + 1, 0x85ebca6b)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** A new array with the same items in a seeded order (Fisher–Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
