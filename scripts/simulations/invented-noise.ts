/** Invented throughput of runs, for the proof that the statistics keep what they promise: with noise and drift, and a truth that is known. */
import type { ByBlock } from '../../reports/statistics/ratio.ts';

export type Random = () => number;

/** How the numbers of a run scatter, as standard deviations of logarithms. */
export interface Noise {
  /** From trial to trial. */
  readonly trial: number;
  /** From block to block, the same for all cells of a block: the machine warms up, a neighbour comes and goes. */
  readonly drift: number;
  /** Whether one trial in twenty is an outlier, five times as far off as the others. */
  readonly isContaminated?: boolean;
}

/** What the method was weighed with. */
export const USUAL: Noise = { trial: 0.03, drift: 0.08 };

/** A standard normal number (G. E. P. Box, M. E. Muller, 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The cells of one run, each with its true rate. */
export function inventRun(random: Random, rates: readonly number[], blocks: number, noise: Noise = USUAL): readonly ByBlock[] {
  const drift = Array.from({ length: blocks }, () => normal(random) * noise.drift);
  return rates.map((rate) => {
    const values = drift.map((shift, i): readonly [number, number] => {
      const scale = noise.isContaminated && random() < 0.05 ? 5 : 1;
      return [i + 1, rate * Math.exp(shift + normal(random) * noise.trial * scale)];
    });
    return new Map(values);
  });
}
