import { type Pending, type Scan, StateBatch, type TableSpec, type ValueTable } from '../../backends/contract.ts';
import type { Stage } from '../../workloads/contract.ts';
import { pushKey } from './session-slots.ts';
import { SCAN_SLOTS, stageTable } from './stage.ts';

/** A bucket is at least this share of the time that timers lie ahead, so that few enough are there to be listed. */
const BUCKETS_MAX = 1024;

/** The table of a stage's timers: the window is a bucket of time, the value the exact time. */
export function timerTable(stage: Pick<Stage, 'keyPrefixBytes'>, index: number): TableSpec {
  return stageTable(stage, index, { part: 'timers', kind: 'value', valueBytes: 8 });
}

/**
 * Timers of keys, kept in a table so that they survive with it. Changes are gathered and written together. A bucket is about as wide
 * as the watermark's steps, so that as a rule one is due at a time, and wholly.
 */
export class SessionTimers {
  readonly #table: ValueTable;
  readonly #spec: TableSpec;
  readonly #widthMsMin: number;
  #widthMs: number;
  #stepMs = 0;
  #watermarkMs: number;
  /** Starts of the buckets that may hold timers, ascending, and what no timer of each comes up to. */
  readonly #buckets: number[];
  readonly #endsMs: number[];
  readonly #scanBatch: StateBatch;
  readonly #changeCapacity: number;
  /** Changes not written yet fill the first of these, the last of them not wholly. */
  readonly #changes: StateBatch[];
  #filled = 0;

  /** @param horizonMs how far ahead of the watermark timers lie, at most, as a rule */
  constructor(
    table: ValueTable,
    spec: TableSpec,
    {
      horizonMs,
      watermarkMs,
      buckets,
      batchSize,
    }: {
      readonly horizonMs: number;
      readonly watermarkMs: number;
      readonly buckets: readonly number[];
      readonly batchSize: number;
    },
  ) {
    this.#table = table;
    this.#spec = spec;
    this.#widthMsMin = Math.max(1, horizonMs / BUCKETS_MAX);
    this.#widthMs = widthOf(this.#widthMsMin);
    this.#watermarkMs = watermarkMs;
    this.#buckets = [...buckets];
    this.#endsMs = buckets.map(() => Number.POSITIVE_INFINITY);
    this.#scanBatch = new StateBatch(SCAN_SLOTS, spec);
    this.#changeCapacity = Math.max(batchSize, SCAN_SLOTS);
    this.#changes = [this.#newChanges()];
  }

  /** Starts of the buckets that may hold timers, ascending. */
  get open(): readonly number[] {
    return [...this.#buckets];
  }

  /** Goes by this watermark from now on, and returns the buckets that may hold timers due by it, ascending. */
  due(watermarkMs: number): readonly number[] {
    const stepMs = watermarkMs - this.#watermarkMs;
    // Of two steps the lesser, so that a leap over a time without events makes no bucket wide.
    if (Number.isFinite(stepMs)) this.#widthMs = widthOf(Math.max(this.#widthMsMin, Math.min(stepMs, this.#stepMs)));
    this.#stepMs = stepMs;
    this.#watermarkMs = watermarkMs;
    if (this.#buckets.length === 0 || this.#buckets[0]! > watermarkMs) return NONE;
    return this.#buckets.slice(0, this.#countUpTo(watermarkMs));
  }

  /** Whether all timers of a bucket are known to be due. */
  isPast(bucketMs: number): boolean {
    return this.#endsMs[this.#countUpTo(bucketMs) - 1]! - 1 <= this.#watermarkMs;
  }

  /** The bucket of a timer that is set now. */
  bucketOf(timeMs: number): number {
    return Math.floor(timeMs / this.#widthMs) * this.#widthMs;
  }

  /** Sets a timer of the key at `words[at]`. To be followed by {@link flush}. */
  set(words: Uint32Array, at: number, timeMs: number): void {
    const bucketMs = this.bucketOf(timeMs);
    this.#change(words, at, bucketMs, 1, timeMs);
    const endMs = bucketMs + this.#widthMs;
    const known = this.#countUpTo(bucketMs);
    if (known === 0 || this.#buckets[known - 1] !== bucketMs) {
      this.#buckets.splice(known, 0, bucketMs);
      this.#endsMs.splice(known, 0, endMs);
    } else if (endMs > this.#endsMs[known - 1]!) this.#endsMs[known - 1] = endMs;
  }

  /** Takes the timer of a key out of a bucket. To be followed by {@link flush}, before which none is set there. */
  clear(words: Uint32Array, at: number, bucketMs: number): void {
    this.#change(words, at, bucketMs, 0, 0);
  }

  /** Writes the changes. */
  flush(): Pending {
    if (this.#filled > 0) return this.#flushAll();
    const [changes] = this.#changes;
    if (changes!.length === 0) return;
    const pending = this.#table.write(changes!);
    if (pending) return pending.then(() => changes!.clear());
    changes!.clear();
  }

  /** All timers of a bucket, their times as values. None may be written meanwhile. */
  scan(bucketMs: number): Scan {
    return this.#table.scan(bucketMs, this.#scanBatch);
  }

  /** Lists a bucket no more, unless a timer is set there later. */
  unlist(bucketMs: number): void {
    const at = this.#countUpTo(bucketMs) - 1;
    this.#buckets.splice(at, 1);
    this.#endsMs.splice(at, 1);
  }

  /** Forgets what was written to a bucket. */
  drop(bucketMs: number): Pending {
    return this.#table.drop(bucketMs);
  }

  #change(words: Uint32Array, at: number, bucketMs: number, present: number, timeMs: number): void {
    let changes = this.#changes[this.#filled]!;
    if (changes.length === changes.capacity) {
      this.#filled++;
      changes = this.#changes[this.#filled] ?? this.#newChanges();
      this.#changes[this.#filled] = changes;
    }
    const slot = pushKey(changes, bucketMs, words, at);
    changes.present[slot] = present;
    changes.valueDoubles[slot] = timeMs;
  }

  #newChanges(): StateBatch {
    const changes = new StateBatch(this.#changeCapacity, this.#spec);
    changes.clear();
    return changes;
  }

  async #flushAll(): Promise<void> {
    for (const changes of this.#changes.slice(0, this.#filled + 1)) {
      const pending = this.#table.write(changes);
      if (pending) await pending;
      changes.clear();
    }
    this.#filled = 0;
  }

  /** How many buckets start no later than this. */
  #countUpTo(timeMs: number): number {
    const buckets = this.#buckets;
    let low = 0;
    let high = buckets.length;
    // The latest is asked for most.
    if (high > 0 && buckets[high - 1]! <= timeMs) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (buckets[middle]! <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Powers of two, so that a bucket lies in one of those that were wider. */
function widthOf(atMostMs: number): number {
  return 2 ** Math.floor(Math.log2(atMostMs));
}

const NONE: readonly number[] = [];
