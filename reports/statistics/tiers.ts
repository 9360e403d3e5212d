import { type ByBlock, holmAllPairs, type PairedRatio, pairedRatio } from './ratio.ts';
import { shownBy, type Verdict, verdictOf } from './verdict.ts';

/** A cell that may compete, with its throughput. */
export interface Competitor {
  readonly id: string;
  readonly mean: number;
  readonly byBlock: ByBlock;
}

/** Comparison of a cell with the best of a tier. */
export interface Comparison {
  readonly id: string;
  readonly ratio: PairedRatio | null;
  readonly verdict: Verdict;
}

/** Cells of which no two are shown to differ. */
export interface Tier {
  /** Ids, best mean first; the order within a tier is no finding. */
  readonly members: readonly string[];
  /** Every cell with a lower mean, against the tier's best: Holm-adjusted over all pairs. */
  readonly against: readonly Comparison[];
}

/** Items in tiers, with the ratios that divide them. */
export interface Split<T> {
  readonly tiers: readonly (readonly T[])[];
  /** `[i][j]`, for i < j: ratio of the j-th item to the i-th, Holm-adjusted over all pairs. */
  readonly ratios: readonly (readonly (PairedRatio | null)[])[];
}

/**
 * Divides items into tiers. Items come best mean first, and a new tier starts at the first item that is shown to differ from any member
 * of the current one. So no item with a lower mean stands above one with a higher mean, and two that are shown to differ never share a
 * tier. All pairs share the level (S. Holm, 1979), so the probability that any two equal items are divided is at most `level`.
 * @param sorted best mean first
 * @param ratioOf ratio of two items, above 1 if the first is better
 */
export function splitIntoTiers<T>(
  sorted: readonly T[],
  ratioOf: (over: T, under: T) => PairedRatio | null,
  smallestEffect: number | null,
  level: number,
): Split<T> {
  const ratios = holmAllPairs(sorted, ratioOf, level);
  const tiers: T[][] = [];
  let first = 0;
  for (const [place, item] of sorted.entries()) {
    const differs = ratios.slice(first, place).some((row) => shownBy(row[place]!, smallestEffect) !== null);
    if (place === 0 || differs) {
      first = place;
      tiers.push([item]);
    } else tiers.at(-1)!.push(item);
  }
  return { tiers, ratios };
}

/**
 * Divides competitors into tiers by throughput, as {@link splitIntoTiers} does. Null where the data can decide nothing at all: too few
 * blocks, or a run that decides nothing.
 */
export function tiersOf(competitors: readonly Competitor[], smallestEffect: number | null, level = 0.05): readonly Tier[] | null {
  const sorted = competitors.toSorted((a, b) => b.mean - a.mean);
  const { tiers, ratios } = splitIntoTiers(sorted, (over, under) => pairedRatio(over.byBlock, under.byBlock), smallestEffect, level);
  let first = 0;
  const made = tiers.map((members) => {
    const row = ratios[first]!;
    const against = sorted.slice(first + 1).map(({ id }, i) => {
      const ratio = row[first + 1 + i]!;
      return { id, ratio, verdict: verdictOf(ratio, smallestEffect) };
    });
    first += members.length;
    return { members: members.map(({ id }) => id), against };
  });
  const [best] = made;
  if (best !== undefined && best.against.length > 0 && best.against.every(({ verdict }) => verdict.word === 'insufficient')) return null;
  return made;
}
