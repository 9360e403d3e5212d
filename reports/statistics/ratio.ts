import { expInterval, FEWEST, type Interval, moments } from './sample.ts';
import { twoSidedP } from './student-t.ts';

/** Values of one metric of one cell by block. */
export type ByBlock = ReadonlyMap<number, number>;

/** How a cell stands against another over the blocks both have: blocks are pairs, since noise and drift hit both alike. */
export interface PairedRatio {
  /** Blocks in which both have a value. */
  readonly n: number;
  /** Geometric mean of the ratios. */
  readonly ratio: number;
  /** Paired t interval on logarithms at level 1 − alpha; null below 3 blocks. */
  readonly interval: Interval | null;
  /** 0.05, or less where several comparisons share it (Holm). */
  readonly alpha: number;
  /** Standard deviation of the logarithms of the ratios. */
  readonly sdLog: number;
  /** Two-sided p value of "the ratio is 1", not adjusted; null below 3 blocks. */
  readonly p: number | null;
  readonly logs: readonly number[];
}

/** The ratio of `values` to `reference`; null if they share no block. */
export function pairedRatio(values: ByBlock, reference: ByBlock, alpha = 0.05): PairedRatio | null {
  const logs = [...values]
    .filter(([block, value]) => value > 0 && (reference.get(block) ?? 0) > 0)
    .map(([block, value]) => Math.log(value / reference.get(block)!));
  return logs.length === 0 ? null : fromLogs(logs, alpha);
}

function fromLogs(logs: readonly number[], alpha: number): PairedRatio {
  const { mean, sd } = moments(logs);
  const n = logs.length;
  const enough = n >= FEWEST;
  const t = sd === 0 ? (mean === 0 ? 0 : Number.POSITIVE_INFINITY) : (mean / sd) * Math.sqrt(n);
  return {
    n,
    ratio: Math.exp(mean),
    interval: enough ? expInterval(logs, alpha) : null,
    alpha,
    sdLog: sd,
    p: enough ? (Number.isFinite(t) ? twoSidedP(t, n - 1) : 0) : null,
    logs,
  };
}

/**
 * Holm's step-down over a family of comparisons: the i-th smallest p value of m is tested at alpha / (m − i + 1), and
 * from the first that fails on, all keep the alpha at which it failed. Intervals widen to match, so that an interval
 * excludes 1 exactly where Holm rejects. Order is kept.
 * S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
 */
export function holm(ratios: readonly (PairedRatio | null)[], alpha = 0.05): (PairedRatio | null)[] {
  const tested = ratios
    .flatMap((ratio, place) => (ratio?.p == null ? [] : [{ p: ratio.p, place, logs: ratio.logs }]))
    .toSorted((a, b) => a.p - b.p);
  const adjusted = [...ratios];
  let stoppedAt: number | null = null;
  for (const [i, { p, place, logs }] of tested.entries()) {
    const own: number = stoppedAt ?? alpha / (tested.length - i);
    if (p > own) stoppedAt = own;
    adjusted[place] = fromLogs(logs, own);
  }
  return adjusted;
}
