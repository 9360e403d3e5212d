import { StatebenchError } from '../errors.ts';

/** Far beyond what a clock that is adjusted gradually moves in a trial, and far below a step that would change a figure unseen. */
const WALL_CLOCK_STEP_MS = 100;

/**
 * Flink's own times, those of the job's source included, come from the wall clock.
 * @throws StatebenchError `clock-stepped` if that was set during the trial
 */
export function checkWallClock(movedMs: number): void {
  if (Math.abs(movedMs) < WALL_CLOCK_STEP_MS) return;
  throw new StatebenchError(
    'clock-stepped',
    `the wall clock was set ${movedMs < 0 ? 'back' : 'forward'} by ${(Math.abs(movedMs) / 1000).toFixed(1)} s during the trial, and Flink takes its times from it: keep the clock steady and run again`,
  );
}
