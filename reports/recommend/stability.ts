import { FEWEST } from '../statistics/sample.ts';
import { MARGIN } from '../statistics/verdict.ts';
import { EVEN_WEIGHTS, type Weights, weighable } from './choice.ts';
import { type Contender, type CriterionName, criterionOf, DURABILITIES } from './contest.ts';
import type { Evidence } from './evidence.ts';
import type { Needs } from './needs.ts';

/** How often the same answer comes out when the blocks are drawn anew. */
export interface Stability {
  readonly draws: number;
  /** How often each was the answer, most often first; `id` null: none met every need. */
  readonly shares: readonly { readonly id: string | null; readonly share: number }[];
}

/** Draws of blocks; a page decides with the same ones. */
export const DRAWS = 1000;
/** Sets of weights, each weight changed by up to half. */
const WEIGHT_DRAWS = 200;

/**
 * The means of every figure under draws of blocks with replacement, computed once: which answer each draw gives for some needs
 * then takes comparisons only. A draw takes the same blocks for all, since blocks are pairs.
 * B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 6.
 */
export class Resampled {
  readonly #evidence: Evidence;
  /** By contender and criterion, the mean logarithm in each draw; NaN where a draw has no value. */
  readonly #means = new Map<Contender, Map<CriterionName, Float64Array>>();
  readonly #counts: readonly Uint8Array[];
  readonly #contenders: readonly Contender[];

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    const { contenders, blocks, seed } = evidence.contest;
    this.#contenders = contenders.filter(({ standing, isTwin }) => standing === 'correct' && !isTwin);
    const random = generator(seed);
    this.#counts = Array.from({ length: DRAWS }, () => {
      const counts = new Uint8Array(blocks);
      for (let i = 0; i < blocks; i++) counts[Math.floor(random() * blocks)]!++;
      return counts;
    });
  }

  #mean(contender: Contender, criterion: CriterionName): Float64Array {
    const own = this.#means.get(contender) ?? new Map<CriterionName, Float64Array>();
    this.#means.set(contender, own);
    const known = own.get(criterion);
    if (known !== undefined) return known;
    // A zero is below every limit: as a logarithm it is far below all others.
    const logs = (contender.values[criterion] ?? []).map((value) => (value === null ? null : Math.log(Math.max(value, 1e-12))));
    const made = Float64Array.from(this.#counts, (counts) => {
      let sum = 0;
      let n = 0;
      for (let i = 0; i < logs.length; i++) {
        const log = logs[i]!;
        if (log === null || counts[i] === 0) continue;
        sum += log * counts[i]!;
        n += counts[i]!;
      }
      return n === 0 ? Number.NaN : sum / n;
    });
    own.set(criterion, made);
    return made;
  }

  /** How often each is the answer for `needs`. Null below 3 blocks, where draws say nothing. */
  shares(needs: Needs, weights: Weights = EVEN_WEIGHTS): Stability | null {
    if (this.#evidence.contest.blocks < FEWEST) return null;
    const able = this.#contenders.filter(
      ({ durability, served }) => DURABILITIES.indexOf(durability) >= DURABILITIES.indexOf(needs.durability) && (needs.servers || !served),
    );
    const limits = needs.limits.map(({ criterion, limit }) => ({
      criterion,
      sign: criterionOf(criterion).better === 'more' ? -1 : 1,
      log: Math.log(limit),
    }));
    const weighed = weighable(this.#evidence, able, weights);
    const rows = able.map((contender) => ({
      id: contender.id,
      rate: this.#mean(contender, 'throughput'),
      limits: limits.map(({ criterion, sign, log }) => ({ mean: this.#mean(contender, criterion), sign, log })),
      rest: weighed.map((name) => ({
        mean: this.#mean(contender, name),
        weight: (criterionOf(name).better === 'more' ? 1 : -1) * weights[name]!,
      })),
    }));
    const near = Math.log1p(Math.max(MARGIN, this.#evidence.contest.smallestEffect ?? MARGIN));
    const counts = new Map<string | null, number>();
    for (let draw = 0; draw < DRAWS; draw++) {
      const id = answerOf(rows, draw, near);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return { draws: DRAWS, shares: [...counts].map(([id, count]) => ({ id, share: count / DRAWS })).toSorted((a, b) => b.share - a.share) };
  }
}

interface DrawnRow {
  readonly id: string;
  readonly rate: Float64Array;
  readonly limits: readonly { readonly mean: Float64Array; readonly sign: number; readonly log: number }[];
  readonly rest: readonly { readonly mean: Float64Array; readonly weight: number }[];
}

/** The answer of one draw: of those within every limit and near the fastest, the best in the rest. */
function answerOf(rows: readonly DrawnRow[], draw: number, near: number): string | null {
  let best = Number.NEGATIVE_INFINITY;
  const isWithin = ({ limits, rate }: DrawnRow) =>
    !Number.isNaN(rate[draw]!) && limits.every(({ mean, sign, log }) => sign * (mean[draw]! - log) <= 0);
  for (const row of rows) if (row.rate[draw]! > best && isWithin(row)) best = row.rate[draw]!;
  let answer: string | null = null;
  let most = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    if (!(row.rate[draw]! > best - near) || !isWithin(row)) continue;
    let merit = 0;
    for (const { mean, weight } of row.rest) merit += weight * mean[draw]!;
    // With nothing else to go by, the fastest.
    if (row.rest.length === 0) merit = row.rate[draw]!;
    if (merit > most) {
      most = merit;
      answer = row.id;
    }
  }
  return answer;
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
  const counts = new Map<string, number>();
  for (let draw = 0; draw < WEIGHT_DRAWS; draw++) {
    const changed = weighed.map((name) => weights[name]! * (0.5 + random()));
    const merits = logs.map((row) => row.reduce((sum, log, i) => sum + log * changed[i]!, 0));
    const { id } = fastest[merits.indexOf(Math.max(...merits))]!;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return {
    draws: WEIGHT_DRAWS,
    shares: [...counts].map(([id, count]) => ({ id, share: count / WEIGHT_DRAWS })).toSorted((a, b) => b.share - a.share),
  };
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
