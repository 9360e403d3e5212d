import type { Job } from '../job.ts';
import { nowNs } from '../measure/clock.ts';
import { OpenLoop } from './open-loop.ts';
import type { CellTask, KilledPace, StreamPlan } from './tasks.ts';

/** Of its throughput: what a job gets while it is killed and catches up. */
export const CATCH_UP_RATE = 0.5;
/** How long all has to be as before, and by how much of that the oldest part of it is forgotten at a time. */
const CALM_NS = 1e9;
const PARTS = 10;
/** Backlog, in time of input, with which a job has not caught up. */
const BACKLOG_NS = 1e9;
/** How many times the p99 of before is as before, and how many events may be above it: that is what p99 means. */
const FACTOR = 2;
const MOST_ABOVE = 0.01;
/** What a process takes to start, to load its events, to verify a checkpoint and to open a store on a busy machine, and the time that it has to be calm, with some to spare. */
const DOWN_SECONDS = 2;
const CALM_SECONDS = 2;

/**
 * A stream with so many events behind its tail that a job that was killed at the end of its kill span can catch up: at half of the
 * throughput that takes about as long again as the job was down and replayed.
 */
export function withCatchUp(stream: StreamPlan, measuredSeconds: number): StreamPlan {
  const eventsPerSecond = stream.measured / measuredSeconds;
  const replaySeconds = (1.3 * stream.checkpoints.everyEvents) / eventsPerSecond;
  const seconds = 2 * (DOWN_SECONDS + replaySeconds) + CALM_SECONDS;
  const catchUpPerSecond = CATCH_UP_RATE * eventsPerSecond;
  return { ...stream, tail: stream.tail + Math.ceil(catchUpPerSecond * seconds), catchUpPerSecond };
}

/**
 * How fast events come to a process that is to be killed: half of the trial's throughput, and no faster than its stream was made for. In a
 * trial that is faster than its cell was when it was calibrated the stream would end before the job has caught up.
 */
export function catchUpRate({ catchUpPerSecond = Number.POSITIVE_INFINITY }: StreamPlan, eventsPerSecond: number): number {
  return Math.min(CATCH_UP_RATE * eventsPerSecond, catchUpPerSecond);
}

/** When a job had caught up, and if it had not, why. */
export interface CaughtUp {
  readonly ns: number | null;
  readonly reason: string | null;
}

/** Goes on in the open loop of a process that was killed: events are due as they would have been, had nothing happened. */
export class CatchUp {
  readonly pace: OpenLoop;
  readonly #job: Job;
  readonly #ratePerSecond: number;
  readonly #calm: Calm;
  readonly #limitNs: number;
  readonly #stream: StreamPlan;

  /** @param atEvent the event that the killed process had come to */
  constructor(job: Job, cell: Pick<CellTask, 'seed' | 'batchSize'>, killed: KilledPace, atEvent: number, stream: StreamPlan) {
    const { ratePerSecond, dueNs, p99Ns } = killed;
    this.#stream = stream;
    this.#job = job;
    this.#ratePerSecond = ratePerSecond;
    this.pace = new OpenLoop({ arrivals: 'constant', seed: cell.seed, batchSize: cell.batchSize, clock: null });
    const { events } = job.pipeline;
    this.pace.begin(job, ratePerSecond, endOf(stream) - events, dueNs - ((atEvent - events) / ratePerSecond) * 1e9);
    this.#limitNs = FACTOR * p99Ns;
    this.#calm = new Calm(this.#limitNs);
  }

  /** Runs on until the job has caught up, or the stream ends. */
  async run(): Promise<CaughtUp> {
    const job = this.#job;
    const end = endOf(this.#stream);
    const step = Math.max(1, Math.floor((this.#ratePerSecond * CALM_NS) / 1e9 / PARTS));
    let sinceNs: number | null = null;
    const look = () => {
      const { dueNs, count } = this.pace.last;
      sinceNs ??= this.#calm.add(nowNs(), dueNs, count, this.pace.nextNs);
    };
    while (sinceNs === null && job.pipeline.events < end)
      await job.run(Math.min(end, job.pipeline.events + step), this.#stream.checkpoints, look, this.pace);
    return { ns: sinceNs, reason: sinceNs === null ? this.#whyNot() : null };
  }

  #whyNot(): string {
    const waitingSeconds = (nowNs() - this.pace.nextNs) / 1e9;
    return waitingSeconds * 1e9 >= BACKLOG_NS
      ? `the stream ended with ${waitingSeconds.toFixed(1)} s of input still waiting`
      : `the stream ended before there was a second in which p99 was at most ${(this.#limitNs / 1e6).toFixed(1)} ms, twice that of before the kill`;
  }
}

function endOf({ warmUp, measured, tail }: StreamPlan): number {
  return warmUp + measured + tail;
}

/** Finds the first second in which all was as before, in tenths. */
export class Calm {
  readonly #limitNs: number;
  readonly #events = new Float64Array(PARTS);
  readonly #above = new Float64Array(PARTS);
  #part = -1;
  /** The first part from which on no backlog was too long. */
  #calmFrom = 0;

  constructor(limitNs: number) {
    this.#limitNs = limitNs;
  }

  /**
   * Takes in a micro-batch that was done at `now`, and when the next event is due.
   * @returns when the calm began, once it has lasted
   */
  add(now: number, dueNs: Float64Array, count: number, nextNs: number): number | null {
    const part = Math.floor(now / (CALM_NS / PARTS));
    if (this.#part < 0) this.#calmFrom = part;
    const isNew = part !== this.#part;
    const found = isNew && this.#isCalm(part) ? (part - PARTS) * (CALM_NS / PARTS) : null;
    if (isNew) {
      for (let passed = Math.max(this.#part + 1, part - PARTS + 1); passed <= part; passed++) {
        this.#events[passed % PARTS] = 0;
        this.#above[passed % PARTS] = 0;
      }
      this.#part = part;
    }
    this.#events[part % PARTS]! += count;
    for (let i = 0; i < count; i++) if (now - dueNs[i]! > this.#limitNs) this.#above[part % PARTS]!++;
    if (now - nextNs >= BACKLOG_NS) this.#calmFrom = part + 1;
    return found;
  }

  /** Whether the ten parts before this one were calm, each of them heard of. */
  #isCalm(part: number): boolean {
    if (part !== this.#part + 1 || part - PARTS < this.#calmFrom) return false;
    const sum = (of: Float64Array) => of.reduce((total, value) => total + value, 0);
    return this.#events.every((events) => events > 0) && sum(this.#above) <= MOST_ABOVE * sum(this.#events);
  }
}
