import { BackendError } from '../contract.ts';
import { MemoryBudget } from './memory-budget.ts';

/** Pairs of (hash, id + 1) per segment: 32 KiB, which a split moves in some tens of microseconds. */
const SEGMENT_BITS = 12;
const SLOTS = 1 << SEGMENT_BITS;
const WRAP = 2 * SLOTS - 1;
/** Behind the pairs of a segment: how many there are, and how many low bits of the hash they share. */
const COUNT = 2 * SLOTS;
const DEPTH = COUNT + 1;
const SEGMENT_BYTES = 4 * (DEPTH + 1);
/** Above this a segment splits. Linear probing stays short up to here. */
const FULL = (SLOTS * 5) / 8;
/** Below this share of all slots in use the index is built anew, smaller. */
const SPARSE = 1 / 8;
const DEPTH_MAX = 32 - SEGMENT_BITS;

/** Where the probing for a hash starts in its segment. */
export const HOME_SHIFT = 32 - SEGMENT_BITS;
export const PROBE_WRAP = WRAP;

/**
 * Finds ids by hash, flat and without ever moving more than one segment at a time: extendible hashing (Fagin et al.,
 * 1979) over segments with linear probing. Low bits of a hash choose the segment, its high bits the place in there.
 *
 * Hashes are signed 32-bit integers. Hot loops probe by themselves:
 *
 *     const segment = index.segments[hash & index.mask];
 *     for (let at = (hash >>> HOME_SHIFT) << 1; segment[at + 1] !== 0; at = (at + 2) & PROBE_WRAP)
 *       if (segment[at] === hash) candidate(segment[at + 1] - 1);
 */
export class HashIndex {
  segments: Int32Array[] = [newSegment(0)];
  mask = 0;
  size = 0;
  #segmentCount = 1;
  readonly #budget: MemoryBudget;

  constructor(budget = new MemoryBudget()) {
    this.#budget = budget;
    budget.take(SEGMENT_BYTES);
  }

  /** Adds an id that is not in the index. */
  insert(hash: number, id: number): void {
    let segment = this.segments[hash & this.mask] as Int32Array;
    while ((segment[COUNT] as number) >= FULL) {
      this.#split(segment, hash);
      segment = this.segments[hash & this.mask] as Int32Array;
    }
    put(segment, hash, id + 1);
    this.size++;
  }

  /** Takes an id out that is in the index, and closes the gap, so that no tombstones pile up. */
  remove(hash: number, id: number): void {
    const segment = this.segments[hash & this.mask] as Int32Array;
    let gap = (hash >>> HOME_SHIFT) << 1;
    while (segment[gap + 1] !== id + 1) gap = (gap + 2) & WRAP;
    for (let at = (gap + 2) & WRAP; segment[at + 1] !== 0; at = (at + 2) & WRAP) {
      const home = ((segment[at] as number) >>> HOME_SHIFT) << 1;
      if (((at - home) & WRAP) < ((at - gap) & WRAP)) continue;
      segment[gap] = segment[at] as number;
      segment[gap + 1] = segment[at + 1] as number;
      gap = at;
    }
    segment[gap + 1] = 0;
    segment[COUNT] = (segment[COUNT] as number) - 1;
    this.size--;
    this.#shrinkIfSparse();
  }

  /** Takes out all ids whose bit is set, by a walk over the whole index: faster than one by one if they are many of it. */
  removeMarked(marks: Uint32Array): void {
    for (const segment of new Set(this.segments)) {
      const pairs = segment.slice(0, COUNT);
      segment.fill(0, 0, COUNT);
      this.size -= segment[COUNT] as number;
      segment[COUNT] = 0;
      for (let at = 0; at < COUNT; at += 2) {
        const stored = pairs[at + 1] as number;
        if (stored === 0 || ((marks[(stored - 1) >>> 5] as number) & (1 << ((stored - 1) & 31))) !== 0) continue;
        put(segment, pairs[at] as number, stored);
      }
      this.size += segment[COUNT] as number;
    }
    this.#shrinkIfSparse();
  }

  #split(segment: Int32Array, hash: number): void {
    const depth = segment[DEPTH] as number;
    if (depth === DEPTH_MAX)
      throw new BackendError('refused', `more than ${FULL} keys share one 32-bit hash; fill hashes as the contract says`);
    if (1 << depth === this.segments.length) {
      this.segments = this.segments.concat(this.segments);
      this.mask = this.segments.length - 1;
    }
    this.#budget.take(SEGMENT_BYTES);
    const bit = 1 << depth;
    const halves = [newSegment(depth + 1), newSegment(depth + 1)] as const;
    for (let at = 0; at < COUNT; at += 2) {
      if (segment[at + 1] !== 0)
        put(halves[((segment[at] as number) & bit) === 0 ? 0 : 1], segment[at] as number, segment[at + 1] as number);
    }
    for (let entry = hash & (bit - 1); entry < this.segments.length; entry += bit)
      this.segments[entry] = halves[(entry & bit) === 0 ? 0 : 1];
    this.#segmentCount++;
  }

  #shrinkIfSparse(): void {
    if (this.#segmentCount === 1 || this.size >= this.#segmentCount * SLOTS * SPARSE) return;
    const old = new Set(this.segments);
    this.#budget.give((this.#segmentCount - 1) * SEGMENT_BYTES);
    this.segments = [newSegment(0)];
    this.mask = 0;
    this.size = 0;
    this.#segmentCount = 1;
    for (const segment of old) {
      for (let at = 0; at < COUNT; at += 2) if (segment[at + 1] !== 0) this.insert(segment[at] as number, (segment[at + 1] as number) - 1);
    }
  }
}

function newSegment(depth: number): Int32Array {
  const segment = new Int32Array(DEPTH + 1);
  segment[DEPTH] = depth;
  return segment;
}

function put(segment: Int32Array, hash: number, stored: number): void {
  let at = (hash >>> HOME_SHIFT) << 1;
  while (segment[at + 1] !== 0) at = (at + 2) & WRAP;
  segment[at] = hash;
  segment[at + 1] = stored;
  segment[COUNT] = (segment[COUNT] as number) + 1;
}
