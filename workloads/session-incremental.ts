import { z } from 'zod';
import type { Workload } from './contract.ts';
import { incrementalAggregate, incrementalOptions, keyPrefixBytes } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { session, sessionOptions } from './windows/session.ts';

export const description =
  'Counts and totals per key over sessions of synthetic events: visits to a site or trips of a vehicle, which end when nothing has come for a while.';

export const options = z.strictObject({ ...syntheticOptions, ...sessionOptions, ...incrementalOptions });

/** @throws WorkloadError `impossible-settings` */
export default function sessionIncremental(settings: z.output<typeof options>): Workload {
  const { gap, lateness, aggregate } = settings;
  return {
    name: 'session-incremental',
    settings,
    ...syntheticEvents(settings, gap + lateness),
    stages: [windowed(keyPrefixBytes(settings), session(gap), incrementalAggregate(aggregate, eventWidth(settings)), lateness)],
  };
}
