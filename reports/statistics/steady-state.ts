/** Fewest windows that tell a course from chance: with eight the second half has two and two. */
const FEWEST_WINDOWS = 8;
const MOST_DIFFERENCE = 0.03;
/** 97.5 % quantile of the normal distribution. */
const Z = 1.959964;

/** `flat`: steady. `warm-up` rises still, `slowdown` falls still, `none` does neither and is not steady. */
export type Course = 'flat' | 'warm-up' | 'slowdown' | 'none';

/**
 * The course of a trial's throughput, from its 1-s windows; null for too few. Steady is the second half if the medians of its two halves
 * differ by at most 3 % and the 95 % interval of the Theil–Sen slope contains 0 (Sen 1968, by Kendall's variance).
 */
export function courseOf(perSecond: readonly number[]): Course | null {
  if (perSecond.length < FEWEST_WINDOWS) return null;
  const half = perSecond.slice(perSecond.length >> 1);
  const [early, late] = [half.slice(0, half.length >> 1), half.slice(half.length >> 1)].map(middle) as [number, number];
  const slope = slopeInterval(half);
  const isLevel = slope.low <= 0 && slope.high >= 0;
  if (isLevel && Math.abs(late - early) <= MOST_DIFFERENCE * Math.max(early, late)) return 'flat';
  if (isLevel) return 'none';
  return slope.low > 0 ? 'warm-up' : 'slowdown';
}

function slopeInterval(values: readonly number[]): { readonly low: number; readonly high: number } {
  const n = values.length;
  const slopes = values.flatMap((from, i) => values.slice(i + 1).map((to, j) => (to - from) / (j + 1))).toSorted((a, b) => a - b);
  const reach = Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const low = Math.max(0, Math.round((slopes.length - reach) / 2) - 1);
  return { low: slopes[low]!, high: slopes[slopes.length - 1 - low]! };
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[at]! : (sorted[at - 1]! + sorted[at]!) / 2;
}
