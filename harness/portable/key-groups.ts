/**
 * Divides keys among processes as Flink does: a hash puts every key into one of a fixed number of key groups, and each
 * process holds a contiguous range of them, so that state can be divided anew among any number of processes up to that.
 *
 * What is hashed is the key of the last stage, which is a prefix of every earlier stage's key: all state and all events
 * that can ever meet are in one group, and nothing is exchanged between processes.
 */
import { slotHash } from '../../backends/contract.ts';
import type { EventBatch, Stage, Workload } from '../../workloads/contract.ts';
import { StatebenchError } from '../errors.ts';
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

/**
 * Whether a workload can be divided among processes that exchange nothing: the key of its last stage can be told from every event
 * and every earlier key.
 * @throws StatebenchError `bad-value` if there are more processes than key groups, `impossible-settings` if it cannot be divided
 */
export function checkDividable({ name, stages }: Pick<Workload, 'name' | 'stages'>, parts: number): void {
  if (parts === 1) return;
  if (parts > KEY_GROUPS)
    throw new StatebenchError('bad-value', `a stream is divided into ${KEY_GROUPS} key groups, which are too few for ${parts} processes`);
  const { keyPrefixBytes } = stages.at(-1)!;
  const shorter = stages.findIndex((stage) => stage.keyPrefixBytes < keyPrefixBytes);
  const why =
    keyPrefixBytes === 0
      ? `stage ${stages.length} has all events under one key`
      : shorter >= 0
        ? `stage ${stages.length} is keyed by ${keyPrefixBytes} bytes, which the ${stages[shorter]!.keyPrefixBytes} of stage ${shorter + 1} do not tell`
        : null;
  if (why === null) return;
  throw new StatebenchError(
    'impossible-settings',
    `workload '${name}' cannot be divided among ${parts} processes: ${why}, so they would have to exchange events. Statebench has no exchange: run it with --parallelism 1, or on a Flink cluster`,
  );
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
    // A remainder of 31 bits is one of integers: of 32 it takes four times as long.
    const group = (slotHash(projectedKeyHash(words, at, this.#projection), 0) >>> 1) % of;
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
