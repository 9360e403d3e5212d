/** Fewest windows that tell a course from chance: with eight the second half has two and two. */
export const FEWEST_WINDOWS = 8;
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
  return perSecond.length < FEWEST_WINDOWS ? null : courseIn(perSecond.slice(perSecond.length >> 1));
}

/**
 * The windows in which a trial's throughput was steady: the longest part at its end that is, and at least the second half of the trial.
 * @param perSecond events of each second, at least one
 */
export function steadyWindows(perSecond: readonly number[]): readonly number[] {
  const half = perSecond.length >> 1;
  if (courseOf(perSecond) === 'flat') {
    for (let from = 0; from < half; from++) {
      const windows = perSecond.slice(from);
      if (courseIn(windows) === 'flat') return windows;
    }
  }
  return perSecond.slice(half);
}

/**
 * Whether a trial's throughput fell so much in its second half that it should be measured for longer: a slowdown of more than 3 %. By
 * chance, on a machine whose speed wanders, that is found in one trial of fifteen where a slowdown of any size is in one of eight.
 */
export function isStillFalling(perSecond: readonly number[]): boolean {
  if (courseOf(perSecond) !== 'slowdown') return false;
  const half = perSecond.slice(perSecond.length >> 1);
  const [early, late] = halvesOf(half);
  return late < (1 - MOST_DIFFERENCE) * early;
}

function halvesOf(windows: readonly number[]): readonly [number, number] {
  const at = windows.length >> 1;
  return [middle(windows.slice(0, at)), middle(windows.slice(at))];
}

function courseIn(windows: readonly number[]): Course {
  const [early, late] = halvesOf(windows);
  const slope = slopeInterval(windows);
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

/** Median of at least one number. */
export function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[at]! : (sorted[at - 1]! + sorted[at]!) / 2;
}
