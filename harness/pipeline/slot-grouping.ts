import { type StateBatch, slotHash, windowHash } from '../../backends/contract.ts';
import type { EventBatch } from '../../workloads/contract.ts';

const EMPTY = 0;

/** How the key of a stage is cut from the key of an event: this many words, the last one masked. */
export interface KeyProjection {
  readonly words: number;
  /** Keeps the bytes of the last word that belong to the prefix; −1 keeps all. */
  readonly lastMask: number;
}

/** A key is this many leading bytes of a longer one, padded with zero bytes to a multiple of 4, at least 4. */
export function keyProjection(prefixBytes: number): KeyProjection {
  const words = Math.max(1, Math.ceil(prefixBytes / 4));
  const kept = prefixBytes - (words - 1) * 4;
  const mask = new Uint8Array(4);
  mask.fill(0xff, 0, kept);
  return { words, lastMask: new Int32Array(mask.buffer)[0]! };
}

/** {@link keyHash} of the contract, over a projected key. */
export function projectedKeyHash(words: Uint32Array, at: number, { words: count, lastMask }: KeyProjection): number {
  let hash = 0x9e3779b9;
  const last = at + count - 1;
  for (let i = at; i < last; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  hash = Math.imul(hash ^ (words[last]! & lastMask), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/**
 * Groups the events of a micro-batch by (window, key) into the distinct slots of a state batch: an open-addressing
 * index over the batch's own arenas. Entries of earlier fills are told by their number, so nothing is cleared.
 */
export class SlotGrouping {
  readonly #batch: StateBatch;
  readonly #projection: KeyProjection;
  readonly #index: Int32Array;
  readonly #mask: number;
  readonly #strideWords: number;
  /** An index entry is `#base + slot`; anything below `#base` is of an earlier fill. */
  #base = EMPTY + 1;
  #window = Number.NaN;
  #windowHash = 0;

  /** @param batch the batch whose slots are handed out; this object alone fills it. */
  constructor(batch: StateBatch, projection: KeyProjection) {
    this.#batch = batch;
    this.#projection = projection;
    let size = 16;
    while (size < batch.capacity * 3) size *= 2;
    this.#index = new Int32Array(size);
    this.#mask = size - 1;
    this.#strideWords = batch.addressStride >>> 2;
  }

  /** Empties the batch for the next group of events. */
  begin(): void {
    this.#base += this.#batch.length;
    if (this.#base > 0x7fff_ffff - this.#batch.capacity) {
      this.#index.fill(EMPTY);
      this.#base = EMPTY + 1;
    }
    this.#batch.clear();
  }

  /** The slot of event `event`'s key in `window`, made if the batch has none yet. */
  slot(events: EventBatch, event: number, hashOfKey: number, window: number): number {
    if (window !== this.#window) {
      this.#window = window;
      this.#windowHash = windowHash(window);
    }
    const batch = this.#batch;
    const { hashes, windows, addressWords } = batch;
    const { words, lastMask } = this.#projection;
    const strideWords = this.#strideWords;
    const index = this.#index;
    const base = this.#base;
    const mask = this.#mask;
    const { keyWords } = events;
    const from = event * (events.keyBytes >>> 2);
    const hash = slotHash(hashOfKey, this.#windowHash);
    let probe = hash & mask;
    for (;;) {
      const slot = index[probe]! - base;
      if (slot < 0) break;
      if (hashes[slot] === hash && windows[slot] === window) {
        const at = slot * strideWords + 2;
        let word = 0;
        while (word < words - 1 && addressWords[at + word] === keyWords[from + word]) word++;
        if (word === words - 1 && addressWords[at + word] === (keyWords[from + word]! & lastMask) >>> 0) return slot;
      }
      probe = (probe + 1) & mask;
    }
    const slot = batch.push(window);
    index[probe] = base + slot;
    hashes[slot] = hash;
    const at = slot * strideWords + 2;
    for (let word = 0; word < words - 1; word++) addressWords[at + word] = keyWords[from + word]!;
    addressWords[at + words - 1] = keyWords[from + words - 1]! & lastMask;
    return slot;
  }
}
