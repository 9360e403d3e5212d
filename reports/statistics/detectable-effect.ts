/**
 * The smallest effect that data of this noise and number would show: what "no difference was found" leaves open.
 *
 * A t test at level alpha finds an effect of δ standard errors with the probability that a noncentral t exceeds the critical t (J. Cohen,
 * Statistical Power Analysis for the Behavioral Sciences, 2nd ed. 1988, ch. 2). That is integrated here over the
 * distribution of the estimated standard deviation, which is that of a chi.
 */
import { normalCdf } from './normal.ts';
import { criticalT, logGamma } from './student-t.ts';

/** How surely an effect of the size told would have been found. */
export const POWER = 0.9;

/** What is needed of an estimate of a ratio. */
export interface Noise {
  /** Standard error of the logarithm of the ratio. */
  readonly standardError: number;
  /** Degrees of freedom of that; a fraction is left off, which errs to the larger effect. */
  readonly df: number;
  /** Level of the test. */
  readonly alpha: number;
}

/** The least fraction by which a rate must differ for its interval to exclude 1 in {@link POWER} of all repetitions: 0.04 is 4 %. */
export function detectableEffect({ standardError, df, alpha }: Noise): number {
  return Math.expm1(noncentrality(alpha, Math.max(1, Math.floor(df))) * standardError);
}

/** Probability that a two-sided t test at `alpha` finds an effect of `delta` standard errors. */
export function powerOf(delta: number, df: number, alpha: number): number {
  const critical = criticalT(alpha, df);
  const found = (s: number) => normalCdf(delta - critical * s) + normalCdf(-delta - critical * s);
  const most = Math.sqrt((df + 12 * Math.sqrt(2 * df) + 60) / df);
  // Simpson's rule.
  let sum = 0;
  for (let i = 1; i <= STEPS; i++) {
    const s = (most * i) / STEPS;
    sum += (i === STEPS ? 1 : i % 2 === 1 ? 4 : 2) * found(s) * chiDensity(s, df);
  }
  // At 0 the density is 0 unless there is one degree of freedom.
  if (df === 1) sum += found(0) * chiDensity(0, df);
  return (sum * most) / STEPS / 3;
}

const STEPS = 600;

/** Density of √(χ² / df) at `s`. */
function chiDensity(s: number, df: number): number {
  const half = df / 2;
  const log = Math.LN2 + half * Math.log(half) - logGamma(half) - half * s * s;
  return df === 1 ? Math.exp(log) : s === 0 ? 0 : Math.exp(log + (df - 1) * Math.log(s));
}

const known = new Map<string, number>();

/** The effect in standard errors; kept once computed, as few are asked for, often. */
function noncentrality(alpha: number, df: number): number {
  const key = `${alpha} ${df}`;
  const value = known.get(key) ?? bisect(alpha, df);
  known.set(key, value);
  return value;
}

function bisect(alpha: number, df: number): number {
  let low = 0;
  let high = 1;
  while (powerOf(high, df, alpha) < POWER) high *= 2;
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2;
    if (powerOf(middle, df, alpha) < POWER) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
