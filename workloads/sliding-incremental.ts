import { z } from 'zod';
import type { Workload } from './contract.ts';
import { incrementalAggregate, incrementalOptions, keyPrefixBytes, slidingOptions } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { sliding } from './windows/sliding.ts';

export const description =
  'Counts and totals per key over sliding windows of synthetic events: moving averages and alerts, where every event updates several windows.';

export const options = z.strictObject({ ...syntheticOptions, ...slidingOptions, ...incrementalOptions });

/** @throws WorkloadError `impossible-settings` */
export default function slidingIncremental(settings: z.output<typeof options>): Workload {
  const { size, slide, panes, lateness, aggregate } = settings;
  return {
    name: 'sliding-incremental',
    settings,
    ...syntheticEvents(settings, size + lateness),
    stages: [
      windowed(keyPrefixBytes(settings), sliding(size, slide, panes), incrementalAggregate(aggregate, eventWidth(settings)), lateness),
    ],
  };
}
