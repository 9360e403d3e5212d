import type { Ratio } from './ratio.ts';
import { FEWEST, type Interval, moments } from './sample.ts';
import { criticalT, twoSidedP } from './student-t.ts';

/** How the values of one run stand against those of another: blocks of two runs are no pairs, since they were not run side by side. */
export interface UnpairedRatio extends Ratio {
  readonly values: readonly [readonly number[], readonly number[]];
}

/**
 * The ratio of the geometric mean of `values` to that of `reference`, with the interval of B. L. Welch ("The generalization of
 * Student's problem when several different population variances are involved", Biometrika 34, 1947) on logarithms, whose variances may
 * differ. It knows the noise within each run; what moved the whole machine from one run to the other is not in it.
 * @returns null if a side has no values, or one that has no logarithm.
 */
export function welchRatio(values: readonly number[], reference: readonly number[], alpha = 0.05): UnpairedRatio | null {
  if (values.length === 0 || reference.length === 0 || [...values, ...reference].some((value) => !(value > 0))) return null;
  const [a, b] = [values, reference].map((side) => ({ n: side.length, ...moments(side.map(Math.log)) })) as [Side, Side];
  const [va, vb] = [a.sd ** 2 / a.n, b.sd ** 2 / b.n];
  const mean = a.mean - b.mean;
  const n = Math.min(a.n, b.n);
  const standardError = Math.sqrt(va + vb);
  // Without any noise the formula is 0 / 0, and the number of values is all there is.
  const df = standardError === 0 ? a.n + b.n - 2 : (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1));
  const isEnough = n >= FEWEST;
  const t = standardError === 0 ? (mean === 0 ? 0 : Number.POSITIVE_INFINITY) : mean / standardError;
  return {
    n,
    ratio: Math.exp(mean),
    interval: isEnough ? around(mean, standardError, criticalT(alpha, df)) : null,
    alpha,
    sdLog: standardError * Math.sqrt(n),
    df: isEnough ? df : null,
    p: isEnough ? (Number.isFinite(t) ? twoSidedP(t, df) : 0) : null,
    values: [values, reference],
  };
}

interface Side {
  readonly n: number;
  readonly mean: number;
  readonly sd: number;
}

function around(mean: number, standardError: number, critical: number): Interval {
  return { low: Math.exp(mean - critical * standardError), high: Math.exp(mean + critical * standardError) };
}
