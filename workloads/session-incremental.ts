import { z } from 'zod';
import type { Gallery, Workload } from './contract.ts';
import { incrementalAggregate, incrementalOptions, keyPrefixBytes, withoutIdleParameters } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { session, sessionOptions } from './windows/session.ts';

export const description = 'Counts and totals per key over sessions of synthetic events.';

export const gallery: Gallery = {
  job: 'Visits to a site or trips of a vehicle, which end when nothing has come for a while.',
  operations:
    'read and write the sessions of the key; write a timer where none is armed; a timer that is due: read, then delete or arm anew',
  stresses: 'Records that are read and written at random and deleted one by one, and a second table of timers ordered by time.',
};

export const options = z.strictObject({ ...syntheticOptions, ...sessionOptions, ...incrementalOptions });

/** @throws WorkloadError `impossible-settings` */
export default function sessionIncremental(settings: z.output<typeof options>): Workload {
  const { gap, lateness } = settings;
  return {
    name: 'session-incremental',
    ...syntheticEvents(withoutIdleParameters(settings), gap + lateness),
    stages: [windowed(keyPrefixBytes(settings), session(gap), incrementalAggregate(settings, eventWidth(settings)), lateness)],
  };
}
