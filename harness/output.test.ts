// Proves that the output file is the oracle's, byte for byte, for every embedded backend, whatever the micro-batch, with
// checkpoints, and when the process is killed on the way: each row exactly once.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Workload } from '../workloads/contract.ts';
import { builtInFile, create, type ModuleRef } from './modules.ts';
import { oracleRows } from './oracle/oracle.ts';
import { writeOutput } from './output.ts';

const ROWS = 20_000;

function workloadRef(options: ModuleRef['options']): ModuleRef {
  return {
    kind: 'workload',
    name: 'flights-delays',
    file: builtInFile('workload', 'flights-delays'),
    options: { limit: ROWS, ...options },
  };
}

/** The oracle's rows in the words of the file's format. */
async function expectedCsv(ref: ModuleRef): Promise<string> {
  const workload = await create<Workload>(ref);
  const source = await workload.source({ seed: 1, endless: false });
  const rows = await oracleRows(workload, source, source.events);
  const lines = rows.map(({ stage, windowStart, windowEnd, key, numbers }) => {
    return { sortBy: [stage, windowStart, windowEnd] as const, key, line: [stage, windowStart, windowEnd, key, ...numbers].join(',') };
  });
  lines.sort((a, b) => {
    const place = a.sortBy.findIndex((value, i) => value !== b.sortBy[i]);
    return place >= 0 ? a.sortBy[place]! - b.sortBy[place]! : Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
  });
  return `stage,window_start,window_end,key,count,sum,min,max\n${lines.map(({ line }) => `${line}\n`).join('')}`;
}

/** Runs of the memory backend, which is quick, show micro-batches, checkpoints and many kills; every backend is killed, twice where memory is five times. */
const WHOLE = [
  { batchSize: 1000, parallelism: 1, checkpointEveryEvents: null, killAfterEvents: [] },
  { batchSize: 1, parallelism: 1, checkpointEveryEvents: 7000, killAfterEvents: [] },
];
const KILLED = { batchSize: 64, parallelism: 1, checkpointEveryEvents: 3000 };
const WORKLOADS = [
  { options: { arrivals: 'actual' }, killAfterEvents: [2000, 4000, 9001, 12_345, 16_001] },
  { options: { window: 'sliding', size: 7_200_000, slide: 3_600_000 }, killAfterEvents: [16_001] },
];

for (const { options, killAfterEvents } of WORKLOADS) {
  const killed = { ...KILLED, killAfterEvents };
  const ref = workloadRef(options as ModuleRef['options']);
  const expected = expectedCsv(ref);
  for (const name of ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb']) {
    test(`${name}, ${JSON.stringify(options)}: the file is the oracle's, also when killed`, async (t) => {
      const directory = await mkdtemp(join(tmpdir(), 'statebench-output-test-'));
      t.teardown(() => rm(directory, { recursive: true, force: true }));
      const backend: ModuleRef = { kind: 'backend', name, file: builtInFile('backend', name), options: {} };
      const runs = name === 'memory' ? [...WHOLE, killed] : [{ ...killed, killAfterEvents: killAfterEvents.slice(-2) }];
      for (const [index, run] of runs.entries()) {
        const to = join(directory, `${index}.csv`);
        await writeOutput({ workload: ref, backend, ...run, seed: 1, directory: null, to, signal: new AbortController().signal });
        const got = await readFile(to, 'utf8');
        t.is(got.length, (await expected).length, `run ${index}: length`);
        t.true(got === (await expected), `run ${index} differs`);
      }
    });
  }
}

test('a backend that throws, and one that is not there, are named', async (t) => {
  const to = join(tmpdir(), 'never-written.csv');
  const backend: ModuleRef = {
    kind: 'backend',
    name: 'redis',
    file: builtInFile('backend', 'redis'),
    options: { url: 'redis://127.0.0.1:1' },
  };
  const error = await t.throwsAsync(
    writeOutput({
      workload: workloadRef({}),
      backend,
      batchSize: 1,
      parallelism: 1,
      checkpointEveryEvents: null,
      killAfterEvents: [],
      seed: 1,
      directory: null,
      to,
      signal: new AbortController().signal,
    }),
  );
  t.is((error as { code?: string } | undefined)?.code, 'unavailable', error?.message);
  t.regex(error?.message ?? '', /127\.0\.0\.1:1/);
});
