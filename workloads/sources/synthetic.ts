/**
 * Events made by counting: event i is a pure function of (seed, i), so a seek costs nothing and any shard makes the same events.
 *
 * Times, keys, payloads and types are what their files say; an event's value is an integer from 0 to 999, evenly.
 */
import type { Source } from '../contract.ts';
import { type Arrivals, eventTimes } from './arrivals.ts';
import { type DisorderSettings, disorderOf } from './disorder.ts';
import { eventTypes, type TypeShares } from './event-types.ts';
import { eventKeys, type KeySettings } from './keys/event-keys.ts';
import { type PayloadSettings, payloadDoubles, payloads } from './payload.ts';
import { checkBatch, checkPosition } from './position.ts';
import { BLOCK, draw, drawKey } from './random.ts';

/** 2023-11-14 22:13:20 UTC, a whole number of seconds. */
export const SYNTHETIC_START_MS = 1_700_000_000_000;
const VALUES = 1000;

export interface SyntheticSettings extends KeySettings, DisorderSettings {
  readonly seed: number;
  /** How many events; Infinity for an endless stream. */
  readonly events: number;
  readonly arrivals: Arrivals;
  readonly payload: PayloadSettings;
  readonly types: TypeShares;
}

/** Events made at a time: the scratch of key numbers stays in the first-level cache. */
const STRETCH = 1024;

/** @throws WorkloadError `impossible-settings` */
export function syntheticSource(settings: SyntheticSettings): Source {
  const { seed, events, keyBytes } = settings;
  const width = 1 + payloadDoubles(settings.payload);
  const writeKeys = eventKeys(seed, settings, STRETCH);
  const writeTimes = eventTimes(seed, SYNTHETIC_START_MS, settings.arrivals);
  const moveBack = disorderOf(seed, settings);
  const writePayloads = payloads(seed, settings.payload);
  const writeTypes = eventTypes(seed, settings.types);
  let position = 0;

  function writeValues(values: Float64Array, at: number, count: number): void {
    const { first, second } = drawKey(seed, 'value', position);
    for (let i = 0, to = at * width; i < count; i++, to += width) values[to] = ((draw(i, first, second) >>> 11) * VALUES) >>> 21;
  }

  return {
    keyBytes,
    width,
    events,
    get position() {
      return position;
    },
    seek(to) {
      checkPosition(to, events);
      position = to;
    },
    fill(batch, limit) {
      checkBatch(batch, keyBytes, width);
      const wanted = Math.min(limit, batch.capacity, events - position);
      let made = 0;
      while (made < wanted) {
        const count = Math.min(STRETCH, wanted - made, BLOCK - (position % BLOCK));
        writeKeys(batch.keyWords, made, position, count);
        writeTimes(batch.timestamps, made, position, count);
        moveBack?.(batch.timestamps, made, position, count);
        writeValues(batch.values, made, count);
        writePayloads?.(batch.values, made, position, count);
        writeTypes?.(batch.types, made, position, count);
        position += count;
        made += count;
      }
      batch.length = made;
      return made;
    },
  };
}
