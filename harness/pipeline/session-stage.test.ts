// Proves session windows by hand: events that extend, bridge and come late, allowed lateness, more sessions of a key than fit in a
// block, timers that are set anew, the same output whatever the micro-batch, and that a stage restored in the middle goes on exactly.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { StateBackend, StateStore } from '../../backends/contract.ts';
import { countSumMinMax, mergedCountSumMinMax } from '../../workloads/aggregates/count-sum-min-max.ts';
import { median } from '../../workloads/aggregates/median.ts';
import { type Aggregate, EventBatch, type Stage } from '../../workloads/contract.ts';
import { windowed } from '../../workloads/windowed.ts';
import { session } from '../../workloads/windows/session.ts';
import { tumbling } from '../../workloads/windows/tumbling.ts';
import { MeasuredStore } from '../measure/measured-store.ts';
import { builtInFile, create } from '../modules.ts';
import { workloadTables } from './operator.ts';
import { Pipeline, type SavedPipeline } from './pipeline.ts';
import type { FiredRows, Sink } from './sink.ts';

type Event = readonly [key: string, timeMs: number, value: number];

interface Job {
  readonly stages: readonly Stage[];
  readonly delayMs: number;
  readonly everyEvents: number;
  readonly events: readonly Event[];
}

const KEY_BYTES = 8;

const backends = await Promise.all(
  ['memory', 'lmdb'].map((name) => create<StateBackend>({ kind: 'backend', name, file: builtInFile('backend', name), options: {} })),
);
const [memory] = backends;

/** Rows as text: stage, window, key, numbers. */
class TextSink implements Sink {
  readonly rows: string[] = [];

  accept({ stage, startsMs, endsMs, count, keyWords, keyStrideWords, keyAtWord, keyWordCount, numbers, width }: FiredRows): void {
    for (let row = 0; row < count; row++) {
      const key = textOf(keyWords.subarray(row * keyStrideWords + keyAtWord).slice(0, keyWordCount));
      this.rows.push([stage, startsMs[row], endsMs[row], key, ...numbers.slice(row * width, (row + 1) * width)].join(' '));
    }
  }

  save() {
    return {};
  }

  restore(): void {}
}

function textOf(words: Uint32Array): string {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength).toString('latin1').replaceAll('\0', '');
}

interface Run {
  readonly pipeline: Pipeline;
  readonly sink: TextSink;
  feed(from: number, to: number): Promise<void>;
}

function start({ stages, delayMs, everyEvents, events }: Job, store: StateStore, batchSize: number, saved?: SavedPipeline): Run {
  const sink = new TextSink();
  const workload = {
    name: 'by-hand',
    settings: {},
    watermark: { delayMs, everyEvents },
    stages,
    source: () => Promise.reject(new Error('events are fed by hand')),
  };
  const pipeline = new Pipeline({ workload, store, batchSize, sink, ...(saved === undefined ? {} : { saved }) });
  const batch = new EventBatch(everyEvents, { keyBytes: KEY_BYTES, width: 1 });
  return {
    pipeline,
    sink,
    async feed(from, to) {
      for (let at = from; at < to; at += batch.length) {
        batch.length = Math.min(pipeline.untilWatermark, to - at);
        batch.keys.fill(0);
        for (let i = 0; i < batch.length; i++) {
          const [key, timeMs, value] = events[at + i]!;
          Buffer.from(batch.keys.buffer).write(key, i * KEY_BYTES, 'latin1');
          batch.timestamps[i] = timeMs;
          batch.values[i] = value;
        }
        await pipeline.process(batch);
      }
    },
  };
}

async function withDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'session-stage-'));
  try {
    return await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What came out of a whole run, sorted, and how many events were late. */
async function outputOf(job: Job, backend = memory!, batchSize = 1000): Promise<{ rows: string[]; late: number }> {
  return withDirectory(async (directory) => {
    const store = await backend.open({ directory, tables: workloadTables(job) });
    const { pipeline, sink, feed } = start(job, store, batchSize);
    await feed(0, job.events.length);
    await pipeline.end();
    const last = pipeline.save().stages.flatMap(({ open }) => Object.entries(open).filter(([table]) => table.endsWith('timers')));
    if (last.some(([, windows]) => windows.length > 0)) throw new Error('timers remain after the end of the stream');
    await store.close();
    return { rows: sink.rows.sort(), late: pipeline.lateEvents };
  });
}

/** As {@link outputOf}, with a checkpoint before event `cutAt` from which another pipeline goes on with other micro-batches. */
async function outputOfTwo(job: Job, backend: StateBackend, cutAt: number): Promise<{ rows: string[]; late: number; states: string[] }> {
  return withDirectory(async (root) => {
    const [first, second, checkpoint] = ['first', 'second', 'checkpoint'].map((name) => join(root, name)) as [string, string, string];
    for (const directory of [first, second, checkpoint]) await mkdir(directory);
    const tables = workloadTables(job);
    const store = await backend.open({ directory: first, tables });
    const before = start(job, store, 3);
    await before.feed(0, cutAt);
    const saved = JSON.parse(JSON.stringify(before.pipeline.save())) as SavedPipeline;
    const state = await before.pipeline.state();
    const cut = await store.checkpoint({ id: 1, directory: checkpoint });
    await cut.persist();
    await store.close();
    const restored = await backend.restore({ directory: second, tables, checkpoint: { id: 1, directory: checkpoint } });
    const after = start(job, restored, 5, saved);
    const stateAgain = await after.pipeline.state();
    await after.feed(cutAt, job.events.length);
    await after.pipeline.end();
    await restored.close();
    return {
      rows: [...before.sink.rows, ...after.sink.rows].sort(),
      late: after.pipeline.lateEvents,
      states: [state.digest, stateAgain.digest],
    };
  });
}

const sessions = (aggregate: Aggregate, gapMs = 10, latenessMs = 0): Stage[] => [
  windowed(KEY_BYTES, session(gapMs), aggregate, latenessMs),
];

interface Case {
  readonly title: string;
  readonly delayMs: number;
  readonly everyEvents: number;
  readonly latenessMs?: number;
  readonly events: readonly Event[];
  /** Rows of count-sum-min-max, and of the median. */
  readonly sums: readonly string[];
  readonly medians: readonly string[];
  readonly late: number;
}

const CASES: readonly Case[] = [
  {
    title: 'a session ends when nothing has come for the gap, and one that touches it is the same',
    delayMs: 0,
    everyEvents: 1,
    events: [
      ['a', 0, 1],
      ['a', 10, 2], // touches [0, 10)
      ['b', 12, 5],
      ['a', 19, 3], // [0, 29)
      ['a', 30, 4], // 29 < 30: another
      ['b', 33, 6],
    ],
    sums: ['1 0 29 a 3 6 1 3', '1 12 22 b 1 5 5 5', '1 30 40 a 1 4 4 4', '1 33 43 b 1 6 6 6'],
    medians: ['1 0 29 a 3 2', '1 12 22 b 1 5', '1 30 40 a 1 4', '1 33 43 b 1 6'],
    late: 0,
  },
  {
    title: 'an event out of order bridges two sessions, and what is before 1970 is no different',
    delayMs: 100,
    everyEvents: 2,
    events: [
      ['a', -15, 1],
      ['a', 5, 2],
      ['a', 25, 9],
      ['a', -5, 4], // [-5, 5) touches [-15, -5) and [5, 15)
      ['a', 15, 7], // and so do these three
      ['a', 300, 1],
    ],
    sums: ['1 -15 35 a 5 23 1 9', '1 300 310 a 1 1 1 1'],
    medians: ['1 -15 35 a 5 4', '1 300 310 a 1 1'],
    late: 0,
  },
  {
    title: 'an event is late by its merged session: it may reach back from one that is open, and not begin one that is over',
    delayMs: 5,
    everyEvents: 1,
    events: [
      ['a', 100, 1], // watermark 95
      ['a', 90, 2], // [90, 100) touches: [90, 110)
      ['a', 80, 3], // [80, 90) touches again, though its own last ms is past
      ['b', 86, 9], // [86, 96): last ms 95: late
      ['b', 87, 8], // not late
      ['a', 69, 4], // 79 < 80: late
      ['c', 300, 1],
      ['a', 100, 7], // late: its session has fired and gone
    ],
    sums: ['1 300 310 c 1 1 1 1', '1 80 110 a 3 6 1 3', '1 87 97 b 1 8 8 8'],
    medians: ['1 300 310 c 1 1', '1 80 110 a 3 2', '1 87 97 b 1 8'],
    late: 3,
  },
  {
    title: 'allowed lateness keeps a session that has fired, and gives its row anew for each event',
    delayMs: 0,
    everyEvents: 4,
    latenessMs: 50,
    events: [
      ['a', 0, 1],
      ['a', 4, 2],
      ['b', 0, 5],
      ['z', 40, 0], // watermark 40: a [0, 14) and b [0, 10) fire
      ['a', 8, 3], // [0, 18) again
      ['c', 1, 7], // begins a session that has fired at once
      ['a', 16, 4], // [0, 26) again
      ['b', 45, 6], // does not touch
      ['a', 24, 9], // [0, 34) and again
      ['a', 33, 1], // reaches 43 > 40 and has not fired: it waits, but only for
      ['b', 59, 2], // [59, 69)
      ['z', 59, 0], // watermark 59, where a [0, 43) fires; c [1, 11), whose last ms + 50 is 60, is still there
      ['c', 6, 1], // [1, 16) again
      ['d', -1, 1], // last ms 8 + 50 < 59: late
      ['z', 60, 0],
      ['z', 300, 0],
    ],
    sums: [
      '1 0 10 b 1 5 5 5',
      '1 0 14 a 2 3 1 2',
      '1 0 18 a 3 6 1 3',
      '1 0 26 a 4 10 1 4',
      '1 0 34 a 5 19 1 9',
      '1 0 43 a 6 20 1 9',
      '1 1 11 c 1 7 7 7',
      '1 1 16 c 2 8 1 7',
      '1 300 310 z 1 0 0 0',
      '1 40 50 z 1 0 0 0',
      '1 45 55 b 1 6 6 6',
      '1 59 69 b 1 2 2 2',
      '1 59 70 z 2 0 0 0',
    ],
    medians: [
      '1 0 10 b 1 5',
      '1 0 14 a 2 1.5',
      '1 0 18 a 3 2',
      '1 0 26 a 4 2.5',
      '1 0 34 a 5 3',
      '1 0 43 a 6 2.5',
      '1 1 11 c 1 7',
      '1 1 16 c 2 4',
      '1 300 310 z 1 0',
      '1 40 50 z 1 0',
      '1 45 55 b 1 6',
      '1 59 69 b 1 2',
      '1 59 70 z 2 0',
    ],
    late: 1,
  },
  {
    title: 'a session that has fired is merged into one that has not, and fires in its time',
    delayMs: 0,
    everyEvents: 2,
    latenessMs: 100,
    events: [
      ['a', 0, 1],
      ['z', 15, 0], // a [0, 10) fires
      ['a', 18, 2],
      ['a', 9, 4], // bridges: [0, 28)
      ['z', 40, 0],
      ['z', 40, 0], // and fires
    ],
    sums: ['1 0 10 a 1 1 1 1', '1 0 28 a 3 7 1 4', '1 15 25 z 1 0 0 0', '1 40 50 z 2 0 0 0'],
    medians: ['1 0 10 a 1 1', '1 0 28 a 3 2', '1 15 25 z 1 0', '1 40 50 z 2 0'],
    late: 0,
  },
];

for (const { title, latenessMs = 0, sums, medians, late, ...stream } of CASES) {
  test(title, async (t) => {
    for (const [aggregate, right] of [
      [countSumMinMax(1), sums],
      [median(1), medians],
    ] as const) {
      const job: Job = { ...stream, stages: sessions(aggregate, 10, latenessMs) };
      for (const batchSize of [1, 2, 3, 1000]) {
        t.deepEqual(await outputOf(job, memory!, batchSize), { rows: [...right].sort(), late }, `${aggregate.name} by ${batchSize}`);
      }
      for (const backend of backends) {
        for (let cutAt = 0; cutAt <= job.events.length; cutAt++) {
          const { states, ...output } = await outputOfTwo(job, backend, cutAt);
          t.deepEqual(output, { rows: [...right].sort(), late }, `${aggregate.name} on ${backend.name}, cut at ${cutAt}`);
          t.is(states[0], states[1], 'the state restored is the one that was cut');
        }
      }
    }
  });
}

test('a key may have any number of sessions, over blocks that come and go', async (t) => {
  // Every other ms of gap 1 a session; then what is between, so that all become one but the last.
  const apart = Array.from({ length: 41 }, (_, i): Event => [i % 2 === 0 ? 'even' : 'odd', 4 * (i >>> 1), i]);
  const between = Array.from({ length: 19 }, (_, i): Event[] => [1, 2, 3].map((more) => ['even', 4 * i + more, 100])).flat();
  const events: Event[] = [...apart, ...between, ['end', 10_000, 0], ['end', 10_000, 0]];
  for (const [aggregate, even, odd] of [
    [countSumMinMax(1), '1 0 77 even 77 6080 0 100', '1 0 1 odd 1 1 1 1'],
    [median(1), '1 0 77 even 77 100', '1 0 1 odd 1 1'],
  ] as const) {
    const job: Job = { stages: sessions(aggregate, 1), delayMs: 1000, everyEvents: 10, events };
    const whole = await outputOf(job);
    t.is(whole.late, 0);
    t.is(whole.rows.length, 1 + 1 + 20 + 1);
    t.true(whole.rows.includes(even), whole.rows.join('\n'));
    t.true(whole.rows.includes(odd));
    t.deepEqual(await outputOf(job, memory!, 1), whole);
    for (const backend of backends) {
      for (const cutAt of [20, 41, 50, 98]) {
        const { states, ...output } = await outputOfTwo(job, backend, cutAt);
        t.deepEqual(output, whole, `${aggregate.name} on ${backend.name}, cut at ${cutAt}`);
        t.is(states[0], states[1]);
      }
    }
  }
});

test('sessions go on to a next stage, stamped with their last ms', async (t) => {
  const job: Job = {
    stages: [
      ...sessions(countSumMinMax(1)),
      windowed(1, tumbling(100), mergedCountSumMinMax),
      windowed(1, session(100), mergedCountSumMinMax),
    ],
    delayMs: 0,
    everyEvents: 3,
    events: [
      ['aa', 0, 1],
      ['ab', 92, 2],
      ['ab', 95, 3],
      ['ab', 290, 4],
    ],
  };
  const rows = ['1 0 10 aa 1 1 1 1', '1 92 105 ab 2 5 2 3', '1 290 300 ab 1 4 4 4'];
  const byHundreds = ['2 0 100 a 1 1 1 1', '2 100 200 a 2 5 2 3', '2 200 300 a 1 4 4 4'];
  // The second stage's rows come at 99, 199 and 299.
  t.deepEqual((await outputOf(job)).rows, [...rows, ...byHundreds, '3 99 399 a 4 10 1 4'].sort());
});

test('each event reads and writes its key once, timers are set and read no more than sessions fire, lists are removed together', async (t) => {
  const events: Event[] = [];
  // A hundred keys with an event every 5 ms each, for 100 rounds; then silence.
  for (let round = 0; round < 100; round++) for (let key = 0; key < 100; key++) events.push([`k${key}`, 5 * round, key]);
  events.push(['end', 1_000_000, 0]);
  for (const aggregate of [countSumMinMax(1), median(1)]) {
    const job: Job = { stages: sessions(aggregate, 100), delayMs: 0, everyEvents: 100, events };
    await withDirectory(async (directory) => {
      const store = new MeasuredStore(await memory!.open({ directory, tables: workloadTables(job) }));
      const { pipeline, feed } = start(job, store, 100);
      await feed(0, 10_000);
      const slots = (table: string, operation: string) =>
        store.save().find((call) => call.table === `stage-1-${table}` && call.operation === operation)?.slots ?? 0;
      // Timers come due once in a gap: 495 ms hold four, since each is set anew for the end of the session as it is then.
      t.is(slots('timers', 'write'), 100 + 4 * 100);
      t.is(slots('timers', 'scan'), 4 * 100);
      t.is(slots('sessions', 'read'), 10_000 + 400);
      t.is(slots('sessions', 'write'), 10_000);
      t.is(slots('lists', 'append'), aggregate.kind === 'holistic' ? 10_000 : 0);
      t.is(slots('lists', 'scan'), 0);
      await feed(10_000, 10_001);
      await pipeline.end();
      t.is(slots('sessions', 'read'), 10_000 + 400 + 101 + 1);
      t.is(slots('sessions', 'write'), 10_000 + 101 + 1);
      t.is(slots('lists', 'scan'), aggregate.kind === 'holistic' ? 10_001 : 0);
      t.is(slots('lists', 'remove'), aggregate.kind === 'holistic' ? 101 : 0);
      await store.close();
    });
  }
});

test('the windows that a stage lists stay few, however long the stream', async (t) => {
  for (const aggregate of [countSumMinMax(1), median(1)]) {
    const events = Array.from({ length: 30_000 }, (_, i): Event => [`k${i % 7}`, i * 40, i]);
    const job: Job = { stages: sessions(aggregate, 200), delayMs: 5000, everyEvents: 100, events };
    await withDirectory(async (directory) => {
      const store = await memory!.open({ directory, tables: workloadTables(job) });
      const { pipeline, feed } = start(job, store, 100);
      for (let at = 0; at < events.length; at += 1000) {
        await feed(at, at + 1000);
        for (const [table, windows] of Object.entries(pipeline.save().stages[0]!.open)) {
          t.true(windows.length <= (table.endsWith('timers') ? 300 : 64), `${table}: ${windows.length}`);
          t.deepEqual(
            windows,
            windows.toSorted((a, b) => a - b),
          );
        }
      }
      await store.close();
    });
  }
});
