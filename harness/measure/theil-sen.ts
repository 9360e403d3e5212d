/**
 * Slope of `y` over `x` by the median of the slopes of all pairs, which a third of the points being astray does not move (H. Theil 1950,
 * P. K. Sen 1968). Quadratic: for some hundred points. NaN for fewer than two different `x`.
 */
export function theilSenSlope(x: ArrayLike<number>, y: ArrayLike<number>, count = x.length): number {
  const slopes = new Float64Array((count * (count - 1)) / 2);
  let pairs = 0;
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) if (x[i] !== x[j]) slopes[pairs++] = (y[j]! - y[i]!) / (x[j]! - x[i]!);
  }
  if (pairs === 0) return Number.NaN;
  const sorted = slopes.subarray(0, pairs).sort();
  const middle = pairs >> 1;
  return pairs % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
