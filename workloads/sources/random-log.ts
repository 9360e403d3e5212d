import { z } from 'zod';
import { average } from '../aggregates/average.ts';
import { countSumMinMax, mergedCountSumMinMax } from '../aggregates/count-sum-min-max.ts';
import { distinct } from '../aggregates/distinct.ts';
import { exactDistinct } from '../aggregates/exact-distinct.ts';
import { median } from '../aggregates/median.ts';
import { quantiles } from '../aggregates/quantiles.ts';
import { topK } from '../aggregates/top-k.ts';
import {
  type AggregateStage,
  EVENT_TYPE,
  type IncrementalAggregate,
  type SlidingWindow,
  type Source,
  type Stage,
  type TumblingWindow,
  type WindowSpec,
  type Workload,
} from '../contract.ts';
import { windowed } from '../windowed.ts';
import { session } from '../windows/session.ts';
import { tumbling } from '../windows/tumbling.ts';
import { draw, drawKey } from './random.ts';

export const description = 'A short log of odd events through odd windows, both made up from a number: for tests.';

export const options = z.strictObject({ log: z.int().min(0).describe('the number that decides all of it') });

/** Of a log that is joined: all its pairs may share a key and a window. */
const JOINED_EVENTS = 600;

/** A workload over a log of events in memory. Its source pays no heed to the seed it is asked for. */
export default function randomLog({ log }: z.output<typeof options>): Workload {
  const { first, second } = drawKey(log, 'shift', 0);
  let drawn = 0;
  const random = () => draw(drawn++, first, second) / 2 ** 32;
  const below = (bound: number) => Math.floor(random() * bound);
  const pick = <const T extends readonly unknown[]>(...choices: T): T[number] => choices[below(choices.length)]!;
  const keyBytes = pick(4, 8, 12);
  const keys = pick(1, 3, 40, 1000);
  const count = 1 + below(3000);
  const startMs = pick(0, -5_000_000, 978_307_200_000, 2 ** 41);
  const keyWords = new Uint32Array((count * keyBytes) / 4);
  const timestamps = new Float64Array(count);
  const width = pick(1, 1, 2, 3);
  const values = new Float64Array(count * width);
  const types = new Uint8Array(count);
  let now = startMs;
  for (let i = 0; i < count; i++) {
    // Skewed keys, repeated events, jumps over empty windows, and events from the past, some beyond any delay.
    const key = Math.floor(keys * random() ** pick(1, 3));
    for (let word = 0; word < keyBytes / 4; word++) keyWords[(i * keyBytes) / 4 + word] = Math.imul(key + word, 0x9e3779b1) | 0x80;
    now += pick(0, 0, 1, 7, 100) * (random() < 0.002 ? 10_000 : 1);
    timestamps[i] = now - (random() < 0.2 ? below(pick(10, 1000, 20_000)) : 0);
    types[i] = pick(EVENT_TYPE.left, EVENT_TYPE.left, EVENT_TYPE.right, EVENT_TYPE.right, EVENT_TYPE.end);
    for (let of = 0; of < width; of++) values[i * width + of] = below(2001) - 1000;
  }
  const fixedWindow = (mayHavePanes: boolean): TumblingWindow | SlidingWindow => {
    const sizeMs = pick(1, 10, 1000, 60_000);
    const offsetMs = pick(0, 0, -3, 17);
    const overlap = pick(2, 3, 5);
    if (random() < 0.5) return tumbling(sizeMs, offsetMs);
    return { kind: 'sliding', sizeMs: sizeMs * overlap, slideMs: sizeMs, offsetMs, panes: mayHavePanes && random() < 0.5 };
  };
  const window = (): WindowSpec => (random() < 0.3 ? session(pick(1, 100, 3000)) : fixedWindow(true));
  const incremental = (): IncrementalAggregate =>
    pick(
      () => average(width),
      () => topK(width, pick(1, 3, 10)),
      () => distinct(width, pick(4, 10)),
      () => quantiles(width, pick(0, 3)),
      () => countSumMinMax(width),
    )();
  const aggregateStages = (): Stage[] => {
    const head = windowed(
      pick(keyBytes, keyBytes - 1, 3, 0),
      window(),
      pick(countSumMinMax, incremental, incremental, median, exactDistinct)(width),
    );
    const stages: AggregateStage[] = [head];
    if (head.aggregate.kind === 'incremental' && random() < 0.15) stages[0] = { ...head, window: { kind: 'global' } };
    else {
      while (head.aggregate.name === 'count-sum-min-max' && stages.length < 3 && random() < 0.6) {
        stages.push(windowed(below(stages.at(-1)!.keyPrefixBytes + 1), window(), mergedCountSumMinMax));
      }
      // Only the last stage may allow any.
      stages.push({ ...stages.pop()!, allowedLatenessMs: pick(0, 0, 20, 3_000, 100_000) });
    }
    return stages;
  };
  const joinStage = (): Stage => {
    const key = { keyPrefixBytes: pick(keyBytes, 3, 0), inputWidth: width };
    const lowerMs = pick(-100, 0, 5, -20_000);
    return pick(
      (): Stage => ({ kind: 'window-join', ...key, window: fixedWindow(false) }),
      (): Stage => ({ kind: 'interval-join', ...key, lowerMs, upperMs: lowerMs + pick(0, 10, 3_000) }),
      (): Stage => ({ kind: 'continuous-join', ...key }),
    )();
  };
  const joins = random() < 0.2;
  const stages = joins ? [joinStage()] : aggregateStages();
  const events = joins ? Math.min(count, JOINED_EVENTS) : count;
  let position = 0;
  const source: Source = {
    keyBytes,
    width,
    events,
    get position() {
      return position;
    },
    seek(to) {
      position = to;
    },
    fill(batch, limit) {
      const take = Math.min(limit, batch.capacity, events - position);
      batch.keyWords.set(keyWords.subarray((position * keyBytes) / 4, ((position + take) * keyBytes) / 4));
      batch.timestamps.set(timestamps.subarray(position, position + take));
      batch.values.set(values.subarray(position * width, (position + take) * width));
      batch.types.set(types.subarray(position, position + take));
      batch.length = take;
      position += take;
      return take;
    },
  };
  return {
    name: 'random-log',
    settings: { log },
    watermark: { delayMs: pick(0, 5, 2000), everyEvents: pick(1, 10, 333, 5000) },
    stages,
    source: async () => source,
  };
}
