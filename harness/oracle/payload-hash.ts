import { PAYLOAD_COLUMN } from '../../workloads/contract.ts';

const LIMIT = 2 ** 52;
const bits = new DataView(new ArrayBuffer(8));

/** Whether the last number of a row is the hash of the events that it is made of. */
export function hashesPayload(columns: readonly string[]): boolean {
  return columns.at(-1) === PAYLOAD_COLUMN;
}

/**
 * The hash of one event, an integer below 2^52, written a second time from its definition: the lower and the upper 32 bits of each number go
 * into a lane each, by xor, a multiplication and a shift; at the end each lane gets the sum of what is in front of it, and MurmurHash3's
 * finaliser. The hash is the upper 20 bits of the second lane and all bits of the first.
 */
export function payloadHash(numbers: readonly number[]): number {
  let lower = 0x9e3779b9;
  let upper = 0x7f4a7c15;
  for (const number of numbers) {
    bits.setFloat64(0, number);
    lower = stirred(lower ^ bits.getUint32(4), 0xcc9e2d51, 15);
    upper = stirred(upper ^ bits.getUint32(0), 0x1b873593, 13);
  }
  const first = (lower + upper) >>> 0;
  const second = (first + upper) >>> 0;
  return (finished(second) >>> 12) * 2 ** 32 + finished(first);
}

/** The hash of several events from theirs. */
export function hashSum(...hashes: readonly number[]): number {
  return hashes.reduce((sum, hash) => (sum + hash) % LIMIT, 0);
}

function stirred(word: number, factor: number, shift: number): number {
  const product = Math.imul(word, factor) >>> 0;
  return (product ^ (product >>> shift)) >>> 0;
}

function finished(word: number): number {
  const once = Math.imul(word ^ (word >>> 16), 0x85ebca6b) >>> 0;
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35) >>> 0;
  return (twice ^ (twice >>> 16)) >>> 0;
}
