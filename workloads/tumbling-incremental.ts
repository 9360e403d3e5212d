import { z } from 'zod';
import type { Workload } from './contract.ts';
import { incrementalAggregate, incrementalOptions, keyPrefixBytes, windowOptions } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { tumbling } from './windows/tumbling.ts';

export const description =
  'Counts and totals per key over tumbling windows of synthetic events: metering, billing or rate limiting, where every event updates one record.';

export const options = z.strictObject({ ...syntheticOptions, ...windowOptions, ...incrementalOptions });

/** @throws WorkloadError `impossible-settings` */
export default function tumblingIncremental(settings: z.output<typeof options>): Workload {
  const { size, lateness, aggregate } = settings;
  return {
    name: 'tumbling-incremental',
    settings,
    ...syntheticEvents(settings, size + lateness),
    stages: [windowed(keyPrefixBytes(settings), tumbling(size), incrementalAggregate(aggregate, eventWidth(settings)), lateness)],
  };
}
