/**
 * Divides keys among processes as Flink does: a hash puts every key into one of a fixed number of key groups, and each
 * process holds a contiguous range of them, so that state can be divided anew among any number of processes up to that.
 *
 * What is hashed is the key of the last stage, which is a prefix of every earlier stage's key: all state and all events
 * that can ever meet are in one group, and nothing is exchanged between processes.
 */
import { slotHash } from '../../backends/contract.ts';
import type { EventBatch, Stage } from '../../workloads/contract.ts';
import { type KeyProjection, keyProjection, projectedKeyHash } from '../pipeline/slot-grouping.ts';

/** Flink's default (KeyGroupRangeAssignment.DEFAULT_LOWER_BOUND_MAX_PARALLELISM). */
export const KEY_GROUPS = 128;

/** Key groups `first` to `last`, both included, of `of`. */
export interface KeyGroupRange {
  readonly first: number;
  readonly last: number;
  readonly of: number;
}

/** The groups of process `part` (from 0) of `parts`: the division of Flink's computeKeyGroupRangeForOperatorIndex. */
export function keyGroupsOf(part: number, parts: number, of = KEY_GROUPS): KeyGroupRange {
  if (parts < 1 || parts > of || part < 0 || part >= parts) throw new RangeError(`no part ${part} of ${parts} over ${of} key groups`);
  return { first: Math.ceil((part * of) / parts), last: Math.ceil(((part + 1) * of) / parts) - 1, of };
}

/** Tells which keys are in a range. */
export class KeyGroupFilter {
  readonly range: KeyGroupRange;
  readonly #projection: KeyProjection;

  constructor(range: KeyGroupRange, workload: { readonly stages: readonly Pick<Stage, 'keyPrefixBytes'>[] }) {
    this.range = range;
    this.#projection = keyProjection(workload.stages.at(-1)!.keyPrefixBytes);
  }

  /** Whether the key of any stage, or of an event, whose words begin at `at`, is in the range. */
  has(words: Uint32Array, at: number): boolean {
    const { first, last, of } = this.range;
    const group = slotHash(projectedKeyHash(words, at, this.#projection), 0) % of;
    return group >= first && group <= last;
  }

  /** Keeps of a batch only the events in the range, in order, and returns how many went. */
  keep(events: EventBatch): number {
    const { length, keyWords, timestamps, values, types, width } = events;
    const words = events.keyBytes >>> 2;
    let kept = 0;
    for (let event = 0; event < length; event++) {
      if (!this.has(keyWords, event * words)) continue;
      if (kept < event) {
        for (let i = 0; i < words; i++) keyWords[kept * words + i] = keyWords[event * words + i]!;
        for (let i = 0; i < width; i++) values[kept * width + i] = values[event * width + i]!;
        timestamps[kept] = timestamps[event]!;
        types[kept] = types[event]!;
      }
      kept++;
    }
    events.length = kept;
    return length - kept;
  }
}
