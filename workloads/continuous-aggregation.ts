import { z } from 'zod';
import { type Workload, WorkloadError } from './contract.ts';
import { incrementalAggregate, incrementalOptions, keyPrefixBytes } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';

export const description =
  'Running counts and totals per key of synthetic events, with a row for every event: balances, counters and features that never expire.';

export const options = z.strictObject({ ...syntheticOptions, ...incrementalOptions });

/** @throws WorkloadError `impossible-settings` */
export default function continuousAggregation(settings: z.output<typeof options>): Workload {
  if (settings.late > 0) {
    throw new WorkloadError(
      'impossible-settings',
      `late ${settings.late}: a window without end is never closed, so no event is late; leave it 0`,
    );
  }
  return {
    name: 'continuous-aggregation',
    settings,
    ...syntheticEvents(settings, 0),
    stages: [windowed(keyPrefixBytes(settings), { kind: 'global' }, incrementalAggregate(settings.aggregate, eventWidth(settings)))],
  };
}
