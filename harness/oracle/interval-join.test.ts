// Proves the interval join against rows worked out by hand: its bounds, its lateness, its stamps, and what is held how long.
import test from 'ava';
import { after, type Event, rowsOf, workloadOf } from './by-hand.ts';

const join = (lowerMs: number, upperMs: number) => ({ kind: 'interval-join', keyPrefixBytes: 4, inputWidth: 1, lowerMs, upperMs }) as const;

test('both bounds are inside; a row comes with the event that completes it, stamped with the later time', async (t) => {
  const events: Event[] = [
    ['aaaa', 10, 1, 'left'],
    ['aaaa', 8, 80, 'right'],
    ['aaaa', 7, 70, 'right'], // a millisecond too early
    ['aaaa', 13, 130, 'right'],
    ['aaaa', 14, 140, 'right'], // a millisecond too late
    ['bbbb', 10, 99, 'right'], // another key
    ['aaaa', 12, 2, 'end'], // an event of the left side: [10, 15]
  ];
  const workload = workloadOf([join(-2, 3)], 100, 1);
  const rows = ['1 10 11 aaaa 1 80', '1 13 14 aaaa 1 130', '1 13 14 aaaa 2 130', '1 14 15 aaaa 2 140'];
  t.deepEqual(after(workload, events).rows, rows);
  t.deepEqual(await rowsOf(workload, events), rows, 'the end of the stream adds none');
});

test('an event before the watermark is late, one at it is not', (t) => {
  const events: Event[] = [
    ['aaaa', 10, 1, 'left'], // watermark 10
    ['aaaa', 10, 2, 'right'],
    ['aaaa', 9, 3, 'right'], // late
  ];
  t.deepEqual(after(workloadOf([join(-2, 3)], 0, 1), events), {
    rows: ['1 10 11 aaaa 1 2'],
    held: ['1 10 11 aaaa 0 1', '1 10 11 aaaa 1 2'],
    late: [1],
  });
});

test('held is what an event not late can still meet', (t) => {
  const events: Event[] = [
    ['aaaa', 10, 1, 'left'], // until 10 + 3
    ['aaaa', 11, 2, 'right'], // until 11 − −2
    ['bbbb', 13, 3, 'left'], // watermark 13
    ['bbbb', 14, 4, 'right'], // watermark 14
  ];
  const workload = workloadOf([join(-2, 3)], 0, 1);
  t.deepEqual(after(workload, events.slice(0, 3)).held, ['1 10 11 aaaa 0 1', '1 11 12 aaaa 1 2', '1 13 14 bbbb 0 3']);
  t.deepEqual(after(workload, events), {
    rows: ['1 11 12 aaaa 1 2', '1 14 15 bbbb 3 4'],
    held: ['1 13 14 bbbb 0 3', '1 14 15 bbbb 1 4'],
    late: [0],
  });
});

test('left only after right: an event can be joined and yet have nothing left to wait for', (t) => {
  const events: Event[] = [
    ['aaaa', 9, 1, 'right'],
    ['bbbb', 10, 0, 'right'], // watermark 10
    ['aaaa', 10, 2, 'left'], // meets 5 … 9; any more would be late
    ['aaaa', 11, 3, 'left'], // meets 6 … 10
  ];
  t.deepEqual(after(workloadOf([join(-5, -1)], 0, 2), events.slice(0, 3)), {
    rows: ['1 10 11 aaaa 2 1'],
    held: ['1 9 10 aaaa 1 1', '1 10 11 bbbb 1 0'],
    late: [0],
  });
  t.deepEqual(after(workloadOf([join(-5, -1)], 1, 2), events).held, ['1 9 10 aaaa 1 1', '1 11 12 aaaa 0 3', '1 10 11 bbbb 1 0']);
});
