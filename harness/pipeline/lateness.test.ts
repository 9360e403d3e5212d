// Proves, by hand, what allowed lateness puts out: a row for each event and each of its windows that had fired, in the order of the
// stream, with all that came before it and nothing that came after, however the events are divided into micro-batches; and that a
// window takes nothing more once its time is over. For windows and panes, accumulators and lists.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import memory, { options } from '../../backends/memory.ts';
import { countSumMinMax } from '../../workloads/aggregates/count-sum-min-max.ts';
import { median } from '../../workloads/aggregates/median.ts';
import { type Aggregate, EventBatch, type WindowSpec } from '../../workloads/contract.ts';
import { windowed } from '../../workloads/windowed.ts';
import { sliding } from '../../workloads/windows/sliding.ts';
import { tumbling } from '../../workloads/windows/tumbling.ts';
import { workloadTables } from './operator.ts';
import { Pipeline } from './pipeline.ts';
import type { Sink } from './sink.ts';

type Event = readonly [key: number, timeMs: number, value: number];

/** With 12 ms of lateness allowed; the watermark advances after the fourth event, to 20, and after the twelfth, to 24. */
const EVENTS: readonly Event[] = [
  [1, 3, 10],
  [1, 14, 20],
  [2, 15, 30],
  [1, 20, 1],
  // From here on windows that end by 21 have fired, and those that end by 9 take nothing more.
  [1, 4, 40],
  [2, 13, 50],
  [1, 5, 60],
  [2, 4, 70],
  [1, 22, 2],
  [1, 12, 80],
  [2, 24, 3],
  [2, 14, 90],
  // Now those that end by 25 have fired, and those that end by 13 take nothing more.
  [1, 4, 100],
  [1, 13, 110],
];
const LATENESS_MS = 12;

/** What four events put out, as `start-end key: numbers`: first what they updated, in order, then what the watermark fired, sorted. */
interface Step {
  readonly updated: readonly string[];
  readonly fired: readonly string[];
}

async function run(window: WindowSpec, aggregate: Aggregate, batchSize: number) {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-lateness-'));
  const workload = { stages: [windowed(4, window, aggregate, LATENESS_MS)], watermark: { delayMs: 0, everyEvents: 4 } };
  const store = await memory(options.parse({})).open({ directory, tables: workloadTables(workload) });
  let rows: string[] = [];
  const sink = {
    accept: ({ startsMs, endsMs, count, keyWords, keyStrideWords, keyAtWord, numbers, width }: Parameters<Sink['accept']>[0]) => {
      for (let row = 0; row < count; row++) {
        const of = numbers.subarray(row * width, (row + 1) * width).join(' ');
        rows.push(`${startsMs[row]}-${endsMs[row]} ${keyWords[row * keyStrideWords + keyAtWord]}: ${of}`);
      }
    },
    save: () => ({}),
    restore: () => undefined,
  };
  const pipeline = new Pipeline({ workload, store, batchSize, sink });
  const steps: string[][] = [];
  for (let from = 0; from < EVENTS.length; from += 4) {
    const events = EVENTS.slice(from, from + 4);
    const batch = new EventBatch(4, { keyBytes: 4, width: 1 });
    batch.length = events.length;
    for (const [i, [key, timeMs, value]] of events.entries()) {
      batch.keyWords[i] = key;
      batch.timestamps[i] = timeMs;
      batch.values[i] = value;
    }
    await pipeline.process(batch);
    steps.push(rows);
    rows = [];
  }
  const held = (await pipeline.state()).rows;
  await store.close();
  await rm(directory, { recursive: true });
  return { steps, late: pipeline.lateEvents, held };
}

const TUMBLING_TOTALS: readonly Step[] = [
  { updated: [], fired: ['0-10 1: 1 10 10 10', '10-20 1: 1 20 20 20', '10-20 2: 1 30 30 30'] },
  { updated: ['0-10 1: 2 50 10 40', '10-20 2: 2 80 30 50', '0-10 1: 3 110 10 60', '0-10 2: 1 70 70 70'], fired: [] },
  { updated: ['10-20 1: 2 100 20 80', '10-20 2: 3 170 30 90'], fired: [] },
  { updated: ['10-20 1: 3 210 20 110'], fired: [] },
];

const TUMBLING_MEDIANS: readonly Step[] = [
  { updated: [], fired: ['0-10 1: 1 10', '10-20 1: 1 20', '10-20 2: 1 30'] },
  { updated: ['0-10 1: 2 25', '10-20 2: 2 40', '0-10 1: 3 40', '0-10 2: 1 70'], fired: [] },
  { updated: ['10-20 1: 2 50', '10-20 2: 3 50'], fired: [] },
  { updated: ['10-20 1: 3 80'], fired: [] },
];

const SLIDING_TOTALS: readonly Step[] = [
  {
    updated: [],
    fired: ['-5-5 1: 1 10 10 10', '0-10 1: 1 10 10 10', '10-20 1: 1 20 20 20', '10-20 2: 1 30 30 30', '5-15 1: 1 20 20 20'],
  },
  {
    updated: [
      '0-10 1: 2 50 10 40',
      '10-20 2: 2 80 30 50',
      '5-15 2: 1 50 50 50',
      '5-15 1: 2 80 20 60',
      '0-10 1: 3 110 10 60',
      '0-10 2: 1 70 70 70',
    ],
    fired: [],
  },
  {
    updated: ['10-20 1: 2 100 20 80', '5-15 1: 3 160 20 80', '10-20 2: 3 170 30 90', '5-15 2: 2 140 50 90'],
    fired: ['15-25 1: 2 3 1 2', '15-25 2: 2 33 3 30'],
  },
  { updated: ['10-20 1: 3 210 20 110', '5-15 1: 4 270 20 110'], fired: [] },
];

const SLIDING_MEDIANS: readonly Step[] = [
  { updated: [], fired: ['-5-5 1: 1 10', '0-10 1: 1 10', '10-20 1: 1 20', '10-20 2: 1 30', '5-15 1: 1 20'] },
  { updated: ['0-10 1: 2 25', '10-20 2: 2 40', '5-15 2: 1 50', '5-15 1: 2 40', '0-10 1: 3 40', '0-10 2: 1 70'], fired: [] },
  {
    updated: ['10-20 1: 2 50', '5-15 1: 3 60', '10-20 2: 3 50', '5-15 2: 2 70'],
    fired: ['15-25 1: 2 1.5', '15-25 2: 2 16.5'],
  },
  { updated: ['10-20 1: 3 80', '5-15 1: 4 70'], fired: [] },
];

for (const [name, window, aggregate, expected, held] of [
  ['tumbling, accumulators', tumbling(10), countSumMinMax(1), TUMBLING_TOTALS, 4],
  ['tumbling, lists', tumbling(10), median(1), TUMBLING_MEDIANS, 4],
  ['sliding, accumulators', sliding(10, 5), countSumMinMax(1), SLIDING_TOTALS, 8],
  ['sliding, lists', sliding(10, 5), median(1), SLIDING_MEDIANS, 8],
  ['panes of accumulators', sliding(10, 5, true), countSumMinMax(1), SLIDING_TOTALS, 6],
  ['panes of lists', sliding(10, 5, true), median(1), SLIDING_MEDIANS, 6],
] as const) {
  test(name, async (t) => {
    for (const batchSize of [1, 2, 3, 4]) {
      const { steps, late, held: kept } = await run(window, aggregate, batchSize);
      for (const [i, { updated, fired }] of expected.entries()) {
        const got = { updated: steps[i]!.slice(0, updated.length), fired: steps[i]!.slice(updated.length).sort() };
        t.deepEqual(got, { updated, fired }, `events ${4 * i + 1} to ${4 * i + 4}, micro-batches of ${batchSize}`);
      }
      t.is(late, 1);
      t.is(kept, held, 'what is not needed any more is gone');
    }
  });
}
