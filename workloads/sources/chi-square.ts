/** Pearson's test of counts against expectations, for the tests of random sources. */

/** Sum of (count − expected)² / expected. A single expectation is that of every cell. */
export function chiSquare(counts: ArrayLike<number>, expected: ArrayLike<number> | number): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    const wanted = typeof expected === 'number' ? expected : expected[i]!;
    sum += (counts[i]! - wanted) ** 2 / wanted;
  }
  return sum;
}

/** What the statistic exceeds once in 1,000 times if the expectations are right (Wilson and Hilferty 1931; good from 3 degrees on). */
export function chiSquareLimit(degrees: number): number {
  const variance = 2 / (9 * degrees);
  return degrees * (1 - variance + 3.0902 * Math.sqrt(variance)) ** 3;
}
