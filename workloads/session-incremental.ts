import { z } from 'zod';
import { countSumMinMax } from './aggregates/count-sum-min-max.ts';
import type { Workload } from './contract.ts';
import { syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { session, sessionOptions } from './windows/session.ts';

export const description =
  'Counts and totals per key over sessions of synthetic events: visits to a site or trips of a vehicle, which end when nothing has come for a while.';

export const options = z.strictObject({ ...syntheticOptions, ...sessionOptions });

/** @throws WorkloadError `impossible-settings` */
export default function sessionIncremental(settings: z.output<typeof options>): Workload {
  return {
    name: 'session-incremental',
    settings,
    ...syntheticEvents(settings, settings.gap + settings.lateness),
    stages: [windowed(settings.keyBytes, session(settings.gap), countSumMinMax, settings.lateness)],
  };
}
