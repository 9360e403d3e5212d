// Proves that the report says whether the order of backends holds on Flink, only where the data decide it, and gives advice in Flink's
// words only where a measurement stands behind a line.
import test from 'ava';
import type { Cell } from '../../harness/results.ts';
import { decide, standingLine } from '../decision.ts';
import { inventResults, USUAL } from '../fixtures.ts';
import { renderPage } from '../page/page.ts';
import type { Results } from '../read-results.ts';
import { contestOf } from '../recommend/contest-of.ts';
import { type GroupSummary, isFlink, summarise } from '../statistics/summary.ts';
import { adviceOf, adviceText } from './advice.ts';
import { bridgeOf } from './bridge.ts';

const HASHMAP = { state: 'hashmap', checkpointIntervalMs: 1000, heapBytes: 2 ** 30, managedBytes: 2 ** 30 };
const ROCKSDB = { ...HASHMAP, state: 'rocksdb', incremental: true, timers: 'store' };

const invented = (wanted: Partial<typeof USUAL>): Results => inventResults({ ...USUAL, failing: [], wrong: [], ...wanted });
/** Inventing them takes a second and more. */
const USUAL_RESULTS = invented({});

/** The usual run, with cells of Flink as they are when they come from there. */
function resultsWith(settings: Readonly<Record<string, Cell['backend']['settings']>>, wanted: Partial<typeof USUAL> = {}): Results {
  const results = Object.keys(wanted).length === 0 ? USUAL_RESULTS : invented(wanted);
  const inForce = (name: string, before: Cell['backend']['settings']) => settings[name] ?? before;
  return {
    ...results,
    plan: {
      ...results.plan,
      cells: results.plan.cells.map((cell) => ({
        ...cell,
        backend: { ...cell.backend, settings: inForce(cell.backend.name, cell.backend.settings) },
        ...(cell.backend.name in settings && { engine: 'flink' as const }),
      })),
    },
    trials: results.trials.map((trial) => ({
      ...trial,
      backend: { ...trial.backend, settings: inForce(trial.backend.name, trial.backend.settings) },
      ...(trial.state === 'completed' && trial.backend.name in settings && { time: null, batchTime: null, calls: [], liveState: null }),
    })),
  };
}

function groupOf({ plan, trials }: Results): GroupSummary {
  return summarise(plan, trials).groups[0]!;
}

const BOTH = { 'flink:hashmap': HASHMAP, 'flink:rocksdb': ROCKSDB };

test('a run without Flink has no bridge and no advice', (t) => {
  const group = groupOf(resultsWith({}));
  t.is(bridgeOf(group), null);
  t.is(adviceOf(group), null);
});

test("Flink's state backends have tiers of their own, and are no alternatives to ours", (t) => {
  const results = resultsWith(BOTH);
  const group = groupOf(results);
  const flink = group.candidates.filter(isFlink);
  t.deepEqual(
    flink.map(({ cell, tier }) => [cell.backend.name, tier]),
    [
      ['flink:hashmap', 1],
      ['flink:rocksdb', 2],
    ],
  );
  t.is(group.candidates[0]?.tier, 1);
  t.false(isFlink(group.candidates[0]!));
  t.deepEqual(group.candidates.slice(-2), flink, 'behind all of ours, however fast');
  const ids = flink.map(({ cell }) => cell.id);
  t.false(group.tiers!.some(({ members, against }) => [...members, ...against.map(({ id }) => id)].some((id) => ids.includes(id))));
  t.true(flink.every(({ againstReference }) => againstReference === null));
  t.is(standingLine(flink[0]!, group, results.plan).mark, '✓ best tier of Flink');
  t.deepEqual(
    contestOf(group, results.plan, { groups: [group] }).contenders.map(({ id }) => id),
    group.candidates.slice(0, -2).map(({ cell }) => cell.id),
  );
});

test('where Flink alone ran, its state backends are what is chosen from', (t) => {
  const results = resultsWith(BOTH);
  const { plan, trials } = results;
  const cells = plan.cells.filter(({ engine }) => engine === 'flink');
  const ids = cells.map(({ id }) => id);
  const alone = { ...plan, cells, reference: 'flink:hashmap' };
  const group = summarise(
    alone,
    trials.filter(({ cell }) => ids.includes(cell)),
  ).groups[0]!;
  t.deepEqual(
    group.tiers?.map(({ members }) => members.length),
    [1, 1],
  );
  t.is(decide(group, alone, { groups: [group] }).headline, 'flink:hashmap');
});

test('the order that holds is told with the ratio in both', (t) => {
  const bridge = bridgeOf(groupOf(resultsWith(BOTH)));
  t.is(bridge?.verdict, 'carries-over');
  t.regex(
    bridge?.answer ?? '',
    /^The order of memory and RocksDB carries over to Flink\. Memory is 7\.\d+ times .*and 2\.\d+ times on Flink/,
  );
  t.is(bridge?.table.rows.filter((row) => row[1] === 'Flink').length, 2);
});

test('the order that is the other way round is told as that', (t) => {
  const bridge = bridgeOf(groupOf(resultsWith({ 'flink:hashmap': ROCKSDB, 'flink:rocksdb': HASHMAP })));
  t.is(bridge?.verdict, 'reversed');
});

test('what is not decided is not told as an order', (t) => {
  const noisy = bridgeOf(groupOf(resultsWith(BOTH, { noise: 1.5 })));
  t.is(noisy?.verdict, 'unresolved');
  const wrong = bridgeOf(groupOf(resultsWith(BOTH, { wrong: ['flink:hashmap'] })));
  t.is(wrong?.verdict, 'not-comparable');
  const alone = bridgeOf(groupOf(resultsWith({ 'flink:hashmap': HASHMAP })));
  t.is(alone?.verdict, 'not-comparable');
});

test('advice has the measurement behind each line, or says that there is none', (t) => {
  const text = adviceText(adviceOf(groupOf(resultsWith(BOTH))) ?? []);
  t.regex(text, /^state\.backend\.type: hashmap {2}# 2\.\d+ times as fast as flink:rocksdb \([\d.]+ to [\d.]+\), while the state fits$/m);
  t.regex(
    text,
    /^# execution\.checkpointing\.incremental: no advice: not compared: measure flink@full:rocksdb,checkpoints=full beside it$/m,
  );
  t.regex(text, /^# execution\.checkpointing\.interval: no advice: only one was measured, 1000 ms; a checkpoint took \d+ ms end to end/m);
  const lines = text.split('\n');
  t.is(lines.length, 6);
});

test('a setting is advised where cells differ in it alone', (t) => {
  const full = { ...ROCKSDB, incremental: false };
  const text = adviceText(adviceOf(groupOf(resultsWith({ 'flink:hashmap': full, 'flink:rocksdb': ROCKSDB }))) ?? []);
  t.regex(
    text,
    /^execution\.checkpointing\.incremental: false {2}# 2\.\d+ times as fast as flink:rocksdb .*; a checkpoint writes [\d.]+ MB against [\d.]+ MB$/m,
  );
});

test('the page of a run with cells of Flink has the section, and no figure that Flink cannot give', async (t) => {
  const page = await renderPage(resultsWith(BOTH));
  t.true(page.includes('Does it hold on Flink?'));
  t.true(page.includes('The order of memory and RocksDB carries over to Flink.'));
  t.false((await renderPage(resultsWith({}))).includes('Does it hold on Flink?'));
});
