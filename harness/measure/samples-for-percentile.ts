/** Samples that have to lie beyond a percentile for it to be more than the largest few values. */
const BEYOND = 10;

/** Fewest samples that have 10 beyond the percentile `rank`, 0 to 1: 20 for the median, 1,000 for p99, 10,000 for p99.9. */
export function samplesForPercentile(rank: number): number {
  return Math.round(BEYOND / (1 - rank));
}
