import { type ByBlock, holmWithBest, type PairedRatio, pairedRatio } from './ratio.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** A cell that may compete, with its throughput. */
export interface Competitor {
  readonly id: string;
  readonly mean: number;
  readonly byBlock: ByBlock;
}

/** How one of the cells that were left stands against the best of a tier. */
export interface Comparison {
  readonly id: string;
  readonly ratio: PairedRatio | null;
  readonly verdict: Verdict;
}

/** Cells that these data cannot tell from the best among them. */
export interface Tier {
  /** Ids, best mean first; the order within a tier is no finding. */
  readonly members: readonly string[];
  /** Every cell that was left when this tier was formed, against the tier's best, which these data chose: Holm-adjusted over all pairs of them. */
  readonly against: readonly Comparison[];
}

/**
 * Divides competitors into tiers (what the multiple comparison with the best is for, J. C. Hsu, Multiple Comparisons, 1996, ch. 4, here
 * stepped down over all pairs): the best of those left, with all that are not shown to be slower than it, then the
 * same with the rest. `level` is shared by all pairs of those left. Null where the data can decide nothing at all (too few blocks, or a profile that only tries).
 */
export function tiersOf(competitors: readonly Competitor[], smallestEffect: number | null, level = 0.05): readonly Tier[] | null {
  let left = competitors.toSorted((a, b) => b.mean - a.mean);
  const tiers: Tier[] = [];
  while (left.length > 0) {
    const [best, ...others] = left as [Competitor, ...Competitor[]];
    const ratios = holmWithBest(best, others, (over, under) => pairedRatio(over.byBlock, under.byBlock), level);
    const against = others.map((other, i) => ({ id: other.id, ratio: ratios[i]!, verdict: verdictOf(ratios[i]!, smallestEffect) }));
    if (tiers.length === 0 && others.length > 0 && against.every(({ verdict }) => verdict.word === 'insufficient')) return null;
    const slower = new Set(against.filter(({ verdict }) => verdict.word === 'slower').map(({ id }) => id));
    tiers.push({ members: [best.id, ...others.filter(({ id }) => !slower.has(id)).map(({ id }) => id)], against });
    left = others.filter(({ id }) => slower.has(id));
  }
  return tiers;
}
