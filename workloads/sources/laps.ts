/** Recorded rows as a source: played in their order, and again with time moved on. */
import { type EventBatch, type Source, WorkloadError } from '../contract.ts';
import { checkBatch, checkPosition } from './position.ts';

const DAY_MS = 86_400_000;

export interface Recording {
  readonly keyBytes: number;
  /** At least one. */
  readonly rows: number;
  /** By how much each lap is later than the one before. */
  readonly lapMs: number;
  /** Writes `count` rows from `row` as events from `event` of the batch, `movedMs` later than they were. */
  write(batch: EventBatch, event: number, row: number, count: number, movedMs: number): void;
}

/**
 * @param repeat how often the rows are played; Infinity for an endless stream
 * @throws WorkloadError `bad-data`, its `fill` too, where times would come to be beyond what a double tells apart
 */
export function playedInLaps({ keyBytes, rows, lapMs, write }: Recording, repeat: number): Source {
  const events = rows * repeat;
  const lapsMax = Math.floor(Number.MAX_SAFE_INTEGER / 2 / lapMs);
  const checkLap = (lap: number): void => {
    if (lap <= lapsMax) return;
    throw new WorkloadError(
      'bad-data',
      `the events are ${lapMs / DAY_MS} days apart and cannot be played more than ${lapsMax} times, each later by as much: see whether one of their times is wrong`,
    );
  };
  if (repeat !== Infinity) checkLap(repeat);
  let position = 0;
  return {
    keyBytes,
    width: 1,
    events,
    get position() {
      return position;
    },
    seek(to) {
      checkPosition(to, events);
      position = to;
    },
    fill(batch, most) {
      checkBatch(batch, keyBytes);
      const wanted = Math.min(most, batch.capacity, events - position);
      let made = 0;
      while (made < wanted) {
        const lap = Math.floor(position / rows);
        checkLap(lap);
        const row = position - lap * rows;
        const count = Math.min(wanted - made, rows - row);
        write(batch, made, row, count, lap * lapMs);
        position += count;
        made += count;
      }
      batch.length = made;
      return made;
    },
  };
}

/** The whole days that hold all times from `firstMs` to `lastMs`, one at least: by how much a lap moves on. */
export function wholeDaysMs(firstMs: number, lastMs: number): number {
  return Math.max(1, Math.ceil((lastMs - firstMs) / DAY_MS)) * DAY_MS;
}
