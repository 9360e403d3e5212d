/** How keys, map keys, values and expiry times of the micro-suite lie in a table of the contract. */
import { keyHash, StateBatch, slotHash, type TableSpec, WINDOW_BYTES, windowHash } from '../../backends/contract.ts';
import type { MicroState } from './operations.ts';

/** Bytes of a map key, and of the expiry time before a value. */
const MAP_KEY_BYTES = 8;
const EXPIRY_BYTES = 8;

/** When what is written expires, on a clock that stands at {@link NOW}; what is filled in as expired was due before. */
export const NOW = 1_000_000;
export const EXPIRES_LATER = NOW + 1_000_000;
export const EXPIRED = NOW - 1;

export interface Widths {
  /** A multiple of 4, at least 8. */
  readonly keyBytes: number;
  /** A multiple of 4, at least 4. */
  readonly valueBytes: number;
}

/** Where things are in a slot. Key and value repeat two words that tell them from all others. */
export class StateLayout {
  readonly table: TableSpec;
  readonly state: MicroState;
  readonly ttl: boolean;
  readonly keyBytes: number;
  readonly #keyWords: number;
  readonly #wordsOfTableKey: number;
  /** Words of a slot's value before the value itself. */
  readonly #valueWord: number;
  readonly #valueWords: number;

  constructor(state: MicroState, ttl: boolean, { keyBytes, valueBytes }: Widths) {
    this.state = state;
    this.ttl = ttl;
    this.keyBytes = keyBytes;
    this.table = {
      name: `${state}-state`,
      kind: state === 'list' ? 'list' : 'value',
      keyBytes: keyBytes + (state === 'map' ? MAP_KEY_BYTES : 0),
      groupBytes: state === 'value' ? 0 : keyBytes,
      valueBytes: valueBytes + (ttl ? EXPIRY_BYTES : 0),
    };
    this.#keyWords = keyBytes / 4;
    this.#wordsOfTableKey = this.table.keyBytes / 4;
    this.#valueWord = ttl ? EXPIRY_BYTES / 4 : 0;
    this.#valueWords = valueBytes / 4;
  }

  batch(slots: number): StateBatch {
    return new StateBatch(slots, this.table);
  }

  /** Takes the next slot of a batch for an entry of a key (0 where a key has but one), present, with a value that `version` decides. */
  push(batch: StateBatch, window: number, key: number, entry: number, version: number, expiresAt: number): void {
    const slot = batch.push(window);
    const { addressWords, valueWords } = batch;
    const at = (slot * batch.addressStride + WINDOW_BYTES) / 4;
    const scattered = Math.imul(key, 0x9e3779b1);
    for (let i = 0; i < this.#keyWords; i++) addressWords[at + i] = i === 1 ? key : scattered;
    for (let i = this.#keyWords; i < this.#wordsOfTableKey; i++) addressWords[at + i] = entry;
    batch.hashes[slot] = slotHash(keyHash(addressWords, at, this.#wordsOfTableKey), windowHash(window));
    const valueAt = (slot * batch.valueStride) / 4;
    if (this.ttl) batch.valueDoubles[valueAt / 2] = expiresAt;
    const value = Math.imul(scattered ^ Math.imul(entry + 1, 0x85ebca6b), 2 * version + 1);
    for (let i = 0; i < this.#valueWords; i++) valueWords[valueAt + this.#valueWord + i] = value;
    batch.present[slot] = 1;
  }

  /** The number of a slot's key. */
  keyOf(batch: StateBatch, slot: number): number {
    return batch.addressWords[(slot * batch.addressStride + WINDOW_BYTES) / 4 + 1]!;
  }

  /** The map key of a slot; 0 where there are none. */
  entryOf(batch: StateBatch, slot: number): number {
    const at = (slot * batch.addressStride + WINDOW_BYTES) / 4 + this.#wordsOfTableKey - 1;
    return this.#wordsOfTableKey === this.#keyWords ? 0 : batch.addressWords[at]!;
  }

  /** The first word of a slot's value, which stands for it. */
  valueOf(batch: StateBatch, slot: number): number {
    return batch.valueWords[(slot * batch.valueStride) / 4 + this.#valueWord]!;
  }

  /** When a slot's value expires; never without time to live. */
  expiryOf(batch: StateBatch, slot: number): number {
    return this.ttl ? batch.valueDoubles[(slot * batch.valueStride) / 8]! : Number.POSITIVE_INFINITY;
  }

  /** All bytes of key and value, for a comparison that overlooks nothing. */
  bytesOf(batch: StateBatch, slot: number): string {
    return `${batch.keys[slot]!.toString('hex')}=${batch.value(slot).toString('hex')}`;
  }

  /** Views over the keys of all slots without the map keys: what a scan of one key is limited to. */
  groups(batch: StateBatch): readonly Uint8Array[] {
    return batch.keys.map((key) => key.subarray(0, this.keyBytes));
  }
}
