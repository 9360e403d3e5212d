/** Events that are out of order, and events so far back that they are late. */
import { WorkloadError } from '../contract.ts';
import { draw, drawKey, scaled } from './random.ts';

export interface DisorderSettings {
  /** Share of the events moved back by 0 … disorderMs, evenly. */
  readonly disorder: number;
  readonly disorderMs: number;
  /** Share of the events moved back by lateMsMin … lateMsMax, evenly; never one whose index is a multiple of {@link ANCHOR}. */
  readonly late: number;
  readonly lateMsMin: number;
  readonly lateMsMax: number;
  /** The first events, which no watermark precedes, are never moved to be late: those below this index. */
  readonly lateFromEvent: number;
}

/** Every so many events one is never moved to be late, so that the watermark keeps up however many are. */
export const ANCHOR = 16;

/** Moves the times of events `position` … `position + count − 1`, all of one block (see random.ts), in `timestamps` from `at`. */
export type Disorder = (timestamps: Float64Array, at: number, position: number, count: number) => void;

/** @returns null where no event is moved. @throws WorkloadError `impossible-settings` */
export function disorderOf(seed: number, settings: DisorderSettings): Disorder | null {
  const { disorder, disorderMs, late, lateMsMin, lateMsMax, lateFromEvent } = settings;
  const lateOfMovable = (late * ANCHOR) / (ANCHOR - 1);
  if (!(late >= 0 && disorder >= 0 && lateOfMovable + disorder <= 1)) {
    throw new WorkloadError(
      'impossible-settings',
      `late ${late} and disorder ${disorder} are shares of the events, and one in ${ANCHOR} is never late: late × ${ANCHOR}/${ANCHOR - 1} + disorder must be at most 1`,
    );
  }
  if (disorder > 0 && disorderMs === 0) {
    throw new WorkloadError(
      'impossible-settings',
      `disorder ${disorder} with disorderMs 0 moves no event: choose how far back events may be, or no disorder`,
    );
  }
  const lateBelow = lateOfMovable * 2 ** 32;
  const movedBelow = (lateOfMovable + disorder) * 2 ** 32;
  if (movedBelow === 0) return null;
  return (timestamps, at, position, count) => {
    const order = drawKey(seed, 'order', position);
    const shift = drawKey(seed, 'shift', position);
    for (let i = 0; i < count; i++) {
      const word = draw(i, order.first, order.second);
      if (word >= movedBelow) continue;
      const shiftWord = draw(i, shift.first, shift.second);
      if (word >= lateBelow) {
        timestamps[at + i]! -= scaled(shiftWord, disorderMs + 1);
      } else if (position + i >= lateFromEvent && (position + i) % ANCHOR !== 0) {
        timestamps[at + i]! -= lateMsMin + scaled(shiftWord, lateMsMax - lateMsMin + 1);
      }
    }
  };
}
