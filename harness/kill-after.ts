import { StatebenchError } from './errors.ts';

/**
 * Refuses a kill that the stream is too short for: a crash that did not happen proves nothing.
 * @throws StatebenchError `bad-command-line`
 */
export function checkKill(killAt: number | null, events: number): void {
  if (killAt === null || killAt <= events) return;
  throw new StatebenchError(
    'bad-command-line',
    `--kill-after ${killAt} never happens: the stream has ${events.toLocaleString('en')} events; give at most ${events}, or a workload with more events`,
  );
}
