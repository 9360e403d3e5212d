// Proves that runs whose checkpoints go to HDFS survive: SIGKILL at every named point of the checkpoint path and at arbitrary moments,
// and HDFS itself killed and restarted under a job; that a job there is taken over by others and moved to another backend; and that
// what a killed supervisor left there is removed by the next.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import { entriesOf } from '../../backends/checkpoints/hdfs/by-hand.ts';
import type { StateBackend } from '../../backends/contract.ts';
import { sweepJobs } from '../../harness/checkpointing/remove-jobs.ts';
import { Job } from '../../harness/job.ts';
import { builtInFile, create, loadBackend, type ModuleRef } from '../../harness/modules.ts';
import { oracle } from '../../harness/oracle/oracle.ts';
import { type DigestState, OutputDigest } from '../../harness/output-digest.ts';
import { DigestSink } from '../../harness/pipeline/digest-sink.ts';
import { findState, migrate } from '../../harness/portable/migrate.ts';
import { rescale } from '../../harness/portable/rescale.ts';
import { EVENTS, testWorkload } from '../../harness/portable/test-workload.ts';
import { startHdfs } from '../servers/hdfs.ts';
import { requiredServer } from '../servers/required.ts';
import { everyPointCampaign } from './fail-points.ts';
import { killsInARow } from './kills.ts';
import { runCampaign } from './run-campaign.ts';

const PATH = '/campaigns';
const KEYS = 200;
const EVERY = { firstEvent: 1_500, everyEvents: 1_500, exact: true };

function storageAt(url: string): ModuleRef {
  return { kind: 'storage', name: 'hdfs', file: builtInFile('storage', 'hdfs'), options: { url, path: PATH } };
}

async function place(t: ExecutionContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'statebench-on-hdfs-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  return root;
}

async function jobIn(directory: string, backend: string, ref: ModuleRef) {
  await mkdir(directory, { recursive: true });
  const { workload, source } = await testWorkload('values', KEYS);
  const sink = new DigestSink();
  const [made, storage] = [await (await loadBackend(backend)).create(), await create<CheckpointStorage>(ref)];
  const request = { workload, source, backend: made, storage, directory, batchSize: 64, sink };
  return { job: await Job.open(request), sink, storage, workload };
}

/** What the rows have to be, in order or in parts. */
async function rightRows() {
  const { workload, source } = await testWorkload('values', KEYS);
  const { value: answer } = await oracle(workload, source, [EVENTS]).next();
  return { rows: answer!.ended.rows, digest: answer!.ended.digest };
}

const server = await requiredServer(test, (directory) => startHdfs({ directory, durability: 'process-crash' }));
if (server !== undefined) {
  const { url } = server;
  const storage = storageAt(url);

  for (const campaign of [everyPointCampaign(), killsInARow(6, 3)]) {
    for (const name of ['memory', 'rocksdb']) {
      test.serial(`${campaign.name} ${name}: ${campaign.what}`, async (t) => {
        const problems: string[] = [];
        const onProblem = (problem: string) => void problems.push(problem);
        const subject = await loadBackend(name);
        const tally = await runCampaign({
          campaign,
          subject,
          storage,
          seed: null,
          lanes: 2,
          signal: new AbortController().signal,
          onProblem,
        });
        t.deepEqual(problems, []);
        t.true(tally.restores > 0);
        t.deepEqual(await entriesOf(url, PATH), [], 'every job was removed there too');
      });
    }
  }

  test.serial('a job is taken over in two parts, and moved to another backend, from where it is on HDFS', async (t) => {
    const root = await place(t);
    const { job, sink, storage: made } = await jobIn(join(root, 'job'), 'memory', storage);
    await job.run(6_000, EVERY);
    await job.close();
    const checkpoints = join(root, 'job', 'checkpoints');
    const digests: DigestState[] = [];
    let rows = 0;
    for (const part of [0, 1]) {
      await using found = await findState(checkpoints, made);
      const { workload, source } = await testWorkload('values', KEYS);
      const directory = join(root, `part-${part}`);
      await mkdir(join(directory, 'state-1'), { recursive: true });
      const backend = await (await loadBackend('memory')).create();
      const taken = await rescale({
        sources: [found],
        part,
        parts: 2,
        workload,
        backend,
        stateDirectory: join(directory, 'state-1'),
        sink: (saved) => ({ ...OutputDigest.sum(saved as unknown as DigestState[]) }),
      });
      const space = await made.open(join(directory, 'checkpoints'));
      const partSink = new DigestSink();
      const request = { workload, source, backend, storage: made, directory, batchSize: 64, sink: partSink };
      const resumed = Job.resume(request, { ...taken, space, stateDirectory: join(directory, 'state-1'), damaged: [] });
      await resumed.run(EVENTS, EVERY);
      await resumed.end();
      await resumed.close();
      digests.push(partSink.save() as unknown as DigestState);
      rows += partSink.rows;
      await made.destroy(join(directory, 'checkpoints'));
    }
    const right = await rightRows();
    t.deepEqual({ rows, digest: OutputDigest.load(OutputDigest.sum(digests)).hex() }, right);

    {
      await using found = await findState(checkpoints, made);
      t.is(found.position.pipeline.events, 6_000);
      const [source, target] = await Promise.all(
        ['memory', 'sqlite'].map(async (name) => (await loadBackend(name)).create() as StateBackend),
      );
      await mkdir(join(root, 'moved'));
      await migrate({ found, source: source!, target: target!, storage: made, out: join(root, 'moved', 'checkpoints') });
    }
    const moved = await jobIn(join(root, 'moved'), 'sqlite', storage);
    t.is(moved.job.restored?.fromEvent, 6_000);
    await moved.job.run(EVENTS, EVERY);
    await moved.job.end();
    await moved.job.close();
    t.deepEqual({ rows: moved.sink.rows, digest: moved.sink.hex() }, right);
    t.true(sink.rows < right.rows, 'the first job was not at its end');
    for (const name of ['job', 'moved']) await made.destroy(join(root, name, 'checkpoints'));
    t.deepEqual(await entriesOf(url, PATH), []);
  });

  test.serial('what a killed process left on HDFS goes with its directory, and what lives stays', async (t) => {
    const root = await place(t);
    const program = `
      import { makeScratch } from ${JSON.stringify(new URL('../../harness/scratch.js', import.meta.url).href)};
      import { create } from ${JSON.stringify(new URL('../../harness/modules.js', import.meta.url).href)};
      import { mkdir } from 'node:fs/promises';
      const directory = makeScratch(${JSON.stringify(root)}, 'work') + '/trial-1/part-1';
      await mkdir(directory, { recursive: true });
      await (await create(${JSON.stringify(storage)})).open(directory + '/checkpoints');
      process.kill(process.pid, 'SIGKILL');`;
    t.is(spawnSync(process.execPath, ['--input-type=module', '-e', program]).signal, 'SIGKILL');
    const made = await create<CheckpointStorage>(storage);
    const living = join(await place(t), 'checkpoints');
    await made.open(living);
    t.is((await entriesOf(url, PATH)).length, 2);
    await sweepJobs(root, [storage]);
    t.deepEqual(await readdir(root), []);
    t.is((await entriesOf(url, PATH)).length, 1);
    await t.notThrowsAsync(made.open(living));
    await made.destroy(living);
  });

  test.serial(
    'HDFS is killed and restarted under a job: it waits and its rows are right, or it ends by name and the next goes on',
    async (t) => {
      const at = await mkdtemp(join(tmpdir(), 'statebench-hdfs-restarted-'));
      let running = await startHdfs({ directory: at, durability: 'process-crash' });
      t.teardown(async () => {
        if (running.state === 'running') await running.server.stop();
        await rm(at, { recursive: true, force: true });
      });
      const killAll = async () => {
        if (running.state !== 'running') throw new Error(running.reason);
        for (const pid of running.server.pids) process.kill(pid, 'SIGKILL');
        await running.server.stop();
      };
      if (running.state !== 'running') return t.fail(running.reason);
      const own = storageAt(running.server.url);
      const directory = join(await place(t), 'job');
      const first = await jobIn(directory, 'memory', own);
      await first.job.run(4_000, EVERY);
      await killAll();
      const waiting = first.job.run(8_000, EVERY);
      running = await startHdfs({ directory: at, durability: 'process-crash' });
      await waiting;
      await first.job.checkpointer.settled();
      t.is((await first.job.space.list()).length, 2);
      await first.job.close();

      // Gone for longer than it is waited for.
      const hurried = await jobIn(directory, 'memory', { ...own, options: { ...own.options, waitMs: 1_000 } });
      t.is(hurried.job.restored?.fromEvent, 7_500);
      await killAll();
      const error = await t.throwsAsync(async () => {
        await hurried.job.run(EVENTS, EVERY);
        await hurried.job.checkpointer.settled();
      });
      t.regex(String((error as { code?: unknown } | undefined)?.code), /^(not-durable|unavailable)$/, error?.message);
      t.is(((await t.throwsAsync(jobIn(directory, 'memory', own))) as { code?: string } | undefined)?.code, 'unavailable');
      running = await startHdfs({ directory: at, durability: 'process-crash' });
      const last = await jobIn(directory, 'memory', own);
      t.true((last.job.restored?.fromEvent ?? 0) >= 7_500);
      await last.job.run(EVENTS, EVERY);
      await last.job.end();
      await last.job.close();
      t.deepEqual({ rows: last.sink.rows, digest: last.sink.hex() }, await rightRows());
    },
  );
}
