import { z } from 'zod';
import { median } from './aggregates/median.ts';
import type { Workload } from './contract.ts';
import { syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { tumbling } from './windows/tumbling.ts';

export const description =
  'The median per key over tumbling windows of synthetic events: an exact statistic that needs every event of the window kept in a list.';

export const options = z.strictObject({
  ...syntheticOptions,
  size: z.int().min(1).meta({ unit: 'ms' }).default(10_000).describe('window size'),
});

/** @throws WorkloadError `impossible-settings` */
export default function tumblingHolistic(settings: z.output<typeof options>): Workload {
  return {
    name: 'tumbling-holistic',
    settings,
    ...syntheticEvents(settings, settings.size),
    stages: [windowed(settings.keyBytes, tumbling(settings.size), median)],
  };
}
