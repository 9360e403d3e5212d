// Proves that a published checkpoint is found again byte for byte, that one which is not whole is refused by name, and
// that a draft counts for nothing until it is published.
import { execFile } from 'node:child_process';
import { appendFile, cp, link, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { CheckpointSpace } from './contract.ts';
import filesystem from './filesystem.ts';
import { MANIFEST } from './manifest.ts';

const CONTENT = { backend: { name: 'some', settings: { cacheBytes: 1 } }, position: { events: 7, sink: { rows: [1, 2] } } };

async function place(t: ExecutionContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'statebench-filesystem-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  return root;
}

async function publish(space: CheckpointSpace, id: number, files: Record<string, string>) {
  const draft = await space.draft(id);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(draft.directory, path, '..'), { recursive: true });
    await writeFile(join(draft.directory, path), text);
  }
  return space.publish(
    draft,
    Object.keys(files).map((path) => ({ path, immutable: path.endsWith('.sst') })),
    CONTENT,
  );
}

for (const fsync of [true, false]) {
  test(`what was published is found again, newest first (fsync ${fsync})`, async (t) => {
    const root = await place(t);
    const space = await filesystem({ fsync }).open(root);
    await publish(space, 1, { rows: 'one' });
    const published = await publish(space, 2, { rows: 'two', 'deep/er/file.sst': 'x'.repeat(3_000_000) });
    t.is(published.files, 3);
    t.true(published.bytesWritten > 3_000_003);

    const later = await filesystem({ fsync }).open(root);
    t.is(later.lastId, 2);
    t.deepEqual(await later.list(), [2, 1]);
    const found = await later.open(2);
    t.deepEqual({ backend: found.backend, position: found.position }, CONTENT);
    t.is(await readFile(join(found.directory, 'rows'), 'utf8'), 'two');
    await later.remove(1);
    t.deepEqual(await later.list(), [2]);
    t.true(((await later.allocatedBytes()) ?? 0) >= 3_000_000);
  });
}

test('a draft counts for nothing, is swept by the next process, and its id is not used again', async (t) => {
  const root = await place(t);
  const space = await filesystem({ fsync: false }).open(root);
  await publish(space, 1, { rows: 'one' });
  const draft = await space.draft(2);
  await writeFile(join(draft.directory, 'rows'), 'half');
  t.deepEqual(await space.list(), [1]);
  const later = await filesystem({ fsync: false }).open(root);
  t.is(later.lastId, 2);
  t.deepEqual(await readdir(root), ['chk-1']);
});

test('an immutable file that is already held is referred to, not written again', async (t) => {
  const root = await place(t);
  const space = await filesystem({ fsync: false }).open(root);
  const sst = join(root, '..', `${Date.now()}-live.sst`);
  t.teardown(() => rm(sst, { force: true }));
  await writeFile(sst, 'y'.repeat(100_000));
  for (const [id, written, referenced] of [
    [1, 100_000, 0],
    [2, 0, 100_000],
  ] as const) {
    const draft = await space.draft(id);
    await link(sst, join(draft.directory, 'a.sst'));
    const published = await space.publish(draft, [{ path: 'a.sst', immutable: true }], CONTENT);
    t.is(published.bytesReferenced, referenced);
    t.true(published.bytesWritten >= written && published.bytesWritten < written + 1000);
  }
  await t.notThrowsAsync(space.open(2));
  // The same name over other bytes is another file.
  const draft = await space.draft(3);
  await writeFile(join(draft.directory, 'a.sst'), 'z');
  t.is((await space.publish(draft, [{ path: 'a.sst', immutable: true }], CONTENT)).bytesReferenced, 0);
});

test('in full mode a checkpoint has files of its own, whatever it was linked from', async (t) => {
  const root = await place(t);
  const space = await filesystem({ fsync: false, mode: 'full' }).open(root);
  const live = await place(t);
  await writeFile(join(live, 'a.sst'), 'y'.repeat(100_000));
  for (const id of [1, 2]) {
    const draft = await space.draft(id);
    await link(join(live, 'a.sst'), join(draft.directory, 'a.sst'));
    const published = await space.publish(draft, [{ path: 'a.sst', immutable: true }], CONTENT);
    t.is(published.bytesReferenced, 0);
    t.true(published.bytesWritten > 100_000);
  }
  t.true(((await space.allocatedBytes()) ?? 0) >= 200_000);
  // Damage to one file harms one checkpoint.
  await appendFile(join(root, 'chk-2', 'a.sst'), '!');
  await t.throwsAsync(space.open(2));
  await t.notThrowsAsync(space.open(1));
});

test('a checkpoint that could not be published after its rename is not found either, since its store is told that it is lost', async (t) => {
  const root = await place(t);
  // A process of its own: fail-points are armed by the environment.
  const program = `
    import { writeFile } from 'node:fs/promises';
    import filesystem from ${JSON.stringify(new URL('./filesystem.js', import.meta.url).href)};
    const space = await filesystem({ fsync: true }).open(${JSON.stringify(root)});
    const draft = await space.draft(1);
    await writeFile(draft.directory + '/rows', 'one');
    const content = { backend: { name: 'some', settings: {} }, position: null };
    await space.publish(draft, [{ path: 'rows', immutable: false }], content).catch(({ code }) => console.log(code));`;
  const env = { ...process.env, STATEBENCH_FAIL: 'after-rename:EIO' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env });
  t.is(stdout, 'not-durable\n');
  t.deepEqual(await readdir(root), []);
});

const DAMAGES: Record<string, (chk: string) => Promise<unknown>> = {
  'the last byte is gone': (chk) => truncate(join(chk, 'rows'), 9),
  'a file is empty': (chk) => truncate(join(chk, 'rows'), 0),
  'a file is longer': (chk) => appendFile(join(chk, 'rows'), '!'),
  'a bit is flipped': (chk) => writeFile(join(chk, 'rows'), 'ten bytfs.'),
  'a file is missing': (chk) => rm(join(chk, 'rows')),
  'two files are swapped': async (chk) => {
    await cp(join(chk, 'rows'), join(chk, 'keep'));
    await cp(join(chk, 'other'), join(chk, 'rows'));
    await cp(join(chk, 'keep'), join(chk, 'other'));
    await rm(join(chk, 'keep'));
  },
  'a file too many': (chk) => writeFile(join(chk, 'stranger'), ''),
  'no manifest': (chk) => rm(join(chk, MANIFEST)),
  'half a manifest': (chk) => truncate(join(chk, MANIFEST), 120),
  'a manifest of zeros': (chk) => writeFile(join(chk, MANIFEST), Buffer.alloc(300)),
  'an edited manifest': async (chk) => {
    const text = await readFile(join(chk, MANIFEST), 'utf8');
    await writeFile(join(chk, MANIFEST), text.replace('"events":7', '"events":8'));
  },
  'the manifest of another checkpoint': (chk) => cp(join(chk, '..', 'chk-1', MANIFEST), join(chk, MANIFEST)),
};

for (const [name, damage] of Object.entries(DAMAGES)) {
  test(`damaged: ${name}`, async (t) => {
    const root = await place(t);
    const space = await filesystem({ fsync: false }).open(root);
    await publish(space, 1, { rows: 'ten bytes.', other: 'ten others' });
    await publish(space, 2, { rows: 'ten bytes.', other: 'ten others' });
    await damage(join(root, 'chk-2'));
    const error = await t.throwsAsync(space.open(2));
    t.is((error as { code?: string } | undefined)?.code, 'damaged', error?.message);
    t.regex(error?.message ?? '', /chk-2|checkpoint 2/);
    await t.notThrowsAsync(space.open(1));
    await space.remove(2);
    t.deepEqual(await space.list(), [1]);
  });
}

test('a later format is refused as foreign, and no file may leave the checkpoint', async (t) => {
  const root = await place(t);
  const space = await filesystem({ fsync: false }).open(root);
  const draft = await space.draft(1);
  await writeFile(join(draft.directory, 'rows'), '');
  const outside = await t.throwsAsync(space.publish(draft, [{ path: '../../etc/passwd', immutable: false }], CONTENT));
  t.is((outside as { code?: string } | undefined)?.code, 'damaged');
  t.deepEqual(await readdir(root), []);

  const { createHash } = await import('node:crypto');
  const body = JSON.stringify({ format: 99 });
  await mkdir(join(root, 'chk-5'));
  await writeFile(
    join(root, 'chk-5', MANIFEST),
    `${JSON.stringify({ sha256: createHash('sha256').update(body).digest('hex') })}\n${body}\n`,
  );
  t.is(((await t.throwsAsync(space.open(5))) as { code?: string } | undefined)?.code, 'foreign');
});
