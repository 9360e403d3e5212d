// Proves the RocksDB backend by the conformance suite; that its settings are those in force; that checkpoints stay whole
// while compactions change the files below them, and reuse what did not change; and that lost files are found.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { backendFrom, conformance } from './conformance.ts';
import {
  BackendError,
  type CheckpointFile,
  keyHash,
  type ListTable,
  StateBatch,
  type StateStore,
  slotHash,
  type TableSpec,
  windowHash,
} from './contract.ts';
import rocksdb from './rocksdb.ts';
import { linkDatabase } from './rows/linked-database.ts';
import { allKeys, SIZED } from './rows/sized-store.ts';

const root = mkdtempSync(join(tmpdir(), 'statebench-rocksdb-test-'));
test.after.always('remove the directory', () => rmSync(root, { recursive: true, force: true }));
let made = 0;
function directory(): string {
  const path = join(root, String(made++));
  mkdirSync(path);
  return path;
}

conformance(test, backendFrom(import.meta.resolve('./rocksdb.js')));

const VALUES: TableSpec = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 64 };
const LISTS: TableSpec = { name: 'events', kind: 'list', keyBytes: 8, groupBytes: 0, valueBytes: 8 };
const tables = [VALUES, LISTS];

function push(batch: StateBatch, window: number, id: number, content: number): void {
  const slot = batch.push(window);
  batch.keys[slot]?.fill(0).writeUInt32BE(id, 4);
  batch.hashes[slot] = slotHash(keyHash(batch.addressWords, (slot * batch.addressStride) / 4 + 2, 2), windowHash(window));
  batch.values[slot]?.fill(0).writeUInt32BE(content, 0);
  batch.present[slot] = 1;
}

/** Everything in a window, by id. */
async function contents(store: StateStore, window: number, spec: TableSpec): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  const table: Pick<ListTable, 'scan'> = spec.kind === 'value' ? store.value(spec.name) : store.list(spec.name);
  for await (const { length, keys, values } of table.scan(window, new StateBatch(500, spec))) {
    for (let slot = 0; slot < length; slot++) {
      const id = (keys[slot] as Buffer).readUInt32BE(4);
      found.set(id, [...(found.get(id) ?? []), (values[slot] as Buffer).readUInt32BE(0)]);
    }
  }
  return found;
}

test('settings are those that RocksDB says are in force', async (t) => {
  const at = directory();
  const backend = rocksdb({ writeBufferBytes: 1 << 20, bloomBitsPerKey: 12, blockBytes: 4096, backgroundJobs: 3 });
  const before = backend.settings.version;
  const store = await backend.open({ directory: at, tables });
  await store.close();
  t.is(before, backend.settings.version, 'the version told before opening is not the one installed');
  const file = readdirSync(join(at, 'db'))
    .filter((name) => name.startsWith('OPTIONS-'))
    .sort()
    .at(-1) as string;
  const text = readFileSync(join(at, 'db', file), 'utf8');
  const inForce = (section: string, name: string) =>
    new RegExp(`^\\[${section}\\][^[]*^\\s*${name}=(.*)$`, 'ms').exec(text)?.[1]?.split('\n')[0];
  t.is(inForce('Version', 'rocksdb_version'), String(backend.settings.version));
  t.is(inForce('DBOptions', 'max_background_jobs'), '3');
  for (const { name } of tables) {
    t.is(inForce(`CFOptions "${name}"`, 'write_buffer_size'), '1048576');
    t.is(inForce(`CFOptions "${name}"`, 'compression'), 'kNoCompression');
    t.is(inForce(`TableOptions/BlockBasedTable "${name}"`, 'filter_policy'), 'bloomfilter:12:false');
    t.is(inForce(`TableOptions/BlockBasedTable "${name}"`, 'block_size'), '4096');
  }
});

test('a budget is what RocksDB says its memtables and block caches may take', async (t) => {
  const MIB = 2 ** 20;
  const inForce = async (memoryBytes: number) => {
    const at = directory();
    const backend = rocksdb({ memoryBytes });
    t.is(backend.settings.memoryBytes, memoryBytes);
    const store = await backend.open({ directory: at, tables });
    await store.close();
    const log = readFileSync(join(at, 'db', 'LOG'), 'utf8');
    const of = (name: string, pattern: RegExp) => {
      const section = log.slice(log.indexOf(`Options for column family [${name}]`));
      return pattern.exec(section)?.[1];
    };
    const found = tables.map(({ name }) => ({
      writeBufferBytes: Number(of(name, /Options\.write_buffer_size: (\d+)/)),
      buffers: Number(of(name, /Options\.max_write_buffer_number: (\d+)/)),
      cacheBytes: of(name, /no_block_cache: (\d)/) === '1' ? 0 : Number(of(name, /\bcapacity : (\d+)/)),
    }));
    const { settings } = backend;
    t.true(found.every((table) => table.writeBufferBytes === settings.writeBufferBytes && table.cacheBytes === settings.blockCacheBytes));
    t.is(
      found.reduce((sum, table) => sum + table.buffers * table.writeBufferBytes + table.cacheBytes, 0),
      Number(settings.memoryBytes),
    );
    return settings;
  };
  t.like(await inForce(256 * MIB), { memoryBytes: 256 * MIB, writeBufferBytes: 48 * MIB, blockCacheBytes: 32 * MIB });
  t.like(await inForce(100 * MIB), { memoryBytes: 100 * MIB, writeBufferBytes: 25 * MIB, blockCacheBytes: 0 });
  t.like(await inForce(MIB), {
    memoryBytes: MIB,
    writeBufferBytes: MIB / 4,
    blockCacheBytes: 0,
    indexesAndFilters: 'beside memoryBytes, as long as their files are open',
  });
});

test('a budget without room for the memtables that are set is refused', async (t) => {
  const backend = rocksdb({ memoryBytes: 2 ** 20, writeBufferBytes: 2 ** 19 });
  await t.throwsAsync(backend.open({ directory: directory(), tables }), {
    code: 'refused',
    message: /1048576 bytes of memory on 2 tables/,
  });
  const roomy = rocksdb({ memoryBytes: 2 ** 21, writeBufferBytes: 2 ** 19 });
  await (await roomy.open({ directory: directory(), tables })).close();
  t.like(roomy.settings, { memoryBytes: 2 ** 21, blockCacheBytes: 0 });
});

test('without a block cache every key is found, with filters and without', async (t) => {
  for (const bloomBitsPerKey of [0, 10]) {
    const store = await rocksdb({ memoryBytes: 2 ** 20, bloomBitsPerKey }).open({ directory: directory(), tables: [SIZED] });
    await t.notThrowsAsync(allKeys(store, 30_000));
    await store.close();
  }
});

test('checkpoints are whole whatever is compacted below them, and reuse what did not change', async (t) => {
  const backend = rocksdb({ writeBufferBytes: 64 * 1024 });
  let store = await backend.open({ directory: directory(), tables });
  const values = new StateBatch(1000, VALUES);
  const elements = new StateBatch(1000, LISTS);
  const sizes = new Map<string, number>();
  let reused = 0;
  for (let id = 1; id <= 12; id++) {
    for (let round = 0; round < 6; round++) {
      values.clear();
      elements.clear();
      for (let key = 0; key < 1000; key++) {
        push(values, 0, (key * 7 + round * 1000) % 6000, id);
        push(elements, id % 3, key, id * 10 + round);
      }
      await store.value('counts').write(values);
      await store.list('events').append(elements);
    }
    if (id % 3 === 2) await store.list('events').drop(id % 3);
    const target = directory();
    const cut = await store.checkpoint({ id, directory: target });
    values.clear();
    for (let key = 0; key < 1000; key++) push(values, 0, key, 0xdead);
    const [files] = await Promise.all([cut.persist(), store.value('counts').write(values)]);
    for (const { path, immutable } of files as readonly CheckpointFile[]) {
      if (!immutable) continue;
      const { size } = statSync(join(target, path));
      if (sizes.has(path)) reused++;
      t.is(sizes.get(path) ?? size, size, `${path} has changed`);
      sizes.set(path, size);
    }
    await store.published(id);
    // Every fourth time go on from the restored store: its new files must not take old names.
    const restored = await backend.restore({ directory: directory(), tables, checkpoint: { id, directory: target } });
    const counts = await contents(restored, 0, VALUES);
    t.is(counts.size, 6000);
    t.true([...counts.values()].every(([value]) => value === id));
    const lists = await contents(restored, id % 3, LISTS);
    if (id % 3 === 2) t.is(lists.size, 0);
    else
      t.true(
        [...lists.values()].every((list) => list.at(-1) === id * 10 + 5 && list.every((n, i) => i === 0 || n > (list[i - 1] as number))),
      );
    if (id % 4 === 0) {
      await store.close();
      store = restored;
    } else {
      values.clear();
      for (let key = 0; key < 1000; key++) push(values, 0, key, id);
      await store.value('counts').write(values);
      await restored.close();
    }
  }
  await store.close();
  t.log(`${sizes.size} SST files in 12 checkpoints, reused ${reused} times`);
  t.true(reused > 0);
});

test('linking starts over when the MANIFEST grows meanwhile, or a file has gone', async (t) => {
  const from = directory();
  await writeFile(join(from, 'CURRENT'), 'MANIFEST-000001\n');
  await writeFile(join(from, 'MANIFEST-000001'), 'two files');
  for (const name of ['000002.sst', '000003.sst', '000004.sst']) await writeFile(join(from, name), name);
  let asked = 0;
  const to = join(directory(), 'cut');
  await linkDatabase(from, to, async () => {
    asked++;
    if (asked === 1) {
      await appendFile(join(from, 'MANIFEST-000001'), ', then one');
      return ['000002.sst', '000003.sst'];
    }
    return asked === 2 ? ['000002.sst', '000001.sst'] : ['000004.sst'];
  });
  t.is(asked, 3);
  t.deepEqual(readdirSync(to).sort(), ['000004.sst', 'CURRENT', 'MANIFEST-000001']);
  t.is(readFileSync(join(to, 'MANIFEST-000001'), 'utf8'), 'two files, then one');
});

for (const [what, damage] of [
  ['an SST file is missing', (at: string) => rmSync(join(at, sst(at)))],
  ['an SST file is cut short', (at: string) => truncateSync(join(at, sst(at)), statSync(join(at, sst(at))).size - 1)],
  ['an SST file is empty', (at: string) => truncateSync(join(at, sst(at)))],
  ['the MANIFEST is cut short', (at: string) => truncateSync(join(at, manifest(at)), 60)],
  ['the MANIFEST is missing', (at: string) => rmSync(join(at, manifest(at)))],
  ['CURRENT is missing', (at: string) => rmSync(join(at, 'CURRENT'))],
] as const) {
  test(`a checkpoint is damaged if ${what}`, async (t) => {
    const backend = rocksdb();
    const store = await backend.open({ directory: directory(), tables });
    const batch = new StateBatch(10, VALUES);
    for (let key = 0; key < 10; key++) push(batch, 0, key, 1);
    await store.value('counts').write(batch);
    const checkpoint = { id: 1, directory: directory() };
    await (await store.checkpoint(checkpoint)).persist();
    await store.close();
    damage(checkpoint.directory);
    const error = await t.throwsAsync(backend.restore({ directory: directory(), tables, checkpoint }), { instanceOf: BackendError });
    t.is((error as BackendError).code, 'damaged', error?.message);
  });
}

function sst(at: string): string {
  return readdirSync(at).find((name) => name.endsWith('.sst')) as string;
}

function manifest(at: string): string {
  return readdirSync(at).find((name) => name.startsWith('MANIFEST-')) as string;
}
