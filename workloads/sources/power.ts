/**
 * Powers, logarithms and exponentials by additions, multiplications and divisions alone. Those of Math may differ in the last bit
 * from one engine to the next; these operations may not (IEEE 754), so what is drawn with them is the same on every machine.
 */

const LN2_HIGH = 0.6931471803691238; // ln 2 in two parts, so that multiples of the high one are exact (fdlibm)
const LN2_LOW = 1.9082149292705877e-10;

/** base^exponent for a base from 1 to 2^53 and an exponent of size up to 16; relative error below 1e-13. */
export function power(base: number, exponent: number): number {
  return exponential(exponent * logarithm(base));
}

/** ln x for x from 1/2 to 2^53, as n ln 2 + ln m with m in [2/3, 4/3], by 2 artanh((m − 1) / (m + 1)). */
export function logarithm(x: number): number {
  let m = x;
  let halvings = 0;
  while (m > 4 / 3) {
    m /= 2;
    halvings++;
  }
  const ratio = (m - 1) / (m + 1);
  const square = ratio * ratio;
  let sum = 0;
  for (let odd = 25; odd >= 1; odd -= 2) sum = sum * square + 1 / odd;
  return halvings * LN2_HIGH + (halvings * LN2_LOW + 2 * ratio * sum);
}

/** e^x for x from −700 to 700, as 2^n e^r with |r| ≤ ln 2 / 2, by its Taylor series. */
export function exponential(x: number): number {
  const n = Math.round(x / (LN2_HIGH + LN2_LOW));
  const rest = x - n * LN2_HIGH - n * LN2_LOW;
  let sum = 1;
  for (let term = 18; term >= 1; term--) sum = 1 + (sum * rest) / term;
  return sum * 2 ** n;
}
