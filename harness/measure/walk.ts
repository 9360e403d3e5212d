import { nowNs } from './clock.ts';

const PARTS = 5;
const STEPS = 50_000;
/** 64 MiB: larger than the caches that a core has to itself. */
const SLOTS_LOG2 = 24;

/**
 * How long a walk through memory takes, in ms: the median of five, some milliseconds each. Every step reads a place that only the step
 * before tells, somewhere in 64 MiB, so that it waits for memory and for the caches that cores share, which neighbours on the same
 * machine fill, and hardly for the core. That is what a store in memory does.
 */
export function walkMs(): number {
  // Written once, since the system gives pages that were only read all the same memory.
  memory ??= new Uint32Array(2 ** SLOTS_LOG2).fill(0);
  const times = new Float64Array(PARTS);
  for (let part = 0; part < PARTS; part++) {
    const start = nowNs();
    place = walk(memory, place);
    times[part] = (nowNs() - start) / 1e6;
  }
  return times.sort()[PARTS >> 1]!;
}

let memory: Uint32Array | null = null;
/** Goes on where it ended, so that no part walks over what the one before brought into a cache. */
let place = 1;

/** What is read is 0 and added to the place (a linear congruence, whose high bits are spread well). */
function walk(slots: Uint32Array, from: number): number {
  let state = from;
  for (let i = 0; i < STEPS; i++) state = (Math.imul(state, 1_664_525) + 1_013_904_223 + slots[state >>> (32 - SLOTS_LOG2)]!) | 0;
  return state;
}
