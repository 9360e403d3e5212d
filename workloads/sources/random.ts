/**
 * Random words by counter: word i of a stream is a pure function of (seed, stream, i), so any event can be reached at once and
 * any shard makes the same events. Integer arithmetic only, so the words are the same on every machine.
 *
 * A word is two rounds of a 32-bit integer hash over the position with a key word added before each (the multipliers are
 * C. Wellons' low-bias hash prospector's). One round would give every seed the same words in another order.
 */

/** Words 0 … 2^32 − 1 of a stream have one key, the next 2^32 another: a draw must not cross from one block to the next. */
export const BLOCK = 2 ** 32;

/** Where in a stream to draw: two 32-bit words. */
export interface DrawKey {
  readonly first: number;
  readonly second: number;
}

/** Streams that one seed gives, each independent of the others. */
export type Stream =
  | 'key'
  | 'key-within'
  | 'key-accept'
  | 'value'
  | 'order'
  | 'shift'
  | 'scramble'
  | 'arrival'
  | 'type'
  | 'payload'
  | 'payload-length';

const STREAMS: Readonly<Record<Stream, number>> = {
  key: 1,
  'key-within': 2,
  'key-accept': 3,
  value: 4,
  order: 5,
  shift: 6,
  scramble: 7,
  arrival: 8,
  type: 9,
  payload: 10,
  'payload-length': 11,
};

/**
 * The key with which `draw(i, …)` gives word `position + i`, as long as both lie in one block.
 * @param seed a safe integer, not negative
 * @param attempt for streams that draw again where a first draw was turned down; from 0
 */
export function drawKey(seed: number, stream: Stream, position: number, attempt = 0): DrawKey {
  const block = Math.floor(position / BLOCK);
  const words = [seed >>> 0, Math.floor(seed / BLOCK), STREAMS[stream], block >>> 0, attempt];
  let first = 0x9e3779b9;
  let second = 0x85ebca6b;
  for (const word of words) {
    first = draw(word, first, second);
    second = draw(word, second, first);
  }
  return { first: (first + position) | 0, second: second | 0 };
}

/** A uniform word, 0 … 2^32 − 1. */
export function draw(i: number, first: number, second: number): number {
  let x = (mixed((i + first) | 0) + second) | 0;
  x = Math.imul(x ^ (x >>> 17), 0xed5ad4bb);
  x = Math.imul(x ^ (x >>> 11), 0xac4c1b51);
  return (x ^ (x >>> 15)) >>> 0;
}

/** One round of the hash alone: all words 0 … 2^32 − 1 in another order, the same for every seed. */
export function mixed(i: number): number {
  let x = Math.imul(i ^ (i >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}

/**
 * floor(word × bound / 2^32): a word brought to 0 … bound − 1. Exact, because no product passes 2^53 for a bound up to 2^36.
 * Some results are likelier than others by at most bound / 2^32.
 */
export function scaled(word: number, bound: number): number {
  return Math.floor(((word >>> 16) * bound + Math.floor(((word & 0xffff) * bound) / 0x10000)) / 0x10000);
}
