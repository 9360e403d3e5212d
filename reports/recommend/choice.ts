import { type ByBlock, type PairedRatio, pairedRatio } from '../statistics/ratio.ts';
import { splitIntoTiers } from '../statistics/tiers.ts';
import { shownBy } from '../statistics/verdict.ts';
import { type Checked, checkAll } from './checks.ts';
import { type Contender, type CriterionName, criterionOf, OBJECTIVES, smallestEffectOf } from './contest.ts';
import { byBlock, type Evidence } from './evidence.ts';
import type { Needs } from './needs.ts';

/** How much each criterion counts among contenders that throughput cannot tell apart; those not named count for nothing. */
export type Weights = { readonly [name in CriterionName]?: number };

/** All that is weighed beside throughput, alike. */
export const EVEN_WEIGHTS: Weights = Object.fromEntries(OBJECTIVES.slice(1).map((name) => [name, 1]));

/** What the needs leave, and which of it to take. */
export interface Choice {
  readonly checked: readonly Checked[];
  /** Contenders that meet every need, by mean throughput. */
  readonly passing: readonly Contender[];
  /**
   * The answer: one, or several that nothing here tells apart, the best in the rest first. Empty where none passes, and
   * where the data may decide nothing.
   */
  readonly picks: readonly Contender[];
  /** First tier of the passing by throughput, best mean first; the picks are among these. */
  readonly fastest: readonly Contender[];
  /**
   * The passing below the first tier, best mean first, with the number of times each is slower than `than`: the first of the fastest that
   * it is shown to be slower than, or where there is none (its mean is below that of one that is), the first of all.
   */
  readonly slower: readonly { readonly contender: Contender; readonly than: Contender; readonly ratio: PairedRatio }[];
  /** What the fastest were weighed by; those that all of them have. Empty where throughput alone told. */
  readonly weighed: readonly CriterionName[];
  /** The passing among whom nothing could be compared, for want of blocks. */
  readonly isInsufficient: boolean;
}

/**
 * The fastest of those that meet every need. Where throughput cannot tell several apart, the rest is weighed: the weighted
 * geometric mean of how many times better one is in each criterion, block by block, with the same test.
 */
export function choose(evidence: Evidence, needs: Needs, weights: Weights = EVEN_WEIGHTS): Choice {
  const checked = checkAll(evidence, needs);
  const mean = (contender: Contender) => evidence.estimate(contender, 'throughput')?.value ?? 0;
  const passing = checked
    .filter(({ outcome, contender }) => outcome === 'passes' && mean(contender) > 0)
    .map(({ contender }) => contender)
    .toSorted((a, b) => mean(b) - mean(a));
  const none = { checked, passing, picks: [], fastest: [], slower: [], weighed: [] };
  if (passing.length === 0) return { ...none, isInsufficient: false };
  const { smallestEffect } = evidence.contest;
  const isThin = passing.every((one) => (evidence.estimate(one, 'throughput')?.interval ?? null) === null);
  const ratioOf = (over: Contender, under: Contender) => evidence.advantage(over, under, 'throughput');
  const { tiers, ratios } = splitIntoTiers(passing, ratioOf, smallestEffect, evidence.contest.level);
  const isUnpaired = passing.length > 1 && ratios[0]!.every((ratio) => (ratio?.interval ?? null) === null);
  if (smallestEffect === null || isThin || isUnpaired) return { ...none, isInsufficient: true };
  const fastest = tiers[0]!;
  const slower = passing.slice(fastest.length).flatMap((contender, i) => {
    const place = fastest.length + i;
    const shown = fastest.findIndex((_, above) => shownBy(ratios[above]![place]!, smallestEffect) === 'slower');
    const than = Math.max(0, shown);
    const ratio = ratios[than]![place]!;
    return ratio === null ? [] : [{ contender, than: passing[than]!, ratio: inverse(ratio) }];
  });
  const { picks, weighed } = fastest.length === 1 ? { picks: fastest, weighed: [] } : bestInRest(evidence, fastest, weights);
  return { checked, passing, picks, fastest, slower, weighed, isInsufficient: false };
}

/** Of contenders that throughput does not tell apart, those that the rest does not tell from the best in it. */
function bestInRest(evidence: Evidence, fastest: readonly Contender[], weights: Weights): Pick<Choice, 'picks' | 'weighed'> {
  const weighed = weighable(evidence, fastest, weights);
  if (weighed.length === 0) return { picks: fastest, weighed };
  const merits = fastest
    .map((contender) => ({ contender, merit: meritByBlock(contender, weighed, weights) }))
    .toSorted((a, b) => meanLog(b.merit) - meanLog(a.merit));
  const ratioOf = (over: (typeof merits)[number], under: (typeof merits)[number]) => pairedRatio(over.merit, under.merit);
  const { tiers } = splitIntoTiers(merits, ratioOf, smallestEffectTogether(evidence, weighed), evidence.contest.level);
  return { picks: tiers[0]!.map(({ contender }) => contender), weighed };
}

/** Smallest effect that may be decided on several criteria weighed together: the largest of theirs. */
export function smallestEffectTogether({ contest }: Evidence, weighed: readonly CriterionName[]): number {
  return Math.max(...weighed.map((name) => smallestEffectOf(contest, name) ?? 0));
}

/** The criteria with a weight that may decide and that every one of `contenders` has above zero in every block it has. */
export function weighable(evidence: Evidence, contenders: readonly Contender[], weights: Weights): readonly CriterionName[] {
  return OBJECTIVES.filter(
    (name) =>
      (weights[name] ?? 0) > 0 &&
      smallestEffectOf(evidence.contest, name) !== null &&
      contenders.every((one) => (evidence.estimate(one, name)?.sdLog ?? null) !== null),
  );
}

/** By block, the weighted geometric mean of the criteria, each the right way up: more is better. */
export function meritByBlock(contender: Contender, weighed: readonly CriterionName[], weights: Weights): ByBlock {
  const total = weighed.reduce((sum, name) => sum + weights[name]!, 0);
  const columns = weighed.map((name) => ({
    values: byBlock(contender, name),
    weight: ((criterionOf(name).better === 'more' ? 1 : -1) * weights[name]!) / total,
  }));
  const blocks = [...columns[0]!.values.keys()].filter((block) => columns.every(({ values }) => values.has(block)));
  return new Map(
    blocks.map((block) => [block, Math.exp(columns.reduce((sum, { values, weight }) => sum + weight * Math.log(values.get(block)!), 0))]),
  );
}

function meanLog(values: ByBlock): number {
  return [...values.values()].reduce((sum, value) => sum + Math.log(value), 0) / Math.max(1, values.size);
}

/** The ratio the other way round. */
export function inverse(ratio: PairedRatio): PairedRatio {
  return {
    ...ratio,
    ratio: 1 / ratio.ratio,
    interval: ratio.interval === null ? null : { low: 1 / ratio.interval.high, high: 1 / ratio.interval.low },
    logs: ratio.logs.map((log) => -log),
  };
}

/**
 * Contenders that no other of `contenders` is better than all round: one is beaten if another is shown to be better in some
 * objective and is not shown to be worse in any.
 */
export function paretoFront(evidence: Evidence, contenders: readonly Contender[]): readonly Contender[] {
  const measured = OBJECTIVES.filter((name) => contenders.every((one) => evidence.estimate(one, name) !== null));
  const beats = (one: Contender, other: Contender) =>
    measured.some((name) => evidence.isBetter(one, other, name)) && !measured.some((name) => evidence.isBetter(other, one, name));
  return contenders.filter((one) => !contenders.some((other) => other !== one && beats(other, one)));
}
