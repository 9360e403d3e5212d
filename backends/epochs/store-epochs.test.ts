// Proves what epochs promise whatever the server: a restored store sees exactly the epochs of its checkpoint and its own,
// window ids are used once, and nothing goes that a checkpoint which was not released needs; by a seeded random history
// against a server that is a Set of rows and never forgets by itself.
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { TableSpec } from '../contract.ts';
import { type EpochCheckpoint, readEpochCheckpoint, writeEpochCheckpoint } from './checkpoint-file.ts';
import { type Cut, parseCut } from './cuts.ts';
import { Lineage } from './lineage.ts';
import { StoreEpochs } from './store-epochs.ts';

const TABLES: readonly TableSpec[] = [
  { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 8 },
  { name: 'events', kind: 'list', keyBytes: 8, groupBytes: 0, valueBytes: 8 },
];

test('a lineage sees its checkpoint and itself, and nothing between', (t) => {
  const first = new Lineage();
  t.false(first.sees(1));
  first.begin(1);
  t.true(first.sees(1) && first.sees(99));
  t.deepEqual(first.upTo(4), [[1, 4]]);
  const second = new Lineage(first.upTo(4));
  t.deepEqual(second.upTo(4), [[1, 4]]);
  second.begin(7);
  t.deepEqual(
    [1, 4, 5, 6, 7, 8].map((epoch) => second.sees(epoch)),
    [true, true, false, false, true, true],
  );
  t.deepEqual(second.upTo(9), [
    [1, 4],
    [7, 9],
  ]);
  const third = new Lineage(second.upTo(9));
  third.begin(10);
  t.deepEqual(third.upTo(10), [
    [1, 4],
    [7, 10],
  ]);
});

/** Numbers from 0 up to `below`, the same for a seed (mulberry32). */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What stays when a store dies. */
interface Server {
  epoch: number;
  readonly nextIds: number[];
  readonly register: Map<number, Cut>;
  /** By table, which ids have rows. */
  readonly rows: readonly Set<number>[];
}

interface Kept {
  readonly file: EpochCheckpoint;
  /** By table, the windows and what lies under each. */
  readonly model: readonly ReadonlyMap<number, number>[];
}

test('a random history of stores, cuts and crashes loses nothing that a checkpoint needs, and in the end everything else', (t) => {
  const seed = Number(process.env.STATEBENCH_SEED ?? randomInt(2 ** 32));
  t.log(`STATEBENCH_SEED=${seed}`);
  const random = seeded(seed);
  const server: Server = { epoch: 0, nextIds: [0, 0], register: new Map(), rows: [new Set(), new Set()] };
  const used = [new Set<number>(), new Set<number>()];
  let kept: Kept[] = [];
  let id = 0;

  const begin = (from?: Kept): { store: StoreEpochs; model: Map<number, number>[] } => {
    const store = new StoreEpochs('n', TABLES, from?.file);
    const changed = store.begin({ epoch: ++server.epoch, cuts: [...server.register.values()], nextIds: [...server.nextIds] });
    if (changed !== undefined) server.register.set(changed.epoch, changed);
    return { store, model: TABLES.map((_, table) => new Map(from?.model[table])) };
  };
  const sweep = (store: StoreEpochs) => {
    for (const { table, from, to } of store.free()) for (let row = from; row < to; row++) server.rows[table]?.delete(row);
  };
  const verify = ({ file, model }: Kept) => {
    for (const [table, windows] of model.entries()) {
      t.deepEqual(new Map(file.windows[table]?.live.map(([window, row]) => [window, row])), new Map(windows));
      for (const row of windows.values()) t.true(server.rows[table]?.has(row), `id ${row} of table ${table} is gone`);
    }
  };

  let { store, model } = begin();
  for (let step = 0; step < 3000; step++) {
    const table = random(2);
    const window = random(12) - 6;
    const choice = random(20);
    if (choice < 10) {
      const isNew = store.windows[table]?.find(window) === undefined;
      const live = store.windows[table]!.written(window, store.epoch);
      if (isNew) {
        t.false(used[table]?.has(live.id), `id ${live.id} was used before`);
        used[table]?.add(live.id);
      }
      server.nextIds[table] = Math.max(server.nextIds[table]!, live.id + 1);
      server.rows[table]?.add(live.id);
      model[table]?.set(window, live.id);
    } else if (choice < 15) {
      const free = store.drop(table, window);
      if (free !== undefined) server.rows[table]?.delete(free);
      model[table]?.delete(window);
      sweep(store);
    } else if (choice < 18) {
      const cut = store.cut(++id);
      server.register.set(cut.epoch, parseCut(JSON.stringify(cut)));
      const file = store.advance(cut, ++server.epoch);
      if (random(4) === 0) {
        // Given up: released, or not even that because the store dies.
        if (random(2) === 0) continue;
        const released = store.cuts.release(cut.id);
        if (released !== undefined) server.register.delete(released.epoch);
      } else {
        const { kept: entry, given } = store.cuts.published(cut.id);
        server.register.set(entry!.epoch, entry!);
        for (const { epoch } of given) server.register.delete(epoch);
        kept = [{ file, model: model.map((windows) => new Map(windows)) }, ...kept];
        for (const old of kept.splice(2)) server.register.delete(store.cuts.release(old.file.cut.id)!.epoch);
      }
      sweep(store);
    } else if (choice === 18 && kept.length > 0) {
      const from = kept[random(kept.length)]!;
      ({ store, model } = begin(from));
      sweep(store);
      verify({ file: { ...from.file, windows: store.windows.map((ids) => ids.save()) }, model });
    }
    for (const one of kept) verify(one);
  }
  // Once nothing but the present counts, no other row is left.
  for (const { id: old, epoch } of [...server.register.values()]) {
    store.cuts.release(old);
    server.register.delete(epoch);
  }
  sweep(store);
  for (const windows of [0, 1]) {
    const present = new Set(model[windows]?.values());
    const extra = [...server.rows[windows]!].filter((row) => !present.has(row));
    t.true(extra.length < used[windows]!.size / 4, `${extra.length} rows of ${used[windows]?.size} windows are left`);
    for (const row of present) t.true(server.rows[windows]?.has(row));
  }
});

test('a linear history leaves no row that nobody needs', (t) => {
  const store = new StoreEpochs('n', TABLES);
  store.begin({ epoch: 1, cuts: [], nextIds: [] });
  const rows = new Set<number>();
  for (let id = 1; id <= 50; id++) {
    rows.add(store.windows[0]!.written(id, store.epoch).id);
    store.windows[0]?.drop(id - 3, store.epoch);
    store.advance(store.cut(id), store.epoch + 1);
    store.cuts.published(id);
    store.cuts.release(id - 2);
    for (const { from, to } of store.free()) for (let row = from; row < to; row++) rows.delete(row);
    t.true(rows.size <= 5, `${rows.size} windows have rows`);
  }
});

test('the file of a checkpoint is read as it was written, and not if a byte of it is another', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'epochs-'));
  try {
    const store = new StoreEpochs('statebench:1', TABLES);
    store.begin({ epoch: 3, cuts: [], nextIds: [] });
    store.windows[0]?.written(-86_400_000, 3);
    store.windows[1]?.written(5, 3);
    store.windows[1]?.drop(5, 3);
    const written = store.advance(store.cut(1), 4, { buckets: 8 });
    const files = await writeEpochCheckpoint(directory, 'redis', TABLES, written);
    t.deepEqual(
      files.map(({ path }) => path),
      ['layout.json', 'epochs.json'],
    );
    const read = await readEpochCheckpoint(directory, 'redis', [...TABLES].reverse());
    t.deepEqual(read.checkpoint, written);
    await t.throwsAsync(readEpochCheckpoint(directory, 'hbase', TABLES), { code: 'wrong-layout' });
    const path = join(directory, 'epochs.json');
    const text = await readFile(path, 'utf8');
    for (const other of [text.replace('8', '9'), text.slice(1), '']) {
      await writeFile(path, other);
      await t.throwsAsync(readEpochCheckpoint(directory, 'redis', TABLES), { code: 'damaged' });
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
