/**
 * Which backend to take: the fastest of those that meet every need, with its margin, what every other one misses, what would
 * change the answer and how steady it is. Pure: the command line and the page's script run this same code.
 */
import type { Check } from './recommend/checks.ts';
import { type Choice, choose, paretoFront } from './recommend/choice.ts';
import type { Contender, Contest } from './recommend/contest.ts';
import { Evidence } from './recommend/evidence.ts';
import { type Flip, flipsOf } from './recommend/flips.ts';
import type { Needs } from './recommend/needs.ts';
import { Resampled, type Stability, underWeights } from './recommend/stability.ts';
import { FEWEST } from './statistics/sample.ts';

/**
 * `pick`: one answer. `tie`: several that nothing tells apart. `none`: every one misses a need. `undecided`: these data cannot
 * say. `nothing`: no backend finished every trial with the right output.
 */
export type Kind = 'pick' | 'tie' | 'none' | 'undecided' | 'nothing';

/** The answer and what it rests on. */
export interface Recommendation {
  readonly kind: Kind;
  readonly contest: Contest;
  readonly needs: Needs;
  readonly choice: Choice;
  /** Of the passing, those that no other one is better than all round. */
  readonly front: readonly Contender[];
  /** What would change the answer, the smallest change first. */
  readonly flips: readonly Flip[];
  /** Where none passes: the one that misses by least, with its misses. */
  readonly nearest: { readonly contender: Contender; readonly misses: readonly Check[] } | null;
  /** For `undecided`: blocks in all that should decide it; null where more blocks alone will not. */
  readonly blocksNeeded: number | null;
  /** Under draws of the blocks; null below 3 blocks, and where no draw could give another answer. */
  readonly stability: Stability | null;
  /** Under other weights; null where only one can be the answer. */
  readonly weightStability: Stability | null;
  /** Where little of the time goes into the store of the answer: what part, and how many times faster a store without cost would be. */
  readonly littleToGain: { readonly contender: Contender; readonly share: number; readonly timesMost: number } | null;
}

/** Below this part of the time in the store, another backend will not help. */
const LITTLE = 0.2;

/** Decides a contest for any needs: what does not depend on them is computed once. */
export class Recommender {
  readonly evidence: Evidence;
  readonly #resampled: Resampled;

  constructor(contest: Contest) {
    this.evidence = new Evidence(contest);
    this.#resampled = new Resampled(this.evidence);
  }

  recommend(needs: Needs): Recommendation {
    const { evidence } = this;
    const { contest } = evidence;
    const choice = choose(evidence, needs);
    const kind = kindOf(choice);
    const isAnswer = kind === 'pick' || kind === 'tie';
    return {
      kind,
      contest,
      needs,
      choice,
      front: paretoFront(evidence, choice.passing),
      flips: kind === 'nothing' || choice.isInsufficient ? [] : flipsOf(evidence, needs, choice),
      nearest: kind === 'none' ? nearestOf(choice) : null,
      blocksNeeded: kind === 'undecided' ? blocksFor(choice, contest) : null,
      stability: isAnswer ? this.#resampled.telling(needs) : null,
      weightStability: isAnswer ? underWeights(evidence, choice.fastest) : null,
      littleToGain: littleToGain(choice.picks[0]),
    };
  }
}

/** Decides once. */
export function recommend(contest: Contest, needs: Needs): Recommendation {
  return new Recommender(contest).recommend(needs);
}

function kindOf({ picks, checked, passing, isInsufficient }: Choice): Kind {
  if (picks.length === 1) return 'pick';
  if (picks.length > 1) return 'tie';
  if (checked.every(({ outcome }) => outcome === 'out')) return 'nothing';
  if (isInsufficient || passing.length > 0 || checked.some(({ outcome }) => outcome === 'undecided')) return 'undecided';
  return 'none';
}

function nearestOf({ checked }: Choice): Recommendation['nearest'] {
  const far = (check: Check) => (check.excess === null ? 100 : Math.log(check.excess));
  return (
    checked
      .filter(({ outcome }) => outcome === 'misses')
      .map(({ contender, checks }) => ({ contender, misses: checks.filter(({ state }) => state === 'missed') }))
      .toSorted((a, b) => Math.max(...a.misses.map(far)) - Math.max(...b.misses.map(far)))[0] ?? null
  );
}

/** The fewest blocks with which one that is undecided now would be decided. */
function blocksFor({ checked, isInsufficient }: Choice, { blocks, smallestEffect }: Contest): number | null {
  if (smallestEffect === null) return null;
  if (isInsufficient) return blocks < FEWEST ? FEWEST : null;
  const each = checked
    .filter(({ outcome }) => outcome === 'undecided')
    .map(({ checks }) =>
      checks.filter(({ state }) => state === 'undecided').map(({ blocksNeeded }) => blocksNeeded ?? Number.POSITIVE_INFINITY),
    );
  const fewest = Math.min(...each.map((needed) => Math.max(...needed)));
  return Number.isFinite(fewest) ? fewest : null;
}

function littleToGain(pick: Contender | undefined): Recommendation['littleToGain'] {
  if (pick?.storeShare == null || pick.storeShare >= LITTLE) return null;
  return { contender: pick, share: pick.storeShare, timesMost: 1 / (1 - pick.storeShare) };
}
