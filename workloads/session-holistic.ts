import { z } from 'zod';
import type { Workload } from './contract.ts';
import { holisticAggregate, holisticOptions, keyPrefixBytes } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { session, sessionOptions } from './windows/session.ts';

export const description =
  'The median per key over sessions of synthetic events: exact statistics of visits or trips, of which every event is kept until they end.';

export const options = z.strictObject({ ...syntheticOptions, ...sessionOptions, ...holisticOptions });

/** @throws WorkloadError `impossible-settings` */
export default function sessionHolistic(settings: z.output<typeof options>): Workload {
  const { gap, lateness, aggregate } = settings;
  return {
    name: 'session-holistic',
    settings,
    ...syntheticEvents(settings, gap + lateness),
    stages: [windowed(keyPrefixBytes(settings), session(gap), holisticAggregate(aggregate, eventWidth(settings)), lateness)],
  };
}
