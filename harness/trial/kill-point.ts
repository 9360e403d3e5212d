/** Where a trial's process is killed: at the same fraction of the checkpoint interval for every cell of a block. */
import { seededRandom, shuffled } from '../random.ts';
import type { Cell } from '../results.ts';
import type { StreamPlan } from './tasks.ts';

/** Which process is killed, at which event, and at which fraction of the checkpoint interval that event lies. */
export interface Kill {
  /** From 0. */
  readonly part: number;
  readonly atEvent: number;
  /** Since the last due checkpoint, 0 to 1. */
  readonly fraction: number;
}

/**
 * One fraction for each block, from block 1: a stratified sample of [0, 1), its strata in a seeded order. The blocks of a run thus
 * cover the checkpoint interval evenly, and every cell of a block dies at the same place.
 */
export function killFractions(seed: number, blocks: number): readonly number[] {
  const random = seededRandom(seed);
  const strata = shuffled(
    Array.from({ length: blocks }, (_, i) => i),
    random,
  );
  return strata.map((stratum) => (stratum + random()) / blocks);
}

/** The last event at or before `event` at which a checkpoint is due; null if none is. */
export function lastDueAt(event: number, { firstEvent, everyEvents }: StreamPlan['checkpoints']): number | null {
  return event < firstEvent ? null : firstEvent + Math.floor((event - firstEvent) / everyEvents) * everyEvents;
}

/** The first event at or after the measured part at which a checkpoint is due. The kill falls in the interval that begins there. */
function firstDueInTail({ warmUp, measured, checkpoints }: StreamPlan): number {
  const end = warmUp + measured;
  const { firstEvent, everyEvents } = checkpoints;
  return firstEvent + Math.max(0, Math.ceil((end - firstEvent) / everyEvents)) * everyEvents;
}

/**
 * Makes the tail long enough for a kill anywhere in a whole checkpoint interval, in multiples of `step`, so that the stream's end stays on
 * the grid for which the oracle's answers are shared. What lies behind the kill span, such as room to catch up in, stays.
 */
export function withKillSpan(stream: StreamPlan, step: number): StreamPlan {
  const last = firstDueInTail(stream) + stream.checkpoints.everyEvents;
  const killSpan = Math.ceil((last - stream.warmUp - stream.measured) / step) * step;
  return { ...stream, killSpan, tail: stream.tail - stream.killSpan + killSpan };
}

/** The kill of a cell in a block. The killed process is the same for all cells with as many processes. */
export function killOf(seed: number, { parallelism }: Pick<Cell, 'parallelism'>, block: number, blocks: number, stream: StreamPlan): Kill {
  const fraction = killFractions(seed, blocks)[block - 1]!;
  const random = seededRandom(seed + block);
  const { everyEvents } = stream.checkpoints;
  // At the next due event another checkpoint would be cut first.
  const atEvent = firstDueInTail(stream) + Math.min(everyEvents - 1, Math.round(fraction * everyEvents));
  return { part: Math.floor(parallelism * random()), atEvent, fraction };
}

/** The fraction of the checkpoint interval at which `event` lies; null where no checkpoint is due before it. */
export function fractionAt(event: number, { checkpoints }: StreamPlan): number | null {
  const due = lastDueAt(event, checkpoints);
  return due === null ? null : (event - due) / checkpoints.everyEvents;
}
