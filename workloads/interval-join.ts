import { z } from 'zod';
import { type Gallery, type Workload, WorkloadError } from './contract.ts';
import { eventWidth, syntheticEvents, syntheticOptions, twoStreamOptions } from './sources/synthetic-options.ts';

export const description = 'Every pair of a left event and a right one of its key within an interval of its time.';

export const gallery: Gallery = {
  job: 'Orders joined with the payments shortly before and after them.',
  operations: 'append to its side; scan the key in up to three buckets of the other side; a bucket that expires: drop',
  stresses: 'Short scans of single keys between appends, at every event: a store that is slow to begin a scan shows it here.',
};

const BOUND_MS_MAX = 2 ** 31;
const bound = z.int().min(-BOUND_MS_MAX).max(BOUND_MS_MAX).meta({ unit: 'ms' });

export const options = z.strictObject({
  ...syntheticOptions,
  ...twoStreamOptions,
  lower: bound.default(-1_000).describe('from how long after a left event right ones meet it; negative: before it'),
  upper: bound.default(1_000).describe('until how long after a left event right ones meet it, included'),
});

/** A late event is one before the watermark: 1 ms before it is the least. */
const LATE_BY_MS = 1;

/** @throws WorkloadError `impossible-settings` */
export default function intervalJoin(settings: z.output<typeof options>): Workload {
  const { lower, upper, keyBytes } = settings;
  if (lower > upper) {
    throw new WorkloadError(
      'impossible-settings',
      `lower ${lower} ms is after upper ${upper} ms: nothing lies in between; choose a lower of at most the upper`,
    );
  }
  return {
    name: 'interval-join',
    ...syntheticEvents(settings, LATE_BY_MS, settings),
    stages: [{ kind: 'interval-join', keyPrefixBytes: keyBytes, inputWidth: eventWidth(settings), lowerMs: lower, upperMs: upper }],
  };
}
