import { z } from 'zod';
import { type Gallery, type Workload, WorkloadError } from './contract.ts';
import { incrementalAggregate, incrementalOptions, keyPrefixBytes, withoutIdleParameters } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';

export const description = 'Running counts and totals per key of synthetic events, with a row for every event.';

export const gallery: Gallery = {
  job: 'Balances, counters and features for a model, which are asked for after every event and never expire.',
  operations: 'read S, write S',
  stresses: 'Reads and writes of one record at random, in a state that only grows, with a row of output for every event.',
};

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
    ...syntheticEvents(withoutIdleParameters(settings), 0),
    stages: [windowed(keyPrefixBytes(settings), { kind: 'global' }, incrementalAggregate(settings, eventWidth(settings)))],
  };
}
