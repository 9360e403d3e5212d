/** When events happen, before any is moved out of order. */
import { WorkloadError } from '../contract.ts';
import { draw, drawKey } from './random.ts';

/** All at `ratePerSecond` on average. */
export type Arrivals = { readonly ratePerSecond: number } & (
  | { readonly kind: 'constant' }
  /** At random, independent of each other. */
  | { readonly kind: 'poisson' }
  /** Every `everyMs`, for `lengthMs`, `factor` times as many as in between. */
  | { readonly kind: 'burst'; readonly everyMs: number; readonly lengthMs: number; readonly factor: number }
);

/** Writes the times, in whole ms, of events `position` … `position + count − 1` into `timestamps` from `at`. They never fall. */
export type EventTimes = (timestamps: Float64Array, at: number, position: number, count: number) => void;

/** Events of a Poisson process that are drawn together; divides the blocks of random.ts. */
export const POISSON_BLOCK = 1024;

/** @throws WorkloadError `impossible-settings` */
export function eventTimes(seed: number, startMs: number, arrivals: Arrivals): EventTimes {
  switch (arrivals.kind) {
    case 'constant':
      return constant(startMs, arrivals.ratePerSecond);
    case 'poisson':
      return poisson(seed, startMs, arrivals.ratePerSecond);
    case 'burst':
      return burst(startMs, arrivals.ratePerSecond, burstShape(arrivals));
  }
}

/** The longest that an event may come after the one so many events before it, ms. */
export function longestMs(arrivals: Arrivals, events: number): number {
  switch (arrivals.kind) {
    case 'constant':
      return Math.ceil((events * 1000) / arrivals.ratePerSecond);
    case 'poisson':
      return Math.ceil(((events + 2 * POISSON_BLOCK) * 1000) / arrivals.ratePerSecond);
    case 'burst':
      // The slow stretches stretch even time by this.
      return Math.ceil(((events * 1000) / arrivals.ratePerSecond) * Math.max(1, burstShape(arrivals).quietStretch));
  }
}

function constant(startMs: number, ratePerSecond: number): EventTimes {
  return (timestamps, at, position, count) => {
    for (let i = 0; i < count; i++) timestamps[at + i] = startMs + Math.floor(((position + i) * 1000) / ratePerSecond);
  };
}

/**
 * Each block of events has the even time of a block, and within it the order statistics of as many uniform moments: a Poisson
 * process, given how many events each block's time has. So a seek costs one block, however far it goes.
 */
function poisson(seed: number, startMs: number, ratePerSecond: number): EventTimes {
  const moments = new Uint32Array(POISSON_BLOCK);
  let drawn = -1;
  const drawBlock = (block: number): void => {
    const { first, second } = drawKey(seed, 'arrival', block);
    for (let i = 0; i < POISSON_BLOCK; i++) moments[i] = draw(i, first, second);
    moments.sort();
    drawn = block;
  };
  return (timestamps, at, position, count) => {
    for (let i = 0; i < count; i++) {
      const inBlock = (position + i) % POISSON_BLOCK;
      const block = position + i - inBlock;
      if (block !== drawn) drawBlock(block);
      const moment = block + moments[inBlock]! * (POISSON_BLOCK / 2 ** 32);
      timestamps[at + i] = startMs + Math.floor((moment * 1000) / ratePerSecond);
    }
  };
}

interface BurstShape {
  readonly everyMs: number;
  readonly lengthMs: number;
  /** The part of a cycle's events that come in its burst, in ms of even time. */
  readonly burstEvenMs: number;
  /** By how much even time is stretched, in the burst and after it. */
  readonly burstStretch: number;
  readonly quietStretch: number;
}

function burstShape({ everyMs, lengthMs, factor }: Extract<Arrivals, { readonly kind: 'burst' }>): BurstShape {
  if (!(lengthMs > 0 && lengthMs < everyMs)) {
    throw new WorkloadError(
      'impossible-settings',
      `a burst of ${lengthMs} ms every ${everyMs} ms leaves no time between bursts: choose a shorter one`,
    );
  }
  if (!(factor >= 1)) {
    throw new WorkloadError(
      'impossible-settings',
      `burstFactor ${factor} is less than 1: in a burst there are more events than in between`,
    );
  }
  const quietStretch = (everyMs - lengthMs + factor * lengthMs) / everyMs;
  const burstStretch = quietStretch / factor;
  return { everyMs, lengthMs, burstEvenMs: lengthMs / burstStretch, burstStretch, quietStretch };
}

/** A cycle begins with its burst. */
function burst(
  startMs: number,
  ratePerSecond: number,
  { everyMs, lengthMs, burstEvenMs, burstStretch, quietStretch }: BurstShape,
): EventTimes {
  return (timestamps, at, position, count) => {
    for (let i = 0; i < count; i++) {
      const evenMs = ((position + i) * 1000) / ratePerSecond;
      const cycle = Math.floor(evenMs / everyMs);
      const inCycle = evenMs - cycle * everyMs;
      const pastMs = inCycle < burstEvenMs ? inCycle * burstStretch : lengthMs + (inCycle - burstEvenMs) * quietStretch;
      // Rounding must not carry an event out of its cycle, else it would not come before the next.
      timestamps[at + i] = startMs + cycle * everyMs + Math.min(Math.max(Math.floor(pastMs), 0), everyMs);
    }
  };
}
