// Proves that a store which keeps nothing is wrong also where only throughput is measured and no window fires in the measured part: the
// trial ends its stream and compares the rows. And that a run whose rows were all empty is unchecked, with an exit code of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../harness/errors.ts';
import type { CompletedTrial, Trial } from '../../harness/results.ts';
import { inventResults, USUAL } from '../../reports/fixtures.ts';
import { summarise } from '../../reports/statistics/summary.ts';
import { verdict } from '../measuring.ts';
import { forgetfulCheck } from './forgetful-check.ts';

test('a store that forgets everything is wrong in a run that measures throughput alone', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-forgetful-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const { passed, seen } = await forgetfulCheck.run({ directory, signal: new AbortController().signal });
  t.true(passed, seen);
  t.regex(seen, /^wrong, by [1-9]\d* rows/);
});

const NOTHING = { atEvent: 100, ended: true, rows: 0, digest: '0'.repeat(32) };
const EQUAL = { expected: NOTHING, got: NOTHING, equal: true };

function withoutRows(trial: CompletedTrial): CompletedTrial {
  const { output: _, ...rest } = trial;
  return {
    ...rest,
    correctness: { ...trial.correctness, uninterrupted: EQUAL, ended: EQUAL, recovered: EQUAL, rescaled: null, swept: null, paced: null },
  };
}

test('equal outputs without a row prove nothing, also in results that did not record the number of rows', (t) => {
  const { plan, trials } = inventResults(USUAL);
  const emptied = trials.map((trial): Trial => (trial.state === 'completed' && trial.backend.name === 'lmdb' ? withoutRows(trial) : trial));
  const run = summarise(plan, emptied);
  const lmdb = run.groups[0]!.candidates.find(({ cell }) => cell.backend.name === 'lmdb')!;
  t.is(lmdb.standing, 'unchecked');
  t.is(lmdb.comparedRows, 0);
  t.is(lmdb.killsChecked, 0);
  t.is(lmdb.tier, null);
  const before = summarise(plan, trials).exact;
  t.is(run.exact.recovered, before.recovered - lmdb.trials.length);
  t.is(run.exact.uninterrupted, before.uninterrupted - lmdb.trials.length);
});

test('a run of which an output was not checked does not end with exit code 0', (t) => {
  const results = inventResults(USUAL);
  const sound = results.trials.filter(({ state, backend }) => state === 'completed' && backend.name !== 'hbase');
  const plan = { ...results.plan, leftOut: [] };
  t.is(verdict({ ...results, plan, trials: sound }), EXIT.ok);
  const emptied = sound.map((trial): Trial => (trial.state === 'completed' && trial.backend.name === 'lmdb' ? withoutRows(trial) : trial));
  t.is(verdict({ ...results, plan, trials: emptied }), EXIT.tooNoisy);
});
