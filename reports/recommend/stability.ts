import { FEWEST } from '../statistics/sample.ts';
import { EVEN_WEIGHTS, type Weights, weighable } from './choice.ts';
import { type Contender, type CriterionName, criterionOf, DURABILITIES } from './contest.ts';
import { DrawnChoice } from './drawn-choice.ts';
import { byBlock, type Evidence } from './evidence.ts';
import type { Needs } from './needs.ts';

/** How often the same answer comes out when something is drawn anew. */
export interface Stability {
  readonly draws: number;
  /** How often each answer was given, most often first: one backend, several that were not told apart, or none. */
  readonly shares: readonly { readonly ids: readonly string[]; readonly share: number }[];
}

/** Draws of blocks; a page decides with the same ones. */
const DRAWS = 1000;
/** Sets of weights, each weight changed by up to half. */
const WEIGHT_DRAWS = 200;

/**
 * The decision under draws of blocks with replacement: how often the same run, taken again, would have come to the same answer.
 *
 * Each draw is decided by the rule of the decision itself (`choose`): a need is met where a whole interval is within its limit, one is
 * slower where Holm's test says so and by enough, and several that nothing tells apart are an answer of several. So a pick that is the
 * only one *shown* to meet a limit stays the answer in every draw that shows it of no other one, although the middles of others may lie
 * within the limit. A draw moves the middle of every interval and of every ratio; their widths stay as all blocks measured them. Widths
 * taken from the blocks drawn would be too small, since blocks come twice: of 3 blocks one draw in nine has the same one three times, and
 * would be sure of everything. A draw takes the same blocks for all, since blocks are pairs.
 *
 * B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 6, on draws; B. Efron, "Estimation and accuracy after model
 * selection", J. American Stat. Assoc. 109 (2014), on drawing anew what chooses, and not only what is chosen.
 */
export class Resampled {
  readonly #evidence: Evidence;
  /** How often each block is in each draw. */
  readonly #draws: readonly Uint8Array[];
  readonly #shifts = new Map<string, Float64Array>();

  /** @param draws how often each block is in each of them; by default they follow from the seed of the contest */
  constructor(evidence: Evidence, draws?: readonly Uint8Array[]) {
    this.#evidence = evidence;
    const { blocks, seed } = evidence.contest;
    const random = generator(seed);
    this.#draws =
      draws ??
      Array.from({ length: DRAWS }, () => {
        const counts = new Uint8Array(blocks);
        for (let i = 0; i < blocks; i++) counts[Math.floor(random() * blocks)]!++;
        return counts;
      });
  }

  /** How often each answer is given for `needs`. Null below 3 blocks, where draws say nothing, and where the profile decides nothing. */
  shares(needs: Needs, weights: Weights = EVEN_WEIGHTS): Stability | null {
    const { blocks, smallestEffect } = this.#evidence.contest;
    if (blocks < FEWEST || smallestEffect === null) return null;
    const choice = this.#choice(needs, weights);
    return sharesOf(this.#draws.map((_, draw) => choice.answer(draw)));
  }

  /**
   * The shares, or null where no draw could give another answer: not even one of a single block, repeated, does. Every draw lies between
   * those, so a share of 100 % would say nothing.
   */
  telling(needs: Needs, weights: Weights = EVEN_WEIGHTS): Stability | null {
    const found = this.shares(needs, weights);
    if (found === null || found.shares.length > 1) return found;
    const { blocks } = this.#evidence.contest;
    const single = Array.from({ length: blocks }, (_, block) => Uint8Array.from({ length: blocks }, (_, i) => (i === block ? blocks : 0)));
    const extremes = new Resampled(this.#evidence, single).shares(needs, weights);
    const answers = new Set([...found.shares, ...(extremes?.shares ?? [])].map(({ ids }) => ids.join('\n')));
    return answers.size > 1 ? found : null;
  }

  #choice(needs: Needs, weights: Weights): DrawnChoice {
    const { contenders } = this.#evidence.contest;
    const able = contenders.filter(
      ({ standing, isTwin, durability, served }) =>
        standing === 'correct' &&
        !isTwin &&
        DURABILITIES.indexOf(durability) >= DURABILITIES.indexOf(needs.durability) &&
        (needs.servers || !served),
    );
    return new DrawnChoice(this.#evidence, able, needs, weights, (contender, criterion) => this.shift(contender, criterion));
  }

  /** How far the mean of a figure lies from that of all its blocks, in each draw. */
  shift(contender: Contender, criterion: CriterionName): Float64Array {
    const key = `${contender.id}\n${criterion}`;
    const known = this.#shifts.get(key);
    if (known !== undefined) return known;
    const isLog = (this.#evidence.estimate(contender, criterion)?.sdLog ?? null) !== null;
    const values = [...byBlock(contender, criterion)].map(([block, value]) => ({ block, value: isLog ? Math.log(value) : value }));
    const mean = values.reduce((sum, { value }) => sum + value, 0) / values.length;
    const made = Float64Array.from(this.#draws, (counts) => {
      let sum = 0;
      let n = 0;
      for (const { block, value } of values) {
        const times = counts[block - 1]!;
        sum += times * value;
        n += times;
      }
      return n === 0 ? Number.NaN : sum / n - mean;
    });
    this.#shifts.set(key, made);
    return made;
  }
}

function sharesOf(answers: readonly (readonly string[])[]): Stability {
  const counts = new Map<string, { readonly ids: readonly string[]; count: number }>();
  for (const ids of answers) {
    const key = ids.join('\n');
    const known = counts.get(key) ?? { ids, count: 0 };
    known.count++;
    counts.set(key, known);
  }
  const draws = answers.length;
  return {
    draws,
    shares: [...counts.values()].map(({ ids, count }) => ({ ids, share: count / draws })).toSorted((a, b) => b.share - a.share),
  };
}

/**
 * Of contenders that throughput does not tell apart: how often each is the best in the rest when every weight is changed by up
 * to half of it, either way. Null where there is nothing to weigh.
 */
export function underWeights(evidence: Evidence, fastest: readonly Contender[], weights: Weights = EVEN_WEIGHTS): Stability | null {
  const weighed = weighable(evidence, fastest, weights);
  if (fastest.length < 2 || weighed.length < 2) return null;
  const random = generator(evidence.contest.seed + 1);
  const logs = fastest.map((one) =>
    weighed.map((name) => Math.log(evidence.estimate(one, name)!.value) * (criterionOf(name).better === 'more' ? 1 : -1)),
  );
  const answers = Array.from({ length: WEIGHT_DRAWS }, () => {
    const changed = weighed.map((name) => weights[name]! * (0.5 + random()));
    const merits = logs.map((row) => row.reduce((sum, log, i) => sum + log * changed[i]!, 0));
    return [fastest[merits.indexOf(Math.max(...merits))]!.id];
  });
  return sharesOf(answers);
}

/** Uniform numbers in [0, 1), always the same for a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
