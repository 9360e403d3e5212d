// Proves that the job on Flink gives the oracle's rows: for every kind of window and aggregate that it has, on each state backend, by one
// task and by two, and that what cannot run, or does not, is told by Flink's own root cause, with the job gone.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { startFlink } from '../../scripts/servers/flink.ts';
import { requiredServer } from '../../scripts/servers/required.ts';
import { loadBackend, loadWorkload, refOf } from '../modules.ts';
import { oracle } from '../oracle/oracle.ts';
import { writeOutput } from '../output.ts';
import type { Cell } from '../results.ts';
import { writeEvents } from './events-file.ts';
import { FlinkJob } from './flink-job.ts';
import { hasTypes } from './job-arguments.ts';
import { JobManager } from './job-manager.ts';

const SEED = 7;
const flink = await requiredServer(test, (directory) => startFlink({ directory, durability: 'volatile' }));
const folder = mkdtempSync(path.join(tmpdir(), 'statebench-flink-job-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

function cellOf(workload: string, settings: Cell['backend']['settings'], parallelism: number): Cell {
  return {
    id: workload,
    backend: { name: 'flink', settings, durability: 'volatile' },
    workload: { name: workload, settings: {} },
    storage: { name: 'filesystem', settings: {} },
    batchSize: 1,
    parallelism,
    role: 'candidate',
    engine: 'flink',
  };
}

if (flink !== undefined) {
  const jobManager = new JobManager(flink.url);
  let jobs = 0;

  const prepare = async (spec: string, events: number, settings: Cell['backend']['settings'], parallelism = 1) => {
    const workload = (await loadWorkload(spec)).create();
    const source = await workload.source({ seed: SEED, endless: true });
    const directory = path.join(folder, `job-${++jobs}`);
    mkdirSync(directory);
    const eventsFile = path.join(directory, 'events');
    const { signal } = new AbortController();
    await writeEvents(source, hasTypes(workload), events, eventsFile, signal);
    return {
      jobManager,
      cell: cellOf(spec, settings, parallelism),
      workload,
      source,
      eventsFile,
      events,
      directory,
      checkpointsUrl: pathToFileURL(path.join(directory, 'checkpoints')).href,
      checkpointEveryMs: 500,
      restarts: 0,
      signal,
    };
  };

  const HASHMAP = { state: 'hashmap' };
  const ROCKSDB = { state: 'rocksdb', incremental: true, timers: 'store' };
  for (const [spec, settings, parallelism] of [
    ['flights-delays', HASHMAP, 1],
    ['flights-delays:arrivals=actual', ROCKSDB, 1],
    ['flights-delays:window=sliding', { ...ROCKSDB, incremental: false, timers: 'heap' }, 1],
    ['flights-delays:window=session', { state: 'forst', incremental: true, timers: 'store' }, 1],
    ['flights-delays', ROCKSDB, 2],
    ['flights-delays', { ...HASHMAP, chained: true }, 1],
    ['tumbling-incremental:keys=1000,aggregate=average,disorder=0.2,late=0.01,lateness=500', HASHMAP, 1],
    ['tumbling-holistic:keys=1000,offset=-3000', ROCKSDB, 1],
    ['session-holistic:keys=5000,aggregate=exact-distinct', HASHMAP, 1],
    ['sliding-holistic:keys=1000,payload=constant,payloadBytes=24', HASHMAP, 1],
    ['continuous-aggregation:keys=1000', ROCKSDB, 1],
    ['synthetic:keys=1000,keyed=false', HASHMAP, 2],
    ['tumbling-incremental:keys=1000,aggregate=distinct,precision=12', ROCKSDB, 2],
    ['session-incremental:keys=5000,gap=20,aggregate=top-k,k=5,disorder=0.2,late=0.01', ROCKSDB, 1],
    ['sliding-incremental:keys=1000,size=100,slide=50,aggregate=quantiles', HASHMAP, 1],
    ['window-join:keys=1000,window=sliding,size=100,slide=50,payload=constant,payloadBytes=24', ROCKSDB, 1],
    ['interval-join:keys=1000,lower=-20,upper=10,disorder=0.2,late=0.01', ROCKSDB, 1],
    ['interval-join:keys=1000,lower=-20,upper=-5', HASHMAP, 2],
    ['continuous-join:keys=500', ROCKSDB, 1],
    ['session-holistic:keys=5000,payload=lognormal', ROCKSDB, 1],
    ['interval-join:keys=1000,lower=-20,upper=10,payload=uniform', ROCKSDB, 1],
    ['continuous-join:keys=500,payload=constant,payloadBytes=40', HASHMAP, 1],
  ] as const) {
    const name = `${spec} on ${settings.state}, ${parallelism} ${parallelism === 1 ? 'task' : 'tasks'}${'chained' in settings ? ', chained' : ''}`;
    test.serial(name, async (t) => {
      const events = 40_000;
      const request = await prepare(spec, events, settings, parallelism);
      const { workload } = request;
      const job = await FlinkJob.start(request);
      await job.finished();
      const { output, lateByStage } = await job.output();
      for await (const { ended, late } of oracle(workload, await workload.source({ seed: SEED, endless: true }), [events])) {
        t.true(ended.rows >= 10 || spec.includes('keyed=false'));
        t.deepEqual(output, ended);
        t.deepEqual(lateByStage, late);
      }
    });
  }

  // Without waiting for slots about one job in five of two tasks was refused.
  test.serial('a job begins the moment another has finished, though its slots are told to be free only later', async (t) => {
    const requests = await Promise.all(Array.from({ length: 15 }, () => prepare('flights-delays', 5000, HASHMAP, 2)));
    for (const request of requests) {
      const job = await FlinkJob.start(request);
      t.is((await job.finished()).state, 'FINISHED');
    }
  });

  for (const [spec, backend, kills] of [
    ['flights-delays:limit=60000', 'rocksdb', [41_000]],
    ['interval-join:events=20000,keys=1000,lower=-20,upper=10,disorder=0.2,late=0.01', 'hashmap', [15_000]],
  ] as const) {
    test.serial(`the rows of ${spec} are those of memory to the byte, with a kill on the way`, async (t) => {
      const write = async (name: string, killAfterEvents: readonly number[]) => {
        const to = path.join(folder, 'rows.csv');
        const request = { batchSize: 1000, parallelism: 1, checkpointEveryEvents: 10_000, seed: SEED, directory: null };
        const [workload, module] = [refOf(await loadWorkload(spec)), refOf(await loadBackend(name))];
        const { signal } = new AbortController();
        const { rows, lateEvents } = await writeOutput({ ...request, workload, backend: module, killAfterEvents, to, signal });
        return { rows, lateEvents, text: readFileSync(to, 'latin1') };
      };
      const expected = await write('memory', []);
      const got = await write(`flink:${backend},url=${flink.url}`, kills);
      t.true(expected.rows > 1000);
      t.is(got.lateEvents, expected.lateEvents);
      t.is(got.rows, expected.rows);
      t.true(got.text === expected.text);
    });
  }
}
