/** Recorded rows as a source: played in their order, and again with time moved on. */
import type { EventBatch, Source } from '../contract.ts';
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

/** @param repeat how often the rows are played; Infinity for an endless stream */
export function playedInLaps({ keyBytes, rows, lapMs, write }: Recording, repeat: number): Source {
  const events = rows * repeat;
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
