/**
 * Probability that a standard normal number is at most `x`, to 1e-15 absolute.
 * G. Marsaglia, "Evaluating the normal distribution", J. Stat. Software 11(4), 2004: a Taylor series, all of whose terms are positive.
 */
export function normalCdf(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let sum = x;
  let term = x;
  for (let i = 3; sum + term !== sum; i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - HALF_LOG_TWO_PI);
}

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
