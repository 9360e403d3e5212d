// Proves that each operator costs the state operations that the table of operators says, counted on a real store, at one event
// a micro-batch and with a key of its own for each event.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import memory, { options } from '../../backends/memory.ts';
import { average } from '../../workloads/aggregates/average.ts';
import { median } from '../../workloads/aggregates/median.ts';
import { EVENT_TYPE, EventBatch, type Stage, type Workload } from '../../workloads/contract.ts';
import { windowed } from '../../workloads/windowed.ts';
import { session } from '../../workloads/windows/session.ts';
import { sliding } from '../../workloads/windows/sliding.ts';
import { tumbling } from '../../workloads/windows/tumbling.ts';
import { MeasuredStore } from '../measure/measured-store.ts';
import { DigestSink } from './digest-sink.ts';
import { workloadTables } from './operator.ts';
import { Pipeline } from './pipeline.ts';

/** Event i comes at 16 i ms under key i; every other one is of the right side. */
const EVENTS = 200;
const STEP_MS = 16;

/** Slots read, written, appended or removed, scans begun and windows dropped: `read`, or `left read` of a table with a part. */
type Counts = Readonly<Record<string, number>>;

interface Row {
  readonly operator: string;
  readonly stage: Stage;
  readonly perEvent: Counts;
  /** Besides, in all, until after the end of the stream. */
  readonly whenWatermarksPass: Counts;
}

const TEN_EVENTS = tumbling(10 * STEP_MS);
const FIVE_PANES = sliding(10 * STEP_MS, 2 * STEP_MS);
const FIVE_PANES_KEPT = sliding(10 * STEP_MS, 2 * STEP_MS, true);
const WINDOWS = EVENTS / 10;
const PANES = EVENTS / 2;
/** The first pane is in four windows that begin before it. */
const SLIDING_WINDOWS = PANES + 4;
const BUCKETS = EVENTS / 5;

const TABLE: readonly Row[] = [
  ...[4, 0].flatMap((keyPrefixBytes): Row[] => {
    const keyed = keyPrefixBytes === 0 ? 'all' : 'keyed';
    return [
      {
        operator: `continuous aggregation, ${keyed}`,
        stage: windowed(keyPrefixBytes, { kind: 'global' }, average(1)),
        perEvent: { read: 1, write: 1 },
        whenWatermarksPass: {},
      },
      {
        operator: `tumbling incremental, ${keyed}`,
        stage: windowed(keyPrefixBytes, TEN_EVENTS, average(1)),
        perEvent: { read: 1, write: 1 },
        whenWatermarksPass: { scan: WINDOWS, drop: WINDOWS },
      },
      {
        operator: `tumbling holistic, ${keyed}`,
        stage: windowed(keyPrefixBytes, TEN_EVENTS, median(1)),
        perEvent: { append: 1 },
        whenWatermarksPass: { scan: WINDOWS, drop: WINDOWS },
      },
      {
        operator: `sliding incremental, ${keyed}`,
        stage: windowed(keyPrefixBytes, FIVE_PANES, average(1)),
        perEvent: { read: 5, write: 5 },
        whenWatermarksPass: { scan: SLIDING_WINDOWS, drop: SLIDING_WINDOWS },
      },
      {
        operator: `sliding incremental with panes, ${keyed}`,
        stage: windowed(keyPrefixBytes, FIVE_PANES_KEPT, average(1)),
        perEvent: { read: 1, write: 1 },
        whenWatermarksPass: { scan: 5 * SLIDING_WINDOWS, drop: PANES },
      },
      {
        operator: `sliding holistic, ${keyed}`,
        stage: windowed(keyPrefixBytes, FIVE_PANES, median(1)),
        perEvent: { append: 5 },
        whenWatermarksPass: { scan: SLIDING_WINDOWS, drop: SLIDING_WINDOWS },
      },
      {
        operator: `sliding holistic with panes, ${keyed}`,
        stage: windowed(keyPrefixBytes, FIVE_PANES_KEPT, median(1)),
        perEvent: { append: 1 },
        whenWatermarksPass: { scan: 5 * SLIDING_WINDOWS, drop: PANES },
      },
    ];
  }),
  ...[
    {
      keyed: 'keyed',
      keyPrefixBytes: 4,
      // Each event is a session of its own: its timer is set once, in a bucket that is looked into once in vain (but for the last three).
      armed: { 'timers write': 1 },
      due: {
        'sessions read': EVENTS,
        'sessions write': EVENTS,
        'timers scan': 2 * EVENTS - 3,
        'timers drop': EVENTS,
      },
      sessions: EVENTS,
      // Every left event is a value, and every right one finds none: it says so, and waits.
      continuous: { 'left read': 1, 'left write': 1, 'waiting append': 0.5 },
    },
    {
      keyed: 'all',
      keyPrefixBytes: 0,
      // All are one session, which is two steps longer than its last event: every second watermark finds its timer due, and sets it anew.
      armed: {},
      due: {
        'sessions read': EVENTS / 2,
        'sessions write': 1,
        'timers scan': EVENTS - 1,
        'timers drop': EVENTS / 2,
        'timers write': EVENTS / 2,
      },
      sessions: 1,
      // Every right event finds the value of the left one before it.
      continuous: { 'left read': 1, 'left write': 0.5 },
    },
  ].flatMap(({ keyed, keyPrefixBytes, armed, due, sessions, continuous }): Row[] => {
    const gap = session(2 * STEP_MS);
    const join = { keyPrefixBytes, inputWidth: 1 };
    return [
      {
        operator: `session incremental, ${keyed}`,
        stage: windowed(keyPrefixBytes, gap, average(1)),
        perEvent: { 'sessions read': 1, 'sessions write': 1, ...armed },
        whenWatermarksPass: due,
      },
      {
        operator: `session holistic, ${keyed}`,
        stage: windowed(keyPrefixBytes, gap, median(1)),
        perEvent: { 'sessions read': 1, 'sessions write': 1, 'lists append': 1, ...armed },
        whenWatermarksPass: { ...due, 'lists scan': sessions, 'lists remove': sessions },
      },
      {
        operator: `window join, tumbling, ${keyed}`,
        stage: { kind: 'window-join', ...join, window: TEN_EVENTS },
        perEvent: { 'left append': 0.5, 'right append': 0.5 },
        whenWatermarksPass: { 'left scan': WINDOWS, 'right scan': WINDOWS, 'left drop': WINDOWS, 'right drop': WINDOWS },
      },
      {
        operator: `window join, sliding, ${keyed}`,
        stage: { kind: 'window-join', ...join, window: FIVE_PANES },
        perEvent: { 'left append': 2.5, 'right append': 2.5 },
        whenWatermarksPass: {
          'left scan': SLIDING_WINDOWS,
          'right scan': SLIDING_WINDOWS,
          'left drop': SLIDING_WINDOWS,
          'right drop': SLIDING_WINDOWS,
        },
      },
      {
        // In buckets of five events. An event looks into those of the interval that hold something: a right one into its own bucket,
        // where four of five find something; a left one into its own, where four of five do, and into the two before (3 + 5 of the
        // first events have fewer).
        operator: `interval join, ${keyed}`,
        stage: { kind: 'interval-join', ...join, lowerMs: -10 * STEP_MS + 1, upperMs: 0 },
        perEvent: { 'left append': 0.5, 'right append': 0.5, 'left scan': 0.4, 'right scan': 0.4 + 0.5 + 0.5 },
        whenWatermarksPass: { 'right scan': -8, 'left drop': BUCKETS, 'right drop': BUCKETS },
      },
      {
        operator: `continuous join, ${keyed}`,
        stage: { kind: 'continuous-join', ...join },
        perEvent: continuous,
        whenWatermarksPass: {},
      },
    ];
  }),
  {
    operator: 'tumbling incremental with allowed lateness, nothing late',
    stage: windowed(4, TEN_EVENTS, average(1), 1_000),
    perEvent: { read: 1, write: 1 },
    whenWatermarksPass: { scan: WINDOWS, drop: WINDOWS },
  },
];

/** The operations of `events` events and the end of the stream. */
async function counted(stage: Stage, events: number): Promise<Counts> {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-operations-'));
  const workload: Pick<Workload, 'stages' | 'watermark'> = { stages: [stage], watermark: { delayMs: 0, everyEvents: 1 } };
  const store = new MeasuredStore(await memory(options.parse({})).open({ directory, tables: workloadTables(workload) }));
  const pipeline = new Pipeline({ workload, store, batchSize: 1, sink: new DigestSink() });
  const batch = new EventBatch(1, { keyBytes: 4, width: 1 });
  for (let i = 0; i < events; i++) {
    batch.length = 1;
    batch.keyWords[0] = i;
    batch.timestamps[0] = i * STEP_MS;
    batch.values[0] = i;
    batch.types[0] = i % 2 === 0 ? EVENT_TYPE.left : EVENT_TYPE.right;
    await pipeline.process(batch);
  }
  await pipeline.end();
  const counts: Record<string, number> = {};
  for (const { table, operation, calls, slots } of store.save()) {
    const part = table.split('-').slice(2).join('-');
    counts[`${part} ${operation}`.trim()] = operation === 'scan' || operation === 'drop' ? calls : slots;
  }
  await store.close();
  await rm(directory, { recursive: true });
  return counts;
}

for (const { operator, stage, perEvent, whenWatermarksPass } of TABLE) {
  test(operator, async (t) => {
    const expected: Record<string, number> = { ...whenWatermarksPass };
    for (const [operation, count] of Object.entries(perEvent)) expected[operation] = (expected[operation] ?? 0) + count * EVENTS;
    t.deepEqual(sorted(await counted(stage, EVENTS)), sorted(expected));
    t.notDeepEqual(sorted(await counted(stage, EVENTS + 1)), sorted(expected), 'the operations of an event too many are found');
  });
}

function sorted(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
