import { z } from 'zod';
import { countSumMinMax, mergedCountSumMinMax } from './aggregates/count-sum-min-max.ts';
import { type Gallery, type WindowSpec, type Workload, WorkloadError } from './contract.ts';
import { FLIGHTS, flightsSource } from './sources/flights.ts';
import { windowed } from './windowed.ts';
import { session } from './windows/session.ts';
import { sliding } from './windows/sliding.ts';
import { tumbling } from './windows/tumbling.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const description = 'Delays of 3,000,000 real US flights per route and hour, then per airport and day.';

export const gallery: Gallery = {
  job: 'A dashboard fed by a chain of two windows, of which the second merges what the first gives.',
  operations: 'read S, write S; a window that fires: scan, drop, and for each of its rows read S and write S in the second stage',
  stresses:
    'Real keys and their skew, and with arrivals=actual real disorder and late events; the state is small, so that calls weigh more than bytes.',
};

export const options = z.strictObject({
  limit: z.int().min(1).max(FLIGHTS).default(FLIGHTS).describe('the first so many flights of the file'),
  repeat: z.int().min(1).max(1_000).default(1).describe('how often they are played, each time moved on by whole days'),
  arrivals: z
    .enum(['scheduled', 'actual'])
    .default('scheduled')
    .describe('scheduled: in order of departure; actual: in order of departure + delay, so that events are out of order and late'),
  window: z.enum(['tumbling', 'sliding', 'session']).default('tumbling').describe('windows of the first stage'),
  size: z.int().min(1).meta({ unit: 'ms' }).default(HOUR_MS).describe('window size of the first stage'),
  slide: z
    .int()
    .min(1)
    .meta({ unit: 'ms' })
    .default(HOUR_MS / 4)
    .describe('sliding: from one window start to the next'),
  gap: z.int().min(0).meta({ unit: 'ms' }).default(HOUR_MS).describe('session: without a flight of its route for this long a session ends'),
  panes: z.boolean().default(false).describe('sliding: keep state once per slide, and merge when a window fires'),
});

/** @throws WorkloadError `impossible-settings` */
export default function flightsDelays({ limit, repeat, arrivals, window, size, slide, gap, panes }: z.output<typeof options>): Workload {
  if (panes && window !== 'sliding') {
    throw new WorkloadError('impossible-settings', `panes need window=sliding: a ${window} window shares none; leave them out`);
  }
  const watermark = { delayMs: arrivals === 'actual' ? 3 * HOUR_MS : 0, everyEvents: 1_000 };
  const firstWindow = (): WindowSpec => {
    if (window === 'session') return session(gap);
    return window === 'sliding' ? sliding(size, slide, panes) : tumbling(size);
  };
  return {
    name: 'flights-delays',
    settings: {
      limit,
      repeat,
      arrivals,
      window,
      ...(window === 'session' ? { gap } : { size }),
      ...(window === 'sliding' ? { slide, panes } : {}),
    },
    watermark,
    stages: [windowed(6, firstWindow(), countSumMinMax(1)), windowed(3, tumbling(DAY_MS), mergedCountSumMinMax)],
    source: ({ endless }) => flightsSource({ limit, repeat: endless ? Infinity : repeat, arrivals }),
  };
}
