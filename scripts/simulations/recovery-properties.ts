/** What the model of recovery promises, for invented stores whose restore time and replay rate are known. */
import { killFractions } from '../../harness/trial/kill-point.ts';
import { answerRecovery, checkModel, type MeasuredRecovery, predict } from '../../reports/recovery-model.ts';
import { type ByBlock, pairedRatio } from '../../reports/statistics/ratio.ts';
import { verdictOf } from '../../reports/statistics/verdict.ts';
import { normal, type Random } from './invented-noise.ts';
import type { Property } from './properties.ts';

interface Store {
  readonly restoreMs: number;
  readonly replayPerSecond: number;
}

const BLOCKS = 10;
/** Of the checkpoint interval of the trials. */
const TRIAL_INTERVAL_MS = 2000;
const SMALLEST = 0.05;
const CIRCUMSTANCES = { intervalMs: 60_000, inputRate: 40_000 };
const USUAL: Store = { restoreMs: 400, replayPerSecond: 100_000 };

/** A run of a store, killed at the fractions given, with 5 % noise on the restore and 3 % on the replay. */
function invent(random: Random, { restoreMs, replayPerSecond }: Store, fractions: readonly number[]): readonly MeasuredRecovery[] {
  return fractions.map((fraction, i) => {
    const rate = replayPerSecond * Math.exp(normal(random) * 0.03);
    const replayMs = Math.max(1, fraction * TRIAL_INTERVAL_MS);
    return {
      block: i + 1,
      restoreMs: restoreMs * Math.exp(normal(random) * 0.05),
      replayedEvents: (rate * replayMs) / 1000,
      replayMs,
      detectionMs: 0,
      persistMs: 100,
    };
  });
}

const kills = (random: Random) => killFractions(Math.floor(random() * 2 ** 32), BLOCKS);

function modelled(all: readonly MeasuredRecovery[]): ByBlock {
  const answer = answerRecovery(all, BLOCKS, CIRCUMSTANCES);
  if (answer.kind !== 'predicted') return new Map();
  return new Map(answer.values.flatMap((value, i) => (value === null ? [] : [[i + 1, value] as const])));
}

/** From the crash to the same event, as it used to be compared. */
const total = (all: readonly MeasuredRecovery[]): ByBlock => new Map(all.map((one) => [one.block, one.restoreMs + one.replayMs]));

function wordOf(one: ByBlock, other: ByBlock): string {
  const ratio = pairedRatio(one, other);
  return ratio === null ? 'insufficient' : verdictOf(ratio, SMALLEST).word;
}

const isToldApart = (word: string) => word === 'faster' || word === 'slower';

/** Every property of the model, for `npm run test:long -- simulations`. */
export const RECOVERY_PROPERTIES: readonly Property[] = [
  {
    name: 'recovery: the predicted mean over the interval is above the true one as often as below',
    least: 0.45,
    most: 0.55,
    holds: (random) => {
      const answer = answerRecovery(invent(random, USUAL, kills(random)), BLOCKS, CIRCUMSTANCES);
      const exact = { block: 1, restoreMs: 400, replayedEvents: 100_000, replayMs: 1000, detectionMs: 0, persistMs: 100 };
      // The mean over crashes at a thousand places of the interval.
      const ages = Array.from({ length: 1000 }, (_, i) => ((i + 0.5) / 1000) * CIRCUMSTANCES.intervalMs);
      const truth = ages.reduce((sum, age) => sum + 400 + (40_000 * (100 + age + 400)) / 60_000, 0) / ages.length;
      const meant = predict(exact, CIRCUMSTANCES.intervalMs, CIRCUMSTANCES.inputRate)?.meanMs ?? 0;
      return Math.abs(meant / truth - 1) < 1e-9 && answer.kind === 'predicted' && answer.meanMs > truth;
    },
  },
  {
    name: 'recovery: equal stores told apart',
    least: 0,
    most: 0.05,
    holds: (random) => {
      const fractions = kills(random);
      return isToldApart(wordOf(modelled(invent(random, USUAL, fractions)), modelled(invent(random, USUAL, fractions))));
    },
  },
  {
    name: 'recovery: equal stores told apart, one always killed late in the interval and one early',
    least: 0,
    most: 0.05,
    holds: (random) => {
      const [early, late] = [kills(random).map((one) => 0.1 + one / 5), kills(random).map((one) => 0.7 + one / 5)];
      return isToldApart(wordOf(modelled(invent(random, USUAL, late)), modelled(invent(random, USUAL, early))));
    },
  },
  {
    name: 'recovery: that accident decides by the measured totals',
    least: 0.95,
    most: 1,
    holds: (random) => {
      const [early, late] = [kills(random).map((one) => 0.1 + one / 5), kills(random).map((one) => 0.7 + one / 5)];
      return wordOf(total(invent(random, USUAL, late)), total(invent(random, USUAL, early))) === 'faster';
    },
  },
  {
    name: 'recovery: a store that replays 20 % slower is called so',
    least: 0.95,
    most: 1,
    holds: (random) => {
      const fractions = kills(random);
      const slower = invent(random, { ...USUAL, replayPerSecond: 80_000 }, fractions);
      return isToldApart(wordOf(modelled(slower), modelled(invent(random, USUAL, fractions))));
    },
  },
  {
    name: 'recovery: the check finds a steady store within 20 %',
    least: 0.99,
    most: 1,
    holds: (random) => checkModel(invent(random, USUAL, kills(random))).withheld === null,
  },
];
