// Proves the oracle's clock against rows worked out by hand: watermark, lateness, order of the chain, and its answers along the way.
import test from 'ava';
import { type AggregateStage, EVENT_TYPE, type IntervalJoinStage, type Stage, type Workload } from '../../workloads/contract.ts';
import { OutputDigest } from '../output-digest.ts';
import type { Output } from '../results.ts';
import {
  answersOf,
  COUNT_SUM_MIN_MAX,
  type Event,
  MEDIAN,
  rowsOf,
  session,
  sliding,
  sourceOf,
  stageOf,
  tumbling,
  workloadOf,
} from './by-hand.ts';
import { Chain, type OracleRow } from './chain.ts';
import { oracleRows, oracleState } from './oracle.ts';

const ONE_STAGE: readonly AggregateStage[] = [stageOf(tumbling(10), COUNT_SUM_MIN_MAX)];

async function statesOf(workload: Workload, events: readonly Event[], stops: readonly number[]): Promise<Output[]> {
  const states: Output[] = [];
  for await (const state of oracleState(workload, sourceOf(events), stops)) states.push(state);
  return states;
}

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

test('a chain: results go on by the key’s prefix, stamped end − 1, before the watermark that fired them', async (t) => {
  const stages: Stage[] = [stageOf(tumbling(10), COUNT_SUM_MIN_MAX), stageOf(tumbling(20), COUNT_SUM_MIN_MAX, { keyPrefixBytes: 2 })];
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

const EVERY_OPERATOR: Readonly<Record<string, readonly Stage[]>> = {
  'a chain': [stageOf(sliding(8, 4), COUNT_SUM_MIN_MAX), stageOf(tumbling(16), COUNT_SUM_MIN_MAX, { keyPrefixBytes: 2 })],
  lists: [stageOf(sliding(30, 15), MEDIAN)],
  lateness: [stageOf(sliding(8, 4, true), COUNT_SUM_MIN_MAX, { allowedLatenessMs: 9 })],
  sessions: [stageOf(session(2), MEDIAN, { allowedLatenessMs: 9 })],
  'a global window': [stageOf({ kind: 'global' }, COUNT_SUM_MIN_MAX)],
  'a window join': [{ kind: 'window-join', keyPrefixBytes: 4, inputWidth: 1, window: sliding(20, 10) }],
  'an interval join': [{ kind: 'interval-join', keyPrefixBytes: 4, inputWidth: 1, lowerMs: -5, upperMs: 9 }],
  'a continuous join': [{ kind: 'continuous-join', keyPrefixBytes: 4, inputWidth: 1 }],
};

const TYPES = ['left', 'right', 'right', 'left', 'end'] as const;
const MIXED: readonly Event[] = Array.from({ length: 60 }, (_, i) => {
  return [i % 3 === 0 ? 'aabb' : 'aacc', i - ((i * 7) % 40), i, TYPES[i % TYPES.length]!];
});

/** A chain that notes its rows. */
function noting(workload: Workload) {
  const rows: OracleRow[] = [];
  const output = (row: OracleRow) => rows.push(row);
  return { rows, output, chain: new Chain(workload, output) };
}

function feed(chain: Chain, events: readonly Event[]): void {
  for (const [key, time, value, type] of events) chain.event({ key, time, type: EVENT_TYPE[type ?? 'left'], numbers: [value].flat() });
}

function heldOf(chain: Chain): OracleRow[] {
  const held: OracleRow[] = [];
  chain.state((row) => held.push(row));
  return held;
}

for (const [name, stages] of Object.entries(EVERY_OPERATOR)) {
  test(`a copy goes on as what it was copied from would, and neither changes the other: ${name}`, (t) => {
    const workload = workloadOf(stages, 6, 5);
    for (const cut of [11, 28, 43]) {
      const whole = noting(workload);
      feed(whole.chain, MIXED);
      const held = heldOf(whole.chain);
      whole.chain.end();

      const original = noting(workload);
      feed(original.chain, MIXED.slice(0, cut));
      const copied = noting(workload);
      copied.rows.push(...original.rows);
      const copy = original.chain.copy(copied.output);
      for (const { chain, rows } of [{ ...copied, chain: copy }, original]) {
        feed(chain, MIXED.slice(cut));
        t.deepEqual(heldOf(chain), held, `cut at ${cut}`);
        t.deepEqual(chain.late(), whole.chain.late(), `cut at ${cut}`);
        chain.end();
        t.deepEqual(rows, whole.rows, `cut at ${cut}`);
      }
    }
  });
}

for (const [name, stages] of Object.entries(EVERY_OPERATOR)) {
  test(`answers on the way are those of a run that went no further, and looking changes nothing: ${name}`, async (t) => {
    const stops = [0, 1, 5, 17, 17, 35, 60];
    const workload = workloadOf(stages, 6, 5);
    const together = await answersOf(workload, MIXED, stops);
    const states = await statesOf(workload, MIXED, stops);
    for (const [i, stop] of stops.entries()) {
      t.deepEqual([together[i]], await answersOf(workload, MIXED, [stop]), `stop ${stop}`);
      t.deepEqual([states[i]], await statesOf(workload, MIXED, [stop]), `stop ${stop}`);
    }
    const { late, fired } = together.at(-1)!;
    t.is(late[0]! > 0, !['a global window', 'a continuous join'].includes(name));
    t.true(fired.rows > 0);
    t.true(states.at(-1)!.rows > 0);
  });
}

test('an answer’s digest is that of its rows, the key padded with zero bytes', async (t) => {
  const stage: Stage = stageOf(tumbling(10), COUNT_SUM_MIN_MAX, { keyPrefixBytes: 3 });
  const [answer] = await answersOf(workloadOf([stage], 0, 99), [['abcd', 5, 2]], [1]);
  const digest = new OutputDigest();
  digest.add(1, 0, 10, new Uint32Array(Uint8Array.of(0x61, 0x62, 0x63, 0).buffer), 0, 1, Float64Array.of(1, 2, 2, 2), 0, 4);
  t.deepEqual(answer!.ended, { atEvent: 1, ended: true, rows: 1, digest: digest.hex() });
  t.deepEqual(answer!.fired, { atEvent: 1, ended: false, rows: 0, digest: '0'.repeat(32) });
});

test('a state’s digest is that of its rows, payloads and all', async (t) => {
  const stage: Stage = stageOf(tumbling(10), MEDIAN, { keyPrefixBytes: 3 });
  const [state] = await statesOf(
    workloadOf([stage], 0, 99),
    [
      ['abcd', 5, [2, 0.5]],
      ['abce', 7, [1, 0.25]],
    ],
    [2],
  );
  const digest = new OutputDigest();
  digest.add(1, 0, 10, new Uint32Array(Uint8Array.of(0x61, 0x62, 0x63, 0).buffer), 0, 1, Float64Array.of(2, 0.5, 1, 0.25), 0, 4);
  t.deepEqual(state, { atEvent: 2, ended: false, rows: 1, digest: digest.hex() });
});

test('chains that no workload may be are refused', async (t) => {
  const join: IntervalJoinStage = { kind: 'interval-join', keyPrefixBytes: 4, inputWidth: 1, lowerMs: 0, upperMs: 1 };
  const global = stageOf({ kind: 'global' }, COUNT_SUM_MIN_MAX);
  const patient = stageOf(tumbling(10), COUNT_SUM_MIN_MAX, { allowedLatenessMs: 1 });
  for (const [stages, message] of [
    [[join, ...ONE_STAGE], /an? interval-join is a workload's only stage/],
    [[...ONE_STAGE, global], /a global window is a workload's only stage/],
    [[{ ...global, allowedLatenessMs: 1 }], /nothing is late/],
    [[patient, ...ONE_STAGE], /only the last stage/],
  ] as const) {
    await t.throwsAsync(oracleRows(workloadOf(stages, 0, 1), sourceOf([]), 0), { instanceOf: RangeError, message });
  }
  await t.notThrowsAsync(oracleRows(workloadOf([...ONE_STAGE, patient], 0, 1), sourceOf([]), 0));
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
  const strange = workloadOf([{ ...ONE_STAGE[0]!, aggregate: { ...COUNT_SUM_MIN_MAX, name: 'mode' } }], 0, 1);
  await t.throwsAsync(oracleRows(strange, sourceOf([]), 0), { instanceOf: RangeError, message: /no incremental aggregate mode/ });
});
