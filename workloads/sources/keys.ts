/** Which key each event has: the distributions of the synthetic source. Everything is a pure function of (seed, event). */
import { WorkloadError } from '../contract.ts';
import { power } from './power.ts';
import { draw, drawKey, scaled } from './random.ts';

/** Keys are numbers 0 … keys − 1. */
export type KeyDistribution =
  | { readonly kind: 'uniform' }
  /** Key of rank r (from 1) with a probability in proportion to r^−exponent; `scrambled` spreads the ranks over the key space. */
  | { readonly kind: 'zipf'; readonly exponent: number; readonly scrambled: boolean }
  /** The first `hotFraction` of the keys get `hotShare` of the events, evenly; the rest get the rest. */
  | { readonly kind: 'hotspot'; readonly hotFraction: number; readonly hotShare: number };

/** Writes the keys of events `position` … `position + count − 1`, all of one block (see random.ts), into `keys`. */
export type KeySampler = (keys: Uint32Array, position: number, count: number) => void;

/** Beyond this a 32-bit draw would make some keys likelier than others by more than 0.4 %. */
export const KEYS_MAX = 2 ** 24;

/** @throws WorkloadError `impossible-settings` */
export function keySampler(seed: number, keys: number, distribution: KeyDistribution): KeySampler {
  if (!Number.isSafeInteger(keys) || keys < 1 || keys > KEYS_MAX) {
    throw new WorkloadError('impossible-settings', `keys must be an integer from 1 to ${KEYS_MAX}, not ${keys}`);
  }
  switch (distribution.kind) {
    case 'uniform':
      return uniform(seed, keys);
    case 'hotspot':
      return hotspot(seed, keys, distribution);
    case 'zipf':
      return zipf(seed, keys, distribution);
  }
}

function uniform(seed: number, bound: number): KeySampler {
  return (keys, position, count) => {
    const { first, second } = drawKey(seed, 'key', position);
    for (let i = 0; i < count; i++) keys[i] = scaled(draw(i, first, second), bound);
  };
}

function hotspot(seed: number, bound: number, { hotFraction, hotShare }: { hotFraction: number; hotShare: number }): KeySampler {
  if (!(hotShare >= 0 && hotShare <= 1)) {
    throw new WorkloadError('impossible-settings', `hotShare must be from 0 to 1, not ${hotShare}: it is a share of the events`);
  }
  const hot = Math.ceil(hotFraction * bound);
  if (!(hot >= 1 && hot < bound)) {
    throw new WorkloadError(
      'impossible-settings',
      `hotFraction ${hotFraction} of ${bound} keys makes ${hot} hot ones; there must be at least 1 hot key and 1 other: choose hotFraction between 0 and 1`,
    );
  }
  const threshold = hotShare * 2 ** 32;
  return (keys, position, count) => {
    const choose = drawKey(seed, 'key', position);
    const within = drawKey(seed, 'key-within', position);
    for (let i = 0; i < count; i++) {
      const word = draw(i, within.first, within.second);
      keys[i] = draw(i, choose.first, choose.second) < threshold ? scaled(word, hot) : hot + scaled(word, bound - hot);
    }
  };
}

/**
 * Exact Zipf numbers by rejection from a staircase: ranks are cut into steps about 1/32 as wide as their first rank, a step is
 * drawn by Walker's alias method as if all its ranks were as likely as its first, a rank in it evenly, and the rank is kept with
 * its true share of that. Some 32 steps per factor e of ranks, so the tables stay in the cache whatever the
 * number of keys, and nearly every draw is kept without computing a power.
 */
function zipf(seed: number, bound: number, { exponent, scrambled }: { exponent: number; scrambled: boolean }): KeySampler {
  if (!(exponent >= 0 && exponent <= 16)) {
    throw new WorkloadError('impossible-settings', `exponent must be from 0 to 16, not ${exponent}`);
  }
  const starts: number[] = [];
  for (let rank = 1; rank <= bound; rank += Math.max(1, Math.floor(rank / 32))) starts.push(rank);
  const steps = starts.length;
  const startOf = Uint32Array.from(starts);
  const widthOf = startOf.map((start, step) => (starts[step + 1] ?? bound + 1) - start);
  const weightOf = Float64Array.from(starts, (start) => power(start, -exponent));
  /** A word below this keeps any rank of the step: its last rank's share of the first one's. */
  const surelyKept = Float64Array.from(starts, (start, step) => {
    const last = start + widthOf[step]! - 1;
    return last === start ? 2 ** 32 : (power(last, -exponent) / weightOf[step]!) * 2 ** 32;
  });
  const { keepBelow, alias } = aliasTable(weightOf.map((weight, step) => weight * widthOf[step]!));
  const spread = scrambled ? scramble(seed, bound) : { factor: 1, offset: 0 };

  /** The rank of event `position`; attempts after the first have streams of their own, so events stay independent. */
  const redraw = (position: number): number => {
    for (let attempt = 1; ; attempt++) {
      const choose = drawKey(seed, 'key', position, attempt);
      const within = drawKey(seed, 'key-within', position, attempt);
      const accept = drawKey(seed, 'key-accept', position, attempt);
      const column = draw(0, choose.first, choose.second) * steps;
      const cell = Math.floor(column / 2 ** 32);
      const step = column - cell * 2 ** 32 < keepBelow[cell]! ? cell : alias[cell]!;
      const rank = startOf[step]! + scaled(draw(0, within.first, within.second), widthOf[step]!);
      if (kept(rank, step, draw(0, accept.first, accept.second))) return rank;
    }
  };
  const kept = (rank: number, step: number, word: number): boolean =>
    word < surelyKept[step]! || word < (power(rank, -exponent) / weightOf[step]!) * 2 ** 32;

  return (keys, position, count) => {
    const choose = drawKey(seed, 'key', position);
    const within = drawKey(seed, 'key-within', position);
    const accept = drawKey(seed, 'key-accept', position);
    for (let i = 0; i < count; i++) {
      const column = draw(i, choose.first, choose.second) * steps;
      const cell = Math.floor(column / 2 ** 32);
      const step = column - cell * 2 ** 32 < keepBelow[cell]! ? cell : alias[cell]!;
      // A step of one rank draws and keeps it like any other: cheaper than a branch that cannot be foretold.
      let rank = startOf[step]! + scaled(draw(i, within.first, within.second), widthOf[step]!);
      const word = draw(i, accept.first, accept.second);
      if (word >= surelyKept[step]! && !kept(rank, step, word)) rank = redraw(position + i);
      const place = (rank - 1) * spread.factor + spread.offset;
      keys[i] = place - Math.floor(place / bound) * bound; // below 2^49, so exact, and faster than % on such numbers
    }
  };
}

/** Walker's alias method, Vose's way to build it: cell c stands for itself where a word is below `keepBelow[c]`, else for `alias[c]`. */
function aliasTable(weights: Float64Array): { readonly keepBelow: Float64Array; readonly alias: Uint32Array } {
  const cells = weights.length;
  let total = 0;
  for (const weight of weights) total += weight;
  const share = weights.map((weight) => (weight * cells) / total);
  const keepBelow = new Float64Array(cells).fill(2 ** 32);
  const alias = new Uint32Array(cells);
  const small: number[] = [];
  const large: number[] = [];
  for (const [cell, value] of share.entries()) (value < 1 ? small : large).push(cell);
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop()!;
    const rich = large.at(-1)!;
    keepBelow[poor] = share[poor]! * 2 ** 32;
    alias[poor] = rich;
    share[rich] = share[rich]! + share[poor]! - 1;
    if (share[rich]! < 1) small.push(large.pop()!);
  }
  return { keepBelow, alias };
}

/** A permutation of the keys: rank × factor + offset modulo their number, the factor near the golden section and coprime to it. */
function scramble(seed: number, bound: number): { readonly factor: number; readonly offset: number } {
  const { first, second } = drawKey(seed, 'scramble', 0);
  let factor = Math.max(1, Math.round(bound * 0.6180339887498949));
  while (greatestCommonDivisor(factor, bound) !== 1) factor++;
  return { factor, offset: scaled(draw(0, first, second), bound) };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Writes `count` keys as lower-case hexadecimal ASCII, zero-padded to `keyBytes`, whole words at a time, as keys `from` onwards. */
export type KeyWriter = (numbers: Uint32Array, count: number, keyWords: Uint32Array, from: number) => void;

/** @throws WorkloadError `impossible-settings` where `keys` keys do not fit `keyBytes` hexadecimal digits */
export function keyWriter(keys: number, keyBytes: number): KeyWriter {
  if (!Number.isSafeInteger(keyBytes) || keyBytes < 4 || keyBytes % 4 !== 0) {
    throw new WorkloadError('impossible-settings', `keyBytes must be a positive multiple of 4, not ${keyBytes}`);
  }
  if (keys > 16 ** keyBytes) {
    throw new WorkloadError(
      'impossible-settings',
      `${keys} keys do not fit ${keyBytes} hexadecimal digits: choose more keyBytes or fewer keys`,
    );
  }
  const words = keyBytes / 4;
  const [high, low, zeros] = pairTables();
  return (numbers, count, keyWords, from) => {
    keyWords.fill(zeros, from * words, (from + count) * words);
    if (words > 1) {
      for (let i = 0, at = (from + 1) * words - 2; i < count; i++, at += words) {
        keyWords[at] = high[numbers[i]! >>> 24]! | low[(numbers[i]! >>> 16) & 0xff]!;
      }
    }
    for (let i = 0, at = (from + 1) * words - 1; i < count; i++, at += words) {
      keyWords[at] = high[(numbers[i]! >>> 8) & 0xff]! | low[numbers[i]! & 0xff]!;
    }
  };
}

/** Two digits as the first half of a word and as the second, and the word of four zeros, in this machine's byte order. */
function pairTables(): readonly [high: Uint32Array, low: Uint32Array, zeros: number] {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let pair = 0; pair < 256; pair++) {
    const digits = Buffer.from(pair.toString(16).padStart(2, '0'), 'latin1');
    new Uint8Array(high.buffer).set(digits, pair * 4);
    new Uint8Array(low.buffer).set(digits, pair * 4 + 2);
  }
  return [high, low, high[0]! | low[0]!];
}
