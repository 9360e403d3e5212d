// Proves that a group is named by what tells it from the others of its run, and by nothing else.
import test from 'ava';
import { inventResults, USUAL } from '../fixtures.ts';
import { type GroupSummary, type RunSummary, summarise } from '../statistics/summary.ts';
import { groupName } from './group-article.ts';

const { plan, trials } = inventResults(USUAL);
const run = summarise(plan, trials);

type Told = Pick<GroupSummary, 'workload' | 'storage' | 'batchSize' | 'parallelism'>;

function namesOf(...groups: readonly Partial<Told>[]): readonly string[] {
  const storage = { name: 'filesystem', settings: {} };
  const usual: Told = { workload: { name: 'synthetic', settings: { keys: 1000, size: 10 } }, storage, batchSize: 1000, parallelism: 1 };
  const several: RunSummary = { ...run, groups: groups.map((group) => ({ ...run.groups[0]!, ...usual, ...group })) };
  return several.groups.map((group) => groupName(group, several));
}

test('other workloads need no settings to be told apart', (t) => {
  const flights = { name: 'flights-delays', settings: { limit: 3_000_000, size: 3_600_000 } };
  t.deepEqual(namesOf({ workload: flights }, {}), ['flights-delays', 'synthetic']);
});

test('variants of one workload are told apart by the settings in which they differ', (t) => {
  const many = { name: 'synthetic@many', settings: { keys: 100_000, size: 10 } };
  const other = { name: 'session-holistic', settings: { keys: 5, gap: 3 } };
  t.deepEqual(namesOf({}, { workload: many }, { workload: other }), [
    'synthetic · keys=1000',
    'synthetic@many · keys=100000',
    'session-holistic',
  ]);
});

test('storage, batch size and number of processes are named where there are several', (t) => {
  const storage = { name: 'hdfs', settings: {} };
  t.deepEqual(namesOf({}, { storage }), ['synthetic · filesystem', 'synthetic · hdfs']);
  t.deepEqual(namesOf({}, { batchSize: 1 }), ['synthetic · batches of 1,000', 'synthetic · batches of 1']);
  t.deepEqual(namesOf({}, { parallelism: 2 }), ['synthetic · 1 process', 'synthetic · 2 processes']);
});
