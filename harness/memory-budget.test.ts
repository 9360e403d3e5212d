// Proves that every embedded backend takes the budget of a run and tells of it, that its own setting goes before, who is refused, and that
// of two backends with the same budget the one that keeps state in memory alone fails by name where the other goes on and is right.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { withMemory } from './memory-budget.ts';
import { builtIns, loadBackend, loadStorage, loadWorkload } from './modules.ts';
import { makePlan } from './plan.ts';
import { runPlan } from './run.ts';
import { parseSpec } from './spec.ts';
import { DEFAULT_SUITE, overrule } from './suite.ts';

const BUDGET = 123 * 2 ** 20;

test('every embedded backend takes a budget and says what it comes to; lmdb says why it cannot', async (t) => {
  for (const name of builtIns('backend')) {
    const module = await loadBackend(name);
    if (module.server !== null || name === 'null') continue;
    const { settings } = withMemory(module, BUDGET).create();
    if (name === 'lmdb') t.is(settings.mapBytes, BUDGET);
    else t.is(settings.memoryBytes, BUDGET, name);
  }
});

test('settings that are named as options can be given as options, which a checkpoint is read with', async (t) => {
  for (const name of builtIns('backend')) {
    const module = await loadBackend(name);
    if (module.server !== null) continue;
    for (const { settings } of [module.create(), ...(name === 'null' ? [] : [withMemory(module, BUDGET).create()])]) {
      const known = new Set(module.described.map((option) => option.name));
      const options = Object.entries(settings).flatMap(([key, value]) => (known.has(key) ? [{ key, value }] : []));
      const again = (await loadBackend({ name, isPath: false, label: null, options })).create();
      t.deepEqual(again.settings, settings, name);
    }
  }
});

test('a budget that a backend sets for itself goes before that of the run', async (t) => {
  const module = await loadBackend('sqlite:memoryBytes=2mib');
  t.is(withMemory(module, BUDGET).create().settings.memoryBytes, 2 * 2 ** 20);
});

test('the null backend and a server without the option go without; a stranger is told what to do', async (t) => {
  const harness = await loadBackend('null');
  t.is(withMemory(harness, BUDGET), harness);
  const folder = await mkdtemp(join(tmpdir(), 'statebench-stranger-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const write = async (name: string, more: string) => {
    const file = join(folder, `${name}.mjs`);
    const zod = import.meta.resolve('zod');
    const made = `{ name: '${name}', settings: {}, durability: 'volatile', open() {}, restore() {} }`;
    await writeFile(
      file,
      `import { z } from '${zod}';\nexport const options = z.strictObject({});\n${more}\nexport default () => (${made});\n`,
    );
    return loadBackend(file);
  };
  const served = await write('served', `export const server = 'theirs';`);
  t.is(withMemory(served, BUDGET), served);
  const embedded = await write('embedded', '');
  t.throws(() => withMemory(embedded, BUDGET), { code: 'bad-value', message: /'embedded' takes no budget.*option memoryBytes/ });
});

test('a budget that is too small is refused by the name of the backend', async (t) => {
  const module = await loadBackend('rocksdb');
  t.throws(() => withMemory(module, 1000), { code: 'bad-value', message: /'rocksdb'.*'memoryBytes'/ });
});

test('a state larger than the budget: memory fails for it, sqlite is right, and the settings in force are in the results', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-budget-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const memoryBytes = 2 * 2 ** 20;
  const suite = overrule(DEFAULT_SUITE, {
    profile: 'smoke',
    measures: ['throughput'],
    memoryBytes,
    workloads: [parseSpec('synthetic:keys=60000,fill=60000,distribution=sequential,size=2000s')],
  });
  const backends = await Promise.all(['memory', 'sqlite'].map(async (name) => withMemory(await loadBackend(name), memoryBytes)));
  const modules = { backends, workloads: [await loadWorkload(suite.workloads[0]!)], storages: [await loadStorage('filesystem')] };
  const { plan, cells } = makePlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  t.is(plan.memoryBytes, memoryBytes);
  const { trials } = await runPlan({ plan, cells, outDirectory: directory, onEvent: () => {}, signal: new AbortController().signal });
  const memory = trials.find(({ backend }) => backend.name === 'memory');
  t.like(memory, { state: 'failed', phase: 'calibrate', code: 'over-budget' });
  const sqlite = trials.find(({ backend }) => backend.name === 'sqlite');
  if (sqlite?.state !== 'completed') {
    t.fail(JSON.stringify(sqlite));
    return;
  }
  t.is(sqlite.backend.settings.memoryBytes, memoryBytes);
  t.true(sqlite.correctness.uninterrupted?.equal);
  t.deepEqual(sqlite.liveState, { entries: 60_000, bytes: 60_000 * (16 + 32) });
  t.true(sqlite.liveState!.bytes > memoryBytes, 'the state is larger than the budget');
});
