import type { Stage } from '../../workloads/contract.ts';
import { nowNs } from '../measure/clock.ts';
import { Histogram } from '../measure/histogram.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import type { FiredRows } from '../pipeline/sink.ts';

/** Most buckets that a window may be divided into. */
const MOST_BUCKETS = 4096;
/** How many times the longest window is remembered: as far as events may be out of order, or windows late. */
const REACH = 4;

/** Remembers when the last event of each stretch of event time was due. Noting an event allocates nothing. */
export class WindowClock {
  readonly #bucketMs: number;
  readonly #buckets: Float64Array;
  readonly #lastNs: Float64Array;

  /** Null where windows have no fixed bounds in event time, so that no event is the last one of a window for all keys. */
  static of(stages: readonly Stage[]): WindowClock | null {
    let bucketMs = 0;
    let longestMs = 0;
    for (const stage of stages) {
      if (stage.kind !== 'aggregate') return null;
      const { window } = stage;
      if (window.kind !== 'tumbling' && window.kind !== 'sliding') return null;
      for (const ms of [window.sizeMs, window.offsetMs, window.kind === 'sliding' ? window.slideMs : 0])
        bucketMs = divisor(bucketMs, Math.abs(ms));
      longestMs = Math.max(longestMs, window.sizeMs);
    }
    return longestMs / bucketMs > MOST_BUCKETS ? null : new WindowClock(bucketMs, REACH * (longestMs / bucketMs));
  }

  private constructor(bucketMs: number, buckets: number) {
    this.#bucketMs = bucketMs;
    this.#buckets = new Float64Array(buckets).fill(Number.NaN);
    this.#lastNs = new Float64Array(buckets);
  }

  /** Takes note of `count` events: their event times, and when they were due, in order. */
  note(timestamps: Float64Array, dueNs: Float64Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const bucket = Math.floor(timestamps[i]! / this.#bucketMs);
      const slot = this.#slot(bucket);
      this.#buckets[slot] = bucket;
      this.#lastNs[slot] = dueNs[i]!;
    }
  }

  /** When the last event of a window was due, in ns; null where none is remembered. */
  lastNs(startMs: number, endMs: number): number | null {
    let lastNs = Number.NEGATIVE_INFINITY;
    for (let bucket = Math.floor((endMs - 1) / this.#bucketMs); bucket >= Math.floor(startMs / this.#bucketMs); bucket--) {
      const slot = this.#slot(bucket);
      if (this.#buckets[slot] === bucket && this.#lastNs[slot]! > lastNs) lastNs = this.#lastNs[slot]!;
    }
    return lastNs === Number.NEGATIVE_INFINITY ? null : lastNs;
  }

  #slot(bucket: number): number {
    const { length } = this.#buckets;
    return ((bucket % length) + length) % length;
  }
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** Digests rows, and takes the time of those of the last stage: from when the last event of their window was due until they are emitted. */
export class WindowLatencySink extends DigestSink {
  readonly latency = new Histogram();
  readonly #clock: WindowClock;
  readonly #stage: number;
  #fromNs = Number.POSITIVE_INFINITY;

  /** @param stage the one whose rows count, from 1 */
  constructor(clock: WindowClock, stage: number) {
    super();
    this.#clock = clock;
    this.#stage = stage;
  }

  /** Forgets what was recorded; only windows whose last event is due from `ns` on count. */
  begin(ns: number): void {
    this.latency.clear();
    this.#fromNs = ns;
  }

  override accept(rows: FiredRows): void {
    super.accept(rows);
    if (rows.stage !== this.#stage || this.#fromNs === Number.POSITIVE_INFINITY) return;
    const { startsMs, endsMs, count } = rows;
    const now = nowNs();
    let startMs = Number.NaN;
    let endMs = Number.NaN;
    let lastNs: number | null = null;
    for (let row = 0; row < count; row++) {
      if (startsMs[row] !== startMs || endsMs[row] !== endMs) {
        startMs = startsMs[row]!;
        endMs = endsMs[row]!;
        lastNs = this.#clock.lastNs(startMs, endMs);
      }
      if (lastNs !== null && lastNs >= this.#fromNs) this.latency.record(now - lastNs);
    }
  }
}
