import { type ByBlock, pairedRatio } from '../statistics/ratio.ts';
import { criticalT } from '../statistics/student-t.ts';
import { MARGIN } from '../statistics/verdict.ts';
import { meritByBlock, smallestEffectTogether, type Weights, weighable } from './choice.ts';
import { type Contender, type CriterionName, criterionOf, smallestEffectOf } from './contest.ts';
import { byBlock, type Evidence } from './evidence.ts';
import type { Needs } from './needs.ts';

/** How far a figure's mean lies from that of all blocks in each draw: of logarithms, or plain where a value is zero. NaN: none of its blocks was drawn. */
export type ShiftOf = (contender: Contender, criterion: CriterionName) => Float64Array;

/** What contenders are compared by, by their places. */
interface Compared {
  /** The mean logarithm in each draw, and how far that lies from the mean of all blocks. */
  readonly middles: readonly Float64Array[];
  readonly shifts: readonly Float64Array[];
  /** Of the logarithm of the ratio of two over all blocks, at `one * places + other`. */
  readonly means: Float64Array;
  /** NaN below 3 common blocks: such a pair takes part in no test. */
  readonly standardErrors: Float64Array;
  readonly dfs: Uint8Array;
  /** Smallest difference of logarithms that may be decided. */
  readonly decidable: number;
}

/**
 * The rule of `choose` for contests that differ from the one measured only in where the middle of each figure lies: made for a
 * thousand of them, so that all that they have in common is computed once and a draw takes additions and comparisons. That it gives
 * what `choose` gives is tested against it.
 */
export class DrawnChoice {
  readonly #able: readonly Contender[];
  readonly #evidence: Evidence;
  readonly #weights: Weights;
  readonly #shiftOf: ShiftOf;
  readonly #meets: readonly (readonly ((draw: number) => boolean)[])[];
  readonly #rates: Compared;
  readonly #isThin: readonly boolean[];
  readonly #rests = new Map<string, Compared | null>();
  readonly #criticals: number[] = [];
  /** Of the pairs of one test; kept, since a thousand draws use it. */
  readonly #tested: { readonly t: Float64Array; readonly df: Uint8Array };

  /** @param able those that may be recommended, and have what needs ask for beside limits */
  constructor(evidence: Evidence, able: readonly Contender[], needs: Needs, weights: Weights, shiftOf: ShiftOf) {
    this.#evidence = evidence;
    this.#able = able;
    this.#weights = weights;
    this.#shiftOf = shiftOf;
    this.#tested = { t: new Float64Array(able.length ** 2), df: new Uint8Array(able.length ** 2) };
    this.#meets = able.map((contender) => needs.limits.map((limit) => this.#meetsOf(contender, limit)));
    this.#rates = this.#compared(
      able.map((contender) => byBlock(contender, 'throughput')),
      able.map((contender) => [{ shift: shiftOf(contender, 'throughput'), weight: 1 }]),
      evidence.contest.smallestEffect ?? MARGIN,
    );
    this.#isThin = able.map((contender) => (evidence.estimate(contender, 'throughput')?.interval ?? null) === null);
  }

  /** Ids of the answer of a draw, sorted: one, several that nothing tells apart, or none. */
  answer(draw: number): readonly string[] {
    const passing = this.#able.flatMap((_, place) =>
      Number.isFinite(this.#rates.middles[place]![draw]!) && this.#meets[place]!.every((meets) => meets(draw)) ? [place] : [],
    );
    if (passing.every((place) => this.#isThin[place])) return [];
    const best = bestOf(passing, this.#rates, draw);
    const others = passing.filter((place) => place !== best);
    if (others.length > 0 && others.every((place) => Number.isNaN(this.#rates.standardErrors[best * this.#able.length + place]!)))
      return [];
    const fastest = this.#firstTier(passing, this.#rates, draw);
    const rest = fastest.length < 2 ? null : this.#restOf(fastest);
    const picks = rest === null ? fastest : this.#firstTier(fastest, rest, draw);
    return picks.map((place) => this.#able[place]!.id).toSorted();
  }

  /** Whether the whole interval is within the limit, and far enough for the profile, as `checkAll` has it. */
  #meetsOf(contender: Contender, { criterion, limit }: Needs['limits'][number]): (draw: number) => boolean {
    const estimate = this.#evidence.estimate(contender, criterion);
    const smallestEffect = smallestEffectOf(this.#evidence.contest, criterion);
    if (estimate === null || estimate.interval === null || smallestEffect === null) return () => false;
    const sign = criterionOf(criterion).better === 'more' ? -1 : 1;
    const shift = this.#shiftOf(contender, criterion);
    const { value, interval, sdLog } = estimate;
    const far = smallestEffect <= MARGIN ? 0 : Math.log1p(smallestEffect);
    if (sdLog !== null) {
      const most = sign * Math.log(limit) - Math.max(far, Math.log(interval.high / value));
      return (draw) => sign * (Math.log(value) + shift[draw]!) <= most;
    }
    // Around a zero the interval is cut off at zero, above it is not.
    const half = interval.high - value;
    return (draw) => {
      const middle = Math.max(0, value + shift[draw]!);
      return sign === 1
        ? middle + half <= limit && middle <= limit * Math.exp(-far)
        : Math.max(0, middle - half) >= limit && middle >= limit * Math.exp(far);
    };
  }

  /** First tier of `places`, as `splitIntoTiers` forms it: Holm over all pairs, and a difference that is large enough. */
  #firstTier(places: readonly number[], by: Compared, draw: number): readonly number[] {
    if (places.length < 2) return places;
    const count = this.#able.length;
    const { t, df } = this.#tested;
    let tests = 0;
    for (let i = 0; i < places.length; i++) {
      for (let j = i + 1; j < places.length; j++) {
        const pair = places[i]! * count + places[j]!;
        if (Number.isNaN(by.standardErrors[pair]!)) continue;
        t[tests] = Math.abs(logOf(by, pair, places[i]!, places[j]!, draw)) / by.standardErrors[pair]!;
        df[tests] = by.dfs[pair]!;
        tests++;
      }
    }
    // Step-down without sorting: with `rejected` of them gone, the others are tested at the level that those leave.
    let rejected = 0;
    for (let before = -1; before !== rejected && rejected < tests; ) {
      before = rejected;
      rejected = 0;
      for (let i = 0; i < tests; i++) if (t[i]! >= this.#critical(tests - before, df[i]!)) rejected++;
    }
    const left = Math.max(1, tests - rejected);
    const isShown = (one: number, other: number) => {
      const pair = one * count + other;
      const log = Math.abs(logOf(by, pair, one, other, draw));
      return log >= by.decidable && log / by.standardErrors[pair]! >= this.#critical(left, by.dfs[pair]!);
    };
    const sorted = places.toSorted((a, b) => by.middles[b]![draw]! - by.middles[a]![draw]!);
    const end = sorted.findIndex((place, i) => sorted.slice(0, i).some((above) => isShown(above, place)));
    return end < 0 ? sorted : sorted.slice(0, end);
  }

  /** The critical value of t where the level is shared by `left` comparisons. */
  #critical(left: number, df: number): number {
    const key = left * 256 + df;
    const known = this.#criticals[key];
    if (known !== undefined) return known;
    const made = criticalT(this.#evidence.contest.level / left, df);
    this.#criticals[key] = made;
    return made;
  }

  /** What those that throughput does not tell apart are weighed by; null where there is nothing. */
  #restOf(fastest: readonly number[]): Compared | null {
    const weighed = weighable(
      this.#evidence,
      fastest.map((place) => this.#able[place]!),
      this.#weights,
    );
    const key = weighed.join(' ');
    const known = this.#rests.get(key);
    if (known !== undefined) return known;
    const total = weighed.reduce((sum, name) => sum + this.#weights[name]!, 0);
    const made =
      weighed.length === 0
        ? null
        : this.#compared(
            this.#able.map((contender) => meritByBlock(contender, weighed, this.#weights)),
            this.#able.map((contender) =>
              weighed.map((name) => ({
                shift: this.#shiftOf(contender, name),
                weight: ((criterionOf(name).better === 'more' ? 1 : -1) * this.#weights[name]!) / total,
              })),
            ),
            smallestEffectTogether(this.#evidence, weighed),
          );
    this.#rests.set(key, made);
    return made;
  }

  /**
   * @param shifts of each contender, with the weight that each has
   * @param smallestEffect that may be decided, as a fraction
   */
  #compared(
    values: readonly ByBlock[],
    shifts: readonly (readonly { readonly shift: Float64Array; readonly weight: number }[])[],
    smallestEffect: number,
  ): Compared {
    const count = values.length;
    const moved = shifts.map((own) =>
      (own[0]?.shift ?? new Float64Array()).map((_, draw) => own.reduce((sum, { shift, weight }) => sum + weight * shift[draw]!, 0)),
    );
    const [means, standardErrors] = [new Float64Array(count * count), new Float64Array(count * count).fill(Number.NaN)];
    const dfs = new Uint8Array(count * count);
    values.forEach((over, one) => {
      values.forEach((under, other) => {
        const ratio = one === other ? null : pairedRatio(over, under);
        if (ratio?.df == null) return;
        means[one * count + other] = Math.log(ratio.ratio);
        standardErrors[one * count + other] = ratio.sdLog / Math.sqrt(ratio.n);
        dfs[one * count + other] = ratio.df;
      });
    });
    const middleOf = (own: ByBlock) => [...own.values()].reduce((sum, value) => sum + Math.log(value), 0) / own.size;
    return {
      middles: moved.map((shift, place) => shift.map((by) => middleOf(values[place]!) + by)),
      shifts: moved,
      means,
      standardErrors,
      dfs,
      decidable: Math.log1p(Math.max(MARGIN, smallestEffect)),
    };
  }
}

function logOf({ means, shifts }: Compared, pair: number, one: number, other: number, draw: number): number {
  return means[pair]! + shifts[one]![draw]! - shifts[other]![draw]!;
}

function bestOf(places: readonly number[], { middles }: Compared, draw: number): number {
  let best = places[0]!;
  for (const place of places) if (middles[place]![draw]! > middles[best]![draw]!) best = place;
  return best;
}
