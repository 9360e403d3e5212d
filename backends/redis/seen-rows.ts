/**
 * What a batch found in the server: by slot the head of each row, and, where a checkpoint needs the row, its entry for the log of
 * before-images, ready to be sent. So replies are not held on to, and a row that is logged is copied once.
 */
import { LENGTH_BYTES } from './before-images.ts';

export class SeenRows {
  /** By slot: the head; 0 where there is no row. */
  heads = new Uint32Array(0);
  /** By slot: 1 if the row is among the entries. */
  kept = new Uint8Array(0);
  /** The entries, one behind the other, in the order they were kept. */
  entries = new Uint8Array(0);
  /** Where the entries end. */
  end = 0;

  /** Forgets all, and makes room for a batch of this capacity whose entries take at most so many bytes each. */
  clear(capacity: number, entryBytes: number): void {
    this.end = 0;
    if (this.heads.length < capacity) {
      this.heads = new Uint32Array(capacity);
      this.kept = new Uint8Array(capacity);
      this.entries = new Uint8Array(capacity * entryBytes);
    }
  }

  none(slot: number): void {
    this.heads[slot] = 0;
    this.kept[slot] = 0;
  }

  /** Adds an entry: a key that lies somewhere in `keys`, and its row. */
  keep(slot: number, keys: Uint8Array, keyStart: number, keyEnd: number, row: Uint8Array): void {
    this.kept[slot] = 1;
    const { entries } = this;
    const { length } = row;
    let to = this.end;
    for (let from = keyStart; from < keyEnd; ) entries[to++] = keys[from++]!; // as narrow as keys are: a loop beats a call, which has to make a view
    entries[to++] = length >>> 24;
    entries[to++] = length >>> 16;
    entries[to++] = length >>> 8;
    entries[to++] = length;
    entries.set(row, to);
    this.end = to + length;
  }
}

/** The most that an entry takes. */
export function entryBytes(keyBytes: number, rowBytes: number): number {
  return keyBytes + LENGTH_BYTES + rowBytes;
}
