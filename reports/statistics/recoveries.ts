import type { CompletedTrial } from '../../harness/results.ts';
import type { MeasuredRecovery } from '../recovery-model.ts';
import { measure } from './metrics.ts';

/**
 * What the trials of a cell measured of a crash, by block; null where an older version measured it, which recorded neither where the kill
 * fell nor the restore without the loading of the events.
 */
export function recoveriesOf(trials: readonly CompletedTrial[]): readonly MeasuredRecovery[] | null {
  const recovered = trials.flatMap((trial) => (trial.recovery === null ? [] : [{ trial, recovery: trial.recovery }]));
  if (recovered.some(({ recovery }) => recovery.killFraction === undefined || recovery.restoreMs === undefined)) return null;
  return recovered.flatMap(({ trial, recovery }) => {
    const { phases, replayRate, restoreMs = 0 } = recovery;
    const replayedEvents = recovery.killedAtEvent - recovery.restoredFromEvent;
    if (replayRate == null || replayedEvents <= 0) return [];
    return [
      {
        block: trial.block,
        restoreMs: short(restoreMs),
        replayedEvents,
        replayMs: short((replayedEvents / replayRate) * 1000),
        // Of our own pipeline the harness starts the new process at once: what detects a crash and schedules a task is not measured.
        detectionMs: recovery.flink === undefined ? 0 : short(phases.processMs + phases.verifyMs),
        persistMs: short(measure('persistMs', trial) ?? 0),
      },
    ];
  });
}

/** Six digits are more than any of these is good for, and keep a page small. */
function short(value: number): number {
  return Number(value.toPrecision(6));
}
