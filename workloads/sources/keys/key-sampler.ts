/** Which key each event has: the distributions of the synthetic source. Everything is a pure function of (seed, event). */
import { WorkloadError } from '../../contract.ts';
import { type EcdfPoint, ecdf } from './ecdf.ts';
import { expiring, expiringByAge, type Growth, growth, type Regime } from './regime.ts';
import { growingHotspot, growingUniform, type Hotspot, hotspot, uniform } from './uniform.ts';
import { growingZipfRanks, scramble, zipfRanks } from './zipf.ts';

/** Keys are numbers: 0 … keys − 1, and on from there where they expire. */
export type KeyDistribution =
  | { readonly kind: 'uniform' }
  /** Key of rank r (from 1) with a probability in proportion to r^−exponent; `scrambled` spreads the ranks over the key space. */
  | { readonly kind: 'zipf'; readonly exponent: number; readonly scrambled: boolean }
  /** The first `hotFraction` of the keys get `hotShare` of the events, evenly; the rest get the rest. */
  | ({ readonly kind: 'hotspot' } & Hotspot)
  /** The key that came last is the likeliest: its age in keys, plus 1, is Zipf's rank. */
  | { readonly kind: 'latest'; readonly exponent: number }
  /** One key after the other, and around. */
  | { readonly kind: 'sequential' }
  /** One key for all. */
  | { readonly kind: 'constant' }
  | { readonly kind: 'ecdf'; readonly points: readonly EcdfPoint[] };

/** Writes the keys of events `position` … `position + count − 1`, all of one block (see random.ts), into `keys`. */
export type KeySampler = (keys: Uint32Array, position: number, count: number) => void;

/** Beyond this a 32-bit draw would make some keys likelier than others by more than 0.4 %. */
export const KEYS_MAX = 2 ** 24;

/** @throws WorkloadError `impossible-settings` */
export function keySampler(seed: number, keys: number, distribution: KeyDistribution, regime: Regime = { kind: 'steady' }): KeySampler {
  if (!Number.isSafeInteger(keys) || keys < 1 || keys > KEYS_MAX) {
    throw new WorkloadError('impossible-settings', `keys must be an integer from 1 to ${KEYS_MAX}, not ${keys}`);
  }
  switch (regime.kind) {
    case 'steady':
      return distribution.kind === 'latest'
        ? then(zipfRanks(seed, keys, distribution.exponent).fill, (ages, _, count) => {
            for (let i = 0; i < count; i++) ages[i] = keys - 1 - ages[i]!;
          })
        : steady(seed, keys, distribution);
    case 'growing':
      return growing(seed, keys, distribution, growth(keys, regime.growOver));
    case 'expiring':
      if (distribution.kind === 'latest') {
        return then(zipfRanks(seed, keys, distribution.exponent).fill, expiringByAge(keys, regime.turnover));
      }
      if (distribution.kind === 'constant') throw unfit(distribution.kind, regime.kind, 'it has one key for all events');
      return then(steady(seed, keys, distribution), expiring(keys, regime.turnover));
  }
}

function steady(seed: number, keys: number, distribution: Exclude<KeyDistribution, { readonly kind: 'latest' }>): KeySampler {
  switch (distribution.kind) {
    case 'uniform':
      return uniform(seed, keys);
    case 'hotspot':
      return hotspot(seed, keys, distribution);
    case 'zipf':
      return placed(seed, keys, distribution.scrambled, zipfRanks(seed, keys, distribution.exponent).fill);
    case 'ecdf':
      return ecdf(seed, keys, distribution.points);
    case 'sequential':
      return (numbers, position, count) => {
        for (let i = 0; i < count; i++) numbers[i] = (position + i) % keys;
      };
    case 'constant':
      return (numbers, _, count) => {
        numbers.fill(0, 0, count);
      };
  }
}

function growing(seed: number, keys: number, distribution: KeyDistribution, growth: Growth): KeySampler {
  switch (distribution.kind) {
    case 'uniform':
      return growingUniform(seed, growth);
    case 'hotspot':
      return growingHotspot(seed, growth, distribution);
    case 'zipf':
      return placed(seed, keys, distribution.scrambled, growingZipfRanks(seed, keys, distribution.exponent, growth));
    case 'latest':
      return then(growingZipfRanks(seed, keys, distribution.exponent, growth), (ages, position, count) => {
        for (let i = 0; i < count; i++) ages[i] = growth.keysAt(position + i) - 1 - ages[i]!;
      });
    default:
      throw unfit(distribution.kind, 'growing', 'it goes by a fixed set of keys');
  }
}

/** The second works on what the first wrote. */
function then(first: KeySampler, second: KeySampler): KeySampler {
  return (keys, position, count) => {
    first(keys, position, count);
    second(keys, position, count);
  };
}

/** The keys that have the ranks. */
function placed(seed: number, keys: number, scrambled: boolean, ranks: KeySampler): KeySampler {
  if (!scrambled) return ranks;
  const spread = scramble(seed, keys);
  return then(ranks, (numbers, _, count) => spread(numbers, count));
}

/** A distribution that makes no sense under a regime. */
export function unfit(distribution: string, regime: string, because: string): WorkloadError {
  return new WorkloadError(
    'impossible-settings',
    `keys by distribution=${distribution} cannot be ${regime}, since ${because}: choose regime=steady, or another distribution (uniform, zipf, hotspot, latest)`,
  );
}
