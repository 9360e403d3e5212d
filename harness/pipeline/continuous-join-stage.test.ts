// Proves the continuous join on rows worked out by hand: who meets whom in which order, what `end` forgets, the same in any
// micro-batch, what is asked of the store, and what is left in it.
import test from 'ava';
import type { ContinuousJoinStage } from '../../workloads/contract.ts';
import { type JoinRun, type LogEvent, runJoin, withoutHash } from './join-log.ts';

function run(events: readonly LogEvent[], batchSize: number, inputWidth = 1): Promise<JoinRun> {
  const stage: ContinuousJoinStage = { kind: 'continuous-join', keyPrefixBytes: 4, inputWidth };
  return runJoin({ stage, events, watermark: { delayMs: 0, everyEvents: 1000 }, batchSize, width: inputWidth });
}

test('right events meet the value of their moment or wait for the next, in their order; end forgets it; nothing is late', async (t) => {
  const events: LogEvent[] = [
    ['right', 'a', 50, 1],
    ['right', 'a', 40, 2],
    ['end', 'a', 40, 0], // nothing to forget, and who waits goes on waiting
    ['right', 'a', 40, 2],
    ['left', 'a', 10, 100],
    ['right', 'a', -5, 3],
    ['left', 'a', 12, 200],
    ['right', 'a', 13, 4],
    ['end', 'a', 14, 0],
    ['right', 'a', 15, 5],
    ['left', 'b', 0, 300],
    ['end', 'b', 1, 0],
    ['end', 'b', 2, 0],
    ['left', 'a', 16, 400],
    ['right', 'b', 17, 6],
  ];
  const right = [...['10 11 a 100 1', '10 11 a 100 2', '10 11 a 100 2', '-5 -4 a 100 3', '13 14 a 200 4'], ...['16 17 a 400 5']];
  for (const batchSize of [1, 2, 3, 4, 5, 7, 1000]) {
    for (const width of [1, 3]) {
      const { rows, late } = await run(events, batchSize, width);
      t.deepEqual(withoutHash(rows, width), right, `micro-batches of ${batchSize}`);
      t.is(late, 0);
    }
  }
});

test('event by event: right reads, and appends if it must wait; left and end read and write; who waited is scanned for and removed', async (t) => {
  const each = async (events: readonly LogEvent[]) => (await run(events, 1)).calls;
  const first: LogEvent = ['right', 'a', 0, 1];
  t.deepEqual(await each([first]), [
    'stage-1-left read: 1 calls, 1 slots',
    'stage-1-left write: 1 calls, 1 slots', // that somebody waits
    'stage-1-waiting append: 1 calls, 1 slots',
  ]);
  t.deepEqual(await each([first, first, first]), [
    'stage-1-left read: 3 calls, 3 slots',
    'stage-1-left write: 1 calls, 1 slots',
    'stage-1-waiting append: 3 calls, 3 slots',
  ]);
  t.deepEqual(await each([first, first, ['left', 'a', 1, 2]]), [
    'stage-1-left read: 3 calls, 3 slots',
    'stage-1-left write: 2 calls, 2 slots',
    'stage-1-waiting append: 2 calls, 2 slots',
    'stage-1-waiting remove: 1 calls, 1 slots',
    'stage-1-waiting scan: 1 calls, 2 slots',
  ]);
  t.deepEqual(await each([['left', 'a', 1, 2], first, first, ['end', 'a', 3, 0], ['end', 'a', 3, 0]]), [
    'stage-1-left read: 5 calls, 5 slots',
    'stage-1-left write: 2 calls, 2 slots',
  ]);
});
