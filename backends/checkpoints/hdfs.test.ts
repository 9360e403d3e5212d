// Proves the storage contract over a real HDFS: what is published is found again byte for byte, what is not whole is refused by name,
// a process that fails at any point leaves what the next can go on from. And what is HDFS's own: packs that live as long as anybody
// refers to them, two NameNodes of which one is dead or stands by, a server that is killed and comes back, and folders that cannot be
// used, each named within 5 s with what to do, and nothing of somebody else's touched.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { installationOf } from '../../scripts/servers/cache.ts';
import { startHdfs } from '../../scripts/servers/hdfs.ts';
import { requiredServer } from '../../scripts/servers/required.ts';
import type { CheckpointSpace } from './contract.ts';
import { ask, done, entriesOf, folderOf, mediumOf, put } from './hdfs/by-hand.ts';
import { answering, DEAD, namedAtOnce, place, standsBy } from './hdfs/named-at-once.ts';
import hdfs, { type HdfsOptions } from './hdfs.ts';
import { CONTENT, provesStorage, publish } from './proves-storage.ts';

let home = '';
const server = await requiredServer(test, (directory) => {
  home = join(directory, 'hdfs');
  return startHdfs({ directory, durability: 'process-crash' });
});
const USER = 'tester';

if (server !== undefined) {
  const { url } = server;
  const parent = '/statebench-test';
  const options = { url, path: `${parent}/proven` };

  // A few at once: each is many small files, and the server is one for all.
  const lanes = Array.from({ length: 6 }, () => Promise.resolve());
  let registered = 0;
  const inTurn = (title: string, body: (t: ExecutionContext) => Promise<void>) => {
    const lane = registered++ % lanes.length;
    test(title, (t) => {
      const turn = lanes[lane]!.then(() => body(t));
      lanes[lane] = turn.catch(() => {});
      return turn;
    });
  };

  provesStorage(inTurn, {
    make: ({ mode }) => hdfs({ ...options, mode }),
    module: new URL('./hdfs.js', import.meta.url).href,
    options,
    medium: (directory) => mediumOf(url, directory),
  });

  const ofJob = async (t: ExecutionContext, given: Partial<HdfsOptions> = {}) => {
    const directory = await place(t);
    const storage = hdfs({ ...options, ...given });
    const space = await storage.open(directory);
    t.teardown(() => storage.destroy(directory).catch(() => {}));
    return { directory, storage, space, medium: await mediumOf(url, directory) };
  };

  const admin = async (...args: string[]) => {
    const installed = installationOf('hdfs');
    if (installed.state !== 'whole') throw new Error('not installed');
    const classPath = [join(home, 'conf'), ...installed.files.map((file) => join(installed.lib, file))].join(':');
    await promisify(execFile)('java', ['-Xmx64m', '-XX:+UseSerialGC', '-cp', classPath, 'org.apache.hadoop.hdfs.tools.DFSAdmin', ...args]);
  };

  test.serial('a NameNode in safe mode is named when a job is opened, and waited for when one runs', async (t) => {
    const { space, directory, storage } = await ofJob(t);
    await publish(space, 1, { rows: 'one' });
    await admin('-safemode', 'enter');
    try {
      await namedAtOnce(t, options, 'unavailable', /safe mode.*-safemode leave/);
      const view = await storage.view(directory, await mkdtemp(join(directory, 'view-')));
      t.is(await readFile(join((await view.open(1)).directory, 'rows'), 'utf8'), 'one', 'it can be read');
      const hurried = await hdfs({ ...options, waitMs: 1_000 }).open(directory);
      const error = await t.throwsAsync(publish(hurried, 2, { rows: 'two' }));
      t.is((error as { code?: string } | undefined)?.code, 'not-durable');
      t.regex(error?.message ?? '', /safe mode/);
      const waiting = publish(space, 3, { rows: 'three' });
      await admin('-safemode', 'leave');
      await t.notThrowsAsync(waiting);
    } finally {
      await admin('-safemode', 'leave');
    }
    t.deepEqual(await space.list(), [3, 1]);
  });

  inTurn('two addresses, the first one dead or standing by: the other is asked, and again', async (t) => {
    const standby = await answering(t, standsBy);
    for (const first of [DEAD, standby]) {
      const { space } = await ofJob(t, { url: `${first}+${url}` });
      await publish(space, 1, { rows: 'one' });
      t.deepEqual(await space.list(), [1]);
      t.is(await readFile(join((await space.open(1)).directory, 'rows'), 'utf8'), 'one');
    }
  });

  inTurn('a folder that the user may not write to, or a file in the way', async (t) => {
    await done(url, 'PUT', `${parent}/foreign`, 'op=MKDIRS&permission=755');
    await namedAtOnce(t, { url, user: USER, path: `${parent}/foreign` }, 'unavailable', /Permission denied: user=tester.*path=….*user=…/);
    await namedAtOnce(t, { url, user: USER, path: `${parent}/foreign/deeper` }, 'unavailable', /Permission denied/);
    await put(url, `${parent}/file`, Buffer.from('somebody else'));
    await namedAtOnce(t, { url, path: `${parent}/file` }, 'unavailable', /A file is in the way, and stays/);
    t.is(String((await ask(url, 'GET', `${parent}/file`, 'op=OPEN')).body), 'somebody else');
    t.deepEqual(await entriesOf(url, `${parent}/foreign`), []);
  });

  inTurn('a quota that is used up', async (t) => {
    await done(url, 'PUT', `${parent}/full`, 'op=MKDIRS&permission=777');
    await done(url, 'PUT', `${parent}/full`, 'op=SETQUOTA&namespacequota=3');
    await done(url, 'PUT', `${parent}/full/one`, 'op=MKDIRS');
    await done(url, 'PUT', `${parent}/full/two`, 'op=MKDIRS');
    await namedAtOnce(t, { url, path: `${parent}/full` }, 'unavailable', /quota.*Make room/i);

    const { space, directory, medium } = await ofJob(t, { path: `${parent}/room` });
    await publish(space, 1, { rows: 'one' });
    const before = await medium.all();
    const folder = await folderOf(directory);
    await done(url, 'PUT', folder, 'op=SETQUOTA&storagespacequota=1000000');
    const error = await t.throwsAsync(publish(space, 2, { rows: Buffer.alloc(4_000_000) }));
    t.is((error as { code?: string } | undefined)?.code, 'not-durable');
    t.regex(error?.message ?? '', /quota.*Make room/i);
    t.deepEqual(await medium.all(), before, 'nothing of it is left');
    await done(url, 'PUT', folder, 'op=SETQUOTA&storagespacequota=-1');
    await publish(space, 3, { rows: 'three' });
    t.deepEqual(await space.list(), [3, 1]);
  });

  inTurn('a folder of somebody else is not opened, changed or removed', async (t) => {
    const { directory, storage, space } = await ofJob(t);
    await publish(space, 1, { rows: 'one' });
    const folder = await folderOf(directory);
    const there = await mediumOf(url, directory);
    const before = await there.all();
    const marker = await there.read('.statebench');
    for (const changed of [Buffer.from('{"format":1,"job":"another"}'), Buffer.from('hello'), Buffer.alloc(0), null]) {
      if (changed === null) await there.remove('.statebench');
      else await there.replace('.statebench', changed);
      for (const attempt of [storage.open(directory), storage.destroy(directory), storage.view(directory, tmpdir())]) {
        const error = await t.throwsAsync(attempt);
        t.is((error as { code?: string } | undefined)?.code, 'foreign', error?.message);
        t.true(error?.message.includes(folder));
      }
    }
    await there.replace('.statebench', marker);
    t.deepEqual(await there.all(), before);
    t.is(await readFile(join((await (await storage.open(directory)).open(1)).directory, 'rows'), 'utf8'), 'one');

    await done(url, 'DELETE', folder, 'op=DELETE&recursive=true');
    const gone = await t.throwsAsync(storage.open(directory));
    t.regex(gone?.message ?? '', /is not there any more.*give the right url=/);
    await writeFile(join(directory, 'hdfs.json'), '{}');
    t.is(((await t.throwsAsync(storage.open(directory))) as { code?: string } | undefined)?.code, 'foreign');
  });

  inTurn('a name that is taken is never written over, nor moved into', async (t) => {
    const { directory, space, medium } = await ofJob(t);
    const folder = await folderOf(directory);
    await done(url, 'PUT', `${folder}/chk-1`, 'op=MKDIRS');
    await done(url, 'PUT', `${folder}/chk-1/theirs`, 'op=MKDIRS');
    const error = await t.throwsAsync(publish(space, 1, { rows: 'one' }));
    t.is((error as { code?: string } | undefined)?.code, 'not-durable');
    t.regex(error?.message ?? '', /chk-1 is there already, and nothing is written over/);
    t.deepEqual(
      (await entriesOf(url, `${folder}/chk-1`)).map(({ pathSuffix }) => pathSuffix),
      ['theirs'],
    );
    await put(url, `${folder}/chk-2`, Buffer.from('theirs'));
    await t.throwsAsync(publish(space, 2, { rows: 'two' }));
    t.is(String(await medium.read('chk-2')), 'theirs');
  });

  inTurn('a large checkpoint is several packs, sent at once; all are read and go together', async (t) => {
    const { space, medium, storage, directory } = await ofJob(t);
    const files = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`${i}.sst`, Buffer.alloc(15_000_000 + i, i)]));
    await publish(space, 1, { ...files, rows: 'one' });
    t.deepEqual((await medium.all()).toSorted(), ['.statebench', 'chk-1', 'pack-1.1', 'pack-1.2']);
    const { directory: found } = await (await storage.open(directory)).open(1);
    for (const [path, bytes] of Object.entries(files)) t.true((await readFile(join(found, path))).equals(bytes), path);
    for (const file of ['chk-1', 'pack-1.1', 'pack-1.2']) {
      const bytes = await medium.read(file);
      for (const harmed of [bytes.subarray(0, -1), flippedAt(bytes, 20_000_000), null]) {
        if (harmed === null) await medium.remove(file);
        else await medium.replace(file, harmed);
        t.is(((await t.throwsAsync(space.open(1))) as { code?: string } | undefined)?.code, 'damaged', file);
      }
      await medium.replace(file, bytes);
    }
    await t.notThrowsAsync(space.open(1));
    await publish(space, 2, { rows: 'two' });
    await space.remove(1);
    t.deepEqual((await medium.all()).toSorted(), ['.statebench', 'chk-2']);
  });

  inTurn('a pack stays while a checkpoint refers to it, and one of which little is needed is written again', async (t) => {
    const { space, medium, directory } = await ofJob(t);
    const live = await mkdtemp(join(directory, '..', 'live-'));
    const linked = async (id: number, names: readonly string[]) => {
      const draft = await space.draft(id);
      for (const name of names) await link(join(live, name), join(draft.directory, name));
      return await space.publish(
        draft,
        names.map((path) => ({ path, immutable: true })),
        CONTENT,
      );
    };
    for (const name of ['a', 'b', 'c', 'd', 'e']) await writeFile(join(live, name), name.repeat(100_000));
    await linked(1, ['a', 'b', 'c', 'd', 'e']);
    t.is((await linked(2, ['a', 'b'])).bytesReferenced, 200_000);
    await space.remove(1);
    t.deepEqual((await medium.all()).toSorted(), ['.statebench', 'chk-2', 'pack-1']);
    const third = await linked(3, ['a']);
    t.is(third.bytesReferenced, 0, 'a fifth of a pack is not worth keeping it');
    t.true(third.bytesWritten > 100_000);
    t.deepEqual((await medium.all()).toSorted(), ['.statebench', 'chk-2', 'chk-3', 'pack-1'], '2 still refers to it');
    await space.remove(2);
    t.deepEqual((await medium.all()).toSorted(), ['.statebench', 'chk-3']);
    t.is((await linked(4, ['a'])).bytesReferenced, 100_000);
    await t.notThrowsAsync(space.open(4));
  });

  inTurn('while a checkpoint cannot be read no pack is removed, and what another process left is', async (t) => {
    const { space, medium, storage, directory } = await ofJob(t);
    const draftOf = async (of: CheckpointSpace, id: number, from: string) => {
      const draft = await of.draft(id);
      await link(from, join(draft.directory, 'a'));
      await of.publish(draft, [{ path: 'a', immutable: true }], CONTENT);
    };
    const live = join(directory, '..', 'live');
    await writeFile(live, 'a'.repeat(1000));
    await draftOf(space, 1, live);
    await draftOf(space, 2, live);
    await draftOf(space, 3, live);
    const bytes = await medium.read('chk-3');
    await medium.replace('chk-3', flippedAt(bytes, bytes.length - 40));
    const later = await storage.open(directory);
    await later.open(2);
    await later.remove(1);
    t.deepEqual((await medium.all()).toSorted(), ['.statebench', 'chk-2', 'chk-3', 'pack-1']);
    await later.remove(2);
    t.deepEqual((await medium.all()).toSorted(), ['.statebench', 'chk-3', 'pack-1', 'pack-2'], 'chk-3 may need them');
    await medium.replace('chk-3', bytes);
    const third = await storage.open(directory);
    await third.open(3);
    await draftOf(third, 4, live);
    await draftOf(third, 5, live);
    await third.remove(3);
    await t.notThrowsAsync(third.open(4));
    t.false(
      (await medium.all()).some((name) => name === 'pack-1' || name === 'pack-2' || name === 'chk-3'),
      (await medium.all()).join(),
    );
  });

  inTurn('a DataNode whose copy of a block is damaged, or gone: damaged', async (t) => {
    const { space, directory } = await ofJob(t);
    const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => createHash('sha256').update(String(i)).digest()[0]!));
    await publish(space, 1, { rows: 'whole' });
    await publish(space, 2, { rows: noise });
    const block = await blockWith(join(home, 'data'), noise);
    const bytes = await readFile(block);
    await writeFile(block, flippedAt(bytes, 25_000));
    t.is(((await t.throwsAsync(space.open(2))) as { code?: string } | undefined)?.code, 'damaged');
    await rm(block);
    t.is(((await t.throwsAsync(space.open(2))) as { code?: string } | undefined)?.code, 'damaged');
    t.is(await readFile(join((await space.open(1)).directory, 'rows'), 'utf8'), 'whole');
    t.deepEqual(
      (await readdir(directory)).filter((name) => name.startsWith('draft')),
      [],
    );
  });

  test('a server that is killed and comes back: a running job waits, loses nothing, and fails by name when it takes too long', async (t) => {
    const at = await mkdtemp(join(tmpdir(), 'statebench-hdfs-killed-'));
    const first = await startHdfs({ directory: at, durability: 'process-crash' });
    if (first.state !== 'running') return t.fail(first.reason);
    const directory = await place(t);
    const storage = hdfs({ url: first.server.url });
    const space = await storage.open(directory);
    await publish(space, 1, { rows: 'one' });
    const hurried = await hdfs({ url: first.server.url, waitMs: 2_000 }).open(await place(t));
    for (const pid of first.server.pids) process.kill(pid, 'SIGKILL');
    await first.server.stop();

    const start = performance.now();
    const error = await t.throwsAsync(publish(hurried, 1, { rows: 'too late' }));
    t.is((error as { code?: string } | undefined)?.code, 'not-durable');
    t.regex(error?.message ?? '', /ECONNREFUSED/);
    t.true(performance.now() - start < 60_000, 'it waited for longer than it was told to');

    const waiting = publish(space, 2, { rows: 'two', large: Buffer.alloc(5_000_000, 2) });
    const second = await startHdfs({ directory: at, durability: 'process-crash' });
    if (second.state !== 'running') return t.fail(second.reason);
    t.teardown(async () => {
      await second.server.stop();
      await rm(at, { recursive: true, force: true });
    });
    t.is(second.server.url, first.server.url);
    await t.notThrowsAsync(waiting);
    t.deepEqual(await space.list(), [2, 1]);

    // Amid an upload, and it comes back once more.
    const large = publish(space, 3, { large: Buffer.alloc(60_000_000, 3) });
    await new Promise((resolve) => setTimeout(resolve, 150));
    for (const pid of second.server.pids) process.kill(pid, 'SIGKILL');
    await second.server.stop();
    const third = await startHdfs({ directory: at, durability: 'process-crash' });
    if (third.state !== 'running') return t.fail(third.reason);
    t.teardown(() => third.server.stop());
    await t.notThrowsAsync(large);
    t.deepEqual(await space.list(), [3, 2, 1]);
    const later = await storage.open(directory);
    for (const id of [3, 2, 1]) await t.notThrowsAsync(later.open(id));
  });
}

function flippedAt(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[Math.min(at, bytes.length - 1)]! ^= 4;
  return changed;
}

/** The DataNode's file of the block that begins with `start`. */
async function blockWith(data: string, start: Buffer): Promise<string> {
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/^blk_\d+$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    // Blocks of other tests come and go meanwhile.
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (bytes.subarray(0, start.length).equals(start)) return path;
  }
  throw new Error('no block begins like that');
}
