/** What every checkpoint storage has to do, as tests. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, link, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { CheckpointSpace, CheckpointStorage } from './contract.ts';
import { FAIL_POINTS } from './fail-points.ts';

/** A storage's medium, to look at and to harm behind the storage's back. */
export interface Medium {
  /** Everything there is of a job. */
  all(): Promise<readonly string[]>;
  /** The files that belong to one checkpoint alone. */
  filesOf(id: number): Promise<readonly string[]>;
  read(file: string): Promise<Buffer>;
  /** Puts a file in the place of what is there, if anything is. */
  replace(file: string, bytes: Buffer): Promise<void>;
  remove(file: string): Promise<void>;
  /** The name under which a checkpoint whose manifest is `text` would be found. */
  fakeCheckpoint(id: number, text: string): Promise<void>;
}

export interface StorageSubject {
  readonly make: (options: { readonly mode: 'incremental' | 'full' }) => CheckpointStorage;
  /** For a process of its own: the module, and the options as JSON takes them. */
  readonly module: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The medium of the job whose local directory this is. */
  readonly medium: (directory: string) => Promise<Medium>;
}

export const CONTENT = { backend: { name: 'some', settings: { cacheBytes: 1 } }, position: { events: 7, sink: { rows: [1, 2] } } };

/** The points that a storage passes; the others are the harness's. */
const STORAGE_POINTS = FAIL_POINTS.filter((point) => !['snapshot', 'amid-restore', 'before-first-event', 'sink-commit'].includes(point));

/** Publishes files that are written anew; those of the name `*.sst` as immutable. */
export async function publish(space: CheckpointSpace, id: number, files: Readonly<Record<string, string | Buffer>>) {
  const draft = await space.draft(id);
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(draft.directory, path)), { recursive: true });
    await writeFile(join(draft.directory, path), bytes);
  }
  return await space.publish(
    draft,
    Object.keys(files).map((path) => ({ path, immutable: path.endsWith('.sst') })),
    CONTENT,
  );
}

/** Publishes a file of a store that lives on as one of the checkpoint's. */
async function publishLinked(space: CheckpointSpace, id: number, live: string) {
  const draft = await space.draft(id);
  await link(live, join(draft.directory, 'a.sst'));
  return await space.publish(draft, [{ path: 'a.sst', immutable: true }], CONTENT);
}

/** Everything below a directory, by path. */
async function contentOf(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const content: Record<string, string> = {};
  for (const file of files.sort())
    content[file.slice(directory.length + 1)] = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  return content;
}

function sumsOf(files: Readonly<Record<string, string | Buffer>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')]));
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

/** What becomes of one of a checkpoint's files. */
const HARMS: Readonly<Record<string, (bytes: Buffer) => Buffer | null>> = {
  'cut to nothing': () => Buffer.alloc(0),
  'cut to one byte': (bytes) => bytes.subarray(0, 1),
  'cut in half': (bytes) => bytes.subarray(0, bytes.length >> 1),
  'without its last byte': (bytes) => bytes.subarray(0, -1),
  'a byte longer': (bytes) => Buffer.concat([bytes, Buffer.from('!')]),
  'a byte longer at the front': (bytes) => Buffer.concat([Buffer.from('!'), bytes]),
  'a bit flipped in the first byte': (bytes) => flipped(bytes, 0),
  'a bit flipped in the middle': (bytes) => flipped(bytes, bytes.length >> 1),
  'a bit flipped in the last byte': (bytes) => flipped(bytes, bytes.length - 1),
  'all zeros': (bytes) => Buffer.alloc(bytes.length),
  missing: () => null,
};

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at]! ^= 4;
  return changed;
}

/** The part of AVA's `test` that is used. */
type Test = (title: string, body: (t: ExecutionContext) => Promise<void>) => void;

/** Registers every test for one storage. */
export function provesStorage(test: Test, { make, module, options, medium }: StorageSubject): void {
  const incremental = make({ mode: 'incremental' });

  async function place(t: ExecutionContext, storage = incremental): Promise<string> {
    const root = await mkdtemp(join(tmpdir(), 'statebench-storage-'));
    t.teardown(async () => {
      await storage.destroy(join(root, 'checkpoints')).catch(() => {});
      await rm(root, { recursive: true, force: true });
    });
    return join(root, 'checkpoints');
  }

  test('what was published is found again by another process, newest first', async (t) => {
    const directory = await place(t);
    const space = await incremental.open(directory);
    t.is(space.lastId, 0);
    t.deepEqual(await space.list(), []);
    await publish(space, 1, { rows: 'one' });
    const files = { rows: 'two', empty: '', 'deep/er/file.sst': Buffer.alloc(3_000_000, 'x'), 'deep/other': 'y' };
    const published = await publish(space, 2, files);
    t.is(published.files, 5);
    t.is(published.bytesReferenced, 0);
    t.true(published.bytesWritten > 3_000_004 && published.bytesWritten < 3_003_000, String(published.bytesWritten));

    const later = await incremental.open(directory);
    t.is(later.lastId, 2);
    t.deepEqual(await later.list(), [2, 1]);
    const found = await later.open(2);
    t.deepEqual({ backend: found.backend, position: found.position, id: found.id }, { ...CONTENT, id: 2 });
    const { 'manifest.json': _, ...restored } = await contentOf(found.directory);
    t.deepEqual(restored, sumsOf(files));
    await later.remove(1);
    t.deepEqual(await later.list(), [2]);
    t.true(((await later.allocatedBytes()) ?? 0) >= 3_000_000);
    t.is(codeOf(await t.throwsAsync(later.open(1))), 'damaged');
  });

  test('many files of many lengths come back as they were', async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    t.log(`seed ${seed}`);
    let state = seed | 1;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const files: Record<string, Buffer> = {};
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.alloc(Math.floor(random() ** 8 * 2_000_000));
      for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
      files[`${i % 7}/${i}${i % 3 === 0 ? '.sst' : ''}`] = bytes;
    }
    const directory = await place(t);
    await publish(await incremental.open(directory), 1, files);
    const found = await (await incremental.open(directory)).open(1);
    const { 'manifest.json': _, ...restored } = await contentOf(found.directory);
    t.deepEqual(restored, sumsOf(files));
  });

  test('a draft counts for nothing, is swept by the next process, and its id is not used again', async (t) => {
    const directory = await place(t);
    const space = await incremental.open(directory);
    await publish(space, 1, { rows: 'one' });
    const before = await (await medium(directory)).all();
    const draft = await space.draft(2);
    await writeFile(join(draft.directory, 'rows'), 'half');
    t.deepEqual(await space.list(), [1]);
    const later = await incremental.open(directory);
    t.is(later.lastId, 2);
    t.deepEqual(await (await medium(directory)).all(), before);
    t.false((await readdir(directory)).some((name) => name.includes('draft')));
    const other = await later.draft(3);
    await writeFile(join(other.directory, 'rows'), 'given up');
    await later.abandon(other);
    t.deepEqual(await later.list(), [1]);
    t.deepEqual(await (await medium(directory)).all(), before);
  });

  test('an immutable file that is held already is referred to, also after a restore; the same name over other bytes is another', async (t) => {
    const directory = await place(t);
    const space = await incremental.open(directory);
    const live = join(directory, '..', 'live.sst');
    await writeFile(live, 'y'.repeat(100_000));
    for (const [id, written, referenced] of [
      [1, 100_000, 0],
      [2, 0, 100_000],
      [3, 0, 100_000],
    ] as const) {
      const published = await publishLinked(space, id, live);
      t.is(published.bytesReferenced, referenced);
      t.true((await stat(live)).nlink > 1, 'a backend sees that it is held');
      t.true(published.bytesWritten >= written && published.bytesWritten < written + 1000);
    }
    // What a newer one refers to stays when the one that wrote it goes.
    await space.remove(1);
    const later = await incremental.open(directory);
    const restored = await later.open(3);
    t.is(await readFile(join(restored.directory, 'a.sst'), 'utf8'), 'y'.repeat(100_000));
    t.is((await publishLinked(later, 4, join(restored.directory, 'a.sst'))).bytesReferenced, 100_000);
    await later.remove(2);
    await later.remove(3);
    t.deepEqual(await later.list(), [4]);
    await rm(live);
    await writeFile(live, 'z'.repeat(100_000));
    t.is((await publishLinked(later, 5, live)).bytesReferenced, 0);
    t.is(await readFile(join((await later.open(4)).directory, 'a.sst'), 'utf8'), 'y'.repeat(100_000));
    t.is(await readFile(join((await later.open(5)).directory, 'a.sst'), 'utf8'), 'z'.repeat(100_000));
    // A copy is another file too: its storage cannot know.
    await later.remove(4);
    const copy = join(directory, '..', 'copy.sst');
    await copyFile(live, copy);
    await publishLinked(later, 6, copy);
    await later.remove(5);
    t.is(await readFile(join((await later.open(6)).directory, 'a.sst'), 'utf8'), 'z'.repeat(100_000));
    t.true(((await later.allocatedBytes()) ?? 0) < 250_000, 'what nobody refers to is gone');
  });

  test('in full mode every checkpoint has bytes of its own', async (t) => {
    const full = make({ mode: 'full' });
    const directory = await place(t, full);
    const space = await full.open(directory);
    const live = join(directory, '..', 'live.sst');
    await writeFile(live, 'y'.repeat(100_000));
    for (const id of [1, 2]) {
      const published = await publishLinked(space, id, live);
      t.is(published.bytesReferenced, 0);
      t.true(published.bytesWritten > 100_000);
      t.is((await stat(live)).nlink, 1, 'a backend sees that it is not held');
    }
    t.true(((await space.allocatedBytes()) ?? 0) >= 200_000);
    const medium2 = await medium(directory);
    for (const file of await medium2.filesOf(2)) await medium2.replace(file, flipped(await medium2.read(file), 0));
    await t.throwsAsync(space.open(2));
    await t.notThrowsAsync(space.open(1));
  });

  test('a view reads a job and leaves it alone, drafts of its own included', async (t) => {
    const directory = await place(t);
    const space = await incremental.open(directory);
    await publish(space, 1, { rows: 'one' });
    const draft = await space.draft(2);
    await writeFile(join(draft.directory, 'rows'), 'two');
    const scratch = await mkdtemp(join(tmpdir(), 'statebench-storage-view-'));
    t.teardown(() => rm(scratch, { recursive: true, force: true }));
    const local = await contentOf(directory);
    const view = await incremental.view(directory, scratch);
    t.deepEqual(await view.list(), [1]);
    t.is(await readFile(join((await view.open(1)).directory, 'rows'), 'utf8'), 'one');
    t.deepEqual(await contentOf(directory), local);
    await space.publish(draft, [{ path: 'rows', immutable: false }], CONTENT);
    t.is(await readFile(join((await view.open(2)).directory, 'rows'), 'utf8'), 'two');
  });

  test('what is destroyed is gone, here and elsewhere, and twice is no error', async (t) => {
    const directory = await place(t);
    const other = await place(t);
    const space = await incremental.open(directory);
    await publish(space, 1, { rows: 'one' });
    await publish(await incremental.open(other), 1, { rows: 'other' });
    const there = await medium(directory);
    await incremental.destroy(directory);
    t.deepEqual(await there.all(), []);
    t.false((await readdir(join(directory, '..'))).includes('checkpoints'));
    await incremental.destroy(directory);
    t.is(await readFile(join((await (await incremental.open(other)).open(1)).directory, 'rows'), 'utf8'), 'other');
    t.is((await incremental.open(directory)).lastId, 0, 'a new job may begin there');
  });

  test('a file that would leave the checkpoint, or is not there, is refused and leaves nothing', async (t) => {
    const directory = await place(t);
    const space = await incremental.open(directory);
    const before = await (await medium(directory)).all();
    const draft = await space.draft(1);
    await writeFile(join(draft.directory, 'rows'), '');
    t.is(codeOf(await t.throwsAsync(space.publish(draft, [{ path: '../../etc/passwd', immutable: false }], CONTENT))), 'damaged');
    t.deepEqual(await (await medium(directory)).all(), before);
    const second = await space.draft(2);
    t.is(codeOf(await t.throwsAsync(space.publish(second, [{ path: 'rows', immutable: false }], CONTENT))), 'not-durable');
    t.deepEqual(await (await medium(directory)).all(), before);
    t.deepEqual(await space.list(), []);
  });

  test('a later format is refused as foreign', async (t) => {
    const directory = await place(t);
    const space = await incremental.open(directory);
    const body = JSON.stringify({ format: 99 });
    const text = `${JSON.stringify({ sha256: createHash('sha256').update(body).digest('hex') })}\n${body}\n`;
    await (await medium(directory)).fakeCheckpoint(5, text);
    t.deepEqual(await space.list(), [5]);
    t.is(codeOf(await t.throwsAsync(space.open(5))), 'foreign');
  });

  const BEFORE = { rows: 'ten bytes.', other: Buffer.alloc(10_000, 'o') };
  const NEWEST = { rows: 'ten bytes!', other: Buffer.alloc(10_000, 'p') };
  for (const [harm, harmed] of Object.entries(HARMS)) {
    test(`every file of a checkpoint, ${harm}: damaged, and the one before is whole`, async (t) => {
      const directory = await place(t);
      const space = await incremental.open(directory);
      await publish(space, 1, BEFORE);
      await publish(space, 2, NEWEST);
      const there = await medium(directory);
      const files = await there.filesOf(2);
      t.true(files.length > 0);
      for (const file of files) {
        const bytes = await there.read(file);
        const changed = harmed(bytes);
        if (changed === null) await there.remove(file);
        else await there.replace(file, changed);
        const error = await t.throwsAsync(space.open(2), undefined, file);
        t.is(codeOf(error), 'damaged', `${file}: ${error?.message}`);
        t.regex(error?.message ?? '', /chk-2|checkpoint 2/);
        await t.notThrowsAsync(space.open(1));
        await there.replace(file, bytes);
        await t.notThrowsAsync(space.open(2), `${file} is as it was`);
      }
      const last = harmed(await there.read(files[0]!));
      if (last === null) await there.remove(files[0]!);
      else await there.replace(files[0]!, last);
      const later = await incremental.open(directory);
      t.is(codeOf(await t.throwsAsync(later.open(2))), 'damaged');
      await later.open(1);
      await publish(later, 3, NEWEST);
      await later.remove(2);
      t.deepEqual(await later.list(), [3, 1]);
      await t.notThrowsAsync(later.open(1));
    });
  }

  test('files of the checkpoint before in the place of its own: damaged', async (t) => {
    const directory = await place(t);
    const space = await incremental.open(directory);
    await publish(space, 1, BEFORE);
    await publish(space, 2, NEWEST);
    const there = await medium(directory);
    const [own, before] = [await there.filesOf(2), await there.filesOf(1)];
    for (const [i, file] of own.entries()) {
      const bytes = await there.read(file);
      await there.replace(file, await there.read(before[i]!));
      t.is(codeOf(await t.throwsAsync(space.open(2))), 'damaged', file);
      await there.replace(file, bytes);
    }
    await t.notThrowsAsync(space.open(2));
  });

  const program = (directory: string): string => `
    import { link, writeFile } from 'node:fs/promises';
    import storage from ${JSON.stringify(module)};
    const space = await storage(${JSON.stringify(options)}).open(${JSON.stringify(directory)});
    const content = { backend: { name: 'some', settings: {} }, position: null };
    await writeFile(${JSON.stringify(join(directory, '..', 'live.sst'))}, 'a live file');
    for (let id = space.lastId + 1, end = id + 4; id < end; id++) {
      const draft = await space.draft(id);
      await writeFile(draft.directory + '/rows', 'rows ' + id);
      await link(${JSON.stringify(join(directory, '..', 'live.sst'))}, draft.directory + '/live.sst');
      const files = [{ path: 'rows', immutable: false }, { path: 'live.sst', immutable: true }];
      const lost = await space.publish(draft, files, content).then(() => null, ({ code }) => code);
      console.log(id, lost);
      const old = (await space.list())[2];
      if (old !== undefined) await space.remove(old);
    }`;

  for (const fault of ['exit', 'EIO'] as const) {
    for (const point of STORAGE_POINTS) {
      test(`${point}:${fault}: what was said to be published is there, what was said to be lost is not, and the next goes on`, async (t) => {
        const directory = await place(t);
        const first = await incremental.open(directory);
        await publish(first, 1, { rows: 'rows 1', 'live.sst': 'a live file' });
        const env = { ...process.env, STATEBENCH_FAIL: `${point}:${fault}:2` };
        const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program(directory)], { env });
        const ended = await run.then(
          ({ stdout }) => ({ stdout, signal: null, stderr: '' }),
          ({ stdout, signal, stderr }: { stdout: string; signal: string | null; stderr: string }) => ({ stdout, signal, stderr }),
        );
        const { stdout, signal } = ended;
        t.true(ended.stderr === '' || ended.stderr.includes(`made to happen at ${point}`), ended.stderr);
        if (fault === 'exit') t.is(signal, 'SIGKILL', `passed twice: ${stdout}`);
        const told = stdout
          .trim()
          .split('\n')
          .filter(Boolean)
          .map((line) => line.split(' ') as [string, string]);
        const later = await incremental.open(directory);
        const ids = await later.list();
        t.true(ids.length >= 1);
        for (const [id, lost] of told.slice(-2)) if (lost === 'null') t.true(ids.includes(Number(id)), `${id} of ${ids}: ${stdout}`);
        for (const [id, lost] of told) if (lost !== 'null') t.false(ids.includes(Number(id)), `${id} was told to be lost`);
        if (fault === 'EIO' && !point.endsWith('delete') && point !== 'draft-made')
          t.true(
            told.some(([, lost]) => lost === 'not-durable'),
            stdout,
          );
        const { directory: found } = await later.open(ids[0]!);
        t.is(await readFile(join(found, 'rows'), 'utf8'), `rows ${ids[0]}`);
        t.is(await readFile(join(found, 'live.sst'), 'utf8'), 'a live file');
        for (const id of ids.slice(1)) await t.notThrowsAsync(later.open(id));
        await publish(later, later.lastId + 1, { rows: 'next' });
        t.is(await readFile(join((await later.open(later.lastId + 1)).directory, 'rows'), 'utf8'), 'next');
        for (const id of ids) await later.remove(id);
        t.deepEqual(await later.list(), [later.lastId + 1]);
        // Nothing but the last one is left of it all.
        const left = (await (await medium(directory)).all()).filter((name) => /(?:chk|pack|draft|gone)-/.test(name));
        t.true(
          left.every((name) => name.includes(`chk-${later.lastId + 1}`)),
          left.join(),
        );
      });
    }
  }
}
