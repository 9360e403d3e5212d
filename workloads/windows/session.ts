import { type SessionWindow, WorkloadError } from '../contract.ts';

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
