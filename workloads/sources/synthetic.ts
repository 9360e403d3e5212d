/**
 * Events made by counting: event i is a pure function of (seed, i), so a seek costs nothing and any shard makes the same events.
 *
 * Event i happens at start + floor(i × 1000 / rate) ms; some are moved back from there, a little (out of order) or so far that they
 * are late. Its key is hexadecimal text, its value an integer from 0 to 999, evenly.
 */
import { type Source, WorkloadError } from '../contract.ts';
import { type KeyDistribution, keySampler, keyWriter } from './keys.ts';
import { checkBatch, checkPosition } from './position.ts';
import { BLOCK, draw, drawKey, scaled } from './random.ts';

/** 2023-11-14 22:13:20 UTC, a whole number of seconds. */
export const SYNTHETIC_START_MS = 1_700_000_000_000;
/** Every so many events one is never moved to be late, so that the watermark keeps up however many are. */
export const ANCHOR = 16;
const VALUES = 1000;

export interface SyntheticSettings {
  readonly seed: number;
  /** How many events; Infinity for an endless stream. */
  readonly events: number;
  readonly keys: number;
  readonly keyBytes: number;
  readonly distribution: KeyDistribution;
  /** Arrivals per second of event time, evenly. */
  readonly ratePerSecond: number;
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

/** Events made at a time: the scratch of key numbers stays in the first-level cache. */
const STRETCH = 1024;

/** @throws WorkloadError `impossible-settings` */
export function syntheticSource(settings: SyntheticSettings): Source {
  const { seed, events, keys, keyBytes, ratePerSecond, disorder, disorderMs, late, lateMsMin, lateMsMax, lateFromEvent } = settings;
  const lateOfMovable = (late * ANCHOR) / (ANCHOR - 1);
  if (!(late >= 0 && disorder >= 0 && lateOfMovable + disorder <= 1)) {
    throw new WorkloadError(
      'impossible-settings',
      `late ${late} and disorder ${disorder} are shares of the events, and one in ${ANCHOR} is never late: late × ${ANCHOR}/${ANCHOR - 1} + disorder must be at most 1`,
    );
  }
  const sampleKeys = keySampler(seed, keys, settings.distribution);
  const writeKeys = keyWriter(keys, keyBytes);
  const numbers = new Uint32Array(STRETCH);
  const lateBelow = lateOfMovable * 2 ** 32;
  const movedBelow = (lateOfMovable + disorder) * 2 ** 32;
  let position = 0;

  function makeTimes(timestamps: Float64Array, at: number, count: number): void {
    const from = position;
    for (let i = 0; i < count; i++) timestamps[at + i] = SYNTHETIC_START_MS + Math.floor(((from + i) * 1000) / ratePerSecond);
  }

  function moveBack(timestamps: Float64Array, at: number, count: number): void {
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
  }

  function makeValues(values: Float64Array, at: number, count: number): void {
    const { first, second } = drawKey(seed, 'value', position);
    for (let i = 0; i < count; i++) values[at + i] = ((draw(i, first, second) >>> 11) * VALUES) >>> 21;
  }

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
    fill(batch, limit) {
      checkBatch(batch, keyBytes);
      const wanted = Math.min(limit, batch.capacity, events - position);
      let made = 0;
      while (made < wanted) {
        const count = Math.min(STRETCH, wanted - made, BLOCK - (position % BLOCK));
        sampleKeys(numbers, position, count);
        writeKeys(numbers, count, batch.keyWords, made);
        makeTimes(batch.timestamps, made, count);
        if (movedBelow > 0) moveBack(batch.timestamps, made, count);
        makeValues(batch.values, made, count);
        position += count;
        made += count;
      }
      batch.length = made;
      return made;
    },
  };
}
