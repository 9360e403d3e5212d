import { expInterval, FEWEST, type Interval, moments } from './sample.ts';
import { twoSidedP } from './student-t.ts';

/** Values of one metric of one cell by block. */
export type ByBlock = ReadonlyMap<number, number>;

/** A ratio of geometric means, with what is known of it. */
export interface Ratio {
  /** Values on the side that has fewer. */
  readonly n: number;
  readonly ratio: number;
  /** t interval on logarithms at level 1 − alpha; null below 3 values. */
  readonly interval: Interval | null;
  /** 0.05, or less where several comparisons share it (Holm, looks). */
  readonly alpha: number;
  /** Standard error of the logarithm of the ratio, times √n. */
  readonly sdLog: number;
  /** Degrees of freedom of that; null below 3 values. */
  readonly df: number | null;
  /** Two-sided p value of "the ratio is 1", not adjusted; null below 3 values. */
  readonly p: number | null;
}

/** How a cell stands against another over the `n` blocks both have: blocks are pairs, since noise and drift hit both alike. */
export interface PairedRatio extends Ratio {
  readonly logs: readonly number[];
}

/**
 * The ratio of `values` to `reference` over their common blocks: a paired t test on logarithms (Student, 1908; on ratios of run times
 * T. Kalibera and R. Jones, "Rigorous benchmarking in reasonable time", ISMM 2013). Null if they share no block.
 */
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
    df: enough ? n - 1 : null,
    p: enough ? (Number.isFinite(t) ? twoSidedP(t, n - 1) : 0) : null,
    logs,
  };
}

/**
 * Holm's step-down over a family of comparisons: the i-th smallest p value of m is tested at alpha / (m − i + 1), and
 * from the first that fails on, all keep the alpha at which it failed. Order is kept.
 * S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
 * @returns the level of each; null where there is no p value.
 */
export function holmLevels(ps: readonly (number | null)[], alpha: number): (number | null)[] {
  const tested = ps.flatMap((p, place) => (p === null ? [] : [{ p, place }])).toSorted((a, b) => a.p - b.p);
  const levels: (number | null)[] = ps.map(() => null);
  let stoppedAt: number | null = null;
  for (const [i, { p, place }] of tested.entries()) {
    const own: number = stoppedAt ?? alpha / (tested.length - i);
    if (p > own) stoppedAt = own;
    levels[place] = own;
  }
  return levels;
}

/** Ratios at the levels of {@link holmLevels}: intervals widen to match, so that one excludes 1 exactly where Holm rejects. */
export function holm(ratios: readonly (PairedRatio | null)[], alpha = 0.05): (PairedRatio | null)[] {
  const levels = holmLevels(
    ratios.map((ratio) => ratio?.p ?? null),
    alpha,
  );
  return ratios.map((ratio, place) => (ratio === null || levels[place] == null ? ratio : fromLogs(ratio.logs, levels[place])));
}

/**
 * The ratio of every two of `items`, Holm-adjusted over all pairs: `[i][j]`, for i < j, is that of the later to the earlier. The same
 * data order the items, so all pairs share the level: comparing with the best alone tells equal items apart nearly twice as often as the
 * level allows (`test:long -- simulations`).
 * @param ratioOf ratio of two of them; null where they share no block
 */
export function holmAllPairs<T>(
  items: readonly T[],
  ratioOf: (over: T, under: T) => PairedRatio | null,
  alpha = 0.05,
): readonly (readonly (PairedRatio | null)[])[] {
  const adjusted = holm(
    items.flatMap((under, i) => items.slice(i + 1).map((over) => ratioOf(over, under))),
    alpha,
  );
  let next = 0;
  return items.map((_, i) => items.map((_, j) => (j > i ? adjusted[next++]! : null)));
}
