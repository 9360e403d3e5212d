import type { RecoveryAnswer } from '../recovery-model.ts';
import { MARGIN } from '../statistics/verdict.ts';
import { type Contender, criterionOf, DURABILITIES, smallestEffectOf } from './contest.ts';
import { blocksToTell, type Estimate, type Evidence } from './evidence.ts';
import type { Limit, Needs } from './needs.ts';

/** Why there is no time to caught up. `cannot-catch-up` is a miss; the others leave the need undecided. */
export type RecoveryDoubt = Exclude<RecoveryAnswer['kind'], 'predicted'>;

/** Whether a doubt is one that {@link RecoveryAnswer} gives. */
export function isRecoveryDoubt(doubt: Check['doubt']): doubt is RecoveryDoubt {
  return doubt !== null && doubt !== 'too-few-blocks' && doubt !== 'interval' && doubt !== 'profile';
}

/** How a contender stands against one need. */
export interface Check {
  readonly need: Limit | 'durability' | 'servers';
  readonly state: 'met' | 'missed' | 'undecided';
  /** Null for needs that are not measured over blocks, and where the figure was not measured. */
  readonly estimate: Estimate | null;
  /** How far beyond the limit, as a factor above 1; at or below 1 it is within. Null where there is no figure. */
  readonly excess: number | null;
  /** Why it is undecided, or missed without a figure; null otherwise. */
  readonly doubt: 'not-measured' | 'too-few-blocks' | 'interval' | 'profile' | 'twin-differs' | 'no-twin' | RecoveryDoubt | null;
  /** Blocks in all that would decide it, where it is undecided and more blocks would. */
  readonly blocksNeeded: number | null;
}

/** A contender with its checks, and what they come to. `out`: it cannot be recommended whatever the needs. */
export interface Checked {
  readonly contender: Contender;
  readonly outcome: 'passes' | 'misses' | 'undecided' | 'out';
  readonly checks: readonly Check[];
}

/** Every contender against every need: a need is met or missed only where the whole interval is on one side of the limit. */
export function checkAll(evidence: Evidence, needs: Needs): readonly Checked[] {
  return evidence.contest.contenders.map((contender) => {
    if (contender.standing !== 'correct' || contender.isTwin) return { contender, outcome: 'out', checks: [] };
    const checks = [
      ...needs.limits.map((limit) => checkLimit(evidence, contender, limit)),
      ...(needs.durability === 'volatile' ? [] : [plain('durability', hasDurability(contender, needs))]),
      ...(needs.servers ? [] : [plain('servers', !contender.served)]),
    ];
    const is = (state: Check['state']) => checks.some((check) => check.state === state);
    return { contender, outcome: is('missed') ? 'misses' : is('undecided') ? 'undecided' : 'passes', checks };
  });
}

function hasDurability({ durability }: Contender, needs: Needs): boolean {
  return DURABILITIES.indexOf(durability) >= DURABILITIES.indexOf(needs.durability);
}

function plain(need: 'durability' | 'servers', met: boolean): Check {
  return { need, state: met ? 'met' : 'missed', estimate: null, excess: null, doubt: null, blocksNeeded: null };
}

function checkLimit(evidence: Evidence, contender: Contender, need: Limit): Check {
  const estimate = evidence.estimate(contender, need.criterion);
  if (estimate === null) {
    const answer = need.criterion === 'recovery' ? contender.recovery : undefined;
    const doubt = answer === undefined || answer.kind === 'predicted' ? 'not-measured' : answer.kind;
    const isMissed = doubt === 'cannot-catch-up' && evidence.contest.smallestEffect !== null;
    return { need, state: isMissed ? 'missed' : 'undecided', estimate, excess: null, doubt, blocksNeeded: null };
  }
  const more = criterionOf(need.criterion).better === 'more';
  const beyond = (value: number) => (more ? need.limit / value : value / need.limit);
  const excess = beyond(estimate.value);
  const { interval } = estimate;
  const { contest } = evidence;
  const smallestEffect = smallestEffectOf(contest, need.criterion);
  const undecided = (doubt: Check['doubt'], blocksNeeded: number | null): Check => ({
    need,
    state: 'undecided',
    estimate,
    excess,
    doubt,
    blocksNeeded,
  });
  if (smallestEffect === null) return undecided(contest.decides?.[need.criterion]?.why ?? 'profile', null);
  if (interval === null) return undecided('too-few-blocks', blocksToTell(estimate, need.limit));
  const [best, worst] = more ? [interval.high, interval.low] : [interval.low, interval.high];
  // A profile that may decide only large effects may not say that something lies just beyond or just within a limit.
  const isFar = smallestEffect <= MARGIN || excess >= 1 + smallestEffect || excess <= 1 / (1 + smallestEffect);
  if (beyond(worst) <= 1)
    return isFar ? { need, state: 'met', estimate, excess, doubt: null, blocksNeeded: null } : undecided('profile', null);
  if (beyond(best) > 1)
    return isFar ? { need, state: 'missed', estimate, excess, doubt: null, blocksNeeded: null } : undecided('profile', null);
  return undecided('interval', isFar ? blocksToTell(estimate, need.limit) : null);
}
