// Proves the window join on rows worked out by hand: which pairs, in which windows, what is late, what is asked of the store, and that
// nothing is left of a window that fired.
import test from 'ava';
import type { SlidingWindow, TumblingWindow, WindowJoinStage } from '../../workloads/contract.ts';
import { type JoinRun, type LogEvent, runJoin, withoutHash } from './join-log.ts';
import { operatorOf } from './operator.ts';

const TUMBLING: TumblingWindow = { kind: 'tumbling', sizeMs: 10, offsetMs: 0 };
const SLIDING: SlidingWindow = { kind: 'sliding', sizeMs: 10, slideMs: 5, offsetMs: 0, panes: false };

function joinOver(window: TumblingWindow | SlidingWindow, inputWidth = 1): WindowJoinStage {
  return { kind: 'window-join', keyPrefixBytes: 4, inputWidth, window };
}

interface Given {
  readonly window: TumblingWindow | SlidingWindow;
  readonly events: readonly LogEvent[];
  readonly everyEvents?: number;
  readonly batchSize?: number;
  readonly width?: number;
}

function run({ window, events, everyEvents = 1000, batchSize = 3, width = 1 }: Given): Promise<JoinRun> {
  return runJoin({ stage: joinOver(window, width), events, watermark: { delayMs: 0, everyEvents }, batchSize, width });
}

test('every left event meets every right one of its key and window, duplicates and payloads and all', async (t) => {
  const events: LogEvent[] = [
    ['left', 'a', 0, 1],
    ['right', 'a', 9, 10],
    ['left', 'a', 0, 1],
    ['end', 'a', 5, 2], // of the left side here
    ['right', 'b', 5, 20],
    ['left', 'c', 5, 3],
    ['right', 'a', 3, 11],
    ['right', 'a', 10, 12],
    ['left', 'a', 19, 4],
  ];
  const right = ['0 10 a 1 10', '0 10 a 1 10', '0 10 a 1 11', '0 10 a 1 11', '0 10 a 2 10', '0 10 a 2 11', '10 20 a 4 12'];
  for (const width of [1, 4]) {
    const { rows, late, openAfter } = await run({ window: TUMBLING, events, width });
    t.deepEqual(withoutHash(rows, width).sort(), right);
    t.is(late, 0);
    t.deepEqual(openAfter, { 'stage-1-left': [], 'stage-1-right': [] });
  }
});

test('sliding windows: a pair in each window that both are in', async (t) => {
  const { rows } = await run({
    window: SLIDING,
    events: [
      ['left', 'a', -1, 1], // [-10, 0) and [-5, 5)
      ['right', 'a', 0, 2], // [-5, 5) and [0, 10)
      ['right', 'a', -5, 3], // [-10, 0) and [-5, 5)
    ],
  });
  t.deepEqual([...rows].sort(), ['-10 0 a 1 3', '-5 5 a 1 2', '-5 5 a 1 3']);
});

test('a window fires at end − 1, in order of time, and takes nothing afterwards', async (t) => {
  const events: LogEvent[] = [
    ['left', 'a', 25, 1],
    ['right', 'a', 25, 2],
    ['left', 'a', 5, 3], // no watermark yet
    ['right', 'a', 8, 4], // watermark 25 after this one: [0, 10) fires
    ['right', 'a', 9, 5], // late
    ['left', 'a', 19, 6], // late
    ['left', 'a', 20, 7],
    ['left', 'b', 28, 8], // watermark 28: [20, 30) is open
  ];
  const { rows, late, openBefore } = await run({ window: TUMBLING, events, everyEvents: 4 });
  t.deepEqual(rows, ['0 10 a 3 4', '20 30 a 1 2', '20 30 a 7 2']);
  t.is(late, 2);
  t.deepEqual(openBefore, { 'stage-1-left': [20], 'stage-1-right': [20] });
});

test('more keys and pairs than any arena begins with', async (t) => {
  const keys = Array.from({ length: 1500 }, (_, i) => i.toString(36));
  const events: LogEvent[] = keys.flatMap((key, i): LogEvent[] => [
    ['right', key, 1, i],
    ['left', key, 2, -i],
  ]);
  for (let i = 0; i < 60; i++) events.push(['left', 'hot', 3, i], ['right', 'hot', 3, 1000 + i]);
  const { rows } = await run({ window: TUMBLING, events, batchSize: 1000 });
  t.is(rows.length, 1500 + 60 * 60);
  const wanted = [...keys.map((key, i) => `0 10 ${key} ${0 - i} ${i}`)];
  for (let left = 0; left < 60; left++) for (let right = 0; right < 60; right++) wanted.push(`0 10 hot ${left} ${1000 + right}`);
  t.deepEqual([...rows].sort(), wanted.sort());
});

test('an append an event and window, both sides scanned and dropped; a side alone is dropped unread, one without events left alone', async (t) => {
  const events: LogEvent[] = [
    ['left', 'a', 0, 1],
    ['right', 'a', 1, 2],
    ['right', 'b', 2, 3],
    ['left', 'a', 11, 4], // [5, 15) and [10, 20): of the left side only
    ['right', 'a', 100, 5], // [95, 105) and [100, 110): of the right side only
  ];
  const { calls } = await run({ window: SLIDING, events, batchSize: 5 });
  t.deepEqual(calls, [
    'stage-1-left append: 1 calls, 4 slots',
    'stage-1-left drop: 4 calls, 0 slots',
    'stage-1-left scan: 2 calls, 2 slots',
    'stage-1-right append: 1 calls, 6 slots',
    'stage-1-right drop: 4 calls, 0 slots',
    'stage-1-right scan: 2 calls, 4 slots',
  ]);
});

test('panes are refused', (t) => {
  t.throws(() => operatorOf(joinOver({ ...SLIDING, panes: true })), { instanceOf: RangeError, message: /has no panes/ });
});
