/** The options that every workload over synthetic events shares, and what they make. */
import { z } from 'zod';
import { type SourceRequest, type Workload, WorkloadError } from '../contract.ts';
import { type Arrivals, longestMs } from './arrivals.ts';
import { ANCHOR } from './disorder.ts';
import type { TypeShares } from './event-types.ts';
import { type EcdfPoint, parseEcdf, readEcdf } from './keys/ecdf.ts';
import type { KeySettings } from './keys/event-keys.ts';
import { readKeyFile } from './keys/key-file.ts';
import { KEYS_MAX } from './keys/key-sampler.ts';
import type { Regime } from './keys/regime.ts';
import { type PayloadSettings, payloadDoubles } from './payload.ts';
import { syntheticSource } from './synthetic.ts';
import { watermarkOf, watermarkOptions } from './watermark-options.ts';

const share = z.number().min(0).max(1);
const msFrom = (least: number) =>
  z
    .int()
    .min(least)
    .max(2 ** 31)
    .meta({ unit: 'ms' });
const ms = msFrom(0);
const positiveMs = msFrom(1);
const events = z.int().min(1);
/** A payload of this many bytes is 8 KiB of doubles. */
const PAYLOAD_BYTES_MAX = 65_536;
const payloadSize = z.int().min(0).max(PAYLOAD_BYTES_MAX);

export const syntheticOptions = {
  keys: z.int().min(1).max(KEYS_MAX).default(100_000).describe('number of keys'),
  keyBytes: z
    .int()
    .min(4)
    .max(1024)
    .multipleOf(4)
    .default(16)
    .describe('bytes of a key, a multiple of 4: the number of the key in hexadecimal'),
  distribution: z
    .enum(['uniform', 'zipf', 'hotspot', 'latest', 'sequential', 'constant', 'ecdf', 'file'])
    .default('uniform')
    .describe(
      'how the events fall on the keys; latest: most on those that came last; ecdf: as measured, by ecdf or file; file: the lines of file in order and around',
    ),
  exponent: z
    .number()
    .min(0)
    .max(16)
    .default(0.99)
    .describe('zipf, latest: the key of rank r has a share in proportion to 1 / r^exponent; latest ranks by age'),
  scrambled: z.boolean().default(true).describe('zipf: spread the ranks over the key space, so that hot keys are not neighbours'),
  hotFraction: z.number().positive().default(0.01).describe('hotspot: fraction of the keys that are hot'),
  hotShare: share.default(0.9).describe('hotspot: share of the events that fall on the hot keys'),
  ecdf: z
    .string()
    .default('')
    .describe('ecdf: fractions of the keys and the shares of the events that fall on the keys up to there, such as 0.01:0.5;0.2:0.9;1:1'),
  file: z
    .string()
    .default('')
    .describe('file: text file with a key a line; ecdf: text file with a line `key fraction,cumulative share` a point'),
  regime: z
    .enum(['steady', 'growing', 'expiring'])
    .default('steady')
    .describe('steady: the keys stay; growing: they come one after the other and stay; expiring: new ones take the place of old ones'),
  growOver: events.default(1_000_000).describe('growing: events over which the keys come, evenly, beginning with 1 % of them'),
  turnover: events.default(1_000_000).describe('expiring: events until all keys are new ones'),
  ratePerSecond: z.int().min(1).max(1_000_000_000).default(100_000).describe('events per second of event time, on average'),
  arrivals: z
    .enum(['constant', 'poisson', 'burst'])
    .default('constant')
    .describe('how events come in event time: evenly, at random, or evenly but more of them now and then'),
  burstEvery: positiveMs.default(60_000).describe('burst: from the start of one burst to the next'),
  burstLength: positiveMs.default(5_000).describe('burst: how long it lasts'),
  burstFactor: z.number().min(1).max(1_000_000).default(10).describe('burst: how many times as many events come in it as in between'),
  events: events.default(10_000_000).describe('length of the stream where it is not endless'),
  fill: z
    .int()
    .min(0)
    .default(0)
    .describe('events that fill the state before a trial warms up: as many as there are keys, or somewhat more, for a state of that many'),
  disorder: share.default(0).describe('share of the events that are out of order'),
  disorderMs: ms.default(1_000).describe('the most an event out of order is moved back'),
  late: share.default(0).describe('share of the events that are moved back so far that every window of theirs is closed'),
  ...watermarkOptions,
  payload: z
    .enum(['none', 'constant', 'uniform', 'normal', 'lognormal'])
    .default('none')
    .describe('whether events carry bytes beside their value, and how their lengths are distributed'),
  payloadBytes: payloadSize.default(100).describe('payload: its length in bytes, on average before payloadMax cuts'),
  payloadSpread: payloadSize
    .default(25)
    .describe('payload: uniform: the most a length is off the average; normal, lognormal: standard deviation; bytes'),
  payloadMax: payloadSize
    .default(0)
    .describe(
      'payload: the longest, bytes, for which every event has room; 0: as needed, which is payloadBytes, and more by payloadSpread (normal: 4 times, lognormal: 8 times that)',
    ),
  compressibility: share
    .default(0)
    .describe('payload: share of its bytes that are one byte repeated; the rest are random text, six bits a byte'),
};

/** What workloads that join two sides offer as well: which event is on which side. */
export const twoStreamOptions = {
  right: share.default(0.5).describe('share of the events that are on the right side'),
  ends: share.default(0).describe('share of the events that end what an event of the left side began'),
};

const schema = z.strictObject(syntheticOptions);
type SyntheticOptions = z.output<typeof schema>;

/** Where an option matters, for those that others leave without effect. */
const MATTERS: { readonly [K in keyof SyntheticOptions]?: (options: SyntheticOptions) => boolean } = {
  exponent: ({ distribution }) => distribution === 'zipf' || distribution === 'latest',
  scrambled: ({ distribution }) => distribution === 'zipf',
  hotFraction: ({ distribution }) => distribution === 'hotspot',
  hotShare: ({ distribution }) => distribution === 'hotspot',
  ecdf: ({ distribution, ecdf }) => distribution === 'ecdf' && ecdf !== '',
  file: ({ distribution, file }) => distribution === 'file' || (distribution === 'ecdf' && file !== ''),
  growOver: ({ regime }) => regime === 'growing',
  turnover: ({ regime }) => regime === 'expiring',
  burstEvery: ({ arrivals }) => arrivals === 'burst',
  burstLength: ({ arrivals }) => arrivals === 'burst',
  burstFactor: ({ arrivals }) => arrivals === 'burst',
  fill: ({ fill }) => fill > 0,
  // Late events are moved back by more than any that is merely out of order.
  disorderMs: ({ disorder, late }) => disorder > 0 || late > 0,
  payloadBytes: ({ payload }) => payload !== 'none',
  payloadSpread: ({ payload }) => payload !== 'none' && payload !== 'constant',
  payloadMax: ({ payload, payloadMax }) => payload !== 'none' && payloadMax > 0,
  compressibility: ({ payload }) => payload !== 'none',
};

/** The options without those that have no effect: what is left makes the same workload. */
function settingsInForce(options: SyntheticOptions): Workload['settings'] {
  return Object.fromEntries(Object.entries(options).filter(([name]) => MATTERS[name as keyof SyntheticOptions]?.(options) ?? true));
}

/** All events on the left side, as they are where nothing tells sides apart. */
const ONE_STREAM: TypeShares = { right: 0, ends: 0 };

/**
 * The settings in force, the source and the watermark that options stand for. Files are read now, once.
 * @param options a workload's, with its own among them
 * @param windowMs size of the first stage's window: how long after its own time an event may still find a window open
 * @param types {@link twoStreamOptions}, where the workload has them
 * @throws WorkloadError `impossible-settings`, `missing-data`, `bad-data` naming file and line
 */
export function syntheticEvents(options: SyntheticOptions, windowMs: number, types: TypeShares = ONE_STREAM) {
  const watermark = watermarkOf(options);
  const arrivals = arrivalsOf(options);
  // The watermark trails the untouched time of any event by at most this: the events since the last anchor before the last
  // watermark, the delay, and the disorder of that anchor.
  const behindMs = longestMs(arrivals, options.watermarkEvery + ANCHOR) + options.delay + options.disorderMs;
  const settings = {
    keys: options.keys,
    keyBytes: options.keyBytes,
    distribution: keyDistribution(options),
    regime: regimeOf(options),
    arrivals,
    disorder: options.disorder,
    disorderMs: options.disorderMs,
    late: options.late,
    lateMsMin: behindMs + windowMs,
    lateMsMax: behindMs + 2 * windowMs,
    // Before the first watermark nothing is late.
    lateFromEvent: options.watermarkEvery,
    payload: payloadOf(options),
    types,
  };
  const source = ({ seed, endless }: SourceRequest) => syntheticSource({ ...settings, seed, events: endless ? Infinity : options.events });
  source({ seed: 0, endless: false }); // says now, not in every trial, what is impossible
  return { settings: settingsInForce(options), watermark, source: async (request: SourceRequest) => source(request) };
}

/** The payload that options ask for, with the longest that it can be. */
export function payloadOf({
  payload,
  payloadBytes,
  payloadSpread,
  payloadMax,
  compressibility,
}: Pick<SyntheticOptions, 'payload' | 'payloadBytes' | 'payloadSpread' | 'payloadMax' | 'compressibility'>): PayloadSettings {
  const spreads = { none: 0, constant: 0, uniform: 1, normal: 4, lognormal: 8 }[payload];
  const bytesMax = payloadMax > 0 ? payloadMax : Math.min(payloadBytes + spreads * payloadSpread, PAYLOAD_BYTES_MAX);
  return { kind: payload, bytes: payloadBytes, spreadBytes: payloadSpread, bytesMax, compressibility };
}

/** Doubles that each event has: its value, then its payload. The first stage's `inputWidth`. */
export function eventWidth(options: Parameters<typeof payloadOf>[0]): number {
  return 1 + payloadDoubles(payloadOf(options));
}

function keyDistribution(options: SyntheticOptions): KeySettings['distribution'] {
  const { distribution, exponent, scrambled, hotFraction, hotShare, file, keyBytes } = options;
  switch (distribution) {
    case 'zipf':
      return { kind: 'zipf', exponent, scrambled };
    case 'hotspot':
      return { kind: 'hotspot', hotFraction, hotShare };
    case 'latest':
      return { kind: 'latest', exponent };
    case 'ecdf':
      return { kind: 'ecdf', points: ecdfPoints(options) };
    case 'file':
      if (file === '') throw new WorkloadError('impossible-settings', 'distribution=file needs file, a text file with a key a line');
      return { kind: 'file', content: readKeyFile(file, keyBytes) };
    default:
      return { kind: distribution };
  }
}

function ecdfPoints({ ecdf, file }: SyntheticOptions): readonly EcdfPoint[] {
  if ((ecdf === '') === (file === '')) {
    throw new WorkloadError(
      'impossible-settings',
      'distribution=ecdf needs either ecdf, a list such as 0.01:0.5;0.2:0.9;1:1, or file, a text file of such points',
    );
  }
  return ecdf === '' ? readEcdf(file) : parseEcdf(ecdf);
}

function regimeOf({ regime, growOver, turnover }: SyntheticOptions): Regime {
  switch (regime) {
    case 'steady':
      return { kind: 'steady' };
    case 'growing':
      return { kind: 'growing', growOver };
    case 'expiring':
      return { kind: 'expiring', turnover };
  }
}

function arrivalsOf({ arrivals, ratePerSecond, burstEvery, burstLength, burstFactor }: SyntheticOptions): Arrivals {
  return arrivals === 'burst'
    ? { kind: 'burst', ratePerSecond, everyMs: burstEvery, lengthMs: burstLength, factor: burstFactor }
    : { kind: arrivals, ratePerSecond };
}
