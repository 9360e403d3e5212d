// Proves that the micro-suite measures in processes of their own what was asked for, as often as was asked for; that what a backend
// does wrong is told and not timed while the others' results are kept; and that it ends early when told to.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readEnvironment } from '../measure/environment.ts';
import { builtInFile, type ModuleRef } from '../modules.ts';
import { type MicroResults, microSchema } from '../results.ts';
import { OPERATION_NAMES } from './operations.ts';
import { partsOf, runMicro } from './run-micro.ts';

const refOf = (name: string, options: ModuleRef['options'] = {}): ModuleRef => ({
  kind: 'backend',
  name,
  file: builtInFile('backend', name),
  options,
});

async function run(backends: readonly ModuleRef[], operations: readonly string[], blocks: number, signal = new AbortController().signal) {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-micro-'));
  const kept: MicroResults[] = [];
  const results = await runMicro({
    plan: {
      schema: 1,
      command: 'npx statebench micro',
      startedAt: new Date().toISOString(),
      seed: 7,
      environment: readEnvironment(directory),
      settings: { keys: 200, keyBytes: 8, valueBytes: 8, batchSizes: [1, 64], blocks, timeMs: 1, warmUpMs: 1 },
      operations: operations.map((name) => ({ name, description: '' })),
      backends: backends.map(({ name }) => ({ name, settings: {}, durability: 'volatile' })),
      leftOut: [],
    },
    backends,
    directory,
    signal,
    onResults: (so) => kept.push(so),
    onPart: () => {},
  });
  const left = await readdir(directory);
  await rm(directory, { recursive: true });
  return { results, kept, left };
}

test('every operation is in one process', (t) => {
  const parts = partsOf(OPERATION_NAMES);
  t.is(parts.length, 7);
  t.deepEqual(parts.flatMap(({ operations }) => operations).sort(), [...OPERATION_NAMES].sort());
});

test('what was asked for is measured, on each backend in each block', async (t) => {
  const { results, kept, left } = await run(
    [refOf('memory'), refOf('rocksdb'), refOf('lmdb')],
    ['valueGet', 'valueUpdate', 'rescaleIn'],
    1,
  );
  t.notThrows(() => microSchema.parse(results));
  t.deepEqual(results.failures, []);
  t.true(results.complete);
  t.deepEqual(left, []);
  t.is(kept.length, 1 + 6 + 1);
  const made = results.measurements.map(({ backend, block, operation, batchSize }) => `${backend} ${block} ${operation} ${batchSize}`);
  const due = ['memory', 'rocksdb', 'lmdb'].flatMap((name) =>
    ['valueGet 1', 'valueGet 64', 'valueUpdate 1', 'valueUpdate 64', 'rescaleIn 1024'].map((text) => {
      const [operation, batchSize] = text.split(' ');
      return `${name} 1 ${operation} ${batchSize}`;
    }),
  );
  t.deepEqual(made.sort(), due.sort());
  for (const { operations, measuredSeconds, operationsPerSecond, batchP50Ms } of results.measurements) {
    t.true(Math.abs(operations / measuredSeconds / operationsPerSecond - 1) < 1e-9);
    t.true(batchP50Ms === null || batchP50Ms > 0);
  }
});

test('a wrong backend is refused, and not tried again; the others are measured', async (t) => {
  const broken = refOf('canaries', { canary: 'first-write-wins' });
  const { results } = await run([refOf('memory'), broken], ['valueGet', 'valueUpdate'], 2);
  t.true(results.complete);
  t.deepEqual(
    results.failures.map(({ backend, block, operations, code }) => ({ backend, block, operations, code })),
    [{ backend: 'canaries', block: 1, operations: ['valueUpdate'], code: 'wrong' }],
  );
  const of = (backend: string, operation: string) =>
    results.measurements.filter((made) => made.backend === backend && made.operation === operation).length;
  t.deepEqual([of('memory', 'valueUpdate'), of('canaries', 'valueUpdate'), of('canaries', 'valueGet')], [4, 0, 4]);
});

test('a backend whose process fails is told of', async (t) => {
  const { results } = await run([refOf('canaries', { canary: 'no-such-canary' }), refOf('memory')], ['listAppend'], 1);
  t.regex(results.failures[0]?.message ?? '', /no canary is named/);
  t.is(results.measurements.filter(({ backend }) => backend === 'memory').length, 2);
});

test('it ends early when told to', async (t) => {
  const { results } = await run([refOf('memory')], ['valueGet'], 1, AbortSignal.abort());
  t.false(results.complete);
  t.deepEqual(results.measurements, []);
});
