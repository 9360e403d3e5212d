// Proves that the memory backend keeps the contract, gives memory back, and cuts without copying what is not written to.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { backendFrom, conformance } from './conformance.ts';
import { keyHash, StateBatch, slotHash, type TableSpec, windowHash } from './contract.ts';
import type { KeyedRecords } from './memory/keyed-records.ts';
import { ListRecords } from './memory/list-records.ts';
import { RecordPages } from './memory/record-pages.ts';
import type { RecordsCut } from './memory/records-cut.ts';
import { ValueRecords } from './memory/value-records.ts';
import memory from './memory.ts';

conformance(test, backendFrom(import.meta.resolve('./memory.js')));

const PAGE_BYTES = 4096;
const VALUES: TableSpec = { name: 'values', kind: 'value', keyBytes: 8, groupBytes: 3, valueBytes: 12 };
const LISTS: TableSpec = { ...VALUES, name: 'lists', kind: 'list' };

test('windows that come and go leave nothing behind', (t) => {
  const values = new ValueRecords(VALUES, PAGE_BYTES, { closed: false });
  const lists = new ListRecords(LISTS, PAGE_BYTES, { closed: false });
  const pages = () => pageCount(values.keyed) + pageCount(lists.keyed) + heldPages(lists.chunks);
  const before = pages();
  let most = 0;
  for (let round = 0; round < 30; round++) {
    for (const window of [round, round + 1]) {
      for (const batch of batches(VALUES, window, 3000)) {
        values.write(batch);
        lists.append(batch);
        lists.append(batch);
      }
    }
    if (round === 1) most = pages();
    values.drop(round);
    lists.drop(round);
    t.is(found(values, round), 0);
    t.is(found(values, round + 1), 3000);
    t.true(pages() <= Math.max(most, 1) * 1.1 || round < 2, `round ${round}: ${pages()} pages, at most ${most} before`);
  }
  values.drop(30);
  lists.drop(30);
  t.is(values.keyed.index.size + lists.keyed.index.size, 0);
  t.is(new Set(values.keyed.index.segments).size, 1, 'an empty index keeps one segment');
  // One page is kept of every kind of record, to be written to next.
  t.true(pages() <= before + 6, `${pages()} pages are held for nothing`);
});

test('deletes in any order leave an index that finds the rest', (t) => {
  const values = new ValueRecords({ ...VALUES, groupBytes: 0 }, PAGE_BYTES, { closed: false });
  for (const batch of batches(VALUES, 5, 40_000)) values.write(batch);
  let left = 40_000;
  for (let step = 1; step <= 4; step++) {
    for (const batch of batches(VALUES, 5, 40_000)) {
      for (let slot = 0; slot < batch.length; slot++) batch.present[slot] = (batch.valueWords[slot * 4] as number) % 5 < step ? 0 : 1;
      values.write(batch);
    }
    left -= 8000;
    t.is(values.keyed.index.size, left);
    for (const batch of batches(VALUES, 5, 40_000)) {
      values.read(batch);
      for (let slot = 0; slot < batch.length; slot++) {
        const number = batch.addressWords[slot * 4 + 2] as number;
        if (batch.present[slot] !== (number % 5 < step ? 0 : 1)) t.fail(`key ${number} after deletes of step ${step}`);
      }
    }
  }
});

test('a cut keeps a record that is written to before it was told, and nothing else', (t) => {
  const records = new RecordPages(4, PAGE_BYTES);
  const ids = Array.from({ length: 100_000 }, (_, i) => {
    const record = records.take();
    records.setFirstWord(record, i + 1);
    return record;
  });
  const held = [...records.pages];
  const cut = records.cut(true, () => 1);
  records.setFirstWord(ids[70_000] as number, 7);
  records.free(ids[70_001] as number);
  t.is(cut.count, 2);
  const told = new Map<number, number>();
  for (const chunk of cut.chunks()) {
    // Once the first chunk is out, the last record is still to come and the first one is not.
    if (told.size === 0) for (const record of [ids[0], ids.at(-1)]) records.setFirstWord(record as number, 9);
    for (let at = 0; at < chunk.length; at += 2) told.set(chunk[at] as number, chunk[at + 1] as number);
  }
  // AVA's own comparison of so many takes seconds.
  const right = ids.map((record, i) => [record, i + 1]);
  t.true(
    isDeepStrictEqual(
      [...told].sort(([a], [b]) => a - b),
      right,
    ),
    'what was told is not what was there at the cut',
  );
  t.is(cut.count, ids.length, 'each is told once');
  t.true(
    records.pages.every((page, i) => page === held[i]),
    'no page is copied',
  );
  records.end(cut);
  t.is(records.marked, 4);
  const next = records.cut(false, () => 1);
  t.deepEqual(tellAll(next), [
    [ids[0], 9],
    [ids[70_000], 7],
    [ids[70_001], 0],
    [ids.at(-1), 9],
  ]);
  records.undo(next);
  t.is(records.marked, 4);
  const again = records.cut(false, () => 1);
  records.setFirstWord(ids[0] as number, 5);
  records.undo(again);
  t.deepEqual(
    tellAll(records.cut(false, () => 1)).map(([, first]) => first),
    [5, 7, 0, 9],
  );
});

test('a checkpoint cut short is damaged, wherever it was cut', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-memory-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const tables = [VALUES, LISTS];
  const backend = memory({ pageBytes: PAGE_BYTES });
  let made = 0;
  const fresh = async () => {
    const path = join(directory, `store-${made++}`);
    await mkdir(path);
    return path;
  };
  const store = await backend.open({ directory: await fresh(), tables });
  for (const batch of batches(VALUES, -1, 20)) {
    await store.value('values').write(batch);
    await store.list('lists').append(batch);
  }
  const files = await (await store.checkpoint({ id: 1, directory })).persist();
  const path = join(directory, files.find(({ immutable }) => immutable)?.path ?? '');
  const whole = await readFile(path);
  for (let length = 0; length < whole.length; length++) {
    await writeFile(path, whole.subarray(0, length));
    await t.throwsAsync(
      backend.restore({ directory: await fresh(), tables, checkpoint: { id: 1, directory } }),
      { code: 'damaged' },
      `${length} bytes of ${whole.length}`,
    );
  }
  await writeFile(path, whole);
  await t.notThrowsAsync(backend.restore({ directory: await fresh(), tables, checkpoint: { id: 1, directory } }));
});

test('a batch of another table is refused', async (t) => {
  const values = new ValueRecords(VALUES, PAGE_BYTES, { closed: false });
  const batch = new StateBatch(1, { keyBytes: 12, valueBytes: 12 });
  batch.clear();
  t.throws(() => values.read(batch), { instanceOf: RangeError, message: /batches from the table's spec/ });
});

/** Batches that put key i with value i, for every i below `count`. */
function* batches(spec: TableSpec, window: number, count: number): Iterable<StateBatch> {
  const batch = new StateBatch(512, spec);
  for (let i = 0; i < count; ) {
    batch.clear();
    for (; i < count && batch.length < batch.capacity; i++) {
      const slot = batch.push(window);
      const word = (slot * batch.addressStride + 8) / 4;
      batch.addressWords[word] = i;
      batch.addressWords[word + 1] = 1;
      batch.hashes[slot] = slotHash(keyHash(batch.addressWords, word, 2), windowHash(window));
      batch.valueWords[(slot * batch.valueStride) / 4] = i;
      batch.present[slot] = 1;
    }
    yield batch;
  }
}

/** How many of the keys of {@link batches} a window holds, by reads and, which must agree, by a scan. */
function found(values: ValueRecords, window: number): number {
  let read = 0;
  for (const batch of batches(VALUES, window, 3000)) {
    values.read(batch);
    for (let slot = 0; slot < batch.length; slot++) read += batch.present[slot] as number;
  }
  let scanned = 0;
  for (const batch of values.scan(window, new StateBatch(100, VALUES))) scanned += batch.length;
  return read === scanned ? read : Number.NaN;
}

function pageCount({ records }: KeyedRecords): number {
  return heldPages(records);
}

function heldPages({ pages }: RecordPages): number {
  return pages.filter(({ length }) => length > 0).length;
}

/** What a cut tells, as [record, word 0], in order. */
function tellAll(cut: RecordsCut): (readonly [number, number])[] {
  const told: [number, number][] = [];
  for (const chunk of cut.chunks()) for (let at = 0; at < chunk.length; at += 2) told.push([chunk[at] as number, chunk[at + 1] as number]);
  return told.sort(([a], [b]) => a - b);
}
