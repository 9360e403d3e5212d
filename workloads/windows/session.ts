import { z } from 'zod';
import { type SessionWindow, WorkloadError } from '../contract.ts';

/** The options of a workload over sessions. */
export const sessionOptions = {
  gap: z.int().min(0).meta({ unit: 'ms' }).default(2_000).describe('without an event of its key for this long a session ends'),
  lateness: z
    .int()
    .min(0)
    .meta({ unit: 'ms' })
    .default(0)
    .describe('how long after it fired a session still takes events, each of which gives its row again'),
};

/**
 * Session windows, which end when nothing has come for `gapMs`.
 * @throws WorkloadError `impossible-settings` if the gap is 0
 */
export function session(gapMs: number): SessionWindow {
  if (gapMs < 1) {
    throw new WorkloadError(
      'impossible-settings',
      `gap ${gapMs} ms leaves a session no time: an event at t makes [t, t + gap), which would be empty; choose a gap of at least 1 ms`,
    );
  }
  return { kind: 'session', gapMs };
}
