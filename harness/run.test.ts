// Proves that whatever a backend does is a result and the others go on: one that throws, one that dies by a signal, one that
// forgets writes, one that restores too little, one that forgets only while the checkpoint interval is swept; and that trials are kept
// as they finish, in the results' schema.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { builtInFile, loadBackend, loadStorage, loadWorkload } from './modules.ts';
import { makePlan } from './plan.ts';
import { type Plan, trialSchema } from './results.ts';
import { runPlan, streamPlan } from './run.ts';
import { openRunFiles } from './run-files.ts';
import { isScratchName } from './scratch.ts';
import { parseSpec } from './spec.ts';
import { DEFAULT_SUITE, overrule } from './suite.ts';
import { withFastestOnDiskTwice } from './twins.ts';

const MEMORY = JSON.stringify(builtInFile('backend', 'memory'));
const WRAPPED = `import memory, { options } from ${MEMORY}; export { options };
const inner = memory(options.parse({}));
const wrap = (name, change) => ({ ...inner, name, ...change });
const forgetful = async (request) => {
  const store = await inner.open(request);
  const value = store.value.bind(store);
  store.value = (name) => {
    const table = value(name);
    let writes = 0;
    return { read: (batch) => table.read(batch), scan: (...given) => table.scan(...given), drop: (window) => table.drop(window),
      write: (batch) => { if (writes++ % 5 === 0 && batch.length > 0) batch.present[0] = 0; return table.write(batch); } };
  };
  return store;
};
`;

const BACKENDS = {
  throws: `export default () => wrap('throws', { open: async () => { throw new Error('no such luck'); } });`,
  dies: `export default () => wrap('dies', { async open(request) {
    const store = await inner.open(request);
    const checkpoint = store.checkpoint.bind(store);
    store.checkpoint = (place) => { process.kill(process.pid, 'SIGBUS'); return new Promise(() => setInterval(() => {}, 1000)); };
    return store;
  } });`,
  forgets: `export default () => wrap('forgets', { open: forgetful });`,
  amnesiac: `export default () => wrap('amnesiac', { restore: ({ directory, tables }) => inner.open({ directory, tables }) });`,
};

/** Rates that calibration found. */
function openSizes(directory: string): ReadonlyMap<string, number> {
  using files = openRunFiles(directory);
  return files.eventsPerSecond;
}

/** A plan that measures for a moment: what is looked at is what becomes of each trial, not how fast it was. */
function briefPlan(...given: Parameters<typeof makePlan>): ReturnType<typeof makePlan> {
  const made = makePlan(...given);
  return { ...made, plan: { ...made.plan, profile: { ...made.plan.profile, measuredSeconds: 0.25 } } };
}

test('four bad backends beside a good one: each is told for what it is, and the good one is right', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-run-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(BACKENDS)) await writeFile(join(directory, `${name}.mjs`), WRAPPED + text);
  const backends = await Promise.all(
    ['memory', 'null', ...Object.keys(BACKENDS).map((name) => join(directory, `${name}.mjs`))].map((spec) => loadBackend(spec)),
  );
  const suite = overrule(DEFAULT_SUITE, {
    profile: 'smoke',
    // Short windows: on a slow machine a trial has some thousand events, and what is lost is seen once its window has fired.
    workloads: [parseSpec('synthetic:keys=500,ratePerSecond=2000,size=330ms,disorder=0.1,disorderMs=100,late=0.01')],
  });
  const modules = { backends, workloads: [await loadWorkload(suite.workloads[0]!)], storages: [await loadStorage('filesystem')] };
  const { plan, cells } = briefPlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  const { trials } = await runPlan({ plan, cells, outDirectory: directory, onEvent: () => {}, signal: new AbortController().signal });

  const byName = new Map(trials.map((trial) => [trial.backend.name, trial]));
  const memory = byName.get('memory');
  t.is(memory?.state, 'completed');
  if (memory?.state === 'completed') {
    t.true(memory.correctness.uninterrupted?.equal);
    t.true(memory.correctness.recovered?.equal);
    t.true((memory.correctness.recovered?.got.rows ?? 0) > 0);
    const { recovery, events } = memory;
    const batches = events.measured / memory.throughput.meanBatchEvents!;
    t.true(Math.abs(batches - Math.round(batches)) < 1e-6 && batches >= events.measured / memory.batchSize, `${batches} micro-batches`);
    t.true(events.late > 0);
    t.deepEqual(events.lateByStage, [events.late]);
    t.deepEqual(memory.correctness.late, { expected: [events.late], got: [events.late], equal: true });
    t.true(recovery !== null && recovery.restoredFromEvent < recovery.killedAtEvent && recovery.killedAtEvent < events.total);
    t.true(Object.values(recovery?.phases ?? {}).every((ms) => ms !== undefined && ms >= 0));
    t.true(memory.checkpoints.length >= 1);
    t.true((recovery?.restoredBytes ?? 0) > 0, 'the bytes of the restored checkpoint are reported');
    const { verifyMs = 0, restoreMs = 0 } = recovery?.phases ?? {};
    t.true(Math.abs((recovery?.restoreMs ?? 0) - verifyMs - restoreMs) < 1e-6, 'loading the events is not in the restore time');
    const replayed = (recovery?.killedAtEvent ?? 0) - (recovery?.restoredFromEvent ?? 0);
    const { firstBatchMs = 0, replayMs = 0 } = recovery?.phases ?? {};
    t.true(Math.abs(((recovery?.replayRate ?? 0) * (firstBatchMs + replayMs)) / 1000 - replayed) < 1e-3 * replayed);
    const wholes = trials.flatMap((trial) => (trial.state === 'completed' ? (trial.recovery ?? []) : []));
    t.true(wholes.length >= 2);
    for (const { killFraction = -1 } of wholes)
      t.true(Math.abs(killFraction - (recovery?.killFraction ?? 0)) < 1e-3, 'all cells of a block die at one place');
    const { storeSeconds, sourceSeconds, pipelineSeconds, checkpointSeconds } = memory.time!;
    const parts = storeSeconds + sourceSeconds + pipelineSeconds + checkpointSeconds;
    t.true(Math.abs(parts / memory.throughput.measuredSeconds - 1) < 0.02, 'the parts of the time make up the whole');
  }
  t.is(byName.get('null')?.state, 'completed');
  const failure = (name: string) => {
    const trial = byName.get(name);
    return trial?.state === 'failed' ? `${trial.code}: ${trial.message}` : trial?.state;
  };
  t.regex(failure('throws') ?? '', /no such luck/);
  t.regex(failure('dies') ?? '', /SIGBUS/);
  const forgets = byName.get('forgets');
  t.true(
    forgets?.state === 'completed' && forgets.correctness.uninterrupted?.equal === false,
    `a lost write is seen without a crash: ${failure('forgets')}`,
  );
  const amnesiac = byName.get('amnesiac');
  t.true(
    amnesiac?.state === 'completed' &&
      amnesiac.correctness.uninterrupted?.equal === true &&
      amnesiac.correctness.recovered?.equal === false,
    'a lost checkpoint is seen after the crash, and only there',
  );

  const lines = (await readFile(join(directory, 'trials.ndjson'), 'utf8')).trim().split('\n');
  t.is(lines.length, trials.length);
  for (const line of lines) t.notThrows(() => trialSchema.parse(JSON.parse(line)));
  t.deepEqual((await readdir(directory)).filter(isScratchName), [], 'nothing of the trials is left');
});

test('a write that is lost only in the sweep of the checkpoint interval is seen there', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-run-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'fickle.mjs');
  // A sweep has its directory to itself.
  const fickle = `export default () => wrap('fickle', { open: (request) => (/interval/.test(request.directory) ? forgetful : inner.open)(request) });`;
  await writeFile(file, WRAPPED + fickle);
  const suite = overrule(DEFAULT_SUITE, {
    profile: 'smoke',
    measures: ['interval'],
    workloads: [parseSpec('synthetic:keys=500,ratePerSecond=2000,size=330ms')],
  });
  const modules = {
    backends: [await loadBackend('memory'), await loadBackend(file)],
    workloads: [await loadWorkload(suite.workloads[0]!)],
    storages: [await loadStorage('filesystem')],
  };
  const { plan, cells } = briefPlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  const { trials } = await runPlan({ plan, cells, outDirectory: directory, onEvent: () => {}, signal: new AbortController().signal });
  const seen = trials.map((trial) => {
    if (trial.state === 'failed') return [trial.backend.name, trial.message];
    const { uninterrupted, recovered, swept } = trial.correctness;
    return [trial.backend.name, uninterrupted?.equal, recovered?.equal, swept?.equal, swept?.expected.atEvent === swept?.got.atEvent];
  });
  t.deepEqual(seen.sort(), [
    ['fickle', true, true, false, true],
    ['memory', true, true, true, true],
  ]);
});

test('an interrupted run keeps what is finished and leaves nothing behind', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-run-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const suite = overrule(DEFAULT_SUITE, { workloads: [parseSpec('synthetic:keys=100')] });
  const modules = {
    backends: [await loadBackend('memory')],
    workloads: [await loadWorkload(suite.workloads[0]!)],
    storages: [await loadStorage('filesystem')],
  };
  const { plan, cells } = makePlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  const stop = new AbortController();
  const { trials } = await runPlan({
    plan,
    cells,
    outDirectory: directory,
    onEvent: ({ type }) => {
      if (type === 'trial-started') setTimeout(() => stop.abort(), 500);
    },
    signal: stop.signal,
  });
  t.is(trials.length, 0);
  t.deepEqual(await readdir(directory), ['sizes.json', 'trials.ndjson']);
});

test('a run ends after the block that is enough, and goes on from there where it is not', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-run-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const suite = overrule(DEFAULT_SUITE, { profile: 'smoke', workloads: [parseSpec('synthetic:keys=100')], measures: ['throughput'] });
  const modules = {
    backends: [await loadBackend('memory'), await loadBackend('null')],
    workloads: [await loadWorkload(suite.workloads[0]!)],
    storages: [await loadStorage('filesystem')],
  };
  const made = makePlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  const plan = { ...made.plan, profile: { ...made.plan.profile, blocks: 4, measuredSeconds: 0.1 } };
  const asked: number[] = [];
  const request = { plan, cells: made.cells, outDirectory: directory, onEvent: () => {}, signal: new AbortController().signal };
  const endAfter = (count: number) => (trials: readonly unknown[]) => {
    asked.push(trials.length);
    return trials.length >= count;
  };
  const { trials } = await runPlan({ ...request, isEnough: endAfter(4) });
  t.deepEqual(trials.map(({ block }) => block).toSorted(), [1, 1, 2, 2]);
  t.deepEqual(asked, [2, 4], 'after whole blocks');
  t.is((await runPlan({ ...request, isEnough: endAfter(6) })).trials.length, 6);
});

test('the fastest store on disk is measured once more, with the same work, and a resumed run keeps that choice', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-run-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const suite = overrule(DEFAULT_SUITE, { profile: 'quick', workloads: [parseSpec('synthetic:keys=100')], measures: ['throughput'] });
  const modules = {
    backends: [await loadBackend('memory'), await loadBackend('lmdb'), await loadBackend('null')],
    workloads: [await loadWorkload(suite.workloads[0]!)],
    storages: [await loadStorage('filesystem')],
  };
  const made = makePlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  const plan = { ...made.plan, profile: { ...made.plan.profile, blocks: 2, measuredSeconds: 0.1 } };
  const kept: Plan[] = [];
  const request = { outDirectory: directory, onEvent: () => {}, signal: new AbortController().signal };
  const onPlan = (chosen: Plan) => kept.push(chosen);
  const isEnough = () => true;
  const first = await runPlan({ ...request, plan, cells: made.cells, onPlan, isEnough });
  t.deepEqual(
    kept.map(({ twins }) => twins),
    [
      [
        { of: 'memory', name: 'memory@again' },
        { of: 'lmdb', name: 'lmdb@again' },
      ],
    ],
  );
  // A disturbed trial is made again.
  const names = [...new Set(first.trials.map(({ backend }) => backend.name))];
  t.deepEqual(names.toSorted(), ['lmdb', 'lmdb@again', 'memory', 'memory@again', 'null']);
  const eventsOf = (name: string) => {
    const trial = first.trials.find(({ backend }) => backend.name === name);
    return trial?.state === 'completed' ? trial.events.measured : trial?.message;
  };
  t.is(eventsOf('lmdb@again'), eventsOf('lmdb'));
  t.is(eventsOf('memory@again'), eventsOf('memory'));
  const again = { plan: kept[0]!, cells: withFastestOnDiskTwice({ plan, cells: made.cells }, openSizes(directory)).cells };
  t.deepEqual(
    again.cells.map(({ cell }) => cell),
    again.plan.cells,
    'the same sizes give the same choice',
  );
  const second = await runPlan({ ...request, ...again, onPlan });
  t.is(second.trials.filter(({ supersedes }) => supersedes === undefined).length, 10);
  t.is(kept.length, 1, 'it is chosen once');
});

test('a data file that is not there is told before anything is measured', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-run-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await writeFile(
    join(directory, 'lost.mjs'),
    `import synthetic, { options } from ${JSON.stringify(builtInFile('workload', 'synthetic'))};
    export { options }; export const description = 'has no file';
    export default (given) => ({ ...synthetic(given), source: async () => { throw Object.assign(new Error('flights.parquet is missing'), { code: 'missing-data' }); } });`,
  );
  const suite = overrule(DEFAULT_SUITE, { profile: 'smoke' });
  const modules = {
    backends: [await loadBackend('memory')],
    workloads: [await loadWorkload(join(directory, 'lost.mjs'))],
    storages: [await loadStorage('filesystem')],
  };
  const { plan, cells } = makePlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  const error = await t.throwsAsync(
    runPlan({ plan, cells, outDirectory: directory, onEvent: () => {}, signal: new AbortController().signal }),
  );
  t.is((error as { code?: string } | undefined)?.code, 'missing-data');
  t.regex(error?.message ?? '', /lost.*flights\.parquet is missing/);
});

test('streams lie on a coarse grid near what was asked for', (t) => {
  for (let events = 100; events < 1e9; events *= 1.7) {
    const { warmUp, measured, tail, checkpoints } = streamPlan(events);
    t.is(tail, measured / 2);
    t.true(warmUp > 0.85 * (measured / 3) && warmUp < 0.95 * (measured / 3));
    t.not((warmUp + measured) % 1000, 0, 'what the store holds is not counted when windows were just emptied');
    const { firstEvent, everyEvents } = checkpoints;
    const before = (event: number) => Math.floor((event - firstEvent) / everyEvents) + 1;
    t.is(before(warmUp), 1, 'there is one to restore from the warm-up');
    t.true(before(warmUp + measured) - before(warmUp) >= 3);
    t.not(everyEvents % 1000, 0, 'checkpoints do not keep step with windows');
    if (events > 3000) t.true(measured / events < 1.3 && measured / events > 0.75, `${measured} for ${events}`);
  }
});
