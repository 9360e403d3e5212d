import { z } from 'zod';
import type { Gallery, Workload } from './contract.ts';
import { incrementalAggregate, incrementalOptions, keyPrefixBytes, windowOptions, withoutIdleParameters } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { tumbling } from './windows/tumbling.ts';

export const description = 'Counts and totals per key over tumbling windows of synthetic events.';

export const gallery: Gallery = {
  job: 'Metering, billing or rate limiting: one record a customer and minute.',
  operations: 'read S, write S; a window that fires: scan, drop',
  stresses: 'Reads and writes of one record at random, then a range that is scanned and dropped at once.',
};

export const options = z.strictObject({ ...syntheticOptions, ...windowOptions, ...incrementalOptions });

/** @throws WorkloadError `impossible-settings` */
export default function tumblingIncremental(settings: z.output<typeof options>): Workload {
  const { size, offset, lateness } = settings;
  return {
    name: 'tumbling-incremental',
    ...syntheticEvents(withoutIdleParameters(settings), size + lateness),
    stages: [windowed(keyPrefixBytes(settings), tumbling(size, offset), incrementalAggregate(settings, eventWidth(settings)), lateness)],
  };
}
