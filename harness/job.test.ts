// Proves that a job falls back where only the backend finds a checkpoint damaged: its storage vouches for every byte, but a file
// is noise. The one before is restored into a directory of its own, the rows are right, and where all are such, none is used.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { CheckpointStorage } from '../backends/checkpoints/contract.ts';
import type { StateBackend } from '../backends/contract.ts';
import { Job } from './job.ts';
import { create, loadBackend, loadStorage } from './modules.ts';
import { DigestSink } from './pipeline/digest-sink.ts';
import { EVENTS, testWorkload } from './portable/test-workload.ts';
import { seededRandom } from './random.ts';
import { republishNoise } from './survival/damage.ts';

const EVERY = { firstEvent: 2000, everyEvents: 2000, exact: true };
const storage = await create<CheckpointStorage>(await loadStorage('filesystem'));

async function placeFor(t: ExecutionContext) {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-job-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function openJob(backend: string, directory: string) {
  const { workload, source } = await testWorkload('values', 50);
  const sink = new DigestSink();
  const made = await create<StateBackend>(await loadBackend(backend));
  return { job: await Job.open({ workload, source, backend: made, storage, directory, batchSize: 64, sink }), sink };
}

for (const backend of ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb']) {
  const seed = Math.floor(Math.random() * 2 ** 31);
  test(`${backend}: what only the backend finds damaged is passed over (seed ${seed})`, async (t) => {
    const random = seededRandom(seed);
    const [straight, directory] = [await placeFor(t), await placeFor(t)];
    const undisturbed = await openJob(backend, straight);
    await undisturbed.job.run(EVENTS, EVERY);
    await undisturbed.job.end();
    await undisturbed.job.close();

    const first = await openJob(backend, directory);
    await first.job.run(7000, EVERY);
    await first.job.close();
    const done = await republishNoise(first.job.space, 3, random);
    t.deepEqual(await first.job.space.list(), [3, 2]);
    await t.notThrowsAsync(first.job.space.open(3), 'the storage finds nothing');

    const second = await openJob(backend, directory);
    const { bytes, ...restored } = second.job.restored!;
    t.deepEqual(restored, { checkpointId: 2, fromEvent: 4000, skipped: 1 }, done);
    t.true(bytes !== null && bytes > 0, 'the bytes of the restored checkpoint are reported');
    t.deepEqual((await readdir(directory)).sort(), ['checkpoints', 'state-1', 'state-2'], 'nothing of the attempt is left');
    t.is(second.job.stateDirectory, join(directory, 'state-2'));
    await second.job.run(7000, EVERY);
    await second.job.checkpointer.settled();
    t.deepEqual(await second.job.space.list(), [4, 2], 'the damaged one went first');
    await second.job.run(EVENTS, EVERY);
    await second.job.end();
    await second.job.close();
    t.is(second.sink.hex(), undisturbed.sink.hex());

    const last = await second.job.space.list();
    const all = [];
    for (const id of last) all.push(await republishNoise(second.job.space, id, random));
    const refusal = await t.throwsAsync(openJob(backend, directory), { code: 'no-whole-checkpoint' }, all.join());
    for (const id of last) t.regex(refusal?.message ?? '', new RegExp(`chk-${id}\\b`), 'each is named');
    t.deepEqual((await readdir(directory)).sort(), ['checkpoints', 'state-1', 'state-2']);
  });
}
