import type { Histogram } from './histogram.ts';

/** What takes less than this is not all timed, since reading the clock would take a good part of it. */
const SHORT_NS = 2000;
/** One in so many is timed instead, which is no period of anything in a workload: an even sample, so that its quantiles are those of all. */
export const SAMPLED = 61;
/** As many tell how long something takes. */
const ENOUGH = 1000;

/** One in how many is to be timed, by how long those before took; null if they were too few to tell. */
export function timedOneIn(before: Histogram): number | null {
  if (before.total < ENOUGH) return null;
  // By the median: on a busy machine the mean is of those that were interrupted.
  return before.quantile(0.5) < SHORT_NS ? SAMPLED : 1;
}
