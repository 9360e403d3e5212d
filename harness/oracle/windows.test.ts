// Proves tumbling and sliding windows, allowed lateness, panes and what is held of them against rows worked out by hand.
import test from 'ava';
import { after, COUNT_SUM_MIN_MAX, type Event, MEDIAN, rowsOf, sliding, stageOf, tumbling, workloadOf } from './by-hand.ts';

test('windows before 1970 and with an offset', async (t) => {
  const events: Event[] = [
    ['aaaa', -8, 1],
    ['aaaa', -7, 2],
    ['aaaa', 2, 3],
    ['aaaa', 3, 4],
  ];
  const workload = workloadOf([stageOf(tumbling(10, 3), COUNT_SUM_MIN_MAX)], 0, 99);
  t.deepEqual(await rowsOf(workload, events), ['1 -17 -7 aaaa 1 1 1 1', '1 -7 3 aaaa 2 5 2 3', '1 3 13 aaaa 1 4 4 4']);
});

test('sliding windows: an event is in each that holds it, and closed ones are left out singly', async (t) => {
  const events: Event[] = [
    ['aaaa', 7, 1], // [0, 10), [5, 15)
    ['aaaa', 9, 2], // the same; watermark 9 fires [0, 10) and none before
    ['aaaa', 6, 4], // only [5, 15), so not late
    ['aaaa', 3, 8], // [−5, 5) and [0, 10), both closed: late
  ];
  const workload = workloadOf([stageOf(sliding(10, 5), COUNT_SUM_MIN_MAX)], 0, 2);
  t.deepEqual(await rowsOf(workload, events), ['1 0 10 aaaa 2 3 1 2', '1 5 15 aaaa 3 7 1 4']);
  t.deepEqual(after(workload, events), { rows: ['1 0 10 aaaa 2 3 1 2'], held: ['1 5 15 aaaa 3 7 1 4'], late: [1] });
});

test('allowed lateness: a fired window gives an updated row an event, and is held, until it expires', async (t) => {
  const events: Event[] = [
    ['aaaa', 1, 5],
    ['bbbb', 10, 1], // watermark 10: [0, 10) fires
    ['aaaa', 4, 2], // an updated row
    ['bbbb', 5, 3], // the key's first in that window: a row too
    ['bbbb', 13, 4], // watermark 13: 9 + 5 is not reached
    ['aaaa', 0, 1], // an updated row
    ['bbbb', 14, 6], // watermark 14: it is
    ['aaaa', 3, 9], // late
  ];
  const workload = workloadOf([stageOf(tumbling(10), COUNT_SUM_MIN_MAX, { allowedLatenessMs: 5 })], 0, 1);
  const rows = ['1 0 10 aaaa 1 5 5 5', '1 0 10 aaaa 2 7 2 5', '1 0 10 bbbb 1 3 3 3', '1 0 10 aaaa 3 8 1 5'];
  t.deepEqual(after(workload, events.slice(0, 6)), {
    rows,
    held: ['1 0 10 aaaa 3 8 1 5', '1 0 10 bbbb 1 3 3 3', '1 10 20 bbbb 2 5 1 4'],
    late: [0],
  });
  t.deepEqual(after(workload, events), { rows, held: ['1 10 20 bbbb 3 11 1 6'], late: [1] });
  t.deepEqual(await rowsOf(workload, events), [...rows, '1 10 20 bbbb 3 11 1 6'], 'at the end, what has fired does not fire again');
});

for (const panes of [false, true]) {
  test(`sliding windows with allowed lateness: each takes an event until it expires itself; panes ${panes}`, async (t) => {
    const events: Event[] = [
      ['aaaa', 7, 1],
      ['bbbb', 9, 9], // watermark 9: [0, 10) fires
      ['aaaa', 8, 2], // updates [0, 10); [5, 15) is open
      ['bbbb', 14, 4], // watermark 14: [5, 15) fires, [0, 10) expires
      ['aaaa', 6, 3], // updates [5, 15)
      ['aaaa', 4, 1], // [−5, 5) and [0, 10), both expired: late
    ];
    const workload = workloadOf([stageOf(sliding(10, 5, panes), COUNT_SUM_MIN_MAX, { allowedLatenessMs: 5 })], 0, 1);
    const rows = [
      '1 0 10 aaaa 1 1 1 1',
      '1 0 10 bbbb 1 9 9 9',
      '1 0 10 aaaa 2 3 1 2',
      '1 5 15 aaaa 2 3 1 2',
      '1 5 15 bbbb 2 13 4 9',
      '1 5 15 aaaa 3 6 1 3',
    ];
    const held = panes
      ? ['1 5 10 aaaa 3 6 1 3', '1 5 10 bbbb 1 9 9 9', '1 10 15 bbbb 1 4 4 4']
      : ['1 5 15 aaaa 3 6 1 3', '1 5 15 bbbb 2 13 4 9', '1 10 20 bbbb 1 4 4 4'];
    t.deepEqual(after(workload, events), { rows, held, late: [1] });
    t.deepEqual(await rowsOf(workload, events), [...rows, '1 10 20 bbbb 1 4 4 4']);
  });
}

test('a pane is held until the last window that has it expires', (t) => {
  const workload = workloadOf([stageOf(sliding(10, 5, true), MEDIAN)], 0, 1);
  const events: Event[] = [
    ['aaaa', 2, 1], // pane [0, 5), last in [0, 10)
    ['aaaa', 8, 2], // pane [5, 10), last in [5, 15)
    ['aaaa', 7, 3],
    ['aaaa', 9, 4],
    ['aaaa', 14, 5],
  ];
  t.deepEqual(after(workload, events.slice(0, 3)).held, ['1 0 5 aaaa 1', '1 5 10 aaaa 2 3']);
  t.deepEqual(after(workload, events.slice(0, 4)).held, ['1 5 10 aaaa 2 3 4']);
  t.deepEqual(after(workload, events).held, ['1 10 15 aaaa 5']);
});

test('panes change the output in nothing', async (t) => {
  const events: Event[] = Array.from({ length: 500 }, (_, i) => [`k${i % 3}__`, i - ((i * 37) % 120), (i * 13) % 17]);
  for (const allowedLatenessMs of [0, 20]) {
    for (const aggregate of [COUNT_SUM_MIN_MAX, MEDIAN]) {
      const of = (panes: boolean) => workloadOf([stageOf(sliding(30, 10, panes), aggregate, { allowedLatenessMs })], 8, 5);
      const rows = await rowsOf(of(false), events);
      t.deepEqual(await rowsOf(of(true), events), rows);
      t.deepEqual(after(of(true), events).late, after(of(false), events).late);
      t.true(after(of(true), events).late[0]! > 0);
    }
  }
});

test('of an event with a payload the first number counts, and lists hold all', async (t) => {
  const events: Event[] = [
    ['aaaa', 5, [9, 0.5, 0.25, 7]],
    ['aaaa', 3, [1, 2, 3, 4]],
  ];
  const medians = workloadOf([stageOf(tumbling(10), MEDIAN)], 0, 99);
  t.deepEqual(after(medians, events).held, ['1 0 10 aaaa 9 0.5 0.25 7 1 2 3 4']);
  t.deepEqual(await rowsOf(medians, events), ['1 0 10 aaaa 2 5']);
  t.deepEqual(await rowsOf(workloadOf([stageOf(tumbling(10), COUNT_SUM_MIN_MAX)], 0, 99), events), ['1 0 10 aaaa 2 10 1 9']);
});
