// Proves that a run with an open loop says when a killed job had caught up, brackets a rate, measures every load with as many events as were planned, checks its output against the
// independent answer, and sees a write that is lost only there; and that results keep the schema.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { builtInFile, loadBackend, loadStorage, loadWorkload } from './modules.ts';
import { makePlan } from './plan.ts';
import { trialSchema } from './results.ts';
import { runPlan } from './run.ts';
import { parseSpec } from './spec.ts';
import { DEFAULT_SUITE, overrule } from './suite.ts';

/** Loses writes in the directory that an open loop has to itself. */
const FICKLE = `import memory, { options } from ${JSON.stringify(builtInFile('backend', 'memory'))}; export { options };
const inner = memory(options.parse({}));
export default () => ({ ...inner, name: 'fickle', open: async (request) => {
  const store = await inner.open(request);
  if (!/[\\\\/]latency[\\\\/]/.test(request.directory)) return store;
  const value = store.value.bind(store);
  store.value = (name) => {
    const table = value(name);
    let writes = 0;
    return { read: (batch) => table.read(batch), scan: (...given) => table.scan(...given), drop: (window) => table.drop(window),
      write: (batch) => { if (++writes % 5 === 0 && batch.length > 0) batch.present[0] = 0; return table.write(batch); } };
  };
  return store;
} });`;

test('an open loop in a run', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-latency-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'fickle.mjs');
  await writeFile(file, FICKLE);
  const suite = overrule(DEFAULT_SUITE, {
    profile: 'smoke',
    measures: ['latency', 'recovery'],
    latency: { arrivals: 'poisson', limitMs: 60_000, ratesPerSecond: [500] },
    workloads: [parseSpec('synthetic:keys=500,ratePerSecond=2000,size=330ms')],
  });
  const modules = {
    backends: [await loadBackend('memory'), await loadBackend(file)],
    workloads: [await loadWorkload(suite.workloads[0]!)],
    storages: [await loadStorage('filesystem')],
  };
  const made = makePlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  const plan = { ...made.plan, profile: { ...made.plan.profile, measuredSeconds: 0.1 } };
  const { trials } = await runPlan({ ...made, plan, outDirectory: directory, onEvent: () => {}, signal: new AbortController().signal });
  for (const trial of trials) t.notThrows(() => trialSchema.parse(JSON.parse(JSON.stringify(trial))));
  const byName = new Map(trials.map((trial) => [trial.backend.name, trial]));

  const memory = byName.get('memory');
  t.is(memory?.state, 'completed', memory?.state === 'failed' ? memory.message : '');
  if (memory?.state !== 'completed') return;
  t.true(memory.correctness.paced?.equal);
  t.true(memory.correctness.recovered?.equal);
  const { catchUp, phases } = memory.recovery!;
  t.is(catchUp!.ratePerSecond / memory.throughput.eventsPerSecond > 0.4, true);
  const replayedMs = Object.values(phases).reduce<number>((sum, ms = 0) => sum + ms, 0);
  t.true(catchUp!.caughtUpMs === null || catchUp!.caughtUpMs >= replayedMs - 100, `${catchUp!.caughtUpMs} after ${replayedMs}`);
  const { sustainable, loads } = memory.latency!;
  t.is(sustainable.steps.length, 5);
  for (const { ratePerSecond, passed, reason } of sustainable.steps) {
    t.true(ratePerSecond >= 0.3 * memory.throughput.eventsPerSecond * 0.999 && ratePerSecond < memory.throughput.eventsPerSecond);
    t.is(passed, reason === null);
  }
  t.deepEqual(
    loads.map(({ fraction }) => fraction),
    [0.1, 0.3, 0.5, 0.7, 0.9, null],
  );
  for (const load of loads) {
    t.is(load.latency.total, load.events);
    t.true(load.duringCheckpoint.total <= load.events && load.service.total <= load.events);
    t.true(load.service.max <= load.latency.max, 'who was last in a micro-batch waited for all of it');
    t.true(load.seconds > 0 && load.busyShare >= 0 && load.busyShare <= 1);
  }
  t.is(loads.at(-1)!.ratePerSecond, 500);
  t.true(loads.some(({ window }) => window !== null && window.total > 0));
  t.true(loads.some(({ checkpoints }) => checkpoints.length > 0));

  const fickle = byName.get('fickle');
  t.true(fickle?.state === 'completed' && fickle.correctness.uninterrupted?.equal === true && fickle.correctness.paced?.equal === false);
});
