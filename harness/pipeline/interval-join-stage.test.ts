// Proves the interval join on rows worked out by hand: bounds, stamps, what is late, each pair once whatever the micro-batch, what is
// asked of the store, and that buckets go as soon as nothing can meet them.
import test from 'ava';
import type { IntervalJoinStage } from '../../workloads/contract.ts';
import { type JoinRun, type LogEvent, runJoin, withoutHash } from './join-log.ts';
import { operatorOf } from './operator.ts';

function joinWithin(lowerMs: number, upperMs: number, inputWidth = 1): IntervalJoinStage {
  return { kind: 'interval-join', keyPrefixBytes: 4, inputWidth, lowerMs, upperMs };
}

interface Given {
  readonly stage: IntervalJoinStage;
  readonly events: readonly LogEvent[];
  readonly everyEvents?: number;
  readonly batchSize?: number;
}

function run({ stage, events, everyEvents = 1000, batchSize = 1 }: Given): Promise<JoinRun> {
  return runJoin({ stage, events, watermark: { delayMs: 0, everyEvents }, batchSize, width: stage.inputWidth });
}

test('both bounds are included, the row is stamped with the later time, and micro-batches change nothing', async (t) => {
  const events: LogEvent[] = [
    ['right', 'a', 94, 0],
    ['right', 'a', 95, 1],
    ['right', 'a', 110, 2],
    ['right', 'a', 111, 3],
    ['right', 'b', 100, 4],
    ['left', 'a', 100, 50],
    ['end', 'a', 100, 51], // of the left side here
    ['right', 'a', 95, 1],
    ['right', 'a', 111, 5],
    ['left', 'b', 105, 52],
    ['left', 'b', 106, 53],
  ];
  const right = [
    ...['100 101 a 50 1', '110 111 a 50 2', '100 101 a 51 1', '110 111 a 51 2'],
    ...['100 101 a 50 1', '100 101 a 51 1', '105 106 b 52 4'],
  ].sort();
  for (const batchSize of [1, 2, 3, 1000]) {
    for (const width of [1, 3]) {
      const { rows } = await run({ stage: joinWithin(-5, 10, width), events, batchSize });
      t.deepEqual(withoutHash(rows, width).sort(), right, `micro-batches of ${batchSize}`);
    }
  }
});

test('intervals on one side, of one millisecond, and across 1970', async (t) => {
  const events: LogEvent[] = [-7, -3, -2, 0, 1, 4].flatMap((timeMs): LogEvent[] => [
    ['left', 'a', timeMs, timeMs],
    ['right', 'a', timeMs, timeMs],
  ]);
  for (const [lowerMs, upperMs, pairs] of [
    [0, 0, ['-7 -7', '-3 -3', '-2 -2', '0 0', '1 1', '4 4']],
    [1, 2, ['-2 0', '-3 -2', '0 1']],
    [-4, -3, ['-3 -7', '0 -3', '1 -3', '1 -2', '4 0', '4 1']],
    [3, 4, ['-7 -3', '-3 0', '-3 1', '-2 1', '0 4', '1 4']],
  ] as const) {
    for (const batchSize of [1, 5, 1000]) {
      const { rows } = await run({ stage: joinWithin(lowerMs, upperMs), events, batchSize });
      t.deepEqual(rows.map((row) => row.split(' ').slice(3).join(' ')).sort(), [...pairs].sort(), `${lowerMs} to ${upperMs}`);
    }
  }
});

test('an event before the watermark is late, one at it is not', async (t) => {
  const events: LogEvent[] = [
    ['left', 'a', 100, 1], // watermark 100 after this one
    ['right', 'a', 99, 2],
    ['right', 'a', 100, 3],
  ];
  for (const batchSize of [1, 3]) {
    const { rows, late } = await run({ stage: joinWithin(-5, 5), events, everyEvents: 1, batchSize });
    t.deepEqual([rows, late], [['100 101 a 1 3'], 1]);
  }
});

test('buckets go when nothing that is not late can meet their last event, and not before', async (t) => {
  const stage = joinWithin(-3, 4); // buckets of 4 ms
  const begin: LogEvent[] = [
    ['left', 'a', 0, 1], // bucket 0 … 3: a right event may come until watermark 3 + 4
    ['right', 'a', 1, 2], // a left one until watermark 3 + 3
  ];
  const openAt = async (timeMs: number) => {
    const { openBefore } = await run({ stage, events: [...begin, ['left', 'b', timeMs, 0]], everyEvents: 3 });
    return [openBefore['stage-1-left'], openBefore['stage-1-right']];
  };
  t.deepEqual(await openAt(6), [[0, 4], [0]]);
  t.deepEqual(await openAt(7), [[0, 4], []]);
  t.deepEqual(await openAt(8), [[8], []]);
  const { openAfter } = await run({ stage, events: begin });
  t.deepEqual(openAfter, { 'stage-1-left': [], 'stage-1-right': [] });
});

test('what no event to come can meet is not kept', async (t) => {
  const events: LogEvent[] = [
    ['left', 'a', 100, 1], // watermark 100 after this one
    ['right', 'a', 104, 2], // meets left events from 94 to 99: late, all of them
    ['right', 'a', 110, 3], // meets those from 100 to 105
  ];
  const { rows, calls } = await run({ stage: joinWithin(5, 10), events, everyEvents: 1 });
  t.deepEqual(rows, ['110 111 a 1 3']);
  t.true(calls.includes('stage-1-right append: 1 calls, 1 slots'), calls.join('; '));
});

test('each side appended once a micro-batch, each bucket and key looked into once if it holds anything, buckets dropped', async (t) => {
  const events: LogEvent[] = [
    ...(['a', 'b'] as const).flatMap((key): LogEvent[] => [
      ['right', key, 10, 1], // bucket 8 … 11
      ['right', key, 14, 2], // bucket 12 … 15
    ]),
    // [9, 15]: three buckets, of which the two above hold something.
    ['left', 'a', 12, 3],
    ['left', 'a', 12, 4],
    ['left', 'a', 12, 5],
    ['left', 'c', 11, 6], // [8, 14]
  ];
  const { calls } = await run({ stage: joinWithin(-3, 3), events, batchSize: 4 });
  t.deepEqual(calls, [
    'stage-1-left append: 1 calls, 4 slots',
    'stage-1-left drop: 2 calls, 0 slots',
    'stage-1-right append: 1 calls, 4 slots',
    'stage-1-right drop: 2 calls, 0 slots',
    'stage-1-right scan: 4 calls, 2 slots',
  ]);
});

test('an interval that ends before it begins is refused', (t) => {
  t.throws(() => operatorOf(joinWithin(1, 0)), { instanceOf: RangeError, message: /not from 1 to 0/ });
  t.throws(() => operatorOf(joinWithin(0.5, 1)), { instanceOf: RangeError });
});
