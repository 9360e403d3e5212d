import { z } from 'zod';
import type { Gallery, Workload } from './contract.ts';
import { holisticAggregate, holisticOptions, keyPrefixBytes, windowOptions } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { tumbling } from './windows/tumbling.ts';

export const description = 'The median per key over tumbling windows of synthetic events.';

export const gallery: Gallery = {
  job: 'Exact statistics of a period, such as the median response time a minute, which need every event of it.',
  operations: 'append S; a window that fires: scan, drop',
  stresses: 'Blind appends, and scans of all that came in a window: bytes kept grow with events, not with keys.',
};

export const options = z.strictObject({ ...syntheticOptions, ...windowOptions, ...holisticOptions });

/** @throws WorkloadError `impossible-settings` */
export default function tumblingHolistic(settings: z.output<typeof options>): Workload {
  const { size, offset, lateness, aggregate } = settings;
  return {
    name: 'tumbling-holistic',
    ...syntheticEvents(settings, size + lateness),
    stages: [windowed(keyPrefixBytes(settings), tumbling(size, offset), holisticAggregate(aggregate, eventWidth(settings)), lateness)],
  };
}
