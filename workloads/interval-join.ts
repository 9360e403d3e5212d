import { z } from 'zod';
import { type Workload, WorkloadError } from './contract.ts';
import { eventWidth, syntheticEvents, syntheticOptions, twoStreamOptions } from './sources/synthetic-options.ts';

export const description =
  'Every pair of a left event and a right one of its key within an interval of its time: orders joined with the payments shortly before and after them, where each event is stored and looks through what the other side stored.';

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
    settings,
    ...syntheticEvents(settings, LATE_BY_MS, settings),
    stages: [{ kind: 'interval-join', keyPrefixBytes: keyBytes, inputWidth: eventWidth(settings), lowerMs: lower, upperMs: upper }],
  };
}
