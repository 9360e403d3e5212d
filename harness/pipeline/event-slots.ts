import { type StateBatch, slotHash, windowHash } from '../../backends/contract.ts';
import type { EventBatch } from '../../workloads/contract.ts';
import type { KeyProjection } from './slot-grouping.ts';

/** Takes the next slot of a batch for a window and the stage's key of an event; returns it. Its value is left to the caller. */
export function pushKey(
  batch: StateBatch,
  window: number,
  events: EventBatch,
  event: number,
  hashOfKey: number,
  { words, lastMask }: KeyProjection,
): number {
  const slot = batch.push(window);
  batch.hashes[slot] = slotHash(hashOfKey, windowHash(window));
  batch.present[slot] = 1;
  const { addressWords } = batch;
  const { keyWords } = events;
  const from = event * (events.keyBytes >>> 2);
  const at = ((slot * batch.addressStride) >>> 2) + 2;
  for (let word = 0; word < words - 1; word++) addressWords[at + word] = keyWords[from + word]!;
  addressWords[at + words - 1] = keyWords[from + words - 1]! & lastMask;
  return slot;
}

/** Copies the doubles of an event, its value first, into a slot's value from double `at` on. */
export function copyEvent(batch: StateBatch, slot: number, at: number, events: EventBatch, event: number): void {
  const { values, width } = events;
  const to = (slot * batch.valueStride) / 8 + at;
  for (let i = 0; i < width; i++) batch.valueDoubles[to + i] = values[event * width + i]!;
}
