import { z } from 'zod';
import { countSumMinMax } from './aggregates/count-sum-min-max.ts';
import type { Workload } from './contract.ts';
import { syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { session } from './windows/session.ts';

export const description =
  'Counts and totals per key over sessions of synthetic events: visits to a site or trips of a vehicle, which end when nothing has come for a while.';

export const options = z.strictObject({
  ...syntheticOptions,
  gap: z.int().min(0).meta({ unit: 'ms' }).default(2_000).describe('without an event of its key for this long a session ends'),
  lateness: z
    .int()
    .min(0)
    .meta({ unit: 'ms' })
    .default(0)
    .describe('how long after it fired a session still takes events, each of which gives its row again'),
});

/** @throws WorkloadError `impossible-settings` */
export default function sessionIncremental(settings: z.output<typeof options>): Workload {
  return {
    name: 'session-incremental',
    settings,
    ...syntheticEvents(settings, settings.gap + settings.lateness),
    stages: [windowed(settings.keyBytes, session(settings.gap), countSumMinMax, settings.lateness)],
  };
}
