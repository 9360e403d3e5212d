import { z } from 'zod';
import { median } from './aggregates/median.ts';
import type { Workload } from './contract.ts';
import { syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { session, sessionOptions } from './windows/session.ts';

export const description =
  'The median per key over sessions of synthetic events: exact statistics of visits or trips, of which every event is kept until they end.';

export const options = z.strictObject({ ...syntheticOptions, ...sessionOptions });

/** @throws WorkloadError `impossible-settings` */
export default function sessionHolistic(settings: z.output<typeof options>): Workload {
  return {
    name: 'session-holistic',
    settings,
    ...syntheticEvents(settings, settings.gap + settings.lateness),
    stages: [windowed(settings.keyBytes, session(settings.gap), median, settings.lateness)],
  };
}
