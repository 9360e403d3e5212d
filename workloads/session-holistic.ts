import { z } from 'zod';
import type { Gallery, Workload } from './contract.ts';
import { holisticAggregate, holisticOptions, keyPrefixBytes } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { session, sessionOptions } from './windows/session.ts';

export const description = 'The median per key over sessions of synthetic events.';

export const gallery: Gallery = {
  job: 'Exact statistics of visits or trips, of which every event is kept until they end.',
  operations:
    'read and write the sessions of the key; append to its list; write a timer where none is armed; a timer that is due: read, then delete or arm anew; a session that ends: scan and removal of its lists',
  stresses: 'Small reads and writes, blind appends, scans of single keys and single deletes, in three tables at once.',
};

export const options = z.strictObject({ ...syntheticOptions, ...sessionOptions, ...holisticOptions });

/** @throws WorkloadError `impossible-settings` */
export default function sessionHolistic(settings: z.output<typeof options>): Workload {
  const { gap, lateness, aggregate } = settings;
  return {
    name: 'session-holistic',
    ...syntheticEvents(settings, gap + lateness),
    stages: [windowed(keyPrefixBytes(settings), session(gap), holisticAggregate(aggregate, eventWidth(settings)), lateness)],
  };
}
