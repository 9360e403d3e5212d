// Proves the storage contract over a local folder: what is published is found again byte for byte, what is not whole is refused by
// name, and a process that fails at any point leaves what the next can go on from. And what is its own: the folders that it makes.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import filesystem from './filesystem.ts';
import { MANIFEST } from './manifest.ts';
import { type Medium, provesStorage, publish } from './proves-storage.ts';

provesStorage(test, {
  make: ({ mode }) => filesystem({ mode, fsync: false }),
  module: new URL('./filesystem.js', import.meta.url).href,
  options: { fsync: true },
  medium: async (directory): Promise<Medium> => ({
    all: async () => (await readdir(directory, { recursive: true }).catch(() => [])).sort(),
    filesOf: async (id) => (await readdir(join(directory, `chk-${id}`))).map((name) => join(`chk-${id}`, name)).sort(),
    read: (file) => readFile(join(directory, file)),
    replace: async (file, bytes) => {
      // Another file under the name: a hard link of it stays whole.
      await rm(join(directory, file), { force: true });
      await writeFile(join(directory, file), bytes);
    },
    remove: (file) => rm(join(directory, file)),
    fakeCheckpoint: async (id, text) => {
      await mkdir(join(directory, `chk-${id}`));
      await writeFile(join(directory, `chk-${id}`, MANIFEST), text);
    },
  }),
});

for (const fsync of [true, false]) {
  test(`a checkpoint is a folder with exactly its files and the manifest (fsync ${fsync})`, async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'statebench-filesystem-'));
    t.teardown(() => rm(root, { recursive: true, force: true }));
    const space = await filesystem({ fsync }).open(root);
    await publish(space, 1, { rows: 'one', 'deep/file.sst': 'two' });
    t.deepEqual(await readdir(root), ['chk-1']);
    t.deepEqual((await readdir(join(root, 'chk-1'), { recursive: true })).sort(), ['deep', 'deep/file.sst', MANIFEST, 'rows']);
    t.is((await space.open(1)).directory, join(root, 'chk-1'), 'nothing is copied to be read');
    await writeFile(join(root, 'chk-1', 'stranger'), '');
    const error = await t.throwsAsync(space.open(1));
    t.is((error as { code?: string } | undefined)?.code, 'damaged', 'a file too many');
  });
}
