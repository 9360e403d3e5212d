/**
 * The key under which a store keeps a row: an optional prefix that names the table, the address, and for a list the
 * element's sequence number. Row keys so built sort by table, window, key and order of appending.
 */
import { type StateBatch, type TableSpec, WINDOW_BYTES } from '../contract.ts';

/** Bytes of the sequence number behind the address of a list's element: an unsigned big-endian integer. */
export const SEQUENCE_BYTES = 8;

/** Width of a table's rows without a prefix: the address, and for a list the sequence number. */
export function rowKeyBytes({ kind, keyBytes }: Pick<TableSpec, 'kind' | 'keyBytes'>): number {
  return WINDOW_BYTES + keyBytes + (kind === 'list' ? SEQUENCE_BYTES : 0);
}

/**
 * Numbers the elements appended to one list table, so that each gets a row of its own and rows sort as they were
 * appended. One counter for all keys: it needs no read, and a removed list's numbers are never used again. It is part
 * of a checkpoint and goes on from there after a restore.
 */
export class Sequence {
  #next: number;

  /** @param next what {@link next} said when the checkpoint was cut; 0 in an empty store. */
  constructor(next = 0) {
    this.#next = next;
  }

  /** The number that the next element gets. */
  get next(): number {
    return this.#next;
  }

  /** Writes the next number at `at` and counts on. 2^53 elements take 28 years at ten million a second. */
  write(into: Buffer, at: number): void {
    const number = this.#next++;
    into.writeUInt32BE(Math.floor(number / 0x1_0000_0000), at);
    into.writeUInt32BE(number >>> 0, at + 4);
  }
}

/**
 * Row keys for a whole batch, in one arena with a view for each slot: for stores that read their keys later than the
 * call, and for tables whose addresses need a prefix. A row key is valid until the next {@link of} or {@link append}.
 */
export class RowKeys {
  readonly #prefix: Uint8Array;
  readonly #rowBytes: number;
  #arena: Buffer = Buffer.alloc(0);
  #views: Buffer[] = [];

  /** @param suffixBytes room behind the address: {@link SEQUENCE_BYTES} where elements are appended, otherwise 0. */
  constructor(prefix: Uint8Array, keyBytes: number, suffixBytes: number) {
    this.#prefix = prefix;
    this.#rowBytes = prefix.length + WINDOW_BYTES + keyBytes + suffixBytes;
  }

  /** Prefix and address of every slot. The returned array has the batch's capacity; only `length` of it count. */
  of(batch: StateBatch): readonly Buffer[] {
    if (this.#views.length < batch.capacity) this.#grow(batch.capacity);
    const { addressArena, addressStride, length } = batch;
    const arena = this.#arena;
    const gap = this.#rowBytes - addressStride;
    let from = 0;
    let to = this.#prefix.length;
    for (let slot = 0; slot < length; slot++) {
      for (const end = from + addressStride; from < end; ) arena[to++] = addressArena[from++] as number;
      to += gap;
    }
    return this.#views;
  }

  /** {@link of}, with the sequence's next numbers behind the addresses, in slot order. */
  append(batch: StateBatch, sequence: Sequence): readonly Buffer[] {
    const views = this.of(batch);
    const at = this.#rowBytes - SEQUENCE_BYTES;
    for (let slot = 0; slot < batch.length; slot++) sequence.write(views[slot] as Buffer, at);
    return views;
  }

  #grow(capacity: number): void {
    const rowBytes = this.#rowBytes;
    this.#arena = Buffer.alloc(capacity * rowBytes);
    this.#views = Array.from({ length: capacity }, (_, slot) => this.#arena.subarray(slot * rowBytes, (slot + 1) * rowBytes));
    for (const view of this.#views) view.set(this.#prefix);
  }
}
