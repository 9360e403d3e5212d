import type { EventBatch } from '../../workloads/contract.ts';
import type { Job, Pace } from '../job.ts';
import { nowNs } from '../measure/clock.ts';
import { Histogram } from '../measure/histogram.ts';
import { samplesForPercentile } from '../measure/samples-for-percentile.ts';
import { theilSenSlope } from '../measure/theil-sen.ts';
import type { Load } from '../results.ts';
import { type ArrivalKind, Arrivals } from './arrivals.ts';
import type { WindowClock } from './window-clock.ts';

/** How long the event loop may stand still while no event is due. */
const LONGEST_WITHOUT_TURN_NS = 10e6;
/** A wait longer than this is slept through but for its last part: the system wakes a thread up to 60 µs late. */
const SLEPT_NS = 200e3;
const WOKEN_EARLY_NS = 100e3;
/** Reading the clock makes garbage: not more often than this many turns of an empty loop, some tenths of a microsecond. */
const SPINS = 200;
/** Of the backlog, over a stretch. */
const SAMPLES = 64;
/** Parts of a stretch that have a p99 each. */
const TICKS = 40;
const MOST_TICKS = 160;

export interface OpenLoopRequest {
  readonly arrivals: ArrivalKind;
  readonly seed: number;
  /** Most events of a micro-batch. */
  readonly batchSize: number;
  /** Is told which event begins when, for the latency of windows; null where that is not measured. */
  readonly clock: WindowClock | null;
}

/** What a stretch of an open loop came to. */
export interface Stretch
  extends Pick<
    Load,
    | 'ratePerSecond'
    | 'events'
    | 'seconds'
    | 'backlogSlope'
    | 'doneShare'
    | 'busyShare'
    | 'latency'
    | 'duringCheckpoint'
    | 'service'
    | 'lag'
    | 'timeline'
  > {
  readonly p99Ns: number;
  readonly lagP99Ns: number;
  readonly startNs: number;
}

/**
 * The driver of an open loop: lets a job have each event when it is due and never before, as many at a time as are due, and takes the
 * time of each from when it was due until its micro-batch was done. A stall therefore counts for all that had to wait, not once.
 * (Coordinated omission: G. Tene, "How NOT to measure latency".) Nothing is allocated for an event.
 */
export class OpenLoop implements Pace {
  readonly #arrivals: Arrivals;
  readonly #batchSize: number;
  readonly #clock: WindowClock | null;
  readonly #dueNs: Float64Array;
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  readonly #latency = new Histogram();
  readonly #duringCheckpoint = new Histogram();
  readonly #service = new Histogram();
  readonly #lag = new Histogram();
  readonly #tick = new Histogram();
  #p99MsPerTick: (number | null)[] = [];
  readonly #sampleSeconds = new Float64Array(SAMPLES);
  readonly #sampleBacklog = new Float64Array(SAMPLES);
  #samples = 0;
  #job: Job | null = null;
  #ratePerSecond = 0;
  #events = 0;
  #startNs = 0;
  #scheduledNs = 0;
  #tickEndsNs = 0;
  #count = 0;
  #takenNs = 0;
  #done = 0;
  #doneInTime = 0;
  #idleNs = 0;
  #turnedNs = 0;

  constructor({ arrivals, seed, batchSize, clock }: OpenLoopRequest) {
    this.#arrivals = new Arrivals(arrivals, seed);
    this.#batchSize = batchSize;
    this.#clock = clock;
    this.#dueNs = new Float64Array(batchSize);
  }

  /** Begins a stretch of so many events, of which the first is due at `startNs`, or now. */
  begin(job: Job, ratePerSecond: number, events: number, startNs = nowNs()): void {
    this.#job = job;
    this.#ratePerSecond = ratePerSecond;
    this.#events = events;
    this.#startNs = startNs;
    this.#scheduledNs = (events / ratePerSecond) * 1e9;
    this.#turnedNs = startNs;
    this.#tickEndsNs = startNs + this.#scheduledNs / TICKS;
    this.#arrivals.begin(startNs, ratePerSecond);
    for (const histogram of [this.#latency, this.#duringCheckpoint, this.#service, this.#lag, this.#tick]) histogram.clear();
    this.#p99MsPerTick = [];
    this.#samples = 0;
    this.#count = 0;
    this.#done = 0;
    this.#doneInTime = 0;
    this.#idleNs = 0;
  }

  /** What the stretch came to. To be called when its events are done. */
  end(): Stretch {
    const seconds = (nowNs() - this.#startNs) / 1e9;
    this.#closeTick();
    const slope = theilSenSlope(this.#sampleSeconds, this.#sampleBacklog, this.#samples) / this.#ratePerSecond;
    return {
      ratePerSecond: this.#ratePerSecond,
      events: this.#events,
      seconds,
      startNs: this.#startNs,
      backlogSlope: Number.isNaN(slope) ? 0 : slope,
      doneShare: this.#doneInTime / this.#events,
      busyShare: Math.min(1, Math.max(0, 1 - this.#idleNs / 1e9 / seconds)),
      latency: this.#latency.save(),
      duringCheckpoint: this.#duringCheckpoint.save(),
      service: this.#service.save(),
      lag: this.#lag.save(),
      timeline: { tickSeconds: this.#scheduledNs / 1e9 / TICKS, p99Ms: this.#p99MsPerTick },
      p99Ns: this.#latency.quantile(0.99),
      lagP99Ns: this.#lag.total === 0 ? 0 : this.#lag.quantile(0.99),
    };
  }

  /** When the next event is due: in the past where it waits already. */
  get nextNs(): number {
    return this.#arrivals.nextNs;
  }

  /** What was measured so far of the latency, at p99, in ns; 0 before the first event. */
  get p99Ns(): number {
    return this.#latency.total === 0 ? 0 : this.#latency.quantile(0.99);
  }

  /** The micro-batch that was done last: its events, and when each was due. */
  get last(): { readonly dueNs: Float64Array; readonly count: number } {
    return { dueNs: this.#dueNs, count: this.#count };
  }

  take(limit: number): number | Promise<number> {
    const most = limit < this.#batchSize ? limit : this.#batchSize;
    const dueNs = this.#arrivals.nextNs;
    let now = nowNs();
    // It waits already: whoever made it wait is measured.
    if (now >= dueNs) return this.#gather(now, most);
    const idleFromNs = now;
    while (now < dueNs) {
      if (this.#needsTurn(now)) return this.#takeTurning(dueNs, most, idleFromNs);
      this.#rest(dueNs - now);
      now = nowNs();
    }
    this.#idleNs += now - idleFromNs;
    this.#lag.record(now - dueNs);
    return this.#gather(now, most);
  }

  taken({ timestamps, length }: EventBatch): void {
    this.#clock?.note(timestamps, this.#dueNs, length);
    this.#takenNs = nowNs();
  }

  done(): void {
    const now = nowNs();
    const { checkpointer } = this.#job!;
    // An event that was due before a checkpoint was through has met it.
    const metNs = checkpointer.busy ? Number.POSITIVE_INFINITY : (checkpointer.records.at(-1)?.endNs ?? 0);
    const due = this.#dueNs;
    const count = this.#count;
    for (let i = 0; i < count; i++) {
      const ns = now - due[i]!;
      this.#latency.record(ns);
      this.#tick.record(ns);
      if (due[i]! < metNs) this.#duringCheckpoint.record(ns);
    }
    this.#service.record(now - this.#takenNs);
    this.#done += count;
    const elapsedNs = now - this.#startNs;
    if (elapsedNs <= this.#scheduledNs) {
      this.#doneInTime = this.#done;
      if (elapsedNs >= (this.#scheduledNs * this.#samples) / SAMPLES && this.#samples < SAMPLES) {
        this.#sampleSeconds[this.#samples] = elapsedNs / 1e9;
        this.#sampleBacklog[this.#samples++] = (Math.max(0, now - this.#arrivals.nextNs) * this.#ratePerSecond) / 1e9;
      }
    }
    while (now >= this.#tickEndsNs) this.#closeTick();
  }

  #closeTick(): void {
    this.#p99MsPerTick.push(this.#tick.total < samplesForPercentile(0.99) ? null : this.#tick.quantile(0.99) / 1e6);
    this.#tick.clear();
    // What comes so long after the schedule is in the last one.
    this.#tickEndsNs = this.#p99MsPerTick.length < MOST_TICKS ? this.#tickEndsNs + this.#scheduledNs / TICKS : Number.POSITIVE_INFINITY;
  }

  #gather(now: number, most: number): number {
    const arrivals = this.#arrivals;
    let count = 0;
    do {
      this.#dueNs[count++] = arrivals.nextNs;
      arrivals.advance();
    } while (count < most && arrivals.nextNs <= now);
    this.#count = count;
    return count;
  }

  /** What is being persisted has to get its turns, and now and then so does word that the parent is gone. */
  #needsTurn(now: number): boolean {
    return this.#job!.checkpointer.busy || now - this.#turnedNs > LONGEST_WITHOUT_TURN_NS;
  }

  async #takeTurning(dueNs: number, most: number, idleFromNs: number): Promise<number> {
    let now = nowNs();
    let isOwnLag = true;
    while (now < dueNs) {
      if (this.#needsTurn(now)) {
        // Late because of what a checkpoint did in this thread is the store's latency, not a fault of the driver.
        isOwnLag = !this.#job!.checkpointer.busy;
        await new Promise(setImmediate);
        this.#turnedNs = nowNs();
      } else {
        isOwnLag = true;
        this.#rest(dueNs - now);
      }
      now = nowNs();
    }
    this.#idleNs += now - idleFromNs;
    if (isOwnLag) this.#lag.record(now - dueNs);
    return this.#gather(now, most);
  }

  #rest(ns: number): void {
    if (ns > SLEPT_NS) {
      const sleepNs = Math.min(ns - WOKEN_EARLY_NS, LONGEST_WITHOUT_TURN_NS);
      Atomics.wait(this.#sleeper, 0, 0, sleepNs / 1e6);
    } else for (let i = 0; i < SPINS; i++) this.#sleeper[0] = 0;
  }
}

/** Why figures of a stretch do not count: the driver was not on time itself. Null if it was. */
export function lateDriver({ p99Ns, lagP99Ns }: Stretch): string | null {
  if (lagP99Ns <= 0.1 * p99Ns) return null;
  const us = (ns: number) => `${Math.round(ns / 1000)} µs`;
  return `the driver itself was late: its lag at p99 (${us(lagP99Ns)}) is more than a tenth of the measured p99 (${us(p99Ns)}); end what else runs on this machine`;
}
