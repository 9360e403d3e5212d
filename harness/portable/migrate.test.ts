// Proves that a job stopped at a checkpoint on any backend goes on, on any other, to the oracle's rows, by way of a checkpoint
// for that backend and by way of the portable form; that the order of lists is kept; that what was there is not changed; and
// that what cannot be migrated is refused by name; and that a migration that was killed leaves nothing for long.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import { startRedis } from '../../scripts/servers/redis.ts';
import { requiredServer } from '../../scripts/servers/required.ts';
import { Job, NO_CHECKPOINTS } from '../job.ts';
import { builtInFile, create, type ModuleRef } from '../modules.ts';
import { oracle } from '../oracle/oracle.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import { isScratchName } from '../scratch.ts';
import { findState, migrate } from './migrate.ts';
import { EVENTS, type Held, testWorkload } from './test-workload.ts';

/** Amid windows of both stages. */
const CUT_AT = 7_777;
const KEYS = 300;

const storageRef: ModuleRef = {
  kind: 'storage',
  name: 'filesystem',
  file: builtInFile('storage', 'filesystem'),
  options: { fsync: false },
};
const storage = await create<CheckpointStorage>(storageRef);
const backendOf = (name: string): Promise<StateBackend> =>
  create({ kind: 'backend', name, file: builtInFile('backend', name), options: name === 'redis' ? { url: redis!.url } : {} });
/** A workload and the oracle's answer to it. */
async function answered(held: Held) {
  const { workload, source } = await testWorkload(held, KEYS);
  const { value: answer } = await oracle(workload, source, [EVENTS]).next();
  const { rows, digest } = answer!.ended;
  return { held, workload, rows, digest, late: answer!.late.reduce((sum, late) => sum + late) };
}
type Answered = Awaited<ReturnType<typeof answered>>;
const values = await answered('values');
const lists = await answered('lists');

// The last thing waited for before tests are declared.
const redis = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));
const EMBEDDED = ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb'];
const BACKENDS = redis === undefined ? EMBEDDED : [...EMBEDDED, 'redis'];

async function place(t: ExecutionContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'statebench-migrate-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  return root;
}

async function jobIn({ held, workload }: Answered, directory: string, name: string, sink: DigestSink): Promise<Job> {
  await mkdir(directory, { recursive: true });
  const { source } = await testWorkload(held, KEYS);
  return Job.open({ workload, source, backend: await backendOf(name), storage, directory, batchSize: 64, sink });
}

/** A job of backend `name` in `directory`, stopped at a checkpoint. */
async function stoppedJob(of: Answered, directory: string, name: string): Promise<void> {
  const job = await jobIn(of, directory, name, new DigestSink());
  await job.run(CUT_AT - 1000, NO_CHECKPOINTS);
  await job.checkpoint();
  await job.checkpointer.settled();
  await job.run(CUT_AT, NO_CHECKPOINTS);
  await job.checkpoint();
  await job.close();
}

/** Goes on in `directory`, whose checkpoints are there, and compares with the oracle. */
async function goesOn(t: ExecutionContext, of: Answered, directory: string, name: string, from: string): Promise<void> {
  const sink = new DigestSink();
  const job = await jobIn(of, directory, name, sink);
  t.is(job.restored?.fromEvent, CUT_AT);
  await job.run(EVENTS, { firstEvent: 9000, everyEvents: 1000, exact: true });
  await job.end();
  t.deepEqual(
    { rows: sink.rows, digest: sink.hex(), late: job.pipeline.lateEvents },
    { rows: of.rows, digest: of.digest, late: of.late },
    from,
  );
  await job.close();
}

/** Every file below, with size and time of the last change. */
async function contentOf(directory: string): Promise<readonly string[]> {
  const files = await readdir(directory, { recursive: true });
  return Promise.all(
    files.sort().map(async (file) => {
      const { size, mtimeMs } = await stat(join(directory, file));
      return `${file} ${size} ${mtimeMs}`;
    }),
  );
}

for (const [from, of] of BACKENDS.flatMap((name) => [[name, values] as const, [name, lists] as const])) {
  test(`${of.held} from ${from} to every backend, directly and by the portable form`, async (t) => {
    const root = await place(t);
    await stoppedJob(of, join(root, 'job'), from);
    const checkpoints = join(root, 'job', 'checkpoints');
    await mkdir(join(checkpoints, 'draft-9'));
    const before = await contentOf(checkpoints);
    await using found = await findState(checkpoints, storage);
    const moved = async (to: string, out: string) =>
      migrate({ found, source: await backendOf(from), target: to === 'portable' ? null : await backendOf(to), storage, out });

    const portable = join(root, 'portable', 'checkpoints');
    await mkdir(join(root, 'portable'));
    const first = await moved('portable', portable);
    t.is(first.tables, of.workload.stages.length);
    t.true(first.windows >= 2 && first.entries > KEYS && first.bytes >= first.entries * 16, JSON.stringify(first));
    await using inPortableForm = await findState(portable, storage);
    for (const to of BACKENDS) {
      await mkdir(join(root, to));
      const direct = await moved(to, join(root, to, 'checkpoints'));
      t.deepEqual([direct.windows, direct.entries, direct.bytes], [first.windows, first.entries, first.bytes]);
      await goesOn(t, of, join(root, to), to, `${from} → ${to}`);
      // A portable checkpoint is restored as it stands, and migrated as any other.
      const by = join(root, `portable-${to}`);
      await mkdir(by);
      await migrate({ found: inPortableForm, source: null, target: null, storage, out: join(by, 'checkpoints') });
      await goesOn(t, of, by, to, `${from} → portable → ${to}`);
    }
    t.deepEqual(await contentOf(checkpoints), before, 'what was there is as it was');
    t.deepEqual((await readdir(root)).filter(isScratchName), []);
  });
}

test('what a migration leaves that was killed amid it is swept by the next one, and nothing else', async (t) => {
  const root = await place(t);
  await stoppedJob(values, join(root, 'job'), 'memory');
  const checkpoints = join(root, 'job', 'checkpoints');
  const [migrating, modules] = ['./migrate.js', '../modules.js'].map((name) => JSON.stringify(new URL(name, import.meta.url)));
  const refs = JSON.stringify({
    storage: storageRef,
    backend: { ...storageRef, kind: 'backend', name: 'memory', file: builtInFile('backend', 'memory'), options: {} },
  });
  const killed = `import { findState, migrate } from ${migrating}; import { create } from ${modules};
    const refs = ${refs};
    const [storage, source] = [await create(refs.storage), await create(refs.backend)];
    const target = { ...source, open: () => process.kill(process.pid, 'SIGKILL') };
    const found = await findState(${JSON.stringify(checkpoints)}, storage);
    await migrate({ found, source, target, storage, out: ${JSON.stringify(join(root, 'new'))} });`;
  const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', killed], { env: { ...process.env, TMPDIR: root } });
  t.is(signal, 'SIGKILL', String(stderr));
  const left = (await readdir(root)).filter(isScratchName);
  t.is(left.length, 2, `where it worked, and its view of the checkpoints: ${left}`);
  for (const foreign of ['new.part-abc123', 'statebench-migrate-1-abcdef']) {
    await mkdir(join(root, foreign));
    await writeFile(join(root, foreign, 'precious'), '');
  }
  await using found = await findState(checkpoints, storage);
  await migrate({ found, source: await backendOf('memory'), target: null, storage, out: join(root, 'new') });
  t.deepEqual((await readdir(root)).sort(), ['job', 'new', 'new.part-abc123', 'statebench-migrate-1-abcdef']);
});

const refused = async (t: ExecutionContext, run: () => Promise<unknown>, code: string, message: RegExp) => {
  const error = await t.throwsAsync(run);
  t.is((error as { code?: string } | undefined)?.code, code, error?.message);
  t.regex(error?.message ?? '', message);
};

test('damage, foreign and later formats, and other backends are refused by name, and nothing is made', async (t) => {
  const root = await place(t);
  const checkpoints = join(root, 'job', 'checkpoints');
  await stoppedJob(values, join(root, 'job'), 'memory');
  await refused(
    t,
    () => findState(join(root, 'none'), storage),
    'bad-checkpoint',
    /none is no directory: name a job's checkpoints directory/,
  );
  await refused(t, () => findState(join(root, 'job'), storage), 'bad-checkpoint', /holds no checkpoint: did you mean .*job\/checkpoints\?/);

  await refused(
    t,
    async () => jobIn(values, join(root, 'job'), 'lmdb', new DigestSink()),
    'bad-checkpoint',
    /made by memory, not lmdb: .*statebench migrate/,
  );
  const { workload, source } = await testWorkload('values', KEYS);
  const other = { ...workload, settings: { ...workload.settings, size: 1 } };
  const request = { workload: other, source, backend: await backendOf('memory'), storage, batchSize: 1, sink: new DigestSink() };
  await refused(t, () => Job.open({ ...request, directory: join(root, 'job') }), 'bad-checkpoint', /is of the workload .*, not of/);

  // The newest is cut short: the one before is taken.
  const newest = join(checkpoints, 'chk-2');
  const filesOf = async (directory: string) => (await readdir(directory)).filter((name) => name !== 'manifest.json');
  const older = join(checkpoints, 'chk-1');
  const shared = await filesOf(older);
  const [own] = (await filesOf(newest)).sort((x, y) => Number(shared.includes(x)) - Number(shared.includes(y)));
  await truncate(join(newest, own!), 5);
  {
    await using found = await findState(checkpoints, storage);
    t.is(found.skipped, 1);
    t.is(found.position.pipeline.events, CUT_AT - 1000);
    const out = join(root, 'there');
    await mkdir(out);
    const move = async (to: string) => migrate({ found, source: await backendOf('memory'), target: null, storage, out: to });
    await refused(t, () => move(out), 'bad-folder', /there already.*--out/);
    await refused(t, () => move(join(root, 'no', 'such')), 'bad-folder', /cannot be made.*--out/);
  }
  await truncate(join(older, shared[0]!), 5);
  await refused(t, () => findState(checkpoints, storage), 'no-whole-checkpoint', /none of 2 checkpoints is whole.*job\/checkpoints\/chk-2/);
  await rm(older, { recursive: true });
  const manifest = join(newest, 'manifest.json');
  const [, body = ''] = (await readFile(manifest, 'utf8')).split('\n');
  const { createHash } = await import('node:crypto');
  const write = (text: string) =>
    writeFile(manifest, `${JSON.stringify({ sha256: createHash('sha256').update(text).digest('hex') })}\n${text}\n`);
  await write(body.replace('"format":1', '"format":2'));
  await refused(t, () => findState(checkpoints, storage), 'bad-checkpoint', /job\/checkpoints\/chk-2\/manifest\.json is of format 2/);
  await write(JSON.stringify({ ...JSON.parse(body), files: [], position: { format: 7 } }));
  for (const file of await filesOf(newest)) await rm(join(newest, file));
  await refused(t, () => findState(checkpoints, storage), 'bad-checkpoint', /position of format 7.*use the Statebench that made it/);
  t.deepEqual((await readdir(root)).sort(), ['job', 'there']);
});
