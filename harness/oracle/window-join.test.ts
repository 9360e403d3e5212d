// Proves the window join against rows worked out by hand: every pair of a key and a window, once it fires, and what is held until then.
import test from 'ava';
import type { WindowJoinStage } from '../../workloads/contract.ts';
import { after, type Event, rowsOf, sliding, tumbling, workloadOf } from './by-hand.ts';
import { hashSum, payloadHash } from './payload-hash.ts';

const join = (window: WindowJoinStage['window']): WindowJoinStage => ({ kind: 'window-join', keyPrefixBytes: 4, inputWidth: 1, window });

test('a window gives every pair of both sides when it fires', async (t) => {
  const events: Event[] = [
    ['aaaa', 1, 1, 'left'],
    ['aaaa', 2, 10, 'right'],
    ['bbbb', 4, 5, 'left'],
    ['aaaa', 3, 2, 'end'], // an event of the left side
    ['aaaa', 5, 20, 'right'],
    ['cccc', 8, 30, 'right'], // of a key without a left side
    ['bbbb', 9, 50, 'right'], // watermark 9: [0, 10) fires
    ['aaaa', 2, 7, 'right'], // late
    ['aaaa', 11, 3, 'left'], // alone in [10, 20)
    ['bbbb', 12, 4, 'left'],
    ['bbbb', 13, 6, 'right'],
  ];
  const workload = workloadOf([join(tumbling(10))], 0, 1);
  const rows = ['1 0 10 aaaa 1 10', '1 0 10 aaaa 1 20', '1 0 10 aaaa 2 10', '1 0 10 aaaa 2 20', '1 0 10 bbbb 5 50'];
  t.deepEqual(after(workload, events.slice(0, 6)), {
    rows: [],
    held: ['1 0 10 aaaa 0 1 2', '1 0 10 aaaa 1 10 20', '1 0 10 bbbb 0 5', '1 0 10 cccc 1 30'],
    late: [0],
  });
  t.deepEqual(after(workload, events), { rows, held: ['1 10 20 aaaa 0 3', '1 10 20 bbbb 0 4', '1 10 20 bbbb 1 6'], late: [1] });
  t.deepEqual(await rowsOf(workload, events), [...rows, '1 10 20 bbbb 4 6']);
});

test('sliding windows: a pair in each window that both are in; closed ones are left out singly', async (t) => {
  const events: Event[] = [
    ['aaaa', 7, 1, 'left'], // [0, 10), [5, 15)
    ['aaaa', 8, 2, 'right'], // the same
    ['aaaa', 12, 3, 'right'], // [5, 15), [10, 20); watermark 12 fires [0, 10)
    ['aaaa', 6, 4, 'left'], // only [5, 15)
    ['aaaa', 4, 5, 'left'], // late
  ];
  const workload = workloadOf([join(sliding(10, 5))], 0, 1);
  const rows = ['1 0 10 aaaa 1 2'];
  t.deepEqual(after(workload, events), { rows, held: ['1 5 15 aaaa 0 1 4', '1 5 15 aaaa 1 2 3', '1 10 20 aaaa 1 3'], late: [1] });
  t.deepEqual(await rowsOf(workload, events), [...rows, '1 5 15 aaaa 1 2', '1 5 15 aaaa 1 3', '1 5 15 aaaa 4 2', '1 5 15 aaaa 4 3']);
});

test('events with a payload are held whole, and pairs are their first numbers and the sum of their hashes', async (t) => {
  const events: Event[] = [
    ['aaaa', 1, [1, 77], 'left'],
    ['aaaa', 2, [2, 88], 'right'],
  ];
  const workload = workloadOf([{ ...join(tumbling(10)), inputWidth: 2 }], 0, 1);
  t.deepEqual(after(workload, events).held, ['1 0 10 aaaa 0 1 77', '1 0 10 aaaa 1 2 88']);
  t.deepEqual(await rowsOf(workload, events), [`1 0 10 aaaa 1 2 ${hashSum(payloadHash([1, 77]), payloadHash([2, 88]))}`]);
});
