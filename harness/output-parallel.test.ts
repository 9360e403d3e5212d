// Proves that processes that have a stream between them write together, byte for byte, the file that one process writes: two and three
// of them, with each killed in its turn, a session of theirs in one server too; and that they go on only as they began.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startRedis } from '../scripts/servers/redis.ts';
import { requiredServer } from '../scripts/servers/required.ts';
import { builtInFile, type ModuleRef } from './modules.ts';
import { type OutputRequest, writeOutput } from './output.ts';

const redis = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));
const workload: ModuleRef = {
  kind: 'workload',
  name: 'flights-delays',
  file: builtInFile('workload', 'flights-delays'),
  options: { limit: 12_000, arrivals: 'actual' },
};
const alone = writeAlone();

async function place(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-output-parallel-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function write(name: string, to: string, run: Pick<OutputRequest, 'parallelism'> & Partial<OutputRequest>) {
  const options = name === 'redis' ? { url: redis!.url } : {};
  return writeOutput({
    workload,
    backend: { kind: 'backend', name, file: builtInFile('backend', name), options },
    batchSize: 256,
    checkpointEveryEvents: 3000,
    killAfterEvents: [],
    seed: 1,
    directory: null,
    to,
    signal: new AbortController().signal,
    ...run,
  });
}

/** What one process writes, which elsewhere is proven to be the oracle's. */
async function writeAlone() {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-output-parallel-'));
  const to = join(directory, 'rows.csv');
  const written = await write('memory', to, { parallelism: 1 });
  const text = await readFile(to, 'utf8');
  await rm(directory, { recursive: true });
  return { written, text };
}

for (const name of ['memory', 'lmdb', 'rocksdb', ...(redis === undefined ? [] : ['redis'])]) {
  test(`${name}: two and three write what one does, also when killed`, async (t) => {
    const directory = await place(t);
    const { written, text } = await alone;
    t.true(written.lateEvents > 0 && written.rows > 1000);
    const runs = [
      { parallelism: 2, killAfterEvents: [9001, 4000] },
      { parallelism: 3, killAfterEvents: [] },
    ];
    for (const run of runs) {
      const to = join(directory, `${run.parallelism}.csv`);
      t.deepEqual(await write(name, to, run), written, `${run.parallelism} processes`);
      t.true((await readFile(to, 'utf8')) === text, `the file of ${run.parallelism} differs`);
    }
  });
}

test('a kept directory is gone on in by as many as began there', async (t) => {
  const directory = await place(t);
  const to = join(directory, 'rows.csv');
  const job = join(directory, 'job');
  const first = await write('memory', to, { parallelism: 2, directory: job });
  t.deepEqual(await write('memory', to, { parallelism: 2, directory: job }), first);
  for (const parallelism of [1, 3])
    await t.throwsAsync(write('memory', to, { parallelism, directory: job }), { code: 'bad-checkpoint', message: /parallelism/ });
  await t.throwsAsync(write('memory', to, { parallelism: 1, directory: join(job, 'part-2') }), {
    code: 'bad-checkpoint',
    message: /is of the key groups 64 to 127 of 128, not of all keys/,
  });
});
