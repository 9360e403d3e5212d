import { z } from 'zod';
import type { Workload } from './contract.ts';
import { holisticAggregate, holisticOptions, keyPrefixBytes, windowOptions } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { tumbling } from './windows/tumbling.ts';

export const description =
  'The median per key over tumbling windows of synthetic events: an exact statistic that needs every event of the window kept in a list.';

export const options = z.strictObject({ ...syntheticOptions, ...windowOptions, ...holisticOptions });

/** @throws WorkloadError `impossible-settings` */
export default function tumblingHolistic(settings: z.output<typeof options>): Workload {
  const { size, lateness, aggregate } = settings;
  return {
    name: 'tumbling-holistic',
    settings,
    ...syntheticEvents(settings, size + lateness),
    stages: [windowed(keyPrefixBytes(settings), tumbling(size), holisticAggregate(aggregate, eventWidth(settings)), lateness)],
  };
}
