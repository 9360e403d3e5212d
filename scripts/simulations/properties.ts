/** What the statistics promise, each as something that is true of so many of the runs that are invented. */
import { PROFILES } from '../../harness/profiles.ts';
import { gateState } from '../../reports/comparison/gate.ts';
import { detectableEffect } from '../../reports/statistics/detectable-effect.ts';
import { type ByBlock, holm, type PairedRatio, pairedRatio } from '../../reports/statistics/ratio.ts';
import type { Interval } from '../../reports/statistics/sample.ts';
import { areKnown } from '../../reports/statistics/sequential.ts';
import { tiersOf } from '../../reports/statistics/tiers.ts';
import { twinFindings } from '../../reports/statistics/twins.ts';
import { shownBy, verdictOf } from '../../reports/statistics/verdict.ts';
import { welchRatio } from '../../reports/statistics/welch.ts';
import { halfWidth, ratioOfLength } from './block-length.ts';
import { inventRun, type Noise, normal, type Random, USUAL } from './invented-noise.ts';
import { RECOVERY_PROPERTIES } from './recovery-properties.ts';

export interface Property {
  readonly name: string;
  /** Share of runs of which it is true: at least and at most. */
  readonly least: number;
  readonly most: number;
  holds(random: Random): boolean;
}

const SMALLEST = 0.05;
const DIFFERENT: ReadonlySet<string> = new Set(['faster', 'slower']);

const isDifferent = (ratio: PairedRatio | null) => DIFFERENT.has(verdictOf(ratio, SMALLEST).word);
const covers = (interval: Interval | null, truth: number) => interval !== null && interval.low <= truth && truth <= interval.high;

function pair(random: Random, blocks: number, effect: number, noise?: Noise): PairedRatio {
  const [reference, other] = inventRun(random, [1, effect], blocks, noise) as [ByBlock, ByBlock];
  return pairedRatio(other, reference)!;
}

const coverage = (blocks: number, noise: Noise = USUAL, name = ''): Property => ({
  name: `paired interval covers the truth, ${blocks} blocks${name}`,
  least: 0.93,
  most: 0.97,
  holds: (random) => covers(pair(random, blocks, 1.1, noise).interval, 1.1),
});

const falseVerdict = (blocks: number, noise: Noise = USUAL, name = ''): Property => ({
  name: `A/A called faster or slower, ${blocks} blocks${name}`,
  least: 0,
  most: 0.05,
  holds: (random) => isDifferent(pair(random, blocks, 1, noise)),
});

const found = (blocks: number, effect: number, least: number): Property => ({
  name: `+${Math.round((effect - 1) * 100)} % called faster, ${blocks} blocks`,
  least,
  most: 1,
  holds: (random) => verdictOf(pair(random, blocks, effect), SMALLEST).word === 'faster',
});

/** Noise at which margin and interval both matter. */
const NOISY: Noise = { trial: 0.08, drift: 0.08 };
const SEVEN_EQUAL = [1, 1, 1, 1, 1, 1, 1];

function holmOf(run: readonly ByBlock[], level = 0.05): readonly (PairedRatio | null)[] {
  return holm(
    run.slice(1).map((values) => pairedRatio(values, run[0]!)),
    level,
  );
}

/** A run that goes by its own A/A. */
const TWINNED = { ...PROFILES.standard };

/** Stores whose rates and noise differ, their means, and the tiers they are in. */
function inventTiers(random: Random) {
  const drift = Array.from({ length: 10 }, () => normal(random) * 0.08);
  const run: readonly ByBlock[] = Array.from({ length: 7 }, () => {
    const [rate, noise] = [1 + random(), 0.01 + 0.3 * random() ** 2];
    return new Map(drift.map((shift, block) => [block, rate * Math.exp(shift + normal(random) * noise)]));
  });
  const means = run.map((values) => Math.exp([...values.values()].reduce((sum, value) => sum + Math.log(value), 0) / values.size));
  const tiers = tiersOf(
    run.map((byBlock, i) => ({ id: String(i), mean: means[i]!, byBlock })),
    SMALLEST,
  )!.map(({ members }) => members.map(Number));
  return { run, means, tiers };
}

const LOOKS = { blocks: [15, 20, 30, 40], level: 0.01, halfWidth: 0.05 };

/** A run that ends at the first look which is enough. */
function sequentialRun(random: Random, rates: readonly number[]): readonly ByBlock[] {
  const whole = inventRun(random, rates, 40, { trial: 0.065, drift: 0.08 });
  const upTo = (last: number) => whole.map((values) => new Map([...values].filter(([block]) => block <= last)));
  return LOOKS.blocks.map(upTo).find((run) => areKnown(run, LOOKS.level, LOOKS.halfWidth)) ?? whole;
}

function twoRuns(random: Random, effect: number, noise: Noise = USUAL): readonly [readonly number[], readonly number[]] {
  const one = (rate: number) => [...inventRun(random, [rate], 10, noise)[0]!.values()];
  return [one(effect), one(1)];
}

export const PROPERTIES: readonly Property[] = [
  ...[3, 5, 10, 15, 40].map((blocks) => coverage(blocks)),
  { ...coverage(10, { ...USUAL, isContaminated: true }, ', 5 % outliers'), most: 0.99 },
  ...[3, 10, 15].map((blocks) => falseVerdict(blocks)),
  falseVerdict(10, NOISY, ', 8 % noise'),
  falseVerdict(10, { ...USUAL, isContaminated: true }, ', 5 % outliers'),
  found(10, 1.1, 0.9),
  found(15, 1.1, 0.9),
  {
    name: '+6 % called equivalent, 10 blocks',
    least: 0,
    most: 0.05,
    holds: (random) => verdictOf(pair(random, 10, 1.06), SMALLEST).word === 'equivalent',
  },
  {
    name: 'equal and called equivalent, 15 blocks of 2 % noise',
    least: 0.9,
    most: 1,
    holds: (random) => verdictOf(pair(random, 15, 1, { trial: 0.02, drift: 0.08 }), SMALLEST).word === 'equivalent',
  },
  {
    name: 'the detectable effect is found, 10 blocks',
    least: 0.88,
    most: 0.92,
    holds: (random) => {
      // That of the true noise: what one run estimates scatters around it.
      const effect = detectableEffect({ standardError: (0.03 * Math.SQRT2) / Math.sqrt(10), df: 9, alpha: 0.05 });
      return !covers(pair(random, 10, 1 + effect).interval, 1);
    },
  },
  {
    name: 'any of 6 equals told from the reference (Holm), 10 blocks of 8 % noise',
    least: 0,
    most: 0.05,
    holds: (random) => holmOf(inventRun(random, SEVEN_EQUAL, 10, NOISY)).some(isDifferent),
  },
  {
    name: 'any of 7 equals put into a lower tier, 10 blocks of 8 % noise',
    least: 0,
    most: 0.05,
    holds: (random) => {
      const run = inventRun(random, SEVEN_EQUAL, 10, NOISY);
      const mean = (values: ByBlock) => [...values.values()].reduce((sum, value) => sum + Math.log(value), 0) / values.size;
      const tiers = tiersOf(
        run.map((byBlock, i) => ({ id: String(i), mean: Math.exp(mean(byBlock)), byBlock })),
        SMALLEST,
      );
      return (tiers?.length ?? 1) > 1;
    },
  },
  {
    name: 'tiers: no store stands above one with a higher mean, 7 stores of different noise',
    least: 1,
    most: 1,
    holds: (random) => {
      const { means, tiers } = inventTiers(random);
      const order = tiers.flat();
      return order.every((cell, i) => i === 0 || means[order[i - 1]!]! >= means[cell]!);
    },
  },
  {
    name: 'tiers: no two that are shown to differ (Holm, all pairs) share one, 7 stores of different noise',
    least: 1,
    most: 1,
    holds: (random) => {
      const { run, tiers } = inventTiers(random);
      const pairs = run.flatMap((_, i) => run.slice(i + 1).map((_, j) => [i, i + 1 + j] as const));
      const ratios = holm(pairs.map(([one, other]) => pairedRatio(run[one]!, run[other]!)));
      const tierOf = (cell: number) => tiers.findIndex((members) => members.includes(cell));
      return pairs.every(([one, other], i) => shownBy(ratios[i]!, SMALLEST) === null || tierOf(one) !== tierOf(other));
    },
  },
  {
    name: 'A/A: any metric of two twins warned for nothing (Holm over all), 10 blocks of 15 % noise',
    least: 0,
    most: 0.05,
    holds: (random) => {
      const pairs = ['reference', 'on-disk'].map((id) => ({
        id,
        other: `${id}@again`,
        group: 'one',
        ratioOf: () => pair(random, 10, 1, { trial: 0.15, drift: 0.08 }),
      }));
      return twinFindings(pairs, { profile: TWINNED }).ratios.some(({ differs }) => differs);
    },
  },
  {
    name: 'A/A: a twin that differs by 30 % in one of 46 is warned, 12 blocks of 8 % noise',
    least: 0.9,
    most: 1,
    holds: (random) => {
      const ratioOf = (metric: string) => pair(random, 12, metric === 'recoveryMs' ? 1.3 : 1, NOISY);
      const pairs = ['reference', 'on-disk'].map((id) => ({ id, other: `${id}@again`, group: 'one', ratioOf }));
      return !twinFindings(pairs, { profile: TWINNED }).ratios.every(({ differs, metric }) => metric !== 'recoveryMs' || !differs);
    },
  },
  {
    name: 'block length: 5 s has a narrower interval than 15 s in the same time',
    least: 0.85,
    most: 1,
    holds: (random) => halfWidth(ratioOfLength(random, 5)) < halfWidth(ratioOfLength(random, 15)),
  },
  {
    name: 'stopped at a look: any of 3 equals told from the reference',
    least: 0,
    most: 0.05,
    holds: (random) => holmOf(sequentialRun(random, [1, 1, 1, 1]), LOOKS.level).some(isDifferent),
  },
  {
    name: 'stopped at a look: the interval covers the truth',
    least: 0.95,
    most: 1,
    holds: (random) => {
      const [reference, other] = sequentialRun(random, [1, 1.1]) as [ByBlock, ByBlock];
      return covers(pairedRatio(other, reference, LOOKS.level)!.interval, 1.1);
    },
  },
  {
    name: 'stopped at a look: before all 40 blocks',
    least: 0.2,
    most: 1,
    holds: (random) => sequentialRun(random, [1, 1.1])[0]!.size < 40,
  },
  {
    name: 'two runs: the interval covers the truth, 10 blocks each',
    least: 0.93,
    most: 0.97,
    holds: (random) => covers(welchRatio(...twoRuns(random, 1.1))!.interval, 1.1),
  },
  {
    name: 'two runs: the same called faster or slower',
    least: 0,
    most: 0.05,
    holds: (random) => DIFFERENT.has(verdictOf(welchRatio(...twoRuns(random, 1)), SMALLEST).word),
  },
  {
    name: 'two runs: a gate of 5 % fails at a true change of just that',
    least: 0,
    most: 0.05,
    holds: (random) => gateState({ direction: '<', limit: -0.05 }, welchRatio(...twoRuns(random, 0.95))!.interval) === 'failed',
  },
  {
    name: 'two runs, and the machine itself moved by 3 % (SD) between them: the same called faster or slower',
    least: 0,
    most: 1,
    holds: (random) => {
      const [one, other] = twoRuns(random, 1, { trial: 0.03, drift: 0.01 });
      const moved = Math.exp(normal(random) * 0.03);
      return DIFFERENT.has(
        verdictOf(
          welchRatio(
            one.map((value) => value * moved),
            other,
          ),
          SMALLEST,
        ).word,
      );
    },
  },
  {
    name: 'two runs: a gate of 5 % fails at a true loss of 25 %',
    least: 0.9,
    most: 1,
    holds: (random) => gateState({ direction: '<', limit: -0.05 }, welchRatio(...twoRuns(random, 0.75))!.interval) === 'failed',
  },
  ...RECOVERY_PROPERTIES,
];
