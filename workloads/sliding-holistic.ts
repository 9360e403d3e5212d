import { z } from 'zod';
import type { Gallery, Workload } from './contract.ts';
import { holisticAggregate, holisticOptions, keyPrefixBytes, slidingOptions } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { sliding } from './windows/sliding.ts';

export const description = 'The median per key over sliding windows of synthetic events.';

export const gallery: Gallery = {
  job: 'Robust moving statistics, such as the median price of the last ten seconds, every two seconds.',
  operations:
    'n × append S; a window that fires: scan, drop. With panes=true: append S; a window that fires: n scans, and the drop of its oldest pane',
  stresses: 'Write amplification of the job itself: every event is kept n times, and read as often; with panes, kept once.',
};

export const options = z.strictObject({ ...syntheticOptions, ...slidingOptions, ...holisticOptions });

/** @throws WorkloadError `impossible-settings` */
export default function slidingHolistic(settings: z.output<typeof options>): Workload {
  const { size, slide, panes, offset, lateness, aggregate } = settings;
  return {
    name: 'sliding-holistic',
    ...syntheticEvents(settings, size + lateness),
    stages: [
      windowed(keyPrefixBytes(settings), sliding(size, slide, panes, offset), holisticAggregate(aggregate, eventWidth(settings)), lateness),
    ],
  };
}
