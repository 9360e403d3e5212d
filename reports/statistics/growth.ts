/**
 * How a cost grows with the size of the state: least squares of y = a + b · g(n), with a and b not below 0, for each class of growth g.
 *
 * Sizes span decades, so residuals are taken relative to what was measured (weights 1 / y²): otherwise the largest size alone would
 * decide. Which class fits best is told by leave-one-out cross-validation (M. Stone, "Cross-validatory choice and assessment of
 * statistical predictions", J. Royal Stat. Soc. B 36, 1974): each size is foretold from the others, so that a class does not win by
 * having more freedom.
 */

/** From slow to fast. */
export const GROWTHS = ['O(1)', 'O(log n)', 'O(n)', 'O(n log n)'] as const;
export type Growth = (typeof GROWTHS)[number];

const OF: Readonly<Record<Growth, (n: number) => number>> = {
  'O(1)': () => 0,
  'O(log n)': (n) => Math.log(n),
  'O(n)': (n) => n,
  'O(n log n)': (n) => n * Math.log(n),
};

/** A size, and what was measured at it; both above 0. */
export interface Point {
  readonly n: number;
  readonly y: number;
}

export interface Fit {
  readonly growth: Growth;
  /** y = constant + slope · g(n), in the unit of y; logarithms are natural. */
  readonly constant: number;
  readonly slope: number;
  /** Root mean square of the residuals, each as a fraction of what was measured. */
  readonly residual: number;
  /** The same of each size foretold from the others. */
  readonly foretold: number;
}

/** Fewest sizes from which a class of growth is told. */
export const FEWEST_SIZES = 5;
/** A fit whose residual is larger is poor: the points say more than it. */
export const POOR = 0.1;
/** A slower growth is preferred to a faster one that foretells hardly better. */
const HARDLY = 1.1;
/** Below this, what a fit misses is rounding. */
const EXACT = 1e-9;

/** The fit of one class; at least two points. */
export function fitOf(points: readonly Point[], growth: Growth): Fit {
  const { constant, slope } = solve(points, growth);
  const relative = ({ n, y }: Point, by: Line) => (by.constant + by.slope * OF[growth](n)) / y - 1;
  const rms = (residuals: readonly number[]) => Math.sqrt(residuals.reduce((sum, one) => sum + one * one, 0) / residuals.length);
  return {
    growth,
    constant,
    slope,
    residual: rms(points.map((point) => relative(point, { constant, slope }))),
    foretold: rms(points.map((point, i) => relative(point, solve(points.toSpliced(i, 1), growth)))),
  };
}

/** What a fit says of the cost at size `n`. */
export function fitted({ growth, constant, slope }: Fit, n: number): number {
  return constant + slope * OF[growth](n);
}

/** The class that foretells best, the slowest growth of those that do about as well; null below {@link FEWEST_SIZES} sizes. */
export function bestFit(points: readonly Point[]): Fit | null {
  if (new Set(points.map(({ n }) => n)).size < FEWEST_SIZES) return null;
  const fits = GROWTHS.map((growth) => fitOf(points, growth));
  const least = Math.min(...fits.map(({ foretold }) => foretold));
  return fits.find(({ foretold }) => foretold <= HARDLY * least + EXACT) ?? fits[0]!;
}

interface Line {
  readonly constant: number;
  readonly slope: number;
}

/** Two unknowns not below 0: the free solution, or the better of those on the edges (Lawson and Hanson, Solving Least Squares Problems, 1974, ch. 23). */
function solve(points: readonly Point[], growth: Growth): Line {
  let [s11, s12, s22, t1, t2] = [0, 0, 0, 0, 0];
  for (const { n, y } of points) {
    const [one, g] = [1 / y, OF[growth](n) / y];
    s11 += one * one;
    s12 += one * g;
    s22 += g * g;
    t1 += one;
    t2 += g;
  }
  const flat = { constant: t1 / s11, slope: 0 };
  if (s22 === 0) return flat;
  const determinant = s11 * s22 - s12 * s12;
  if (determinant > 1e-12 * s11 * s22) {
    const free = { constant: (t1 * s22 - t2 * s12) / determinant, slope: (s11 * t2 - s12 * t1) / determinant };
    if (free.constant >= 0 && free.slope >= 0) return free;
  }
  // What an edge explains of the sum of squares is t² / s.
  return (t1 * t1) / s11 >= (t2 * t2) / s22 ? flat : { constant: 0, slope: t2 / s22 };
}
