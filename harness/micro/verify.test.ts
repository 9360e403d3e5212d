// Proves that every operation does on real stores what a plain Map does, at several batch sizes, and leaves the state as it was; and
// that backends with the mistakes that implementers make are found out, by the operation that shows them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { StateBackend } from '../../backends/contract.ts';
import { builtInFile, create } from '../modules.ts';
import { MAP_ENTRIES, type MicroOperation, OPERATION_NAMES, OPERATIONS } from './operations.ts';
import { timeRescale } from './rescale-state.ts';
import { StateLayout } from './state-layout.ts';
import { problemOf } from './verify.ts';

const SEED = 5;
const WIDTHS = { keyBytes: 12, valueBytes: 8 };

function backendOf(name: string, options: Readonly<Record<string, string>> = {}): Promise<StateBackend> {
  return create<StateBackend>({ kind: 'backend', name, file: builtInFile('backend', name), options });
}

/** What is wrong with an operation on a backend, by itself in a fresh store; null if nothing is. */
async function problem(backend: StateBackend, operation: MicroOperation, batchSizes: readonly number[]): Promise<string | null> {
  const layout = new StateLayout(operation.state, operation.ttl, WIDTHS);
  const directory = await mkdtemp(join(tmpdir(), 'statebench-micro-'));
  const store = await backend.open({ directory, tables: [layout.table] });
  try {
    for (const batchSize of batchSizes) {
      const found = await problemOf({ operation, layout, store, batchSize, seed: SEED });
      if (found !== null) return `batch size ${batchSize}, seed ${SEED}: ${found}`;
    }
    return null;
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
}

function named(name: string): MicroOperation {
  return OPERATIONS.find((operation) => operation.name === name)!;
}

test('the operations are those of Flink, with and without time to live, and two of rescaling', (t) => {
  const plain =
    'valueGet valueUpdate valueAdd listAppend listAdd listAddAll listGet listGetAndIterate listUpdate mapGet mapPut mapAdd mapContains mapIsEmpty mapKeys mapValues mapEntries mapIterator mapRemove mapPutAll';
  const names = plain.split(' ');
  t.deepEqual([...OPERATION_NAMES].sort(), [...names, ...names.map((name) => `${name}Ttl`), 'rescaleOut', 'rescaleIn'].sort());
  t.is(MAP_ENTRIES, 10);
});

for (const name of ['memory', 'rocksdb', 'lmdb']) {
  test(`every operation is right on ${name}`, async (t) => {
    const backend = await backendOf(name);
    for (const operation of OPERATIONS) t.is(await problem(backend, operation, [1, 24]), null, operation.name);
  });

  test(`state of ${name} is taken over by two and by one, whole`, async (t) => {
    const backend = await backendOf(name);
    const directory = await mkdtemp(join(tmpdir(), 'statebench-micro-'));
    for (const operation of ['rescaleOut', 'rescaleIn'] as const) {
      const timing = await timeRescale({ name: operation, backend, directory, keys: 500, widths: WIDTHS, timeMs: 1 });
      if (typeof timing === 'string') t.fail(timing);
      else t.true(timing.iterations >= 1 && timing.ms > 0);
    }
    await rm(directory, { recursive: true });
  });
}

for (const [canary, operation, seen] of [
  ['torn-batch', 'valueUpdate', /filled in|not with the values/],
  ['first-write-wins', 'valueUpdate', /not with the values that were written/],
  ['lost-deletes', 'mapRemove', /has 10 entries, not 9/],
  ['lost-deletes', 'valueAdd', /once undone/],
  ['stale-present', 'valueGet', /found \d+ entries where there are/],
  ['ignores-group', 'mapKeys', /found \d+ entries where there are/],
  ['ignores-group', 'listGet', /found \d+ entries where there are/],
  ['scan-twice', 'mapEntriesTtl', /filled in|found \d+ entries/],
  ['set-of-elements', 'listAddAll', /.*/],
  ['unordered-lists', 'listAppend', /.*/],
  ['removes-one-element', 'listUpdate', /.*/],
  ['drop-of-nothing', 'mapIsEmpty', /a dropped window still holds something/],
] as const) {
  test(`${operation} finds the backend with ${canary} out`, async (t) => {
    t.is(await problem(await backendOf('canaries', { canary: 'none' }), named(operation), [24]), null);
    t.regex((await problem(await backendOf('canaries', { canary }), named(operation), [24])) ?? 'nothing was found', seen);
  });
}
