import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';

/** A stream of numbers that a seed repeats: SplitMix32, the 32-bit form of Steele, Lea and Flood's SplitMix (2014). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to below `count`. */
  below(count: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return Math.floor((((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32) * count);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}

/** Runs something random, with the seed of STATEBENCH_SEED or a new one, which a failure tells. */
export async function seeded(body: (random: Random) => Promise<void>): Promise<void> {
  const seed = seedOf(process.env.STATEBENCH_SEED);
  try {
    await body(new Random(seed));
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`with seed ${seed} (STATEBENCH_SEED=${seed} replays it), ${seen}`, { cause });
  }
}

function seedOf(given: string | undefined): number {
  if (given === undefined) return randomInt(2 ** 32);
  const seed = Number(given);
  assert(
    Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 32,
    `STATEBENCH_SEED must be an integer from 0 to ${2 ** 32 - 1}, not '${given}'`,
  );
  return seed;
}
