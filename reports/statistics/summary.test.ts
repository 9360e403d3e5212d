// Proves that only cells with every output right compete, that durability classes are kept apart when asked, that the
// A/A twin does not compete, and that digests decide whatever the flag beside them says.
import test from 'ava';
import type { CompletedTrial, Trial } from '../../harness/results.ts';
import { trialSchema } from '../../harness/results.ts';
import { inventResults, PROFILES, USUAL } from '../fixtures.ts';
import { speedUpNote } from '../speed-up-table.ts';
import { recoveryTotalMs } from './metrics.ts';
import { speedUpsOf } from './speed-up.ts';
import { type CellSummary, type GroupSummary, summarise, throughputOf } from './summary.ts';

const results = inventResults(USUAL);
const find = (cells: readonly CellSummary[], name: string) => cells.find(({ cell }) => cell.backend.name === name)!;

test('invented results are results', (t) => {
  for (const trial of results.trials) t.true(trialSchema.safeParse(trial).success, trial.id);
});

test('failed and wrong cells are in no tier, and are counted', (t) => {
  const run = summarise(results.plan, results.trials);
  const [group] = run.groups;
  const [failed, wrong] = [find(group!.candidates, 'flink:rocksdb'), find(group!.candidates, 'hbase')];
  t.is(failed.standing, 'failed');
  t.is(wrong.standing, 'wrong');
  for (const cell of [failed, wrong]) {
    t.is(cell.tier, null);
    t.is(cell.againstReference, null);
    t.true(group!.tiers!.every(({ members }) => !members.includes(cell.cell.id)));
  }
  t.deepEqual(run.trials, { completed: 129, failed: 1, wrong: 1, superseded: 0 });
  t.is(run.exact.recovered, run.exact.candidates - 1);
  t.is(group!.harness?.standing, 'harness-cost');
});

test('the A/A twin is compared with the reference and does not compete', (t) => {
  const run = summarise(results.plan, results.trials);
  t.is(run.sameTwice.length, 1);
  const twin = find(run.groups[0]!.candidates, 'memory@again');
  t.true(twin.isTwin);
  t.is(twin.tier, null);
});

test('a need for durability takes the others out of the tiers', (t) => {
  const run = summarise(results.plan, results.trials, 'process-crash');
  const tiered = run.groups[0]!.candidates.filter(({ tier }) => tier !== null);
  t.true(tiered.length > 0 && tiered.every(({ cell }) => cell.backend.durability !== 'volatile'));
  t.is(tiered[0]!.cell.backend.name, 'lmdb');
});

test('an output whose digest differs is wrong, whatever its flag says', (t) => {
  const spoilt = results.trials.map((trial): Trial => {
    if (trial.state === 'failed' || trial.backend.name !== 'lmdb' || trial.block !== 3) return trial;
    const { uninterrupted } = trial.correctness;
    return {
      ...trial,
      correctness: {
        ...trial.correctness,
        uninterrupted: { ...uninterrupted!, got: { ...uninterrupted!.got, digest: 'f'.repeat(32) }, equal: true },
      },
    };
  });
  t.is(find(summarise(results.plan, spoilt).groups[0]!.candidates, 'lmdb').standing, 'wrong');
});

test('a trial with other late events than the oracle has is wrong', (t) => {
  const spoilt = results.trials.map((trial): Trial => {
    if (trial.state === 'failed' || trial.backend.name !== 'lmdb' || trial.block !== 3) return trial;
    return { ...trial, correctness: { ...trial.correctness, late: { expected: [30, 7], got: [31, 6], equal: false } } };
  });
  t.is(find(summarise(results.plan, spoilt).groups[0]!.candidates, 'lmdb').standing, 'wrong');
});

test('a cell that failed once stays failed, though a later attempt in the block went well', (t) => {
  const failed = results.trials.find((trial) => trial.state === 'failed')!;
  const other = results.trials.find((trial): trial is CompletedTrial => trial.state === 'completed' && trial.cell === failed.cell)!;
  const run = summarise(results.plan, [...results.trials, { ...other, id: 'again', block: failed.block }]);
  const cell = find(run.groups[0]!.candidates, 'flink:rocksdb');
  t.is(cell.standing, 'failed');
  t.is(cell.trials.length, 10);
});

test('of two attempts in a block the later counts', (t) => {
  const first = results.trials.find((trial): trial is CompletedTrial => trial.state === 'completed' && trial.backend.name === 'lmdb')!;
  const again = { ...first, id: 'again', throughput: { ...first.throughput, eventsPerSecond: 1 } };
  const cell = find(summarise(results.plan, [...results.trials, again]).groups[0]!.candidates, 'lmdb');
  t.is(cell.superseded, 1);
  t.is(cell.trials.length, 10);
  t.is(cell.metrics.eventsPerSecond?.min, 1);
});

test('groups are workload, storage and batch size', (t) => {
  const many = inventResults({ ...USUAL, backends: 3, workloads: ['a', 'b'], batchSizes: [1, 64], profile: PROFILES.quick });
  const run = summarise(many.plan, many.trials);
  t.deepEqual(
    run.groups.map(({ workload, batchSize }) => `${workload.name} ${batchSize}`),
    ['a 1', 'a 64', 'b 1', 'b 64'],
  );
});

test('other numbers of processes are groups of their own, compared with one by block', (t) => {
  const several = inventResults({ ...USUAL, backends: 3, parallelisms: [1, 2, 4], failing: [], wrong: ['lmdb'], noise: 0.01 });
  const run = summarise(several.plan, several.trials);
  const processes = (groups: readonly GroupSummary[]) => groups.map(({ parallelism }) => parallelism);
  t.deepEqual(processes(run.groups), [1]);
  t.deepEqual(processes(run.otherGroups), [2, 4]);
  const { base, rows } = speedUpsOf(run.groups[0]!, run)!;
  t.is(base, 1);
  t.deepEqual(
    rows.slice(0, 3).map(({ cell: { cell } }) => [cell.backend.name, cell.parallelism]),
    [1, 2, 4].map((parallelism) => ['memory', parallelism]),
  );
  t.is(rows[0]!.ratio, null);
  for (const [row, parallelism] of [
    [rows[1]!, 2],
    [rows[2]!, 4],
  ] as const) {
    const { ratio, interval, n } = row.ratio!;
    t.true(interval!.low < ratio && ratio < interval!.high && n === 10);
    t.true(Math.abs(ratio / parallelism ** 0.75 - 1) < 0.02, `${ratio}`);
  }
  t.true(
    rows.filter(({ cell }) => cell.cell.backend.name === 'lmdb').every(({ ratio }) => ratio === null),
    'a wrong output has no speed',
  );
  t.is(rows.length, 4 * 3);
  const asked = (onFlink: (row: number) => boolean): string =>
    speedUpNote({
      base,
      rows: rows.map((row, i) => ({
        ...row,
        cell: { ...row.cell, cell: { ...row.cell.cell, engine: onFlink(i) ? ('flink' as const) : undefined } },
      })),
    });
  for (const [note, processes, tasks] of [
    [asked(() => false), true, false],
    [asked(() => true), false, true],
    [asked((row) => row < 3), true, true],
  ] as const) {
    t.is(note.includes('throws away those of the others'), processes, note);
    t.is(note.includes('tasks of one job'), tasks, note);
  }
  const one = summarise(results.plan, results.trials);
  t.is(speedUpsOf(one.groups[0]!, one), null);
});

test('one block supports no tiers', (t) => {
  const smoke = inventResults({ ...USUAL, profile: PROFILES.smoke });
  const [group] = summarise(smoke.plan, smoke.trials).groups;
  t.is(group!.tiers, null);
  t.true(group!.candidates.every(({ tier }) => tier === null));
  t.is(group!.candidates[0]!.metrics.eventsPerSecond?.interval, null);
});

test('a percentile stands only where there are micro-batches enough', (t) => {
  const cell = find(summarise(results.plan, results.trials).groups[0]!.candidates, 'sqlite');
  t.not(cell.metrics.batchP99Ms, null);
  t.is(cell.metrics.batchP999Ms, null);
  t.true(throughputOf(cell)! > 100_000);
});

test('recovery is the sum of its phases', (t) => {
  t.is(recoveryTotalMs({ processMs: 1, verifyMs: 2, restoreMs: 4, firstBatchMs: 8, replayMs: 16 }), 31);
});
