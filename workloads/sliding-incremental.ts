import { z } from 'zod';
import type { Gallery, Workload } from './contract.ts';
import { incrementalAggregate, incrementalOptions, keyPrefixBytes, slidingOptions, withoutIdleParameters } from './operator-options.ts';
import { eventWidth, syntheticEvents, syntheticOptions } from './sources/synthetic-options.ts';
import { windowed } from './windowed.ts';
import { sliding } from './windows/sliding.ts';

export const description = 'Counts and totals per key over sliding windows of synthetic events.';

export const gallery: Gallery = {
  job: 'Moving averages and alerts: the last ten seconds, every two seconds.',
  operations:
    'n × (read S, write S); a window that fires: scan, drop. With panes=true: read S, write S; a window that fires: n scans, and the drop of its oldest pane',
  stresses: 'n times the reads and writes of a tumbling window, in n windows open side by side; with panes, scans instead.',
};

export const options = z.strictObject({ ...syntheticOptions, ...slidingOptions, ...incrementalOptions });

/** @throws WorkloadError `impossible-settings` */
export default function slidingIncremental(settings: z.output<typeof options>): Workload {
  const { size, slide, panes, offset, lateness } = settings;
  return {
    name: 'sliding-incremental',
    ...syntheticEvents(withoutIdleParameters(settings), size + lateness),
    stages: [
      windowed(
        keyPrefixBytes(settings),
        sliding(size, slide, panes, offset),
        incrementalAggregate(settings, eventWidth(settings)),
        lateness,
      ),
    ],
  };
}
