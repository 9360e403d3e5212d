// Proves sessions against rows worked out by hand: what merges, what is late, what fires when and how often, and what is held.
import test from 'ava';
import { keptOf } from './aggregates.ts';
import { after, COUNT_SUM_MIN_MAX, type Event, MEDIAN, rowsOf, session, stageOf, tumbling, workloadOf } from './by-hand.ts';
import { SessionOperator } from './sessions.ts';

const GAP_MS = 10;
const NO_WATERMARK = [10_000, 1] as const;
const sums = (allowedLatenessMs = 0) => stageOf(session(GAP_MS), COUNT_SUM_MIN_MAX, { allowedLatenessMs });

test('sessions that touch become one, those a millisecond apart do not', (t) => {
  const workload = workloadOf([sums()], ...NO_WATERMARK);
  t.deepEqual(
    after(workload, [
      ['aaaa', 0, 1],
      ['aaaa', 10, 2],
    ]).held,
    ['1 0 20 aaaa 2 3 1 2'],
  );
  t.deepEqual(
    after(workload, [
      ['aaaa', 10, 2],
      ['aaaa', 0, 1],
    ]).held,
    ['1 0 20 aaaa 2 3 1 2'],
  );
  t.deepEqual(
    after(workload, [
      ['aaaa', 0, 1],
      ['aaaa', 11, 2],
    ]).held,
    ['1 0 10 aaaa 1 1 1 1', '1 11 21 aaaa 1 2 2 2'],
  );
  t.deepEqual(
    after(workload, [
      ['aaaa', 0, 1],
      ['bbbb', 5, 2],
    ]).held,
    ['1 0 10 aaaa 1 1 1 1', '1 5 15 bbbb 1 2 2 2'],
    'keys are apart',
  );
  t.deepEqual(
    after(workload, [
      ['aaaa', 0, 1],
      ['aaaa', 10, 2],
      ['aaaa', 3, 4],
    ]).held,
    ['1 0 20 aaaa 3 7 1 4'],
    'an event inside',
  );
});

test('an event bridges two sessions; lists are held ascending', async (t) => {
  const events: Event[] = [
    ['aaaa', 0, 5],
    ['aaaa', 20, 1],
    ['aaaa', 41, 9], // [41, 51) stays apart from [0, 30)
    ['aaaa', 10, 3],
  ];
  const workload = workloadOf([stageOf(session(GAP_MS), MEDIAN)], ...NO_WATERMARK);
  t.deepEqual(after(workload, events.slice(0, 3)).held, ['1 0 10 aaaa 5', '1 20 30 aaaa 1', '1 41 51 aaaa 9']);
  t.deepEqual(after(workload, events).held, ['1 41 51 aaaa 9', '1 0 30 aaaa 1 3 5']);
  t.deepEqual(await rowsOf(workload, events), ['1 0 30 aaaa 3 3', '1 41 51 aaaa 1 9']);
});

test('elements with a payload ascend by their first number, then by the next', (t) => {
  const events: Event[] = [
    ['aaaa', 0, [5, 2]],
    ['aaaa', 1, [-1, 9]],
    ['aaaa', 2, [5, 1]],
  ];
  t.deepEqual(after(workloadOf([stageOf(session(GAP_MS), MEDIAN)], ...NO_WATERMARK), events).held, ['1 0 12 aaaa -1 9 5 1 5 2']);
});

test('a session fires at end − 1; whether an event is late is decided on what it merges into', async (t) => {
  const events: Event[] = [
    ['aaaa', 0, 1],
    ['bbbb', 9, 2], // watermark 9: [0, 10) fires and is forgotten
    ['aaaa', 5, 3], // [5, 15) begins anew
    ['aaaa', -2, 4], // [−2, 8) alone would be late, but it overlaps [5, 15)
    ['bbbb', 30, 5], // watermark 30: all others fire
    ['aaaa', 21, 6], // [21, 31): late
    ['aaaa', 22, 7], // [22, 32): not late
  ];
  const workload = workloadOf([sums()], 0, 1);
  const rows = ['1 0 10 aaaa 1 1 1 1', '1 -2 15 aaaa 2 7 3 4', '1 9 19 bbbb 1 2 2 2'];
  t.deepEqual(after(workload, events), { rows, held: ['1 30 40 bbbb 1 5 5 5', '1 22 32 aaaa 1 7 7 7'], late: [1] });
  t.deepEqual(await rowsOf(workload, events), [...rows, '1 22 32 aaaa 1 7 7 7', '1 30 40 bbbb 1 5 5 5']);
});

test('a late event changes nothing', (t) => {
  const events: Event[] = [
    ['bbbb', 100, 1],
    ['aaaa', 85, 2], // late
    ['aaaa', 95, 4], // would touch [85, 95)
  ];
  t.deepEqual(after(workloadOf([sums()], 0, 1), events), {
    rows: [],
    held: ['1 100 110 bbbb 1 1 1 1', '1 95 105 aaaa 1 4 4 4'],
    late: [1],
  });
});

test('allowed lateness: a fired session is held, updates at once while it is due, and fires again when it has grown', async (t) => {
  const events: Event[] = [
    ['aaaa', 0, 1],
    ['bbbb', 9, 2], // watermark 9: [0, 10) fires
    ['aaaa', -3, 2], // [−3, 10): an updated row at once
    ['aaaa', 5, 4], // [−3, 15): not due
    ['bbbb', 14, 5], // watermark 14: it fires again
    ['cccc', 0, 8], // [0, 10): 9 + 5 is reached: late
    ['cccc', 1, 8], // [1, 11): due at once
    ['bbbb', 15, 6], // watermark 15: [1, 11) expires
  ];
  const workload = workloadOf([sums(5)], 0, 1);
  const rows = ['1 0 10 aaaa 1 1 1 1', '1 -3 10 aaaa 2 3 1 2', '1 -3 15 aaaa 3 7 1 4', '1 1 11 cccc 1 8 8 8'];
  t.deepEqual(after(workload, events.slice(0, 3)), {
    rows: rows.slice(0, 2),
    held: ['1 -3 10 aaaa 2 3 1 2', '1 9 19 bbbb 1 2 2 2'],
    late: [0],
  });
  t.deepEqual(after(workload, events.slice(0, 4)).rows, rows.slice(0, 2));
  t.deepEqual(after(workload, events.slice(0, 5)).rows, rows.slice(0, 3));
  t.deepEqual(after(workload, events.slice(0, 7)).held, ['1 -3 15 aaaa 3 7 1 4', '1 9 24 bbbb 2 7 2 5', '1 1 11 cccc 1 8 8 8']);
  t.deepEqual(after(workload, events), { rows, held: ['1 -3 15 aaaa 3 7 1 4', '1 9 25 bbbb 3 13 2 6'], late: [1] });
  t.deepEqual(await rowsOf(workload, events), [...rows, '1 9 25 bbbb 3 13 2 6'], 'at the end, what has fired does not fire again');
});

test('an event bridges a session that has fired and one that has not', async (t) => {
  const events: Event[] = [
    ['aaaa', 0, 1],
    ['bbbb', 9, 9], // watermark 9: [0, 10) fires
    ['aaaa', 15, 2],
    ['aaaa', 8, 4], // [0, 25)
  ];
  const workload = workloadOf([sums(20)], 0, 1);
  const rows = ['1 0 10 aaaa 1 1 1 1'];
  t.deepEqual(after(workload, events), { rows, held: ['1 0 25 aaaa 3 7 1 4', '1 9 19 bbbb 1 9 9 9'], late: [0] });
  t.deepEqual(await rowsOf(workload, events), [...rows, '1 9 19 bbbb 1 9 9 9', '1 0 25 aaaa 3 7 1 4']);
});

test('the next stage gets a session’s row stamped end − 1', async (t) => {
  const stages = [sums(), stageOf(tumbling(20), COUNT_SUM_MIN_MAX, { keyPrefixBytes: 2 })];
  const rows = ['1 12 22 aaxx 1 5 5 5', '1 13 23 aayy 1 6 6 6', '2 20 40 aa 2 11 5 6'];
  t.deepEqual(
    await rowsOf(workloadOf(stages, 0, 99), [
      ['aaxx', 12, 5],
      ['aayy', 13, 6],
    ]),
    rows,
  );
});

test('without a watermark sessions are what sorting by time gives, in whatever order events come', async (t) => {
  const times = Array.from({ length: 300 }, (_, i) => (i * 7919) % 2503);
  const events: Event[] = times.map((time, i) => ['aaaa', time, i]);
  const expected: string[] = [];
  const ascending = times.toSorted((a, b) => a - b);
  let first = 0;
  for (const [i, time] of ascending.entries()) {
    if ((ascending[i + 1] ?? Infinity) - time <= GAP_MS) continue;
    expected.push(`1 ${ascending[first]} ${time + GAP_MS} aaaa ${i + 1 - first}`);
    first = i + 1;
  }
  const rows = await rowsOf(workloadOf([sums()], ...NO_WATERMARK), events);
  t.deepEqual(
    rows.map((row) => row.split(' ').slice(0, 5).join(' ')),
    expected,
  );
  t.true(expected.length > 20 && expected.length < 200);
});

test('a watermark costs by what it makes due, not by the keys that are held', async (t) => {
  const secondsFor = (held: number) => {
    const rows: string[] = [];
    const operator = new SessionOperator(1_000_000, 0, keptOf(COUNT_SUM_MIN_MAX, false), (...row) => rows.push(row[2]));
    for (let key = 0; key < held; key++) operator.event({ key: `held-${key}`, time: 500_000 + (key % 1000), type: 0, numbers: [1] });
    const from = process.cpuUsage();
    for (let watermark = 0; watermark < 400_000; watermark += 10) {
      operator.event({ key: 'soon', time: watermark - 900_000, type: 0, numbers: [1] });
      operator.advance(watermark);
    }
    t.is(operator.late, 0);
    operator.advance(Infinity);
    t.is(rows.length, held + 1);
    return process.cpuUsage(from).user / 1e6;
  };
  secondsFor(10);
  const [few, many] = [secondsFor(10), secondsFor(20_000)];
  t.log(`40,000 watermarks: ${few.toFixed(2)} s of CPU with 10 keys, ${many.toFixed(2)} s with 20,000`);
  // Looked at one by one, 20,000 keys would be 800 million looks.
  t.true(many < 20 * few + 2, `${many} s against ${few} s`);
});
