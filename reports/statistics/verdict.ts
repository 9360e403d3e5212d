import { detectableEffect } from './detectable-effect.ts';
import type { Ratio } from './ratio.ts';
import { FEWEST } from './sample.ts';
import { criticalT } from './student-t.ts';

/** Differences below this fraction are not worth a decision. */
export const MARGIN = 0.05;

export type VerdictWord = 'faster' | 'slower' | 'equivalent' | 'unresolved' | 'insufficient';

/** What the data say about one ratio. */
export interface Verdict {
  readonly word: VerdictWord;
  /** For `unresolved`: blocks that would be enough if the noise stays as it is; null where no number of blocks would do in this profile. */
  readonly blocksNeeded: number | null;
  /** The smallest difference, as a fraction, that data of this noise show in 9 of 10 repetitions; null for `insufficient`. */
  readonly detectable: number | null;
}

const MOST_BLOCKS = 1000;

/**
 * Judges a ratio of rates (above 1 is faster).
 *
 * - `insufficient`: under 3 blocks, or the profile may decide nothing (`smallestEffect` null).
 * - `equivalent`: the interval lies within ± 5 %, and the profile may decide effects that small (interval inclusion, as in D. J.
 *   Schuirmann's two one-sided tests, J. Pharmacokinetics and Biopharmaceutics 15, 1987; at the wider level of the other verdicts).
 * - `faster`, `slower`: the interval excludes 1 and the effect is at least the margin and the profile's smallest.
 * - `unresolved`: anything else.
 *
 * Effects are taken on logarithms, so that exchanging the two sides mirrors the verdict.
 */
export function verdictOf(ratio: Ratio | null, smallestEffect: number | null): Verdict {
  if (ratio === null || ratio.interval === null || ratio.n < FEWEST || smallestEffect === null)
    return { word: 'insufficient', blocksNeeded: null, detectable: null };
  const { n, sdLog, df, alpha } = ratio;
  const detectable = df === null ? null : detectableEffect({ standardError: sdLog / Math.sqrt(n), df, alpha });
  const margin = Math.log1p(MARGIN);
  const decidable = Math.log1p(Math.max(MARGIN, smallestEffect));
  const low = Math.log(ratio.interval.low);
  const high = Math.log(ratio.interval.high);
  const effect = Math.abs(Math.log(ratio.ratio));
  if (smallestEffect <= MARGIN && low >= -margin && high <= margin) return { word: 'equivalent', blocksNeeded: null, detectable };
  if ((low > 0 || high < 0) && effect >= decidable) return { word: low > 0 ? 'faster' : 'slower', blocksNeeded: null, detectable };
  const half = effect >= decidable ? effect : smallestEffect <= MARGIN ? margin - effect : 0;
  return { word: 'unresolved', blocksNeeded: blocksFor(ratio, half), detectable };
}

/**
 * Direction in which a ratio is shown to lie: the rule of {@link verdictOf} for `faster` and `slower`, without the number of blocks that
 * would resolve the rest, which takes much longer to compute.
 */
export function shownBy(ratio: Ratio | null, smallestEffect: number | null): 'faster' | 'slower' | null {
  if (ratio === null || ratio.interval === null || smallestEffect === null) return null;
  if (Math.abs(Math.log(ratio.ratio)) < Math.log1p(Math.max(MARGIN, smallestEffect))) return null;
  return ratio.interval.low > 1 ? 'faster' : ratio.interval.high < 1 ? 'slower' : null;
}

/** Blocks after which the half-width of the interval should be at most `half`, with the noise seen so far. */
function blocksFor(ratio: Ratio, half: number): number | null {
  if (half <= 0) return null;
  for (let n = ratio.n + 1; n <= MOST_BLOCKS; n++) {
    if ((criticalT(ratio.alpha, n - 1) * ratio.sdLog) / Math.sqrt(n) <= half) return n;
  }
  return null;
}
