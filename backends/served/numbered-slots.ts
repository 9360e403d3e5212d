/** For tests: a batch of numbered keys. */
import { keyHash, type StateBatch, slotHash, windowHash } from '../contract.ts';

export interface NumberedSlots {
  readonly window: number;
  /** First of the keys, which are numbers in a row. */
  readonly from?: number;
  /** How many; as many as the batch takes if absent. */
  readonly count?: number;
  /** What every slot's value begins with, before zeros; values are left as they are if absent. */
  readonly value?: number;
}

/** Fills a batch of keys of eight bytes, to be read or written. */
export function numberedSlots(batch: StateBatch, { window, from = 0, count = batch.capacity, value }: NumberedSlots): StateBatch {
  batch.clear();
  for (let i = 0; i < count; i++) {
    const slot = batch.push(window);
    batch.keys[slot]!.fill(0).writeUInt32BE(from + i, 4);
    batch.hashes[slot] = slotHash(keyHash(batch.addressWords, slot * (batch.addressStride / 4) + 2, 2), windowHash(window));
    if (value !== undefined) batch.values[slot]!.fill(0).writeUInt32BE(value);
    batch.present[slot] = 1;
  }
  return batch;
}

/** The different numbers that values begin with. */
export function valuesIn({ values, length }: StateBatch): readonly number[] {
  return [...new Set(values.slice(0, length).map((value) => value.readUInt32BE()))];
}
