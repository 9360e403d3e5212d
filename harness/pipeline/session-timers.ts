import { type Pending, type Scan, StateBatch, type TableSpec, type ValueTable } from '../../backends/contract.ts';
import type { Stage } from '../../workloads/contract.ts';
import { pushKey } from './session-slots.ts';
import { SCAN_SLOTS, stageTable } from './stage.ts';

/** A bucket is this share of the time that timers lie ahead: few enough to be listed, and none is long under way. */
const BUCKETS = 1024;

/** The table of a stage's timers: the window is a bucket of time, the value the exact time, one timer a key. */
export function timerTable(stage: Pick<Stage, 'keyPrefixBytes'>, index: number): TableSpec {
  return stageTable(stage, index, { part: 'timers', kind: 'value', valueBytes: 8 });
}

/** Timers of keys, kept in a table so that they survive with it. Changes are gathered and written together. */
export class SessionTimers {
  readonly #table: ValueTable;
  readonly #spec: TableSpec;
  readonly #widthMs: number;
  /** Starts of the buckets that may hold timers, ascending. */
  readonly #buckets: number[];
  readonly #scanBatch: StateBatch;
  readonly #changeCapacity: number;
  /** Changes not written yet fill the first of these, the last of them not wholly. */
  readonly #changes: StateBatch[];
  #filled = 0;

  /** @param horizonMs how far ahead of the watermark a timer may lie: the same for every store that the table is restored to. */
  constructor(table: ValueTable, spec: TableSpec, horizonMs: number, buckets: readonly number[], batchSize: number) {
    this.#table = table;
    this.#spec = spec;
    this.#widthMs = Math.max(1, Math.floor(horizonMs / BUCKETS));
    this.#buckets = [...buckets];
    this.#scanBatch = new StateBatch(SCAN_SLOTS, spec);
    this.#changeCapacity = Math.max(2 * batchSize, SCAN_SLOTS);
    this.#changes = [this.#newChanges()];
  }

  /** Starts of the buckets that may hold timers, ascending. */
  get open(): readonly number[] {
    return [...this.#buckets];
  }

  /** The buckets that may hold timers due by this watermark, ascending. */
  due(watermarkMs: number): readonly number[] {
    if (this.#buckets.length === 0 || this.#buckets[0]! > watermarkMs) return NONE;
    return this.#buckets.slice(0, this.#countUpTo(watermarkMs));
  }

  /** Whether all timers of a bucket are due. */
  isPast(bucketMs: number, watermarkMs: number): boolean {
    return bucketMs + this.#widthMs - 1 <= watermarkMs;
  }

  /** Moves the timer of the key at `words[at]`. Infinity as a time: there is none. To be followed by {@link flush}. */
  move(words: Uint32Array, at: number, fromMs: number, toMs: number): void {
    const from = this.#bucketOf(fromMs);
    const to = this.#bucketOf(toMs);
    if (fromMs !== Number.POSITIVE_INFINITY && from !== to) this.#change(words, at, from, 0, 0);
    if (toMs === Number.POSITIVE_INFINITY) return;
    this.#change(words, at, to, 1, toMs);
    const known = this.#countUpTo(to);
    if (known === 0 || this.#buckets[known - 1] !== to) this.#buckets.splice(known, 0, to);
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

  /** Forgets a bucket. */
  drop(bucketMs: number): Pending {
    const at = this.#countUpTo(bucketMs) - 1;
    if (this.#buckets[at] === bucketMs) this.#buckets.splice(at, 1);
    return this.#table.drop(bucketMs);
  }

  #bucketOf(timeMs: number): number {
    return Math.floor(timeMs / this.#widthMs) * this.#widthMs;
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

const NONE: readonly number[] = [];
