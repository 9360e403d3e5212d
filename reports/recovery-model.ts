/**
 * Predicts how long a job needs to catch up after a crash, from the restore time and the replay rate that were measured, and checks that
 * prediction against the measured recoveries. Imports nothing that a browser lacks: the page's script runs this same code.
 *
 * Time to caught up = detection + restore + (input rate × time since the last checkpoint) ÷ (replay rate − input rate). The time since the
 * last checkpoint is counted until the replay begins: events keep coming in during detection and restore.
 */
import { FEWEST, median } from './statistics/sample.ts';

/** What one block measured of a crash. */
export interface MeasuredRecovery {
  readonly block: number;
  readonly restoreMs: number;
  /** Events replayed, and the time that took; their ratio is the replay rate. */
  readonly replayedEvents: number;
  readonly replayMs: number;
  /** From the crash until the restore began, where the engine measured it; 0 where it did not. */
  readonly detectionMs: number;
  /** From the cut of a checkpoint until it is durable. */
  readonly persistMs: number;
}

/** {@link MeasuredRecovery} in the order of its fields: pages carry one for every trial, and the names of fields would be most of it. */
export type RecoveryRow = readonly [
  block: number,
  restoreMs: number,
  replayedEvents: number,
  replayMs: number,
  detectionMs: number,
  persistMs: number,
];

export function rowOfRecovery({ block, restoreMs, replayedEvents, replayMs, detectionMs, persistMs }: MeasuredRecovery): RecoveryRow {
  return [block, restoreMs, replayedEvents, replayMs, detectionMs, persistMs];
}

/** The recoveries of `rows`; none where they are absent or were not recorded. */
export function recoveriesIn(rows: readonly RecoveryRow[] | null | undefined): readonly MeasuredRecovery[] {
  return (rows ?? []).map(([block, restoreMs, replayedEvents, replayMs, detectionMs, persistMs]) => ({
    block,
    restoreMs,
    replayedEvents,
    replayMs,
    detectionMs,
    persistMs,
  }));
}

/** What a need on recovery is evaluated for. */
export interface Circumstances {
  readonly intervalMs: number;
  /** Events per second; null where it was not given. */
  readonly inputRate: number | null;
}

/** One checkpoint a minute, and an input rate that only the user knows. */
export const USUAL_CIRCUMSTANCES: Circumstances = { intervalMs: 60_000, inputRate: null };

/** The largest median error, as a fraction, with which a prediction is still shown. */
export const LARGEST_ERROR = 0.2;

/** Time to caught up, ms: on average over where in the checkpoint interval the crash falls, and at worst. */
export interface Prediction {
  readonly meanMs: number;
  readonly worstMs: number;
}

/** Events per second of a block's replay. */
export function replayRateOf({ replayedEvents, replayMs }: MeasuredRecovery): number {
  return (replayedEvents / replayMs) * 1000;
}

/**
 * Predicts one block's time to caught up. A crash finds the newest durable checkpoint between `persist` and `interval + persist` old.
 * @returns null where the replay rate is not above the input rate: the job never catches up
 */
export function predict(measured: MeasuredRecovery, intervalMs: number, inputRate: number): Prediction | null {
  const rate = replayRateOf(measured);
  if (inputRate >= rate) return null;
  const { detectionMs, restoreMs, persistMs } = measured;
  const downMs = detectionMs + restoreMs;
  const after = (ageMs: number) => downMs + (inputRate * (ageMs + downMs)) / (rate - inputRate);
  return { meanMs: after(persistMs + intervalMs / 2), worstMs: after(persistMs + intervalMs) };
}

/** How well the model predicts the recoveries of a cell, or why it is not used. */
export interface ModelCheck {
  readonly blocks: number;
  /** Median over blocks of |predicted − measured| ÷ measured of restore and replay; null below 3 blocks. */
  readonly error: number | null;
  /** Why predictions are withheld; null where they are shown. */
  readonly withheld: 'too-few-blocks' | 'error' | null;
}

/** Predicts restore and replay of every block from the other blocks of the same cell, and compares with what was measured. */
export function checkModel(all: readonly MeasuredRecovery[]): ModelCheck {
  const blocks = all.length;
  if (blocks < FEWEST) return { blocks, error: null, withheld: 'too-few-blocks' };
  const sum = (of: (one: MeasuredRecovery) => number) => all.reduce((total, one) => total + of(one), 0);
  const restoreMs = sum((one) => one.restoreMs);
  const events = sum((one) => one.replayedEvents);
  const replayMs = sum((one) => one.replayMs);
  const errors = all.map((one) => {
    const msPerEvent = (replayMs - one.replayMs) / (events - one.replayedEvents);
    const predicted = (restoreMs - one.restoreMs) / (blocks - 1) + one.replayedEvents * msPerEvent;
    const measured = one.restoreMs + one.replayMs;
    return Math.abs(predicted - measured) / measured;
  });
  const error = median(errors);
  return { blocks, error, withheld: error > LARGEST_ERROR ? 'error' : null };
}

/** What a cell's recovery comes to under the user's circumstances. */
export type RecoveryAnswer =
  /** `values`: the worst case over the interval by block, from block 1, ms; `mean` and `worst` over blocks. */
  | { readonly kind: 'predicted'; readonly values: readonly (number | null)[]; readonly meanMs: number; readonly worstMs: number }
  | { readonly kind: 'not-measured' | 'not-recorded' | 'no-input-rate' | 'withheld' }
  /** The input rate is at or above the replay rate of every block, or of some. */
  | { readonly kind: 'cannot-catch-up' | 'may-not-catch-up'; readonly replayRate: number };

/**
 * @param all by block; null where the recovery was measured by a version that did not record where the kill fell
 * @param blocks of the run
 */
export function answerRecovery(
  all: readonly MeasuredRecovery[] | null,
  blocks: number,
  { intervalMs, inputRate }: Circumstances,
): RecoveryAnswer {
  if (all === null) return { kind: 'not-recorded' };
  if (all.length === 0) return { kind: 'not-measured' };
  if (inputRate === null) return { kind: 'no-input-rate' };
  const rates = all.map(replayRateOf);
  if (rates.every((rate) => inputRate >= rate)) return { kind: 'cannot-catch-up', replayRate: Math.max(...rates) };
  if (checkModel(all).withheld !== null) return { kind: 'withheld' };
  const made = all.flatMap((one) => {
    const prediction = predict(one, intervalMs, inputRate);
    return prediction === null ? [] : [{ block: one.block, ...prediction }];
  });
  if (made.length < all.length) return { kind: 'may-not-catch-up', replayRate: Math.min(...rates) };
  const values: (number | null)[] = Array.from({ length: blocks }, () => null);
  for (const { block, worstMs } of made) values[block - 1] = Number(worstMs.toPrecision(6));
  const middle = (of: (one: Prediction) => number) => Math.exp(made.reduce((total, one) => total + Math.log(of(one)), 0) / made.length);
  return { kind: 'predicted', values, meanMs: middle(({ meanMs }) => meanMs), worstMs: middle(({ worstMs }) => worstMs) };
}
