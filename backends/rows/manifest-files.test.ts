// Proves that a MANIFEST is read as the database itself reads it, once nothing is under way, and up to any length.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Level } from 'level';
import RocksDB from 'rocksdb-native';
import { manifestFiles } from './manifest-files.ts';

const ROWS = 40_000;
/** A minute: compactions go on beside the test. */
const TRIES = 3_000;

async function place(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-manifest-'));
  t.teardown(() => rm(directory, { recursive: true }));
  return directory;
}

/** Table numbers in a property that lists files by level as ` NUMBER:BYTES[…`. */
function listed(property: string): number[] {
  return [...property.matchAll(/^ (\d+):\d+\[/gm)].map(([, number]) => Number(number)).sort((a, b) => a - b);
}

async function manifest(t: ExecutionContext, directory: string): Promise<number[]> {
  const bytes = await readFile(join(directory, (await readFile(join(directory, 'CURRENT'), 'utf8')).trim()));
  for (let length = 0; length < bytes.length; length += 1 + (length >> 4)) t.notThrows(() => manifestFiles(bytes.subarray(0, length)));
  const { tables, firstLog } = manifestFiles(bytes);
  const logs = (await readdir(directory)).filter((name) => name.endsWith('.log')).map((name) => Number.parseInt(name, 10));
  t.true(
    logs.some((log) => log >= firstLog),
    `logs ${logs} from ${firstLog} on`,
  );
  return [...tables].sort((a, b) => a - b);
}

test('of LevelDB', async (t) => {
  const directory = await place(t);
  const rows = new Level<string, string>(directory, { writeBufferSize: 1 << 16, compression: false });
  await rows.open();
  // Typed without what only one of its platforms has.
  const native = rows as unknown as { getProperty(name: string): string; compactRange(start: string, end: string): Promise<void> };
  for (let row = 0; row < ROWS; row += 1000) {
    await rows.batch(
      Array.from({ length: 1000 }, (_, i) => ({ type: 'put', key: `${((row + i) * 7919) % ROWS}`, value: `${row}`.repeat(8) })),
    );
  }
  await native.compactRange('0', '5');
  let tables = await manifest(t, directory);
  for (let tries = 0; tries < TRIES && String(tables) !== String(listed(native.getProperty('leveldb.sstables'))); tries++) {
    await new Promise((done) => setTimeout(done, 20));
    tables = await manifest(t, directory);
  }
  t.true(tables.length > 0);
  t.deepEqual(tables, listed(native.getProperty('leveldb.sstables')));
  await rows.close();
});

test('of RocksDB, over several column families', async (t) => {
  const directory = await place(t);
  const database = new RocksDB(directory, { createIfMissing: true, createMissingColumnFamilies: true, writeBufferSize: 1 << 16 });
  const families = ['a', 'b'].map((name) => database.columnFamily(name));
  await database.ready();
  for (let row = 0; row < ROWS; row += 1000) {
    const family = families[(row / 1000) % 2] as RocksDB;
    const batch = family.write();
    for (let i = 0; i < 1000; i++) batch.tryPut(Buffer.from(`${((row + i) * 7919) % ROWS}`), Buffer.from(`${row}`.repeat(8)));
    await batch.flush();
    batch.destroy();
  }
  await Promise.all(families.map((family) => family.flush()));
  const held = async () =>
    listed((await Promise.all([database, ...families].map((family) => family.getProperty('rocksdb.sstables')))).join('\n'));
  let tables = await manifest(t, directory);
  for (let tries = 0; tries < TRIES && String(tables) !== String(await held()); tries++) {
    await new Promise((done) => setTimeout(done, 20));
    tables = await manifest(t, directory);
  }
  t.true(tables.length > 1);
  t.deepEqual(tables, await held());
  await database.close({ force: true });
});
