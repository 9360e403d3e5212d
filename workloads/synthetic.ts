import { z } from 'zod';
import { countSumMinMax } from './aggregates/count-sum-min-max.ts';
import type { Workload } from './contract.ts';
import { syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { tumbling } from './windows/tumbling.ts';

export const description =
  'Counts and totals per key over tumbling windows of synthetic events: metering or rate limiting, with keys, skew and disorder as you set them.';

export const options = z.strictObject({
  ...syntheticOptions,
  size: z.int().min(1).meta({ unit: 'ms' }).default(10_000).describe('window size'),
});

/** @throws WorkloadError `impossible-settings` */
export default function synthetic(settings: z.output<typeof options>): Workload {
  return {
    name: 'synthetic',
    settings,
    ...syntheticEvents(settings, settings.size),
    stages: [windowed(settings.keyBytes, tumbling(settings.size), countSumMinMax)],
  };
}
