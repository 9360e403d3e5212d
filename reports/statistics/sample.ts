import { criticalT } from './student-t.ts';

/** From `low` to `high`, in the unit of what it belongs to. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Some values of one cell, one a trial. */
export interface Sample {
  readonly n: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Standard deviation over mean; null for a single value or a mean of zero. */
  readonly cv: number | null;
  /** The one figure that stands for the values everywhere: their geometric mean; the plain mean where one is zero. */
  readonly mean: number;
  /** Its 95 % t interval, on logarithms where no value is zero; null below 3 values. */
  readonly interval: Interval | null;
  /** Standard deviation of the logarithms; null where a value is zero. */
  readonly sdLog: number | null;
}

/** Fewest values from which an interval is given. */
export const FEWEST = 3;

/** Mean and standard deviation (n − 1, after F. W. Bessel) of at least one number. */
export function moments(values: readonly number[]): { readonly mean: number; readonly sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, sd: 0 };
  return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) };
}

/** Median of at least one number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** exp of the t interval of `logs` (Student, "The probable error of a mean", Biometrika 6, 1908), at level 1 − alpha. Needs two values or more. */
export function expInterval(logs: readonly number[], alpha: number): Interval {
  const { mean, sd } = moments(logs);
  const half = (criticalT(alpha, logs.length - 1) * sd) / Math.sqrt(logs.length);
  return { low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

/** What can be said of `values`; null if there are none. */
export function sampleOf(values: readonly number[]): Sample | null {
  if (values.length === 0) return null;
  const { mean, sd } = moments(values);
  const positive = values.every((value) => value > 0);
  const scaled = positive ? moments(values.map(Math.log)) : { mean, sd };
  const half = values.length < FEWEST ? null : (criticalT(0.05, values.length - 1) * scaled.sd) / Math.sqrt(values.length);
  const back = (value: number) => (positive ? Math.exp(value) : Math.min(...values) < 0 ? value : Math.max(0, value));
  return {
    n: values.length,
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    cv: values.length < 2 || mean === 0 ? null : sd / mean,
    // Equal values, such as counts, have themselves as their mean, without the rounding of logarithms.
    mean: values.every((value) => value === values[0]) ? values[0]! : back(scaled.mean),
    interval: half === null ? null : { low: back(scaled.mean - half), high: back(scaled.mean + half) },
    sdLog: positive ? scaled.sd : null,
  };
}
