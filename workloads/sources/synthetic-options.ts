/** The options that every workload over synthetic events shares, and what they make. */
import { z } from 'zod';
import type { SourceRequest, WatermarkSpec } from '../contract.ts';
import { KEYS_MAX, type KeyDistribution } from './keys.ts';
import { ANCHOR, syntheticSource } from './synthetic.ts';

const share = z.number().min(0).max(1);
const ms = z
  .int()
  .min(0)
  .max(2 ** 31)
  .meta({ unit: 'ms' });

export const syntheticOptions = {
  keys: z.int().min(1).max(KEYS_MAX).default(100_000).describe('number of keys'),
  keyBytes: z
    .int()
    .min(4)
    .max(1024)
    .multipleOf(4)
    .default(16)
    .describe('bytes of a key, a multiple of 4: the number of the key in hexadecimal'),
  distribution: z.enum(['uniform', 'zipf', 'hotspot']).default('uniform').describe('how the events fall on the keys'),
  exponent: z.number().min(0).max(16).default(0.99).describe('zipf: the key of rank r has a share in proportion to 1 / r^exponent'),
  scrambled: z.boolean().default(true).describe('zipf: spread the ranks over the key space, so that hot keys are not neighbours'),
  hotFraction: z.number().positive().default(0.01).describe('hotspot: fraction of the keys that are hot'),
  hotShare: share.default(0.9).describe('hotspot: share of the events that fall on the hot keys'),
  ratePerSecond: z.int().min(1).max(1_000_000_000).default(100_000).describe('events per second of event time'),
  events: z.int().min(1).default(10_000_000).describe('length of the stream where it is not endless'),
  disorder: share.default(0).describe('share of the events that are out of order'),
  disorderMs: ms.default(1_000).describe('the most an event out of order is moved back'),
  late: share.default(0).describe('share of the events that are moved back so far that every window of theirs is closed'),
  delay: ms.default(0).describe('watermark delay'),
  watermarkEvery: z
    .int()
    .min(1)
    .max(2 ** 31)
    .default(1_000)
    .describe('events from one watermark to the next'),
};

const schema = z.strictObject(syntheticOptions);
type SyntheticOptions = z.output<typeof schema>;

/**
 * The source and the watermark that options stand for.
 * @param windowMs size of the first stage's window: how long after its own time an event may still find a window open
 * @throws WorkloadError `impossible-settings`
 */
export function syntheticEvents(options: SyntheticOptions, windowMs: number) {
  const watermark: WatermarkSpec = { delayMs: options.delay, everyEvents: options.watermarkEvery };
  // The watermark trails the untouched time of any event by at most this: the events since the last anchor before the last
  // watermark, the delay, and the disorder of that anchor.
  const eventsBehind = options.watermarkEvery + ANCHOR;
  const behindMs = Math.ceil((eventsBehind * 1000) / options.ratePerSecond) + options.delay + options.disorderMs;
  const settings = {
    ...options,
    distribution: keyDistribution(options),
    lateMsMin: behindMs + windowMs,
    lateMsMax: behindMs + 2 * windowMs,
    // Before the first watermark nothing is late.
    lateFromEvent: options.watermarkEvery,
  };
  const source = ({ seed, endless }: SourceRequest) => syntheticSource({ ...settings, seed, events: endless ? Infinity : options.events });
  source({ seed: 0, endless: false }); // says now, not in every trial, what is impossible
  return { watermark, source: async (request: SourceRequest) => source(request) };
}

function keyDistribution({ distribution, exponent, scrambled, hotFraction, hotShare }: SyntheticOptions): KeyDistribution {
  switch (distribution) {
    case 'uniform':
      return { kind: 'uniform' };
    case 'zipf':
      return { kind: 'zipf', exponent, scrambled };
    case 'hotspot':
      return { kind: 'hotspot', hotFraction, hotShare };
  }
}
