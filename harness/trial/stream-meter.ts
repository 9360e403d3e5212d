import { nowNs } from '../measure/clock.ts';
import { Histogram } from '../measure/histogram.ts';
import { samplesForPercentile } from '../measure/samples-for-percentile.ts';
import { timedOneIn } from '../measure/sampling.ts';
import type { PipelineProbe } from '../pipeline/pipeline.ts';
import { Seconds } from './seconds.ts';

/**
 * Times micro-batches and counts events by the second. A micro-batch lasts from the end of the one before it to its own
 * end, without the making of events: all that a stream has to wait for is in it, checkpoint pauses and firing windows too.
 * Micro-batches that were found to be short in the warm-up are timed by an even sample; their events are all counted.
 */
export class StreamMeter implements PipelineProbe {
  readonly all = new Histogram();
  readonly duringCheckpoint = new Histogram();
  readonly p99MsPerSecond: (number | null)[] = [];
  readonly #seconds = new Seconds();
  readonly #second = new Histogram();
  readonly #source: { readonly ns: number };
  readonly #now: () => number;
  #checkpointer: { readonly busy: boolean } = { busy: false };
  #isMeasuring = false;
  #every = 1;
  /** Micro-batches until the end of the next that is timed. */
  #untilTimed = 1;
  #events = 0;
  #batches = 0;
  /** Events since the end of the last micro-batch that was timed. */
  #untold = 0;
  #lastNs: number;
  #lastSourceNs = 0;
  #busyAtStart = false;

  /**
   * @param source tells how long the making of events has taken so far, in ns
   * @param now a clock of nanoseconds
   */
  constructor(source: { readonly ns: number }, now: () => number = nowNs) {
    this.#source = source;
    this.#now = now;
    this.#lastNs = now();
  }

  /** From now on, micro-batches that begin while `checkpointer` is busy are also told apart. */
  watch(checkpointer: { readonly busy: boolean }): void {
    this.#checkpointer = checkpointer;
  }

  /** Events that were measured. */
  get events(): number {
    return this.#events + this.#untold;
  }

  /** Micro-batches since {@link start}, timed or not. */
  get batches(): number {
    return this.#batches;
  }

  /** Events of each second that is over. */
  get perSecond(): readonly number[] {
    return this.#seconds.events;
  }

  /** Forgets all but how long micro-batches are: from now on they are sampled accordingly. */
  clear(): void {
    this.#every = timedOneIn(this.all) ?? this.#every;
    this.all.clear();
    this.#untilTimed = this.#every;
    this.#untold = 0;
    this.#begin();
  }

  /** Ends the warm-up and begins to measure, now, in ns. */
  start(): number {
    this.clear();
    this.#isMeasuring = true;
    this.#batches = 0;
    this.#seconds.begin(this.#lastNs);
    return this.#lastNs;
  }

  batchStarts(): void {
    this.#busyAtStart = this.#checkpointer.busy;
  }

  batchEnds(events: number): void {
    this.#untold += events;
    this.#batches++;
    if (--this.#untilTimed > 1) return;
    if (this.#untilTimed === 1) this.#begin();
    else this.#timed();
  }

  /** The next micro-batch begins now, and is timed. */
  #begin(): void {
    this.#lastNs = this.#now();
    this.#lastSourceNs = this.#source.ns;
  }

  #timed(): void {
    const startNs = this.#lastNs;
    const sourceNs = this.#lastSourceNs;
    this.#untilTimed = this.#every;
    this.#begin();
    const ns = Math.max(0, this.#lastNs - startNs - (this.#lastSourceNs - sourceNs));
    if (this.#isMeasuring) this.#tell(ns);
    this.all.record(ns);
    this.#untold = 0;
  }

  #tell(ns: number): void {
    for (let over = this.#seconds.add(this.#lastNs, this.#untold); over > 0; over--) {
      this.p99MsPerSecond.push(this.#second.total < samplesForPercentile(0.99) ? null : this.#second.quantile(0.99) / 1e6);
      this.#second.clear();
    }
    this.#second.record(ns);
    if (this.#busyAtStart) this.duringCheckpoint.record(ns);
    this.#events += this.#untold;
  }
}
