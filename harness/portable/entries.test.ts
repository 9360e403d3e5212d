// Proves that carrying the entries of every embedded store keeps each list's order, values of every length, and windows before
// 1970, over batches and chunks; that a range of key groups and the rest make up the whole; and that a portable file which
// is not whole is never read to its end. STATEBENCH_SEED=n replays one draw.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { keyHash, type StateBackend, StateBatch, type StateStore, slotHash, type TableSpec, windowHash } from '../../backends/contract.ts';
import { windowed } from '../../workloads/windowed.ts';
import { tumbling } from '../../workloads/windows/tumbling.ts';
import { builtInFile, create } from '../modules.ts';
import { seededRandom } from '../random.ts';
import { ENTRY_SLOTS, type Entries, entriesInRange, putEntries, storedEntries } from './entries.ts';
import { KEY_GROUPS, KeyGroupFilter, keyGroupsOf } from './key-groups.ts';
import { PORTABLE, portableEntries, writePortable } from './portable-form.ts';

const SEED = Number(process.env.STATEBENCH_SEED ?? 1);
const TABLES: readonly TableSpec[] = [
  { name: 'words', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 20 },
  { name: 'events', kind: 'list', keyBytes: 8, groupBytes: 0, valueBytes: 8 },
];
const WINDOWS = [-86_400_000, 0, 1_700_000_000_000];
const POSITION = {
  tables: TABLES,
  pipeline: {
    events: 1,
    latestMs: null,
    watermarkMs: null,
    stages: TABLES.map(({ name }) => ({ open: { [name]: WINDOWS }, lateEvents: 0 })),
  },
};
/** Keys of all stages are told apart by their first 4 bytes. */
const LAST_STAGE = {
  stages: [windowed(4, tumbling(1), { kind: 'holistic', name: 'none', parameters: {}, inputWidth: 1, columns: [], reduce() {} })],
};

type Expected = Map<string, string>;

/** Fills a store with values of 0 to 20 bytes and lists, and returns what is in it: one text a value, one a list. */
async function filled(store: StateStore): Promise<Expected> {
  const random = seededRandom(SEED);
  const below = (bound: number) => Math.floor(random() * bound);
  const expected: Expected = new Map();
  for (const table of TABLES) {
    const batch = new StateBatch(500, table);
    for (let fill = 0; fill < 12; fill++) {
      batch.clear();
      const taken = new Set<string>();
      for (let i = 0; i < 500; i++) {
        const window = WINDOWS[below(WINDOWS.length)]!;
        const key = Buffer.alloc(8);
        key.writeUInt32BE(below(40), 0);
        key.writeUInt32BE(table.kind === 'list' ? below(2) : below(1000), 4);
        const name = `${table.name} ${window} ${key.toString('hex')}`;
        if (table.kind === 'value' && taken.has(name)) continue;
        taken.add(name);
        const slot = batch.push(window);
        batch.keys[slot]!.set(key);
        batch.hashes[slot] = slotHash(keyHash(batch.addressWords, (slot * batch.addressStride) / 4 + 2, 2), windowHash(window));
        const value = Buffer.alloc(table.kind === 'list' ? 8 : below(21), fill * 500 + i);
        if (table.kind === 'list') value.writeDoubleLE(fill * 500 + i);
        batch.setValue(slot, value);
        expected.set(name, (table.kind === 'list' ? (expected.get(name) ?? '') : '') + value.toString('hex'));
      }
      await (table.kind === 'value' ? store.value(table.name).write(batch) : store.list(table.name).append(batch));
    }
  }
  return expected;
}

async function gathered(entries: AsyncIterable<Entries>): Promise<Expected> {
  const got: Expected = new Map();
  for await (const { table, batch } of entries) {
    for (let slot = 0; slot < batch.length; slot++) {
      const name = `${table.name} ${batch.windows[slot]} ${batch.keys[slot]!.toString('hex')}`;
      got.set(name, (table.kind === 'list' ? (got.get(name) ?? '') : '') + batch.value(slot).toString('hex'));
    }
  }
  return got;
}

const sorted = (entries: Expected) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));

for (const name of ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb']) {
  test(`${name}: everything is carried, divided and put together again`, async (t) => {
    t.log(`replay with STATEBENCH_SEED=${SEED}`);
    const root = await mkdtemp(join(tmpdir(), 'statebench-entries-'));
    t.teardown(() => rm(root, { recursive: true, force: true }));
    const backend = await create<StateBackend>({ kind: 'backend', name, file: builtInFile('backend', name), options: {} });
    const opened = async (folder: string) => {
      const directory = join(root, folder);
      await mkdir(directory);
      return backend.open({ directory, tables: TABLES });
    };
    const store = await opened('first');
    const expected = await filled(store);
    t.true(expected.size > 3 * ENTRY_SLOTS);

    await writePortable(root, TABLES, storedEntries(store, POSITION));
    const fromFile = await opened('from-file');
    await putEntries(fromFile, portableEntries({ backend: PORTABLE, directory: root }, TABLES));
    t.deepEqual(sorted(await gathered(storedEntries(fromFile, POSITION))), sorted(expected));

    const merged = await opened('merged');
    const parts: Expected[] = [];
    for (const part of [0, 1, 2]) {
      const filter = new KeyGroupFilter(keyGroupsOf(part, 3), LAST_STAGE);
      parts.push(await gathered(entriesInRange(storedEntries(store, POSITION), filter)));
      await putEntries(merged, entriesInRange(storedEntries(store, POSITION), filter));
    }
    t.true(
      parts.every(({ size }) => size > expected.size / 10),
      'no part is nearly empty',
    );
    t.is(
      parts.reduce((sum, { size }) => sum + size, 0),
      expected.size,
      'no entry is in two parts',
    );
    t.deepEqual(sorted(await gathered(storedEntries(merged, POSITION))), sorted(expected));
    await Promise.all([store.close(), fromFile.close(), merged.close()]);
  });
}

test('a portable file with any byte turned, or cut anywhere, is refused', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'statebench-portable-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const batch = new StateBatch(4, TABLES[0]!);
  batch.clear();
  for (const key of [1, 2, 3]) batch.keys[batch.push(0)]!.writeUInt32BE(key);
  await writePortable(
    root,
    TABLES,
    (async function* () {
      yield { table: TABLES[0]!, batch };
    })(),
  );
  const file = join(root, 'state.rows');
  const whole = await readFile(file);
  const read = () => gathered(portableEntries({ backend: PORTABLE, directory: root }, TABLES));
  t.is((await read()).size, 3);
  for (let at = 0; at < whole.length; at++) {
    const turned = Buffer.from(whole);
    turned[at]! ^= 1 << (at % 8);
    await writeFile(file, turned);
    t.is(((await t.throwsAsync(read)) as { code?: string } | undefined)?.code, 'damaged', `byte ${at} turned`);
    await writeFile(file, whole.subarray(0, at));
    t.is(((await t.throwsAsync(read)) as { code?: string } | undefined)?.code, 'damaged', `cut at ${at}`);
  }
  const later = portableEntries({ backend: { name: 'portable', settings: { format: 2 } }, directory: root }, TABLES);
  t.is(((await t.throwsAsync(() => gathered(later))) as { code?: string } | undefined)?.code, 'foreign');
});

test('ranges of key groups are contiguous, even, and cover all, whatever the number of parts', (t) => {
  for (const parts of [1, 2, 3, 7, 100, KEY_GROUPS]) {
    let next = 0;
    for (let part = 0; part < parts; part++) {
      const { first, last } = keyGroupsOf(part, parts);
      t.is(first, next);
      t.true(Math.abs(last - first + 1 - KEY_GROUPS / parts) < 1);
      next = last + 1;
    }
    t.is(next, KEY_GROUPS);
  }
  t.throws(() => keyGroupsOf(0, KEY_GROUPS + 1), { instanceOf: RangeError });
});
