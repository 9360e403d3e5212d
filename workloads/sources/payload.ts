/** What events carry beside their value: bytes of a given number and entropy, whose only purpose is to be stored. */
import { WorkloadError } from '../contract.ts';
import { aliasTable, drawnCell } from './keys/alias-table.ts';
import { exponential, logarithm } from './power.ts';
import { draw, drawKey, mixed, scaled } from './random.ts';

export interface PayloadSettings {
  /** Lengths in bytes, never more than `bytesMax`: all `bytes`; bytes ± spreadBytes evenly; by mean and standard deviation. */
  readonly kind: 'none' | 'constant' | 'uniform' | 'normal' | 'lognormal';
  readonly bytes: number;
  readonly spreadBytes: number;
  readonly bytesMax: number;
  /** Share of the bytes that are one byte repeated; the rest are random, six bits a byte. */
  readonly compressibility: number;
}

/** Writes the payloads of events `position` … `position + count − 1`, all of one block (see random.ts), to events `at` onwards of `values`. */
export type Payloads = (values: Float64Array, at: number, position: number, count: number) => void;

/** Doubles that a payload takes: its length in bytes, then its bytes and zero bytes up to the longest, eight a double. */
export function payloadDoubles({ kind, bytesMax }: Pick<PayloadSettings, 'kind' | 'bytesMax'>): number {
  return kind === 'none' ? 0 : 1 + Math.ceil(bytesMax / 8);
}

/** Bytes from 0x30 to 0x6f: printable, and no double of them is a NaN. */
const SIX_BITS = 0x3f3f3f3f;
const ZEROES = 0x30303030;
const REPEATED = 0x61616161;
/** Leading bytes of a word, by how many of them there are. */
const LEADING = Uint32Array.from([0xffffffff, 1, 2, 3], (all, bytes) =>
  bytes === 0 ? all : new Uint32Array(Uint8Array.from([1, 2, 3, 4], (at) => (at <= bytes ? 0xff : 0)).buffer)[0]!,
);
const BIG_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[3] === 1;

/**
 * An event has 1 + {@link payloadDoubles} doubles; the payload begins with the second of them.
 * @returns null where events have none. @throws WorkloadError `impossible-settings`
 */
export function payloads(seed: number, settings: PayloadSettings): Payloads | null {
  if (settings.kind === 'none') return null;
  const { compressibility } = settings;
  if (!(compressibility >= 0 && compressibility <= 1)) {
    throw new WorkloadError('impossible-settings', `compressibility ${compressibility} is a share of the bytes: from 0 to 1`);
  }
  const lengthOf = payloadLengths(settings);
  const width = 1 + payloadDoubles(settings);
  // The view of the values as words is made once for each batch that comes.
  let viewed: Float64Array | null = null;
  let words: Uint32Array = new Uint32Array(0);
  return (values, at, position, count) => {
    if (values !== viewed) {
      viewed = values;
      words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    }
    const text = words;
    const lengthKey = drawKey(seed, 'payload-length', position);
    const payloadKey = drawKey(seed, 'payload', position);
    for (let i = 0, event = at * width; i < count; i++, event += width) {
      const length = lengthOf(draw(i, lengthKey.first, lengthKey.second));
      values[event + 1] = length;
      const start = event + 2;
      const used = (length + 3) >>> 2;
      for (let double = start + (used >>> 1); double < event + width; double++) values[double] = 0;
      const from = 2 * start;
      const end = from + used;
      const random = from + Math.round(used * compressibility);
      for (let word = from; word < random; word++) text[word] = REPEATED;
      // Each event's words begin at a drawn place of their own; one round of the hash is enough for text.
      const origin = (draw(i, payloadKey.first, payloadKey.second) - from) | 0;
      for (let word = random; word < end; word++) text[word] = (mixed((origin + word) | 0) & SIX_BITS) + ZEROES;
      if (BIG_ENDIAN) for (let word = random; word < end; word++) text[word] = swapped(text[word]!);
      if (used > 0) text[end - 1]! &= LEADING[length & 3]!;
    }
  };
}

function swapped(word: number): number {
  return (word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24);
}

/**
 * The length in bytes that a word 0 … 2^32 − 1 draws. Of normal and lognormal lengths those below 0 or above `bytesMax` are drawn again,
 * that is, the curve is cut there.
 */
function payloadLengths({ kind, bytes, spreadBytes, bytesMax }: PayloadSettings): (word: number) => number {
  const impossible = (reason: string) => new WorkloadError('impossible-settings', `a ${kind} payload ${reason}`);
  if (bytes > bytesMax) throw impossible(`of ${bytes} bytes does not fit payloadMax ${bytesMax}: choose a larger one`);
  if (kind === 'constant') return () => bytes;
  if (kind === 'uniform') {
    if (spreadBytes > bytes || bytes + spreadBytes > bytesMax) {
      throw impossible(`of ${bytes} ± ${spreadBytes} bytes must lie between 0 and payloadMax ${bytesMax}: choose a smaller payloadSpread`);
    }
    return (word) => bytes - spreadBytes + scaled(word, 2 * spreadBytes + 1);
  }
  if (spreadBytes === 0) throw impossible('needs a payloadSpread above 0; a payload of one length is constant');
  if (bytes === 0) throw impossible('needs payloadBytes above 0');
  const density = kind === 'normal' ? normal(bytes, spreadBytes) : lognormal(bytes, spreadBytes);
  // A length stands for the lengths that round to it, by Simpson's rule.
  const weights = Float64Array.from({ length: bytesMax + 1 }, (_, n) => density(n - 0.5) + 4 * density(n) + density(n + 0.5));
  const table = aliasTable(weights);
  return (word) => drawnCell(table, word);
}

function normal(mean: number, deviation: number): (x: number) => number {
  return (x) => bell((x - mean) / deviation);
}

/** By its own mean and standard deviation, not those of its logarithm. */
function lognormal(mean: number, deviation: number): (x: number) => number {
  const ratio = deviation / mean;
  const variance = logarithm(1 + ratio * ratio);
  const sigma = Math.sqrt(variance);
  const mu = logarithm(mean) - variance / 2;
  return (x) => (x < 0.5 ? 0 : bell((logarithm(x) - mu) / sigma) / x);
}

function bell(x: number): number {
  return x * x > 1400 ? 0 : exponential((-x * x) / 2);
}
