// Proves the oracle against rows worked out by hand: windows, watermark, lateness, order of the chain, and its answers along the way.
import test from 'ava';
import { countSumMinMax as countSumMinMaxOf, mergedCountSumMinMax } from '../workloads/aggregates/count-sum-min-max.ts';
import { median as medianOf } from '../workloads/aggregates/median.ts';
import type { AggregateStage, Source, Stage, WindowSpec, Workload } from '../workloads/contract.ts';
import { windowed } from '../workloads/windowed.ts';
import { type OracleAnswer, oracle, oracleRows } from './oracle.ts';
import { OutputDigest } from './output-digest.ts';

const countSumMinMax = countSumMinMaxOf(1);
const median = medianOf(1);

type Event = readonly [key: string, time: number, value: number];

/** A source of the events as written. */
function sourceOf(events: readonly Event[], keyBytes = 4): Source {
  let position = 0;
  return {
    keyBytes,
    width: 1,
    events: events.length,
    get position() {
      return position;
    },
    seek(to) {
      position = to;
    },
    fill(batch, limit) {
      const taken = events.slice(position, position + Math.min(limit, batch.capacity, 2)); // small fills, so that there are several
      batch.keys.fill(0);
      for (const [i, [key, time, value]] of taken.entries()) {
        Buffer.from(batch.keys.buffer).write(key, i * keyBytes, 'latin1');
        batch.timestamps[i] = time;
        batch.values[i] = value;
      }
      batch.length = taken.length;
      position += taken.length;
      return taken.length;
    },
  };
}

function workloadOf(stages: readonly Stage[], delayMs: number, everyEvents: number): Workload {
  return {
    name: 'by-hand',
    settings: {},
    watermark: { delayMs, everyEvents },
    stages,
    source: () => Promise.reject(new Error('the oracle is given its source')),
  };
}

const tumbling = (sizeMs: number, offsetMs = 0): WindowSpec => ({ kind: 'tumbling', sizeMs, offsetMs });
const sliding = (sizeMs: number, slideMs: number): WindowSpec => ({ kind: 'sliding', sizeMs, slideMs, offsetMs: 0, panes: false });

async function rowsOf(workload: Workload, events: readonly Event[]): Promise<string[]> {
  const rows = await oracleRows(workload, sourceOf(events), events.length);
  return rows.map(({ stage, windowStart, windowEnd, key, numbers }) => [stage, windowStart, windowEnd, key, ...numbers].join(' '));
}

async function answersOf(workload: Workload, events: readonly Event[], stops: readonly number[]): Promise<OracleAnswer[]> {
  const answers: OracleAnswer[] = [];
  for await (const answer of oracle(workload, sourceOf(events), stops)) answers.push(answer);
  return answers;
}

const ONE_STAGE: readonly AggregateStage[] = [windowed(4, tumbling(10), countSumMinMax)];

test('tumbling windows: fired by the watermark at end − 1, late events dropped, the rest fired at the end', async (t) => {
  const events: Event[] = [
    ['aaaa', 1, 5],
    ['bbbb', 9, 7], // watermark 9: [0, 10) fires
    ['aaaa', 4, 100], // late
    ['aaaa', 12, -1],
    ['aaaa', 18, 2],
    ['bbbb', 10, 3], // watermark 18 only: [10, 20) is open
    ['bbbb', 19, 4],
  ];
  const workload = workloadOf(ONE_STAGE, 0, 2);
  t.deepEqual(await rowsOf(workload, events), [
    '1 0 10 aaaa 1 5 5 5',
    '1 0 10 bbbb 1 7 7 7',
    '1 10 20 aaaa 2 1 -1 2',
    '1 10 20 bbbb 2 7 3 4',
  ]);
  const [answer] = await answersOf(workload, events, [7]);
  t.deepEqual(answer!.late, [1]);
});

test('one millisecond decides: a watermark of end − 2 leaves the window open', async (t) => {
  const events: Event[] = [
    ['aaaa', 8, 1],
    ['aaaa', 3, 1],
  ];
  const [open] = await answersOf(workloadOf(ONE_STAGE, 0, 1), events, [2]);
  t.deepEqual([open!.late, open!.fired.rows, open!.ended.rows], [[0], 0, 1]);
  const [closed] = await answersOf(workloadOf(ONE_STAGE, 0, 1), [['aaaa', 9, 1], events[1]!], [2]);
  t.deepEqual([closed!.late, closed!.fired.rows, closed!.ended.rows], [[1], 1, 1]);
});

test('the delay holds the watermark back, and it comes only after every so many events', async (t) => {
  const events: Event[] = [
    ['aaaa', 14, 1],
    ['aaaa', 3, 1], // no watermark yet
    ['aaaa', 0, 1], // watermark 14 − 5 = 9 comes after this one
    ['aaaa', 9, 1], // late
  ];
  const [answer] = await answersOf(workloadOf(ONE_STAGE, 5, 3), events, [4]);
  t.deepEqual(answer!.late, [1]);
  const [delayed] = await answersOf(workloadOf(ONE_STAGE, 6, 3), events, [4]);
  t.deepEqual(delayed!.late, [0]);
});

test('windows before 1970 and with an offset', async (t) => {
  const stage: Stage = windowed(4, tumbling(10, 3), countSumMinMax);
  const events: Event[] = [
    ['aaaa', -8, 1],
    ['aaaa', -7, 2],
    ['aaaa', 2, 3],
    ['aaaa', 3, 4],
  ];
  t.deepEqual(await rowsOf(workloadOf([stage], 0, 99), events), ['1 -17 -7 aaaa 1 1 1 1', '1 -7 3 aaaa 2 5 2 3', '1 3 13 aaaa 1 4 4 4']);
});

test('sliding windows: an event is in each that holds it, and closed ones are left out singly', async (t) => {
  const stage: Stage = windowed(4, sliding(10, 5), countSumMinMax);
  const events: Event[] = [
    ['aaaa', 7, 1], // [0, 10), [5, 15)
    ['aaaa', 9, 2], // the same; watermark 9 fires [0, 10) and none before
    ['aaaa', 6, 4], // only [5, 15), so not late
    ['aaaa', 3, 8], // [−5, 5) and [0, 10), both closed: late
  ];
  const workload = workloadOf([stage], 0, 2);
  t.deepEqual(await rowsOf(workload, events), ['1 0 10 aaaa 2 3 1 2', '1 5 15 aaaa 3 7 1 4']);
  t.deepEqual((await answersOf(workload, events, [4]))[0]!.late, [1]);
});

test('median: odd and even counts', async (t) => {
  const stage: Stage = windowed(4, tumbling(10), median);
  const events: Event[] = [
    ['aaaa', 0, 9],
    ['aaaa', 1, 10],
    ['aaaa', 2, -1],
    ['bbbb', 3, 100],
    ['bbbb', 4, 20],
  ];
  t.deepEqual(await rowsOf(workloadOf([stage], 0, 99), events), ['1 0 10 aaaa 3 9', '1 0 10 bbbb 2 60']);
});

test('a chain: results go on by the key’s prefix, stamped end − 1, before the watermark that fired them', async (t) => {
  const stages: Stage[] = [windowed(4, tumbling(10), countSumMinMax), windowed(2, tumbling(20), mergedCountSumMinMax)];
  const events: Event[] = [
    ['aaxx', 1, 5],
    ['aayy', 15, 7],
    ['aaxx', 12, 1],
    ['bbxx', 39, 2], // watermark 39 fires [0, 10), [10, 20), [30, 40) of stage 1, and with them [0, 20), [20, 40) of stage 2
    ['aaxx', 45, 3],
  ];
  const workload = workloadOf(stages, 0, 4);
  const fired = [
    '1 0 10 aaxx 1 5 5 5',
    '1 10 20 aayy 1 7 7 7',
    '1 10 20 aaxx 1 1 1 1',
    '1 30 40 bbxx 1 2 2 2',
    '2 0 20 aa 3 13 1 7',
    '2 20 40 bb 1 2 2 2',
  ];
  t.deepEqual(await rowsOf(workload, events), [...fired, '1 40 50 aaxx 1 3 3 3', '2 40 60 aa 1 3 3 3']);
  const [answer] = await answersOf(workload, events, [5]);
  t.deepEqual([answer!.fired.rows, answer!.ended.rows, answer!.late], [6, 8, [0, 0]]);
});

test('keys are bytes: two that are no text stay two', async (t) => {
  t.deepEqual(
    await rowsOf(workloadOf(ONE_STAGE, 0, 99), [
      ['\x80\x80\x80\x80', 0, 1],
      ['\x80\x80\x80\x81', 0, 1],
    ]),
    ['1 0 10 \x80\x80\x80\x80 1 1 1 1', '1 0 10 \x80\x80\x80\x81 1 1 1 1'],
  );
});

test('answers on the way are those of a run that went no further, and looking changes nothing', async (t) => {
  const events: Event[] = Array.from({ length: 60 }, (_, i) => [i % 3 === 0 ? 'aabb' : 'aacc', (i * 7) % 50, i]);
  const stages: Stage[] = [windowed(4, sliding(8, 4), countSumMinMax), windowed(2, tumbling(16), mergedCountSumMinMax)];
  const lists: Stage[] = [windowed(4, sliding(30, 15), median)];
  for (const workload of [workloadOf(stages, 10, 5), workloadOf(lists, 3, 7)]) {
    const stops = [0, 1, 5, 17, 17, 35, 60];
    const together = await answersOf(workload, events, stops);
    for (const [i, stop] of stops.entries()) t.deepEqual([together[i]], await answersOf(workload, events, [stop]), `stop ${stop}`);
    t.true(together.at(-1)!.late.some((count) => count > 0));
    t.true(together.at(-1)!.fired.rows > 0);
  }
});

test('an answer’s digest is that of its rows, the key padded with zero bytes', async (t) => {
  const stage: Stage = windowed(3, tumbling(10), countSumMinMax);
  const [answer] = await answersOf(workloadOf([stage], 0, 99), [['abcd', 5, 2]], [1]);
  const digest = new OutputDigest();
  digest.add(1, 0, 10, new Uint32Array(Uint8Array.of(0x61, 0x62, 0x63, 0).buffer), 0, 1, Float64Array.of(1, 2, 2, 2), 0, 4);
  t.deepEqual(answer!.ended, { atEvent: 1, ended: true, rows: 1, digest: digest.hex() });
  t.deepEqual(answer!.fired, { atEvent: 1, ended: false, rows: 0, digest: '0'.repeat(32) });
});

test('stops that cannot be reached and aggregates not known are refused', async (t) => {
  const workload = workloadOf(ONE_STAGE, 0, 1);
  await t.throwsAsync(answersOf(workload, [['aaaa', 1, 1]], [2]), { instanceOf: RangeError, message: /has 1 events/ });
  await t.throwsAsync(
    answersOf(
      workload,
      [
        ['aaaa', 1, 1],
        ['aaaa', 1, 1],
      ],
      [2, 1],
    ),
    { instanceOf: RangeError, message: /ascend/ },
  );
  const strange = workloadOf([{ ...ONE_STAGE[0]!, aggregate: { ...countSumMinMax, name: 'mode' } }], 0, 1);
  await t.throwsAsync(oracleRows(strange, sourceOf([]), 0), { instanceOf: RangeError, message: /no aggregate mode/ });
});
