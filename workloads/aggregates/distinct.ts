/**
 * About how many different values a window has: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) over a 64-bit hash, with
 * linear counting for few. The standard error is 1.04 / √m for m = 2^precision registers of a byte.
 */
import type { IncrementalAggregate } from '../contract.ts';
import { DoubleBits, viewOver } from './double-bits.ts';

const HIGH_SEED = 0x9747b28c;
const LOW_SEED = 0x5bd1e995;

/** MurmurHash3 x86 32-bit (A. Appleby, public domain) over the 8 bytes of two little-endian words. */
function murmur(low: number, high: number, seed: number): number {
  let hash = mixed(mixed(seed, low), high) ^ 8;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mixed(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  const mix = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((mix << 13) | (mix >>> 19), 5) + 0xe6546b64) | 0;
}

function alpha(registers: number): number {
  switch (registers) {
    case 16:
      return 0.673;
    case 32:
      return 0.697;
    case 64:
      return 0.709;
    default:
      return 0.7213 / (1 + 1.079 / registers);
  }
}

/**
 * Of the values of events that carry `inputWidth` doubles, the value first; −0 is 0. An accumulator is the count and the registers.
 * @param precision 4 … 16: bits of the hash that choose the register
 */
export function distinct(inputWidth: number, precision: number): IncrementalAggregate {
  if (!Number.isSafeInteger(precision) || precision < 4 || precision > 16) {
    throw new RangeError(`precision must be an integer from 4 to 16, not ${precision}`);
  }
  const registers = 2 ** precision;
  const width = 1 + registers / 8;
  const scale = alpha(registers) * registers * registers;
  const bits = new DoubleBits();
  const bytesOf = viewOver((doubles) => new Uint8Array(doubles.buffer, doubles.byteOffset, doubles.byteLength));
  const estimate = (bytes: Uint8Array, at: number): number => {
    let sum = 0;
    let empty = 0;
    for (let i = at; i < at + registers; i++) {
      sum += 2 ** -bytes[i]!;
      if (bytes[i] === 0) empty++;
    }
    const raw = scale / sum;
    return raw <= 2.5 * registers && empty > 0 ? registers * Math.log(registers / empty) : raw;
  };
  return {
    kind: 'incremental',
    name: 'distinct',
    parameters: { precision },
    inputWidth,
    accumulatorWidth: width,
    columns: ['count', 'distinct'],
    fold(accumulators, present, slots, slotsAt, events, from, count) {
      const bytes = bytesOf(accumulators);
      for (let i = 0, eventAt = from * inputWidth; i < count; i++, eventAt += inputWidth) {
        const slot = slots[slotsAt + i]!;
        const at = slot * width;
        if (present[slot] === 0) {
          present[slot] = 1;
          accumulators.fill(0, at, at + width);
        }
        accumulators[at] = accumulators[at]! + 1;
        bits.set(events[eventAt]!);
        const high = murmur(bits.low, bits.high, HIGH_SEED);
        const rest = high << precision;
        // The low word is looked at only where the high one has nothing but zeros left, once in 2^(32 − precision).
        const zeros = rest !== 0 ? Math.clz32(rest) : 32 - precision + Math.clz32(murmur(bits.low, bits.high, LOW_SEED));
        const register = (at + 1) * 8 + (high >>> (32 - precision));
        if (zeros >= bytes[register]!) bytes[register] = zeros + 1;
      }
    },
    emit(accumulators, from, count, results, resultsAt) {
      const bytes = bytesOf(accumulators);
      for (let i = 0; i < count; i++) {
        const at = (from + i) * width;
        results[resultsAt + 2 * i] = accumulators[at]!;
        results[resultsAt + 2 * i + 1] = estimate(bytes, (at + 1) * 8);
      }
    },
    merge(target, into, source, from) {
      const to = into * width;
      const at = from * width;
      target[to] = target[to]! + source[at]!;
      const targetBytes = bytesOf(target);
      const sourceBytes = bytesOf(source);
      for (let i = 8; i < width * 8; i++) {
        const rank = sourceBytes[at * 8 + i]!;
        if (rank > targetBytes[to * 8 + i]!) targetBytes[to * 8 + i] = rank;
      }
    },
  };
}
