/** The options that the presets of operators over synthetic events share, and what they make. */
import { z } from 'zod';
import { average } from './aggregates/average.ts';
import { countSumMinMax } from './aggregates/count-sum-min-max.ts';
import { distinct } from './aggregates/distinct.ts';
import { exactDistinct } from './aggregates/exact-distinct.ts';
import { median } from './aggregates/median.ts';
import { quantiles } from './aggregates/quantiles.ts';
import { topK } from './aggregates/top-k.ts';
import type { HolisticAggregate, IncrementalAggregate } from './contract.ts';

const TOP = 10;
const PRECISION = 10;
const SUB_BITS = 3;

/** Of the doubles of an event, the value first. */
const INCREMENTAL = {
  'count-sum-min-max': countSumMinMax,
  average,
  distinct: (inputWidth: number) => distinct(inputWidth, PRECISION),
  'top-k': (inputWidth: number) => topK(inputWidth, TOP),
  quantiles: (inputWidth: number) => quantiles(inputWidth, SUB_BITS),
} as const satisfies Readonly<Record<string, (inputWidth: number) => IncrementalAggregate>>;

const HOLISTIC = { median, 'exact-distinct': exactDistinct } as const satisfies Readonly<
  Record<string, (inputWidth: number) => HolisticAggregate>
>;

type IncrementalName = keyof typeof INCREMENTAL;
type HolisticName = keyof typeof HOLISTIC;

const keyed = z.boolean().default(true).describe('false: all events are under one key');

/** Of a stage that folds events into an accumulator. */
export const incrementalOptions = {
  keyed,
  aggregate: z
    .enum(Object.keys(INCREMENTAL) as [IncrementalName, ...IncrementalName[]])
    .default('count-sum-min-max')
    .describe(
      `what is kept per key: 32 bytes; 16 (average); ${8 * INCREMENTAL.distinct(1).accumulatorWidth} (distinct: HyperLogLog, standard error 3.3 %); ${8 * INCREMENTAL['top-k'](1).accumulatorWidth} (top-k: the ${TOP} greatest values); ${8 * INCREMENTAL.quantiles(1).accumulatorWidth} (quantiles: DDSketch, at most 6.25 % off)`,
    ),
};

/** Of a stage that keeps the events of a window in a list. */
export const holisticOptions = {
  keyed,
  aggregate: z
    .enum(Object.keys(HOLISTIC) as [HolisticName, ...HolisticName[]])
    .default('median')
    .describe('what is made of the list: the median, or how many different values it has'),
};

/** Of windows that fire. */
export const windowOptions = {
  size: z.int().min(1).meta({ unit: 'ms' }).default(10_000).describe('window size'),
  lateness: z
    .int()
    .min(0)
    .max(2 ** 31)
    .meta({ unit: 'ms' })
    .default(0)
    .describe('how long after it fired a window still takes events, each of which gives an updated row'),
};

/** Of sliding windows, besides. */
export const slidingOptions = {
  ...windowOptions,
  size: windowOptions.size.describe('window size, a multiple of the slide'),
  slide: z.int().min(1).meta({ unit: 'ms' }).default(2_000).describe('from one window start to the next'),
  panes: z.boolean().default(false).describe('keep state once per slide instead of once per window, and merge when a window fires'),
};

export function incrementalAggregate(name: IncrementalName, inputWidth: number): IncrementalAggregate {
  return INCREMENTAL[name](inputWidth);
}

export function holisticAggregate(name: HolisticName, inputWidth: number): HolisticAggregate {
  return HOLISTIC[name](inputWidth);
}

/** Bytes of the stage's key. */
export function keyPrefixBytes({ keyed, keyBytes }: { readonly keyed: boolean; readonly keyBytes: number }): number {
  return keyed ? keyBytes : 0;
}
