import type { Kept } from './aggregates.ts';

/**
 * Count, and an estimate of how many values differ, by HyperLogLog (Flajolet et al. 2007) with 2^precision registers and linear
 * counting where that says more. A value's hash has 64 bits: MurmurHash3 (32-bit, x86) of its double's 8 bytes with one seed,
 * then with another. The leading `precision` bits name a register, which keeps the greatest rank seen: one more than the zeros
 * that lead the other bits.
 */
export class HyperLogLog implements Kept {
  readonly #precision: number;
  #count = 0;
  /** Rank by register. A register not there is 0. */
  #ranks = new Map<bigint, number>();

  constructor(precision: number) {
    this.#precision = precision;
  }

  add(numbers: readonly number[]): void {
    this.#count++;
    const restBits = 64 - this.#precision;
    const bits = hash64(numbers[0]!).toString(2).padStart(64, '0');
    const register = BigInt(`0b${bits.slice(0, this.#precision)}`);
    const leadingOne = bits.slice(this.#precision).indexOf('1');
    const rank = 1 + (leadingOne === -1 ? restBits : leadingOne);
    this.#ranks.set(register, Math.max(this.#ranks.get(register) ?? 0, rank));
  }

  result(): number[] {
    const registers = 2 ** this.#precision;
    const untouched = registers - this.#ranks.size;
    let sum = untouched;
    for (const rank of this.#ranks.values()) sum += 2 ** -rank;
    const estimate = (alpha(registers) * registers * registers) / sum;
    const isFew = estimate <= 2.5 * registers && untouched > 0;
    return [this.#count, isFew ? registers * Math.log(registers / untouched) : estimate];
  }

  copy(): Kept {
    const copy = new HyperLogLog(this.#precision);
    copy.#count = this.#count;
    copy.#ranks = new Map(this.#ranks);
    return copy;
  }
}

/** What corrects the bias of the harmonic mean. */
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

/** −0 has the hash of 0. */
function hash64(value: number): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value === 0 ? 0 : value);
  return (BigInt(murmur3(bytes, 0x9747b28c)) << 32n) | BigInt(murmur3(bytes, 0x5bd1e995));
}

/** MurmurHash3_x86_32 (Appleby) of whole 32-bit words, little-endian. */
export function murmur3(bytes: Buffer, seed: number): number {
  let hash = seed;
  for (let at = 0; at < bytes.length; at += 4) {
    hash ^= Math.imul(rotatedLeft(Math.imul(bytes.readInt32LE(at), 0xcc9e2d51), 15), 0x1b873593);
    hash = Math.imul(rotatedLeft(hash, 13), 5) + 0xe6546b64;
  }
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotatedLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
