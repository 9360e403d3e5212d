/** What tests of joins share: two-sided logs, by hand or from a seed, and a run of one through a pipeline on a store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EVENT_TYPE, EventBatch, type Source, type Stage, type WatermarkSpec } from '../../workloads/contract.ts';
import { MeasuredStore } from '../measure/measured-store.ts';
import { loadBackend } from '../modules.ts';
import { workloadOf } from '../oracle/by-hand.ts';
import { seededRandom } from '../random.ts';
import { workloadTables } from './operator.ts';
import { Pipeline } from './pipeline.ts';
import type { FiredRows, Sink } from './sink.ts';

/** One event: what it is, its key of up to four characters, its time in ms, its value. */
export type LogEvent = readonly [type: keyof typeof EVENT_TYPE, key: string, timeMs: number, value: number];

/** A source of the events as written. Doubles after the value are its multiples, so that one that strays is seen. */
export function logSource(events: readonly LogEvent[], width = 1): Source {
  let position = 0;
  return {
    keyBytes: 4,
    width,
    events: events.length,
    get position() {
      return position;
    },
    seek(to) {
      position = to;
    },
    fill(batch, limit) {
      const taken = events.slice(position, position + Math.min(limit, batch.capacity));
      batch.keys.fill(0);
      for (const [i, [type, key, timeMs, value]] of taken.entries()) {
        Buffer.from(batch.keys.buffer).write(key, i * 4, 'latin1');
        batch.types[i] = EVENT_TYPE[type];
        batch.timestamps[i] = timeMs;
        for (let n = 0; n < width; n++) batch.values[i * width + n] = value * (n + 1);
      }
      batch.length = taken.length;
      position += taken.length;
      return taken.length;
    },
  };
}

/** A log with hot keys, repeated events, gaps, events out of order and late, before and after 1970. */
export function randomLog(seed: number, count: number): LogEvent[] {
  const random = seededRandom(seed);
  const below = (bound: number) => Math.floor(random() * bound);
  const keys = [1, 5, 300][below(3)]!;
  const rights = [0.1, 0.5, 0.9][below(3)]!;
  let now = [0, -3000, 978_307_200_000][below(3)]!;
  return Array.from({ length: count }, () => {
    now += [0, 0, 1, 5][below(4)]! * (random() < 0.01 ? 100 : 1);
    const type = random() < 0.1 ? 'end' : random() < rights ? 'right' : 'left';
    return [type, `k${Math.floor(keys * random() ** 2)}`, now - (random() < 0.3 ? below(80) : 0), below(50)];
  });
}

/** Keeps rows as text: start, end, key, left, right. */
export class TextSink implements Sink {
  rows: string[] = [];

  accept({ startsMs, endsMs, count, keyWords, keyStrideWords, keyAtWord, keyWordCount, numbers, width }: FiredRows): void {
    for (let row = 0; row < count; row++) {
      const words = keyWords.slice(row * keyStrideWords + keyAtWord, row * keyStrideWords + keyAtWord + keyWordCount);
      const key = Buffer.from(words.buffer).toString('latin1').replaceAll('\0', '');
      this.rows.push([startsMs[row], endsMs[row], key, ...numbers.slice(row * width, (row + 1) * width)].join(' '));
    }
  }

  save() {
    return { rows: [...this.rows] };
  }

  restore(saved: { readonly rows?: unknown } | null): void {
    this.rows = saved === null ? [] : [...(saved.rows as string[])];
  }
}

/** Rows without the hash that those of events wider than a value end with. */
export function withoutHash(rows: readonly string[], width: number): string[] {
  return rows.map((row) => (width === 1 ? row : row.slice(0, row.lastIndexOf(' '))));
}

/** Feeds a pipeline from where it stands up to an event. */
export async function feed(pipeline: Pipeline, source: Source, until: number): Promise<void> {
  const batch = new EventBatch(1000, source);
  source.seek(pipeline.events);
  while (pipeline.events < until && source.fill(batch, Math.min(until - pipeline.events, pipeline.untilWatermark)) > 0) {
    await pipeline.process(batch);
  }
}

export interface JoinRun {
  readonly rows: readonly string[];
  readonly late: number;
  /** Windows by table that may hold something: before the end of the stream, and after it. */
  readonly openBefore: Readonly<Record<string, readonly number[]>>;
  readonly openAfter: Readonly<Record<string, readonly number[]>>;
  /** What the store was asked for, sorted. A scan's slots are what it found. */
  readonly calls: readonly string[];
}

export interface JoinRunRequest {
  readonly stage: Stage;
  readonly events: readonly LogEvent[];
  readonly watermark: WatermarkSpec;
  readonly batchSize: number;
  readonly width: number;
}

/** Runs a log to the end of the stream over the memory backend. */
export async function runJoin({ stage, events, watermark, batchSize, width }: JoinRunRequest): Promise<JoinRun> {
  const directory = mkdtempSync(path.join(tmpdir(), 'statebench-join-'));
  const workload = workloadOf([stage], watermark.delayMs, watermark.everyEvents);
  const backend = (await loadBackend('memory')).create();
  const store = new MeasuredStore(await backend.open({ directory, tables: workloadTables(workload) }));
  try {
    const sink = new TextSink();
    const pipeline = new Pipeline({ workload, store, batchSize, sink });
    await feed(pipeline, logSource(events, width), events.length);
    const openBefore = pipeline.save().stages[0]!.open;
    await pipeline.end();
    const openAfter = pipeline.save().stages[0]!.open;
    const calls = store.save().map(({ table, operation, calls, slots }) => `${table} ${operation}: ${calls} calls, ${slots} slots`);
    return { rows: sink.rows, late: pipeline.lateEvents, openBefore, openAfter, calls: calls.sort() };
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
