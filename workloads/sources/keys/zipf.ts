/** Zipf's law over ranks: exact, in tables that stay in the cache whatever the number of keys. */
import { WorkloadError } from '../../contract.ts';
import { power } from '../power.ts';
import { draw, drawKey, scaled } from '../random.ts';
import { aliasTable, drawnCell } from './alias-table.ts';
import type { Growth } from './regime.ts';

export interface RankSampler {
  /** Writes the ranks, from 0, of events `position` … `position + count − 1`, all of one block, into `ranks`. */
  fill(ranks: Uint32Array, position: number, count: number): void;
  /** Draws the rank of event `position` again, until it is below `limit`, where `fill` gave one that was not. */
  again(position: number, limit: number): number;
}

/**
 * Rank r, from 0, with a probability in proportion to (r + 1)^−exponent.
 *
 * Exact by rejection from a staircase: ranks are cut into steps about 1/32 as wide as their first rank, a step is drawn by
 * Walker's alias method as if all its ranks were as likely as its first, a rank in it evenly, and the rank is kept with its true
 * share of that. Some 32 steps per factor e of ranks, and nearly every draw is kept without computing a power.
 * @throws WorkloadError `impossible-settings`
 */
export function zipfRanks(seed: number, bound: number, exponent: number): RankSampler {
  if (!(exponent >= 0 && exponent <= 16)) {
    throw new WorkloadError('impossible-settings', `exponent must be from 0 to 16, not ${exponent}`);
  }
  const starts: number[] = [];
  for (let rank = 1; rank <= bound; rank += Math.max(1, Math.floor(rank / 32))) starts.push(rank);
  const startOf = Uint32Array.from(starts);
  const widthOf = startOf.map((start, step) => (starts[step + 1] ?? bound + 1) - start);
  const weightOf = Float64Array.from(starts, (start) => power(start, -exponent));
  /** A word below this keeps any rank of the step: its last rank's share of the first one's. */
  const surelyKept = Float64Array.from(starts, (start, step) => {
    const last = start + widthOf[step]! - 1;
    return last === start ? 2 ** 32 : (power(last, -exponent) / weightOf[step]!) * 2 ** 32;
  });
  const steps = aliasTable(weightOf.map((weight, step) => weight * widthOf[step]!));

  const kept = (rank: number, step: number, word: number): boolean =>
    word < surelyKept[step]! || word < (power(rank, -exponent) / weightOf[step]!) * 2 ** 32;

  /** Attempts after the first have streams of their own, so events stay independent. */
  function again(position: number, limit: number): number {
    for (let attempt = 1; ; attempt++) {
      const choose = drawKey(seed, 'key', position, attempt);
      const within = drawKey(seed, 'key-within', position, attempt);
      const accept = drawKey(seed, 'key-accept', position, attempt);
      const step = drawnCell(steps, draw(0, choose.first, choose.second));
      const rank = startOf[step]! + scaled(draw(0, within.first, within.second), widthOf[step]!);
      if (rank <= limit && kept(rank, step, draw(0, accept.first, accept.second))) return rank - 1;
    }
  }

  return {
    fill(ranks, position, count) {
      const choose = drawKey(seed, 'key', position);
      const within = drawKey(seed, 'key-within', position);
      const accept = drawKey(seed, 'key-accept', position);
      for (let i = 0; i < count; i++) {
        const step = drawnCell(steps, draw(i, choose.first, choose.second));
        // A step of one rank draws and keeps it like any other: cheaper than a branch that cannot be foretold.
        const rank = startOf[step]! + scaled(draw(i, within.first, within.second), widthOf[step]!);
        const word = draw(i, accept.first, accept.second);
        ranks[i] = word < surelyKept[step]! || kept(rank, step, word) ? rank - 1 : again(position + i, bound);
      }
    },
    again,
  };
}

/**
 * Zipf's law over the keys that there are at each event. Each doubling of their number has a staircase of its own, so that at
 * least half of the ranks drawn exist.
 */
export function growingZipfRanks(seed: number, bound: number, exponent: number, growth: Growth): RankSampler['fill'] {
  const levels: { readonly ranks: RankSampler; readonly end: number }[] = [];
  for (let keys = growth.keysAt(0); ; keys *= 2) {
    const most = Math.min(keys, bound);
    levels.push({ ranks: zipfRanks(seed, most, exponent), end: growth.firstWithMore(most) });
    if (most === bound) break;
  }
  return (ranks, position, count) => {
    for (let done = 0; done < count; ) {
      const from = position + done;
      const level = levels.find(({ end }) => from < end)!;
      const take = Math.min(count - done, level.end - from);
      const part = ranks.subarray(done, done + take);
      level.ranks.fill(part, from, take);
      for (let i = 0; i < take; i++) {
        const keys = growth.keysAt(from + i);
        if (part[i]! >= keys) part[i] = level.ranks.again(from + i, keys);
      }
      done += take;
    }
  };
}

/** A permutation of the ranks: rank × factor + offset modulo their number, the factor near the golden section and coprime to it. */
export function scramble(seed: number, bound: number): (ranks: Uint32Array, count: number) => void {
  const { first, second } = drawKey(seed, 'scramble', 0);
  let factor = Math.max(1, Math.round(bound * 0.6180339887498949));
  while (greatestCommonDivisor(factor, bound) !== 1) factor++;
  const offset = scaled(draw(0, first, second), bound);
  return (ranks, count) => {
    for (let i = 0; i < count; i++) {
      const place = ranks[i]! * factor + offset;
      ranks[i] = place - Math.floor(place / bound) * bound; // below 2^49, so exact, and faster than % on such numbers
    }
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
