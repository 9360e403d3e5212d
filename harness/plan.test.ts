// Proves that a plan holds every combination once under a stable name, and that what cannot be planned says why.
import test from 'ava';
import { loadBackend, loadStorage, loadWorkload } from './modules.ts';
import { makePlan } from './plan.ts';
import { type Plan, planSchema } from './results.ts';
import { parseSpec } from './spec.ts';
import { DEFAULT_SUITE, type Suite } from './suite.ts';
import { originalOf, withFastestOnDiskTwice } from './twins.ts';

async function plan(backends: readonly string[], overruled: Partial<Suite> = {}, leftOut: Plan['leftOut'] = []) {
  // Smoke measures nothing twice.
  const suite: Suite = { ...DEFAULT_SUITE, profile: 'smoke', backends: backends.map(parseSpec), ...overruled };
  const modules = {
    backends: await Promise.all(suite.backends.map(loadBackend)),
    workloads: await Promise.all(suite.workloads.map(loadWorkload)),
    storages: await Promise.all(suite.storages.map(loadStorage)),
  };
  return makePlan(suite, modules, { command: 'statebench run', startedAt: new Date(0), leftOut });
}

test('every combination once, as the results have it', async (t) => {
  const workloads = [parseSpec('flights-delays'), parseSpec('synthetic@few')];
  const made = await plan(['lmdb', 'lmdb@sync:sync=true', 'sqlite'], { workloads, batchSizes: [1, 1000, 1] });
  t.notThrows(() => planSchema.parse(made.plan));
  const ids = made.cells.map(({ cell }) => cell.id);
  t.is(ids.length, 3 * 2 * 2);
  t.is(new Set(ids).size, ids.length);
  t.is(ids[1], 'lmdb@sync/flights-delays/filesystem/1');
  t.is(made.cells[1]?.cell.backend.settings.sync, true);
  t.is(made.plan.reference, 'lmdb');
  t.is(made.estimate.trials, 12);
  t.true(made.estimate.seconds > 12 * 3);
  t.deepEqual(JSON.parse(JSON.stringify(made.cells)), made.cells, 'cells go to other processes as JSON');
});

test('refuses a batch size larger than a workload allows, and says what to change', async (t) => {
  const [synthetic, flights] = [parseSpec('synthetic:watermarkEvery=400'), parseSpec('flights-delays')];
  await t.throwsAsync(plan(['lmdb'], { workloads: [flights, synthetic], batchSizes: [1, 1000] }), {
    code: 'bad-value',
    message:
      /^batch size 1000 is larger than workload 'synthetic' allows: .* every 400 events.*largest size possible is 400\..*watermarkEvery=1000 in/,
  });
  await t.throwsAsync(plan(['lmdb'], { workloads: [flights], batchSizes: [10_000] }), {
    code: 'bad-value',
    message: /'flights-delays' .*largest size possible is 1000\. Ask for at most 1000; this workload has no option/,
  });
  const sizes = ({ cells }: Awaited<ReturnType<typeof plan>>) => cells.map(({ cell }) => cell.batchSize);
  t.deepEqual(sizes(await plan(['lmdb'], { workloads: [flights, synthetic] })), [1000, 400], 'no size given: one that each allows');
  t.deepEqual(sizes(await plan(['lmdb'], { workloads: [parseSpec('synthetic:watermarkEvery=10000')], batchSizes: [10_000] })), [10_000]);
});

test('a fill is counted for every trial, to calibrate, and once for the right output; not for the null backend', async (t) => {
  const seconds = async (backends: readonly string[], workload: string, measures?: Suite['measures']) => {
    return (await plan(backends, { workloads: [parseSpec(workload)], ...(measures && { measures }) })).estimate.seconds;
  };
  const filled = 'synthetic:keys=1000000,fill=3000000';
  const more = (await seconds(['lmdb'], filled)) - (await seconds(['lmdb'], 'synthetic'));
  const [store, oracle] = [15, 20];
  t.is(more, (1 + 1) * store + oracle);
  t.is((await seconds(['lmdb', 'sqlite'], filled)) - (await seconds(['lmdb', 'sqlite'], 'synthetic')), 2 * (1 + 1) * store + oracle);
  t.is((await seconds(['null', 'lmdb'], filled)) - (await seconds(['null', 'lmdb'], 'synthetic')), more);
  const swept = (await seconds(['lmdb'], filled, ['interval'])) - (await seconds(['lmdb'], 'synthetic', ['interval']));
  t.is(swept, (2 * 1 + 1) * store + oracle, 'the sweep of the interval fills its own state');
});

test('the null backend is the cost of the harness and never the reference', async (t) => {
  const made = await plan(['null', 'lmdb']);
  t.deepEqual(
    made.cells.map(({ cell }) => cell.role),
    ['harness-cost', 'candidate'],
  );
  t.is(made.plan.reference, 'lmdb');
  await t.throwsAsync(plan(['null', 'lmdb'], { reference: 'null' }), { code: 'unknown-name' });
});

test('every profile that decides something measures the reference twice, unless it is already', async (t) => {
  const names = (made: Awaited<ReturnType<typeof plan>>) => [...new Set(made.plan.cells.map(({ backend }) => backend.name))];
  const twin = [{ of: 'lmdb', name: 'lmdb@again' }];
  const standard = await plan(['null', 'lmdb', 'sqlite'], { profile: 'standard' });
  t.deepEqual(standard.plan.twins, twin);
  t.deepEqual(names(standard), ['null', 'lmdb', 'sqlite', 'lmdb@again']);
  const [first, second] = ['lmdb', 'lmdb@again'].map((name) => standard.cells.find(({ cell }) => cell.backend.name === name)!);
  t.deepEqual({ ...second!.backend, name: 'lmdb' }, first!.backend);
  t.deepEqual(second!.cell.backend.settings, first!.cell.backend.settings);
  const chosen = await plan(['lmdb@a:sync=true', 'lmdb@again'], { profile: 'rigorous', reference: 'lmdb@a' });
  t.deepEqual(chosen.plan.twins, [{ of: 'lmdb@a', name: 'lmdb@again2' }]);
  const already = await plan(['lmdb', 'sqlite', 'lmdb@once-more'], { profile: 'standard' });
  t.deepEqual(already.plan.twins, [{ of: 'lmdb', name: 'lmdb@once-more' }]);
  t.is(already.cells.length, 3);
  t.deepEqual((await plan(['lmdb', 'sqlite'], { profile: 'quick' })).plan.twins, twin);
  const smoke = await plan(['lmdb', 'sqlite'], { profile: 'smoke' });
  t.deepEqual([smoke.plan.twins, smoke.cells.length], [[], 2]);
  t.deepEqual((await plan(['null'], { profile: 'standard' })).plan.twins, [], 'the null backend stores nothing to compare');
});

test('the twin of the fastest store on disk is chosen by calibrated rates, and counted before', async (t) => {
  const workloads = [parseSpec('synthetic@a'), parseSpec('synthetic@b')];
  const made = await plan(['memory', 'sqlite', 'lmdb', 'null'], { workloads, profile: 'quick' });
  t.true(made.plan.choosesTwinOnDisk);
  t.is(made.estimate.trials, (4 + 1 + 1) * 2 * made.plan.profile.blocks, 'both twins are counted');
  const rate = { memory: 9e6, 'memory@again': 9e6, null: 9e7, sqlite: 2e5, lmdb: 5e5 } as Readonly<Record<string, number>>;
  const rates = (without = '') =>
    new Map(made.plan.cells.flatMap(({ id, backend }) => (id === without ? [] : [[id, rate[backend.name]!] as const])));
  const { plan: twice, cells } = withFastestOnDiskTwice(made, rates());
  t.deepEqual(twice.twins, [
    { of: 'memory', name: 'memory@again' },
    { of: 'lmdb', name: 'lmdb@again' },
  ]);
  t.is(twice.choosesTwinOnDisk, undefined);
  t.deepEqual(
    cells.slice(made.cells.length).map(({ cell }) => cell.id),
    made.plan.cells.filter(({ backend }) => backend.name === 'lmdb').map(({ id }) => id.replace('lmdb', 'lmdb@again')),
  );
  t.deepEqual(
    twice.cells,
    cells.map(({ cell }) => cell),
  );
  t.is(originalOf(twice, twice.cells.at(-1)!), 'lmdb/synthetic@b/filesystem/1000');
  t.notThrows(() => planSchema.parse(JSON.parse(JSON.stringify(twice))));
  const failed = withFastestOnDiskTwice(made, rates('lmdb/synthetic@b/filesystem/1000'));
  t.is(failed.plan.twins[1]?.of, 'sqlite', 'a store that could not be calibrated gets no twin');
  t.is((await plan(['memory', 'null'], { profile: 'quick' })).plan.choosesTwinOnDisk, undefined, 'no store on disk: one twin');
  t.is((await plan(['lmdb'], { profile: 'quick' })).plan.choosesTwinOnDisk, undefined, 'the reference is the only one: one twin');
});

test('a plan of an earlier version, with one twin, is still read', async (t) => {
  const { plan: made } = await plan(['memory', 'lmdb'], { profile: 'quick' });
  const { twins: _, choosesTwinOnDisk: __, ...rest } = made;
  const profile = { ...made.profile, smallestEffect: 0.25 };
  t.deepEqual(planSchema.parse({ ...rest, profile, twin: 'memory@again' }).twins, [{ of: 'memory', name: 'memory@again' }]);
  t.deepEqual(planSchema.parse({ ...rest, profile, twin: null }).twins, []);
  t.deepEqual(planSchema.parse({ ...rest, profile }).twins, []);
});

test('rigorous ends when enough is known, or when the time is up', async (t) => {
  const { plan: made, estimate } = await plan(['lmdb'], { profile: 'rigorous', timeLimitSeconds: 7200 });
  t.is(made.profile.sequential?.timeLimitSeconds, 7200);
  t.true(estimate.secondsLeast < estimate.seconds);
  t.true((await plan(['lmdb'], { profile: 'rigorous', timeLimitSeconds: 60 })).estimate.seconds < estimate.secondsLeast);
  await t.throwsAsync(plan(['lmdb'], { profile: 'standard', timeLimitSeconds: 60 }), {
    code: 'bad-value',
    message: /rigorous.*standard always has 12 blocks/,
  });
});

test('what cannot be planned', async (t) => {
  await t.throwsAsync(plan(['lmdb', 'lmdb']), { code: 'duplicate-name', message: /named 'lmdb'.*lmdb@second/ });
  await t.throwsAsync(plan(['lmdb'], { reference: 'lmbd' }), { code: 'unknown-name', message: /Did you mean 'lmdb'\?/ });
  const leftOut = [{ backend: 'redis', reason: 'there is no redis-server', missed: true }];
  await t.throwsAsync(plan(['lmdb'], { reference: 'redis' }, leftOut), { code: 'unavailable', message: /no redis-server/ });
  await t.throwsAsync(plan([], {}, leftOut), { code: 'unavailable', message: /no backend is left.*no redis-server/ });
});

test('numbers of processes are cells of their own, if the workload can be divided', async (t) => {
  const made = await plan(['lmdb'], { parallelisms: [1, 4, 1], workloads: [parseSpec('flights-delays')] });
  t.notThrows(() => planSchema.parse(made.plan));
  t.deepEqual(
    made.cells.map(({ cell: { id, parallelism } }) => [id, parallelism]),
    [
      ['lmdb/flights-delays/filesystem/1000', 1],
      ['lmdb/flights-delays/filesystem/1000/4-processes', 4],
    ],
  );
  await t.throwsAsync(plan(['lmdb'], { parallelisms: [2], measures: ['rescale'] }), {
    code: 'bad-value',
    message: /'rescale'.*one process/,
  });
  await t.throwsAsync(plan(['lmdb'], { parallelisms: [129] }), { code: 'bad-value', message: /128 key groups/ });
});

test('disk follows the logs that stores keep, memory the servers that are started', async (t) => {
  const MIB = 2 ** 20;
  const disk = async (...backends: readonly string[]) => (await plan(backends, { profile: 'quick' })).estimate.diskBytes / MIB;
  t.true((await disk('memory')) < 16, 'a store without files has its checkpoints there');
  const buffered = await disk('rocksdb:writeBufferBytes=16mb');
  t.true(buffered > 24 && buffered < 45, `${buffered}`);
  t.is(await disk('memory', 'rocksdb'), (await disk('rocksdb')) + (2 * 3) / 32, 'the most at one time');
  const mapped = async (keys: number) =>
    (await plan(['lmdb'], { workloads: [parseSpec(`synthetic:keys=${keys}`)] })).estimate.diskBytes / MIB;
  t.true((await mapped(100_000)) > 80 && (await mapped(300)) < 16, 'pages that a checkpoint holds while others are written');
  const onFlink = await disk('memory', 'flink:hashmap,url=http://127.0.0.1:1');
  t.true(onFlink > 300 && onFlink < 700, 'events go to Flink by a file, a million of them a second');
  const onRocksDb = await disk('flink:rocksdb,url=http://127.0.0.1:1');
  t.true(onRocksDb > 147 / 1.5 && onRocksDb < 147 * 1.5, 'a run of this took 147 MiB: its calibration has more events than its trials');
  const suite = { ...DEFAULT_SUITE, backends: [parseSpec('memory')] };
  const modules = {
    backends: [await loadBackend('memory')],
    workloads: await Promise.all(suite.workloads.map(loadWorkload)),
    storages: await Promise.all(suite.storages.map(loadStorage)),
  };
  const request = { command: '', startedAt: new Date(0), leftOut: [] };
  const memory = (serversBytes: number) => makePlan(suite, modules, { ...request, serversBytes }).estimate.memoryBytes;
  t.is(memory(900 * MIB) - memory(0), 900 * MIB);
});
