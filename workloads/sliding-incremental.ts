import { z } from 'zod';
import { countSumMinMax } from './aggregates/count-sum-min-max.ts';
import type { Workload } from './contract.ts';
import { syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { sliding } from './windows/sliding.ts';

export const description =
  'Counts and totals per key over sliding windows of synthetic events: moving averages and alerts, where every event updates several windows.';

export const options = z.strictObject({
  ...syntheticOptions,
  size: z.int().min(1).meta({ unit: 'ms' }).default(10_000).describe('window size, a multiple of the slide'),
  slide: z.int().min(1).meta({ unit: 'ms' }).default(2_000).describe('from one window start to the next'),
});

/** @throws WorkloadError `impossible-settings` */
export default function slidingIncremental(settings: z.output<typeof options>): Workload {
  return {
    name: 'sliding-incremental',
    settings,
    ...syntheticEvents(settings, settings.size),
    stages: [windowed(settings.keyBytes, sliding(settings.size, settings.slide), countSumMinMax)],
  };
}
