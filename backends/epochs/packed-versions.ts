/**
 * A stored value that holds what each checkpoint needs of it: versions, newest first, each with the epoch it was written
 * in. A reader takes the first that it sees, so a restore rewrites nothing: what a store that died wrote after the
 * checkpoint is passed over, and goes with the next write of the value. A writer keeps of the older versions, which the
 * `read` of the same batch has just fetched, those that a checkpoint sees first; in a window younger than every
 * checkpoint that is none.
 *
 * A version is `epoch (4 bytes)`, then either the value to the end, or, if the epoch's highest bit is set,
 * `length (4 bytes, highest bit: deleted)`, the value, and the next version. Big-endian throughout.
 */
import { cutSees } from './cuts.ts';
import type { StoreEpochs } from './store-epochs.ts';

const LONG = 0x8000_0000;
const LOW = 0x7fff_ffff;
const BITS = 31;
const SHORT_BYTES = 4;
const LONG_BYTES = 8;

/** Reads and writes packed values of one store. One at a time: what a call found is overwritten by the next. */
export class PackedVersions {
  /** Where in the stored bytes the value lies that {@link find} found. */
  start = 0;
  end = 0;
  /** What stands in front of the value that {@link pack} prepared, `headBytes` of it. */
  readonly head = Buffer.alloc(LONG_BYTES);
  headBytes = SHORT_BYTES;
  /** Pairs of start and end: the parts of the stored bytes that come behind the value, in order. */
  readonly tails: number[] = [];
  readonly #epochs: StoreEpochs;

  constructor(epochs: StoreEpochs) {
    this.#epochs = epochs;
  }

  /** Looks for the version that the store sees. @returns false if there is none, or it says that the value was deleted. */
  find(stored: Buffer): boolean {
    const { lineage } = this.#epochs;
    for (let at = 0; at < stored.length; at = this.end) {
      const word = stored.readUInt32BE(at);
      if (word < LONG) {
        this.start = at + SHORT_BYTES;
        this.end = stored.length;
        return lineage.sees(word);
      }
      const length = stored.readUInt32BE(at + SHORT_BYTES);
      this.start = at + LONG_BYTES;
      this.end = this.start + (length & LOW);
      if (lineage.sees(word & LOW)) return length < LONG;
    }
    return false;
  }

  /**
   * Prepares a new version in front of what is stored.
   * @param length of the value; means nothing where `present` is 0, which deletes.
   * @returns the bytes it all takes: head, value and tails. 0 if nothing has to be stored.
   */
  pack(stored: Buffer | null | undefined, present: number, length: number): number {
    const { epoch, cuts } = this.#epochs;
    this.tails.length = 0;
    // Most values were written since the last cut.
    if (stored != null && (stored.readUInt32BE(0) & LOW) <= cuts.newest) this.#keep(stored);
    else if (stored != null && stored.readUInt32BE(0) >= LONG) this.#keep(stored);
    const { tails } = this;
    if (tails.length === 0) {
      if (present === 0) return 0;
      this.headBytes = SHORT_BYTES;
      this.head.writeUInt32BE(epoch, 0);
      return SHORT_BYTES + length;
    }
    const valueBytes = present === 0 ? 0 : length;
    this.headBytes = LONG_BYTES;
    this.head.writeUInt32BE((epoch | LONG) >>> 0, 0);
    this.head.writeUInt32BE(present === 0 ? LONG : valueBytes, SHORT_BYTES);
    let bytes = LONG_BYTES + valueBytes;
    for (let i = 0; i < tails.length; i += 2) bytes += tails[i + 1]! - tails[i]!;
    return bytes;
  }

  /** {@link pack} into bytes of their own; null if nothing has to be stored. */
  packed(stored: Buffer | null | undefined, present: number, value: Buffer): Buffer | null {
    const bytes = this.pack(stored, present, value.length);
    if (bytes === 0) return null;
    const packed = Buffer.allocUnsafe(bytes);
    let at = this.head.copy(packed, 0, 0, this.headBytes);
    if (present === 1) at += value.copy(packed, at);
    for (let i = 0; i < this.tails.length; i += 2) at += stored!.copy(packed, at, this.tails[i], this.tails[i + 1]);
    return packed;
  }

  /** Of the stored versions, those that a checkpoint sees first. */
  #keep(stored: Buffer): void {
    const { tails } = this;
    const cuts = this.#epochs.cuts.all;
    /** A bit for each cut that has its version. */
    let served = 0;
    /** Where in the tails the last version ends that is no deletion: one behind it says only what is so without it. */
    let ends = 0;
    for (let at = 0, next = 0; at < stored.length; at = next) {
      const word = stored.readUInt32BE(at);
      const isLong = word >= LONG;
      const length = isLong ? stored.readUInt32BE(at + SHORT_BYTES) : 0;
      next = isLong ? at + LONG_BYTES + (length & LOW) : stored.length;
      let isNeeded = false;
      for (let i = 0; i < cuts.length; i++) {
        // There are two or three. Where dozens were never released, each keeps whatever it sees.
        const bit = i < BITS ? 1 << i : 0;
        if ((served & bit) !== 0 || !cutSees(cuts[i]!, word & LOW)) continue;
        served |= bit;
        isNeeded = true;
      }
      if (!isNeeded) continue;
      tails.push(at, next);
      if (length < LONG) ends = tails.length;
    }
    tails.length = ends;
  }
}
