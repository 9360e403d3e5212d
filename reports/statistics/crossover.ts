import { type ByBlock, pairedRatio } from './ratio.ts';

/** A backend at one size of the state, by block. */
export interface SizedRates {
  readonly n: number;
  readonly one: ByBlock;
  readonly other: ByBlock;
}

/** Where two backends change places as the state grows. */
export interface Crossover {
  /** Whether the first of the two is faster below, and the other above. */
  readonly isFirstFasterBelow: boolean;
  /** Size at which the geometric means are equal. */
  readonly n: number;
  /** Between these sizes the data do not tell which is faster. */
  readonly low: number;
  readonly high: number;
}

/**
 * The crossover of two backends: null unless each is shown to be faster at some size, and they change places once.
 *
 * Between two sizes the logarithm of the ratio is taken to be a straight line over log n, in each block by itself. The interval is the
 * set of sizes at which the paired interval of the ratio holds 1 (E. C. Fieller, "Some problems in interval estimation", J. Royal Stat.
 * Soc. B 16, 1954: a root's interval by inverting the test at every candidate), found to a thousandth of a decade.
 */
export function crossoverOf(sizes: readonly SizedRates[], level = 0.05): Crossover | null {
  const sorted = sizes.toSorted((a, b) => a.n - b.n).filter(({ n }) => n > 0);
  const ratios = sorted.map(({ one, other }) => pairedRatio(one, other, level));
  if (sorted.length < 2 || ratios.some((ratio) => ratio === null || ratio.interval === null)) return null;
  const sides: readonly number[] = ratios.map((ratio) => (ratio!.interval!.low > 1 ? 1 : ratio!.interval!.high < 1 ? -1 : 0));
  const shown = sides.filter((side) => side !== 0);
  const turns = shown.slice(1).filter((side, i) => side !== shown[i]).length;
  if (turns !== 1) return null;
  const last = sides.indexOf(-shown[0]!);
  const first = sides.slice(0, last).lastIndexOf(shown[0]!);
  const [from, to] = [Math.log10(sorted[first]!.n), Math.log10(sorted[last]!.n)];
  const at = (logN: number) => ratioAt(sorted, logN, level);
  const steps = Math.max(2, Math.ceil((to - from) * STEPS_PER_DECADE));
  const grid = Array.from({ length: steps + 1 }, (_, i) => from + ((to - from) * i) / steps);
  const seen = grid.map((logN) => ({ logN, ratio: at(logN) }));
  const turn = seen.find(({ ratio }) => ratio !== null && Math.log(ratio.ratio) * shown[0]! <= 0);
  const open = seen.filter(({ ratio }) => ratio?.interval != null && ratio.interval.low <= 1 && ratio.interval.high >= 1);
  if (turn === undefined) return null;
  return {
    isFirstFasterBelow: shown[0] === 1,
    n: 10 ** turn.logN,
    low: 10 ** (open[0] ?? turn).logN,
    high: 10 ** (open.at(-1) ?? turn).logN,
  };
}

const STEPS_PER_DECADE = 1000;

/** The ratio that the blocks have at a size between two that were measured. */
function ratioAt(sorted: readonly SizedRates[], logN: number, level: number) {
  const above = Math.max(
    1,
    sorted.findIndex(({ n }) => Math.log10(n) >= logN),
  );
  const [a, b] = [sorted[above - 1]!, sorted[above]!];
  const share = (logN - Math.log10(a.n)) / (Math.log10(b.n) - Math.log10(a.n));
  const between = (from: ByBlock, to: ByBlock): ByBlock =>
    new Map(
      [...from]
        .filter(([block]) => to.has(block))
        .map(([block, rate]) => [block, Math.exp(Math.log(rate) * (1 - share) + Math.log(to.get(block)!) * share)]),
    );
  return pairedRatio(between(a.one, b.one), between(a.other, b.other), level);
}
