import { z } from 'zod';
import { type Gallery, type Workload, WorkloadError } from './contract.ts';
import { eventWidth, syntheticEvents, syntheticOptions, twoStreamOptions } from './sources/synthetic-options.ts';

export const description = 'Right events enriched with what the left side last said of their key, waiting where it has said nothing yet.';

export const gallery: Gallery = {
  job: 'Rides joined with the taxi that is on duty, until an event says that it is no longer.',
  operations:
    'read the key; left: write it, and scan and remove those that wait; right that finds nothing: append, and mark the key the first time; end: delete',
  stresses: 'State without windows, which lives until an event ends it: reads at random, single deletes, nothing dropped by range.',
};

export const options = z.strictObject({
  ...syntheticOptions,
  ...twoStreamOptions,
  ends: twoStreamOptions.ends.default(0.1).describe('share of the events that end what the left side last said of their key'),
});

/** Nothing is late here, whatever its time. */
const WINDOW_MS = 1;

/** @throws WorkloadError `impossible-settings` */
export default function continuousJoin(settings: z.output<typeof options>): Workload {
  if (settings.late > 0) {
    throw new WorkloadError(
      'impossible-settings',
      `late ${settings.late}: no event is late here, since no watermark plays a part; leave it 0`,
    );
  }
  return {
    name: 'continuous-join',
    ...syntheticEvents(settings, WINDOW_MS, settings),
    stages: [{ kind: 'continuous-join', keyPrefixBytes: settings.keyBytes, inputWidth: eventWidth(settings) }],
  };
}
