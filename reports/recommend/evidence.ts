import { type ByBlock, type PairedRatio, pairedRatio } from '../statistics/ratio.ts';
import { FEWEST, type Interval, sampleOf } from '../statistics/sample.ts';
import { criticalT } from '../statistics/student-t.ts';
import { shownBy } from '../statistics/verdict.ts';
import { type Contender, type Contest, type CriterionName, criterionOf, smallestEffectOf } from './contest.ts';

/** What is known of one figure of one contender. */
export interface Estimate {
  readonly n: number;
  /** Geometric mean over blocks; the plain mean where a value is zero. */
  readonly value: number;
  /** Its 95 % t interval, on logarithms where no value is zero; null below 3 blocks. */
  readonly interval: Interval | null;
  /** Standard deviation of the logarithms; null where a value is zero. */
  readonly sdLog: number | null;
}

/** A contest with what is computed of it, once, however often it is decided. */
export class Evidence {
  readonly contest: Contest;
  readonly #estimates = new Map<string, Estimate | null>();
  readonly #ratios = new Map<string, PairedRatio | null>();

  constructor(contest: Contest) {
    this.contest = contest;
  }

  /** Null where `contender` has no value. */
  estimate(contender: Contender, criterion: CriterionName): Estimate | null {
    const key = `${contender.id}\n${criterion}`;
    const known = this.#estimates.get(key);
    if (known !== undefined) return known;
    const made = estimateOf((contender.values[criterion] ?? []).filter((value) => value !== null));
    this.#estimates.set(key, made);
    return made;
  }

  /** How many times better `one` is than `other` over common blocks: above 1 is better, whichever way the criterion runs. */
  advantage(one: Contender, other: Contender, criterion: CriterionName): PairedRatio | null {
    const key = `${one.id}\n${other.id}\n${criterion}`;
    const known = this.#ratios.get(key);
    if (known !== undefined) return known;
    const [over, under] = criterionOf(criterion).better === 'more' ? [one, other] : [other, one];
    const made = pairedRatio(byBlock(over, criterion), byBlock(under, criterion));
    this.#ratios.set(key, made);
    return made;
  }

  /** Whether these data show `one` to be better than `other` by more than the margin. */
  isBetter(one: Contender, other: Contender, criterion: CriterionName): boolean {
    return shownBy(this.advantage(one, other, criterion), smallestEffectOf(this.contest, criterion)) === 'faster';
  }
}

/** The values of a contender by block, those that are there. */
export function byBlock({ values }: Contender, criterion: CriterionName): ByBlock {
  return new Map((values[criterion] ?? []).flatMap((value, i) => (value === null ? [] : [[i + 1, value] as const])));
}

/** What `values`, one a block, say together; null if there are none. */
export function estimateOf(values: readonly number[]): Estimate | null {
  const sample = sampleOf(values);
  return sample === null ? null : { n: sample.n, value: sample.mean, interval: sample.interval, sdLog: sample.sdLog };
}

const MOST_BLOCKS = 1000;

/** Blocks in all after which the interval of `estimate` should no longer contain `limit`, with the noise seen so far; null where no number will do. */
export function blocksToTell({ n, value, sdLog }: Estimate, limit: number): number | null {
  const distance = value > 0 ? Math.abs(Math.log(value / limit)) : Number.POSITIVE_INFINITY;
  if (n < 2) return n < FEWEST && distance > 0 ? FEWEST : null;
  if (sdLog === null || distance === 0) return null;
  const isEnough = (blocks: number) => (criticalT(0.05, blocks - 1) * sdLog) / Math.sqrt(blocks) < distance;
  if (!isEnough(MOST_BLOCKS)) return null;
  // The interval narrows with every block, so that halving finds the first that is enough.
  let [low, high] = [Math.max(FEWEST, n + 1), MOST_BLOCKS];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isEnough(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
