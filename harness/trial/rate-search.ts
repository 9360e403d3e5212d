import type { LatencyFigures } from '../results.ts';
import type { Stretch } from './open-loop.ts';

/** The search is between these parts of the throughput. */
const LOWEST = 0.3;
const HIGHEST = 1;
/** By how much of the rate a backlog may seem to grow, and how many of the scheduled events may be behind at the end. */
const MOST_SLOPE = 0.01;
const LEAST_DONE = 0.99;

type Found = LatencyFigures['sustainable'];

/** Bisects for the greatest rate that is sustained. If all fail, the last step tries the lowest rate there is. */
export class RateSearch {
  readonly lowestPerSecond: number;
  readonly #limitMs: number;
  readonly #stepCount: number;
  readonly #steps: Found['steps'] = [];
  #passed: number | null = null;
  #failed: number | null = null;
  readonly #highestPerSecond: number;

  constructor(eventsPerSecond: number, limitMs: number, steps: number) {
    this.lowestPerSecond = LOWEST * eventsPerSecond;
    this.#highestPerSecond = HIGHEST * eventsPerSecond;
    this.#limitMs = limitMs;
    this.#stepCount = steps;
  }

  /** The rate to try next; null when the search has ended. */
  get nextPerSecond(): number | null {
    if (this.#steps.length === this.#stepCount) return null;
    const isLast = this.#steps.length === this.#stepCount - 1;
    if (isLast && this.#passed === null) return this.lowestPerSecond;
    return ((this.#passed ?? this.lowestPerSecond) + (this.#failed ?? this.#highestPerSecond)) / 2;
  }

  /** Takes in how the stretch at {@link nextPerSecond} went. */
  add(
    {
      ratePerSecond,
      events,
      backlogSlope,
      doneShare,
      p99Ns,
    }: Pick<Stretch, 'ratePerSecond' | 'events' | 'backlogSlope' | 'doneShare' | 'p99Ns'>,
    batchSize: number,
  ): void {
    const p99Ms = p99Ns / 1e6;
    // The micro-batch under way is not behind.
    const isDone = doneShare >= LEAST_DONE || events * (1 - doneShare) <= batchSize;
    const reasons = [
      ...(backlogSlope > MOST_SLOPE ? [`the backlog grew by ${percent(backlogSlope)} of the rate`] : []),
      ...(isDone ? [] : [`only ${percent(doneShare)} of the events were done in time`]),
      ...(p99Ms > this.#limitMs ? [`p99 was ${Math.round(p99Ms)} ms, above ${this.#limitMs} ms`] : []),
    ];
    const passed = reasons.length === 0;
    if (passed) this.#passed = ratePerSecond;
    else this.#failed = ratePerSecond;
    this.#steps.push({ ratePerSecond, passed, reason: passed ? null : reasons.join('; '), backlogSlope, doneShare, p99Ms });
  }

  get found(): Found {
    return { passedPerSecond: this.#passed, failedPerSecond: this.#failed, steps: this.#steps };
  }
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}
