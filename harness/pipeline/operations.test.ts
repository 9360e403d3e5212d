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
import { sliding } from '../../workloads/windows/sliding.ts';
import { tumbling } from '../../workloads/windows/tumbling.ts';
import { MeasuredStore } from '../measure/measured-store.ts';
import { DigestSink } from './digest-sink.ts';
import { workloadTables } from './operator.ts';
import { Pipeline } from './pipeline.ts';

/** Event i comes at 10 i ms under key i; every other one is of the right side. */
const EVENTS = 200;
const STEP_MS = 10;

/** Slots read, written, appended or removed, scans begun and windows dropped: `read`, or `left read` of a table with a part. */
type Counts = Readonly<Record<string, number>>;

interface Row {
  readonly operator: string;
  readonly stage: Stage;
  readonly perEvent: Counts;
  /** In all, until after the end of the stream. */
  readonly whenWatermarksPass: Counts;
}

const TEN_EVENTS = tumbling(10 * STEP_MS);
const FIVE_PANES = sliding(10 * STEP_MS, 2 * STEP_MS);
const FIVE_PANES_KEPT = sliding(10 * STEP_MS, 2 * STEP_MS, true);
const WINDOWS = EVENTS / 10;
const PANES = EVENTS / 2;
/** The first pane is in four windows that begin before it. */
const SLIDING_WINDOWS = PANES + 4;

const TABLE: readonly Row[] = [
  {
    operator: 'continuous aggregation',
    stage: windowed(4, { kind: 'global' }, average(1)),
    perEvent: { read: 1, write: 1 },
    whenWatermarksPass: {},
  },
  ...[4, 0].flatMap((keyPrefixBytes): Row[] => {
    const keyed = keyPrefixBytes === 0 ? 'all' : 'keyed';
    return [
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
    const expected = {
      ...Object.fromEntries(Object.entries(perEvent).map(([operation, count]) => [operation, count * EVENTS])),
      ...whenWatermarksPass,
    };
    t.deepEqual(sorted(await counted(stage, EVENTS)), sorted(expected));
    t.notDeepEqual(sorted(await counted(stage, EVENTS + 1)), sorted(expected), 'the operations of an event too many are found');
  });
}

function sorted(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
