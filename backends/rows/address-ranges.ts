/** Ordered ranges of addresses: what a scan, a drop or the removal of a list covers in a store that keeps sorted rows. */
import { encodeWindow, WINDOW_BYTES } from '../contract.ts';

/** All row keys from `start`, itself included, up to but without `end`. */
export interface AddressRange {
  readonly start: Buffer;
  readonly end: Buffer;
}

/**
 * The first byte string behind everything that starts with `prefix`, of the same width: `prefix` plus one, carrying.
 * Writes into `into` (at least as long) and returns it.
 * @throws RangeError if `prefix` is all 0xff and nothing of its width comes behind. An address never is: the windows a
 * number can name start with 0x7f or 0x80.
 */
export function prefixEnd(prefix: Uint8Array, into: Buffer = Buffer.allocUnsafe(prefix.length)): Buffer {
  into.set(prefix);
  for (let at = prefix.length - 1; at >= 0; at--) {
    const byte = (into[at] as number) + 1;
    into[at] = byte;
    if (byte <= 0xff) return into;
  }
  throw new RangeError('no byte string of this width comes behind one that is all 0xff');
}

/**
 * The range of a whole window, or of the keys in it that start with `group`; each row key starts with `prefix`.
 * Right at both ends of the windows too: behind the last safe integer the encoding has room for one more.
 */
export function windowRange(window: number, group: Uint8Array = NO_BYTES, prefix: Uint8Array = NO_BYTES): AddressRange {
  const start = Buffer.allocUnsafe(prefix.length + WINDOW_BYTES + group.length);
  start.set(prefix);
  start.set(encodeWindow(window), prefix.length);
  start.set(group, prefix.length + WINDOW_BYTES);
  return { start, end: prefixEnd(start) };
}

const NO_BYTES = new Uint8Array(0);
