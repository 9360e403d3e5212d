import type { Plan } from '../harness/results.ts';
import { plainText } from './plain-text.ts';
import { rounded } from './quantity.ts';
import { contestOf, troubleOf } from './recommend/contest-of.ts';
import type { Evidence } from './recommend/evidence.ts';
import { type Needs, NO_NEEDS } from './recommend/needs.ts';
import type { Phrase } from './recommend/phrase.ts';
import { recoveryAt } from './recommend/recovery-at.ts';
import { flipPhrase, headlineOf, type Line, survivalOf, whyOf } from './recommend/words.ts';
import { type Recommendation, Recommender } from './recommend.ts';
import { USUAL_CIRCUMSTANCES } from './recovery-model.ts';
import type { PairedRatio } from './statistics/ratio.ts';
import type { CellSummary, GroupSummary, RunSummary } from './statistics/summary.ts';
import { isFlink, survives, tiersFor } from './statistics/summary.ts';

/** What the data say about one group under some needs: the answer first, then why, then what would change it. */
export interface Decision {
  readonly recommendation: Recommendation;
  readonly evidence: Evidence;
  /** "lmdb", "lmdb or level", "No answer yet". */
  readonly headline: string;
  readonly why: Phrase;
  /** Circumstances under which another backend would be the answer; empty if these data know none. */
  readonly flip: readonly Phrase[];
}

/** The answer for `group`, one of those of `run`. */
export function decide(
  group: GroupSummary,
  plan: Plan,
  run: Pick<RunSummary, 'groups'>,
  needs: Needs = NO_NEEDS,
  circumstances = USUAL_CIRCUMSTANCES,
): Decision {
  const recommender = new Recommender(recoveryAt(contestOf(group, plan, run), circumstances));
  const { evidence } = recommender;
  const recommendation = recommender.recommend(needs);
  return {
    recommendation,
    evidence,
    headline: headlineOf(recommendation),
    why: whyOf(recommendation, evidence),
    flip: recommendation.flips.map((flip) => flipPhrase(flip, recommendation, evidence)),
  };
}

/** What is to be said of a cell's output in a word. */
export function outputMark({ standing }: Pick<CellSummary, 'standing'>): string {
  const marks = { correct: '✓ exact', wrong: '✕ wrong', failed: '✕ failed', unchecked: '✕ none', missing: '✕ none', 'harness-cost': '' };
  return marks[standing];
}

/** Why there are no tiers. */
const UNDECIDED = {
  profile: 'too few blocks for a verdict',
  'twin-differs': 'throughput of a store measured twice (A/A) differed',
  'no-twin': 'too few blocks for a verdict, or no A/A',
} as const;

/** Where a cell stands against the best of its group. */
export function standingLine(cell: CellSummary, group: GroupSummary, plan: Plan): Line {
  const { blocks } = plan.profile;
  const marks = { failed: '✕ failed', wrong: '✕ wrong output', missing: '✕ not run', unchecked: '✕ unchecked' } as const;
  if (cell.standing !== 'correct' && cell.standing !== 'harness-cost')
    return { tone: 'bad', mark: marks[cell.standing], detail: troubleOf(cell) };
  const partial = cell.trials.length < blocks ? ` · ${cell.trials.length} of ${blocks} blocks` : '';
  if (!survives(cell.cell.backend.durability, group.need))
    return {
      tone: 'plain',
      mark: '– not compared',
      detail: `its working state survives ${survivalOf(cell.cell.backend.durability)}${partial}`,
    };
  if (cell.isTwin)
    return { tone: 'plain', mark: '– A/A', detail: `${nameOf(cell).split('@')[0]} once more, to show the noise; does not compete` };
  if (cell.tier === null)
    return { tone: 'plain', mark: '– undecided', detail: `${UNDECIDED[group.decides('eventsPerSecond').why ?? 'profile']}${partial}` };
  const tiers = tiersFor(cell, group);
  const among = isFlink(cell) ? ' of Flink' : '';
  if (cell.tier === 1) {
    const shared = (tiers?.[0]?.members.length ?? 1) > 1;
    return {
      tone: 'good',
      mark: `✓ best tier${among}`,
      detail: `${shared ? 'shared: the data cannot tell its members apart' : 'alone'}${partial}`,
    };
  }
  const ratio = tiers?.[0]?.against.find(({ id }) => id === cell.cell.id)?.ratio ?? null;
  const best = group.candidates.find((other) => other.cell.id === tiers?.[0]?.members[0]);
  if (ratio === null || best === undefined) return { tone: 'plain', mark: `tier ${cell.tier}${among}`, detail: partial };
  return {
    tone: 'plain',
    mark: `tier ${cell.tier}${among}`,
    detail: `${timesOf(ratio, true)} × slower than ${nameOf(best)} (${rangeOf(ratio, true)})${partial}`,
  };
}

/** "2.2" of a ratio, or of its inverse, as its interval supports. */
export function timesOf(ratio: PairedRatio, inverse: boolean): string {
  const { low, high } = ends(ratio, inverse);
  return rounded(inverse ? 1 / ratio.ratio : ratio.ratio, high - low);
}

/** "2.0 to 2.4" of a ratio, or of its inverse. */
export function rangeOf(ratio: PairedRatio, inverse: boolean): string {
  const { low, high } = ends(ratio, inverse);
  return ratio.interval === null ? 'no interval' : `${rounded(low, high - low)} to ${rounded(high, high - low)}`;
}

function ends({ interval, ratio }: PairedRatio, inverse: boolean) {
  const { low, high } = interval ?? { low: ratio * 0.95, high: ratio * 1.05 };
  return inverse ? { low: 1 / high, high: 1 / low } : { low, high };
}

/** A backend's name as text of one line. */
export function nameOf({ cell }: Pick<CellSummary, 'cell'>): string {
  return plainText(cell.backend.name);
}
