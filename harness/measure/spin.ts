import { nowNs } from './clock.ts';

const PARTS = 5;
const STEPS = 2_000_000;

/**
 * How long a fixed piece of integer arithmetic takes, in ms: the median of five, some milliseconds each. It touches no memory, so that it
 * tells how fast a core is (its clock, its twin's load, its hypervisor) and nothing else.
 */
export function spinMs(): number {
  const times = Float64Array.from({ length: PARTS }, () => {
    const start = nowNs();
    sink = mix(sink);
    return (nowNs() - start) / 1e6;
  }).sort();
  return times[PARTS >> 1]!;
}

/** Kept, so that no compiler can leave the work out. */
let sink = 1;

function mix(seed: number): number {
  let mixed = seed | 1;
  for (let i = 0; i < STEPS; i++) mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) + i;
  return mixed;
}
