/** Which length of blocks gives the narrowest interval in a given time, by the variation that a recorded run has. */
import type { ByBlock } from '../../reports/statistics/ratio.ts';
import { type PairedRatio, pairedRatio } from '../../reports/statistics/ratio.ts';
import { normal, type Random } from './invented-noise.ts';

/**
 * Standard deviations of the logarithm of throughput in the sample of 2026-11-28 (five embedded backends, flights-delays and synthetic, a
 * shared machine): from trial to trial, and from second to second within one. Fitted to the paired ratios of the first 1 to 10 s of its
 * trials, whose variance was 2 · (BETWEEN² + WITHIN² / seconds) to within 10 %.
 */
export const BETWEEN = 0.109;
export const WITHIN = 0.11;

/** A trial's fixed cost: starts, kill, restore. */
const FIXED_SECONDS = 4;
/** Warm-up, tail and replay, as a multiple of the measured part, which is in it. */
const TIMES_MEASURED = 2;
/** What a run of standard, 8 cells and 2 workloads, has for each cell in 45 minutes. */
export const SECONDS_PER_CELL = (45 * 60) / 16;

/** Number of blocks of trials of that length in {@link SECONDS_PER_CELL}. */
export function blocksOfLength(measuredSeconds: number): number {
  return Math.floor(SECONDS_PER_CELL / (FIXED_SECONDS + TIMES_MEASURED * measuredSeconds));
}

/** Paired ratio of two equal cells, measured in as many blocks of that length as there is time for. */
export function ratioOfLength(random: Random, measuredSeconds: number): PairedRatio {
  const sd = Math.sqrt(BETWEEN ** 2 + WITHIN ** 2 / measuredSeconds);
  const cell = (): ByBlock =>
    new Map(Array.from({ length: blocksOfLength(measuredSeconds) }, (_, block) => [block, Math.exp(sd * normal(random))]));
  return pairedRatio(cell(), cell())!;
}

/** Half of the width of a ratio's interval, on logarithms. */
export function halfWidth({ interval }: PairedRatio): number {
  return interval === null ? Number.POSITIVE_INFINITY : Math.log(interval.high / interval.low) / 2;
}
