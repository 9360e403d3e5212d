import type { StateBatch } from '../../backends/contract.ts';

/** Values of at least this many bytes begin with the number of the call that wrote them. */
const NUMBERED_BYTES = 8;

/**
 * The bytes that a replay stores, since a trace holds only their lengths: pseudo-random ones that follow from window, key
 * and the call that wrote them, so that what comes back shows by itself whether it was ever written there. They do not
 * compress, and a key's next value is another one. Values shorter than 8 bytes follow from window and key alone.
 */
export function putReplayValue(batch: StateBatch, slot: number, length: number, call: number): void {
  const { valueWords, valueStride } = batch;
  const at = (slot * valueStride) >>> 2;
  const numbered = length >= NUMBERED_BYTES;
  const seed = seedOf(batch.hashes[slot]!, numbered ? call : 0);
  const words = Math.ceil(length / 4);
  for (let word = 0; word < words; word++) valueWords[at + word] = mixed(seed, word);
  if (numbered) valueWords[at] = call;
  batch.lengths[slot] = length;
}

/** Whether a slot holds a value that {@link putReplayValue} made for it in a call up to `call`. */
export function isReplayValue(batch: StateBatch, slot: number, call: number): boolean {
  const { valueWords, valueArena, valueStride } = batch;
  const length = batch.lengths[slot]!;
  const at = (slot * valueStride) >>> 2;
  const numbered = length >= NUMBERED_BYTES;
  const writtenBy = numbered ? valueWords[at]! : 0;
  if (writtenBy > call) return false;
  const seed = seedOf(batch.hashes[slot]!, writtenBy);
  const whole = length >>> 2;
  for (let word = numbered ? 1 : 0; word < whole; word++) if (valueWords[at + word] !== mixed(seed, word)) return false;
  LAST_WORD[0] = mixed(seed, whole);
  for (let byte = 0; byte < (length & 3); byte++) if (valueArena[(at + whole) * 4 + byte] !== LAST_BYTES[byte]) return false;
  return true;
}

const LAST_WORD = new Uint32Array(1);
const LAST_BYTES = new Uint8Array(LAST_WORD.buffer);

function seedOf(hash: number, call: number): number {
  return Math.imul(hash ^ Math.imul(call, 0x9e3779b1), 0x85ebca6b) | 0;
}

/** One word of a value. The mixing is that of mulberry32 (T. Ettinger, public domain). */
function mixed(seed: number, word: number): number {
  const state = (seed + Math.imul(word + 1, 0x6d2b79f5)) | 0;
  let mix = Math.imul(state ^ (state >>> 15), state | 1);
  mix ^= mix + Math.imul(mix ^ (mix >>> 7), mix | 61);
  return (mix ^ (mix >>> 14)) >>> 0;
}
