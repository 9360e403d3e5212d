// Proves that a trial of two processes, one of them killed and restored, gives together what the oracle says; that a write lost or a
// checkpoint forgotten in one part fails the trial; that a part that dies ends the others and is named; and that results keep the schema.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { builtInFile, loadBackend, loadStorage, loadWorkload } from './modules.ts';
import { makePlan } from './plan.ts';
import { trialSchema } from './results.ts';
import { runPlan } from './run.ts';
import { isScratchName } from './scratch.ts';
import { parseSpec } from './spec.ts';
import { DEFAULT_SUITE, overrule } from './suite.ts';

const PROCESSES = 2;
const SEED = Math.floor(Math.random() * 2 ** 31);

/** Goes wrong in the second part alone. */
const WRAPPED = `import memory, { options } from ${JSON.stringify(builtInFile('backend', 'memory'))}; export { options };
const inner = memory(options.parse({}));
const isSecond = ({ directory }) => /part-2/.test(directory) && !/calibrate/.test(directory);
const only = (name, change) => ({ ...inner, name, ...change });
`;
const BACKENDS = {
  forgets: `export default () => only('forgets', { async open(request) {
    const store = await inner.open(request);
    if (!isSecond(request)) return store;
    const value = store.value.bind(store);
    store.value = (name) => {
      const table = value(name);
      let writes = 0;
      return { read: (batch) => table.read(batch), scan: (...given) => table.scan(...given), drop: (window) => table.drop(window),
        write: (batch) => { if (++writes % 3 === 0 && batch.length > 0) batch.present[0] = 0; return table.write(batch); } };
    };
    return store;
  } });`,
  amnesiac: `export default () => only('amnesiac', { restore: ({ directory, tables }) => inner.open({ directory, tables }) });`,
  dies: `export default () => only('dies', { async open(request) {
    const store = await inner.open(request);
    if (isSecond(request)) store.checkpoint = () => { process.kill(process.pid, 'SIGBUS'); return new Promise(() => setInterval(() => {}, 1000)); };
    return store;
  } });`,
};

test(`two processes, and three backends that are wrong in one part (seed ${SEED})`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-run-parallel-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const paths: string[] = [];
  for (const [name, text] of Object.entries(BACKENDS)) {
    paths.push(join(directory, `${name}.mjs`));
    await writeFile(paths.at(-1)!, WRAPPED + text);
  }
  const suite = overrule(DEFAULT_SUITE, {
    profile: 'smoke',
    parallelisms: [PROCESSES],
    seed: SEED,
    // The watermark advances every 500 ms: with windows that end elsewhere a checkpoint always holds something that can be lost.
    workloads: [parseSpec('synthetic:keys=500,ratePerSecond=2000,size=330ms,disorder=0.1,disorderMs=100,late=0.01')],
  });
  const modules = {
    backends: await Promise.all(['rocksdb', ...paths].map((spec) => loadBackend(spec))),
    workloads: await Promise.all(suite.workloads.map(loadWorkload)),
    storages: [await loadStorage('filesystem')],
  };
  const made = makePlan(suite, modules, { command: 'test', startedAt: new Date(), leftOut: [] });
  const plan = { ...made.plan, profile: { ...made.plan.profile, measuredSeconds: 0.2 } };
  const { trials } = await runPlan({
    ...made,
    plan,
    outDirectory: directory,
    onEvent: () => {},
    signal: new AbortController().signal,
  });
  t.deepEqual((await readdir(directory)).filter(isScratchName), [], 'nothing of the trials is left');
  for (const trial of trials) t.notThrows(() => trialSchema.parse(trial));
  const byName = new Map(trials.map((trial) => [trial.backend.name, trial]));

  const right = byName.get('rocksdb');
  t.is(right?.state, 'completed', right?.state === 'failed' ? right.message : '');
  if (right?.state !== 'completed') return;
  const { parallelism, correctness, parts, events, checkpoints, recovery, throughput } = right;
  t.is(parallelism, PROCESSES);
  t.true(correctness.uninterrupted?.equal);
  t.true(correctness.recovered?.equal);
  t.true(events.late > 0);
  t.deepEqual(correctness.late, { expected: [events.late], got: [events.late], equal: true });
  t.is(parts.length, PROCESSES);
  t.is(
    parts.reduce((sum, part) => sum + part.events, 0),
    events.measured,
    'every event is in one part',
  );
  t.true(parts.every((part) => part.events > 0 && part.measuredSeconds <= throughput.measuredSeconds * (1 + 1e-9)));
  t.is(new Set(checkpoints.map(({ part }) => part)).size, PROCESSES, 'each part has checkpoints of its own');
  t.true(recovery !== null && recovery.part >= 1 && recovery.part <= PROCESSES);

  const verdicts = (name: string) => {
    const trial = byName.get(name);
    if (trial?.state !== 'completed') return `${trial?.code}: ${trial?.message}`;
    return [trial.correctness.uninterrupted?.equal, trial.correctness.recovered?.equal];
  };
  t.is(verdicts('forgets')[0], false, 'a write lost in one part is seen without a crash');
  t.deepEqual(verdicts('amnesiac'), [true, false], 'a checkpoint lost by the killed part is seen after the crash, and only there');
  t.regex(String(verdicts('dies')), /^SIGBUS: part 2 of 2: the process died by SIGBUS/);
});
