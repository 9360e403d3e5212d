import { z } from 'zod';
import type { Workload } from './contract.ts';
import { holisticAggregate, holisticOptions, keyPrefixBytes, slidingOptions } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { sliding } from './windows/sliding.ts';

export const description =
  'The median per key over sliding windows of synthetic events: a robust moving statistic, where every event is appended to several lists.';

export const options = z.strictObject({ ...syntheticOptions, ...slidingOptions, ...holisticOptions });

/** @throws WorkloadError `impossible-settings` */
export default function slidingHolistic(settings: z.output<typeof options>): Workload {
  const { size, slide, panes, lateness, aggregate } = settings;
  return {
    name: 'sliding-holistic',
    settings,
    ...syntheticEvents(settings, size + lateness),
    stages: [windowed(keyPrefixBytes(settings), sliding(size, slide, panes), holisticAggregate(aggregate, eventWidth(settings)), lateness)],
  };
}
