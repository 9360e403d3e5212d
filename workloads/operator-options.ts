/** The options that the presets of operators over synthetic events share, and what they make. */
import { z } from 'zod';
import { average } from './aggregates/average.ts';
import { countSumMinMax } from './aggregates/count-sum-min-max.ts';
import { distinct } from './aggregates/distinct.ts';
import { exactDistinct } from './aggregates/exact-distinct.ts';
import { median } from './aggregates/median.ts';
import { quantiles } from './aggregates/quantiles.ts';
import { topK } from './aggregates/top-k.ts';
import type { Aggregate, HolisticAggregate, IncrementalAggregate } from './contract.ts';

/** An accumulator is some 20 KiB at most: a micro-batch of 10,000 keys has to fit the memory. */
const aggregateParameters = {
  precision: z
    .int()
    .min(4)
    .max(14)
    .default(10)
    .describe('distinct: 2^precision registers of a byte, for a standard error of 1.04 / √(2^precision): 3.3 % at 10, 0.8 % at 14'),
  k: z.int().min(1).max(1_000).default(10).describe('top-k: how many of the greatest values are kept, 8 bytes each'),
  sketchBits: z
    .int()
    .min(0)
    .max(6)
    .default(3)
    .describe(
      'quantiles: 2^sketchBits buckets for each power of two, for values at most 1 / 2^(sketchBits + 1) off: 6.25 % at 3, 0.8 % at 6',
    ),
};

type AggregateParameters = z.output<z.ZodObject<typeof aggregateParameters>>;
type Parameter = keyof AggregateParameters;

/** Of the doubles of an event, the value first. */
const INCREMENTAL = {
  'count-sum-min-max': countSumMinMax,
  average,
  distinct: (inputWidth: number, { precision }: AggregateParameters) => distinct(inputWidth, precision),
  'top-k': (inputWidth: number, { k }: AggregateParameters) => topK(inputWidth, k),
  quantiles: (inputWidth: number, { sketchBits }: AggregateParameters) => quantiles(inputWidth, sketchBits),
} as const satisfies Readonly<Record<string, (inputWidth: number, parameters: AggregateParameters) => IncrementalAggregate>>;

/** The aggregate that each parameter is one of. */
const PARAMETER_OF = { precision: 'distinct', k: 'top-k', sketchBits: 'quantiles' } as const satisfies Readonly<
  Record<Parameter, keyof typeof INCREMENTAL>
>;

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
      'what is kept per key: count-sum-min-max, 32 bytes; average, 16; distinct, HyperLogLog (precision); top-k, the greatest values (k); quantiles, DDSketch (sketchBits)',
    ),
  ...aggregateParameters,
};

/** Of a stage that keeps the events of a window in a list. */
export const holisticOptions = {
  keyed,
  aggregate: z
    .enum(Object.keys(HOLISTIC) as [HolisticName, ...HolisticName[]])
    .default('median')
    .describe('what is made of the list: the median, or how many different values it has'),
};

/** Of a stage of either kind. */
export const anyAggregateOptions = {
  ...incrementalOptions,
  aggregate: z
    .enum([...incrementalOptions.aggregate.unwrap().options, ...holisticOptions.aggregate.unwrap().options])
    .default('count-sum-min-max')
    .describe(
      `${incrementalOptions.aggregate.description}; all events of a window in a list: median, exact-distinct (how many different values it has)`,
    ),
};

/** Of windows of a size. */
export const offset = z
  .int()
  .min(-(2 ** 31))
  .max(2 ** 31)
  .meta({ unit: 'ms' })
  .default(0)
  .describe(
    'how long after multiples of the size (sliding: of the slide) since 1970, in UTC, windows start; days an hour ahead of UTC: -1h',
  );

/** Of windows that fire. */
export const windowOptions = {
  size: z.int().min(1).meta({ unit: 'ms' }).default(10_000).describe('window size'),
  offset,
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

export function incrementalAggregate(
  { aggregate, ...parameters }: AggregateParameters & { readonly aggregate: IncrementalName },
  inputWidth: number,
): IncrementalAggregate {
  return INCREMENTAL[aggregate](inputWidth, parameters);
}

/** The options without the parameters of aggregates that are not the one chosen. */
export function withoutIdleParameters<T extends AggregateParameters & { readonly aggregate: string }>(options: T): Omit<T, Parameter> {
  const isIdle = (name: string): boolean => Object.hasOwn(PARAMETER_OF, name) && PARAMETER_OF[name as Parameter] !== options.aggregate;
  return Object.fromEntries(Object.entries(options).filter(([name]) => !isIdle(name))) as Omit<T, Parameter>;
}

export function anyAggregate(
  { aggregate, ...parameters }: AggregateParameters & { readonly aggregate: IncrementalName | HolisticName },
  inputWidth: number,
): Aggregate {
  return isHolistic(aggregate) ? HOLISTIC[aggregate](inputWidth) : INCREMENTAL[aggregate](inputWidth, parameters);
}

export function isHolistic(aggregate: IncrementalName | HolisticName): aggregate is HolisticName {
  return Object.hasOwn(HOLISTIC, aggregate);
}

export function holisticAggregate(name: HolisticName, inputWidth: number): HolisticAggregate {
  return HOLISTIC[name](inputWidth);
}

/** Bytes of the stage's key. */
export function keyPrefixBytes({ keyed, keyBytes }: { readonly keyed: boolean; readonly keyBytes: number }): number {
  return keyed ? keyBytes : 0;
}
