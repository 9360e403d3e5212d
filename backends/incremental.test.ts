// Proves that a checkpoint adds little to the storage when little changed, also after a restore and after one that was
// given up; that a busy event loop persists it in few turns; that values of any size survive a chain; that in full mode checkpoints need nothing of each other.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { CheckpointSpace, PublishedCheckpoint } from './checkpoints/contract.ts';
import filesystem from './checkpoints/filesystem.ts';
import { keyHash, type StateBackend, StateBatch, type StateStore, slotHash, type TableSpec, windowHash } from './contract.ts';
import level from './level.ts';
import lmdb from './lmdb.ts';
import memory from './memory.ts';
import rocksdb from './rocksdb.ts';
import sqlite from './sqlite.ts';

const BACKENDS: readonly StateBackend[] = [
  memory({ pageBytes: 1 << 16 }),
  level({ writeBufferBytes: 1 << 18 }),
  lmdb(),
  sqlite({ walBytes: 1 << 16 }),
  rocksdb({ writeBufferBytes: 1 << 18 }),
];
const CONTENT = { backend: { name: 'some', settings: {} }, position: null };

/** One backend with directories that are removed when the test ends. */
class Bench {
  readonly #root: string;
  readonly #table: TableSpec;
  readonly #backend: StateBackend;
  #directories = 0;
  #id = 0;

  private constructor(root: string, backend: StateBackend, table: TableSpec) {
    this.#root = root;
    this.#backend = backend;
    this.#table = table;
  }

  static async of(t: ExecutionContext, backend: StateBackend, valueBytes: number): Promise<Bench> {
    const root = await mkdtemp(join(tmpdir(), 'statebench-incremental-'));
    t.teardown(() => rm(root, { recursive: true }));
    return new Bench(root, backend, { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes });
  }

  async directory(): Promise<string> {
    const path = join(this.#root, `${this.#directories++}`);
    await mkdir(path);
    return path;
  }

  async open(): Promise<StateStore> {
    return this.#backend.open({ directory: await this.directory(), tables: [this.#table] });
  }

  async space(mode: 'full' | 'incremental'): Promise<CheckpointSpace> {
    return filesystem({ fsync: false, mode }).open(await this.directory());
  }

  /** Sets keys from `from` up to `to` to values of a sign. */
  async write(store: StateStore, from: number, to: number, sign: number): Promise<void> {
    const batch = new StateBatch(500, this.#table);
    for (let key = from; key < to; ) {
      batch.clear();
      for (; key < to && batch.length < batch.capacity; key++) {
        const slot = batch.push(0);
        batch.keys[slot]?.fill(0).writeUInt32BE(key);
        batch.hashes[slot] = slotHash(keyHash(batch.addressWords, (slot * batch.addressStride) / 4 + 2, 2), windowHash(0));
        // Nothing that compression makes smaller.
        const value = batch.values[slot] as Buffer;
        for (let at = 0; at + 4 <= value.length; at += 4) value.writeInt32LE(Math.imul(key * 977 + at + 1, 0x9e3779b1 + 2 * sign), at);
        value[0] = sign;
        batch.present[slot] = 1;
      }
      await store.value('counts').write(batch);
    }
  }

  /** How many keys have each sign. */
  async signs(store: StateStore): Promise<Record<number, number>> {
    const signs: Record<number, number> = {};
    for await (const { length, values } of store.value('counts').scan(0, new StateBatch(500, this.#table))) {
      for (let slot = 0; slot < length; slot++) {
        const sign = values[slot]?.[0] ?? -1;
        signs[sign] = (signs[sign] ?? 0) + 1;
      }
    }
    return signs;
  }

  async checkpoint(store: StateStore, space: CheckpointSpace): Promise<PublishedCheckpoint> {
    const draft = await space.draft(++this.#id);
    const cut = await store.checkpoint(draft);
    const published = await space.publish(draft, await cut.persist(), CONTENT);
    await store.published(draft.id);
    for (const old of (await space.list()).slice(2)) {
      await space.remove(old);
      await store.release(old);
    }
    return published;
  }

  /** Turns of an event loop that works on events between them until a cut is persisted. */
  async turnsToPersist(store: StateStore, space: CheckpointSpace): Promise<number> {
    const cut = await store.checkpoint(await space.draft(++this.#id));
    let turns = 0;
    let isPersisted = false;
    const persisted = cut.persist().finally(() => {
      isPersisted = true;
    });
    for (; !isPersisted; turns++) {
      const until = performance.now() + 1;
      while (performance.now() < until);
      await new Promise(setImmediate);
    }
    await persisted;
    return turns;
  }

  async giveUp(store: StateStore, space: CheckpointSpace): Promise<void> {
    const draft = await space.draft(++this.#id);
    await (await store.checkpoint(draft)).persist();
    await space.abandon(draft);
    await store.release(draft.id);
  }

  async restore(space: CheckpointSpace, id?: number): Promise<StateStore> {
    const checkpoint = await space.open(id ?? this.#id);
    return this.#backend.restore({ directory: await this.directory(), tables: [this.#table], checkpoint });
  }
}

for (const backend of BACKENDS) {
  test(`${backend.name}: a checkpoint adds little when little changed`, async (t) => {
    const bench = await Bench.of(t, backend, 64);
    const space = await bench.space('incremental');
    let store = await bench.open();
    await bench.write(store, 0, 20_000, 1);
    const first = await bench.checkpoint(store, space);
    t.true(first.bytesWritten > 20_000 * 64, `${first.bytesWritten} bytes written`);
    const little = async (what: string) => {
      const { bytesWritten, bytesReferenced } = await bench.checkpoint(store, space);
      // Room for a compaction under way, which makes new files of old ones.
      t.true(bytesWritten < first.bytesWritten / 2, `${what}: ${bytesWritten} of ${first.bytesWritten} bytes written`);
      t.true(bytesReferenced > first.bytesWritten / 2, `${what}: ${bytesReferenced} bytes referenced`);
    };
    await bench.write(store, 0, 500, 2);
    await little('changed');
    await bench.write(store, 500, 1000, 3);
    await bench.giveUp(store, space);
    await bench.write(store, 1000, 1500, 4);
    await little('after one given up');
    await bench.write(store, 0, 20_000, 5);
    await store.close();
    const newest = Math.max(...(await space.list()));
    store = await bench.restore(space, newest);
    t.deepEqual(await bench.signs(store), { 1: 18_500, 2: 500, 3: 500, 4: 500 });
    await bench.write(store, 0, 200, 6);
    // Logs are replayed into new files: there it is the checkpoint after the next that is small.
    if (backend.name === 'level') await bench.checkpoint(store, space);
    else await little('after a restore');
    await store.close();
    store = await bench.restore(space);
    t.deepEqual(await bench.signs(store), { 1: 18_500, 2: 300, 3: 500, 4: 500, 6: 200 });
    await store.close();
  });

  test(`${backend.name}: changes all over the state are persisted in few turns of the event loop`, async (t) => {
    const bench = await Bench.of(t, backend, 64);
    const space = await bench.space('incremental');
    const store = await bench.open();
    await bench.write(store, 0, 40_000, 1);
    await bench.checkpoint(store, space);
    // Pages of 4 KiB have some 50 keys each.
    for (let key = 0; key < 40_000; key += 50) await bench.write(store, key, key + 1, 2);
    const turns = await bench.turnsToPersist(store, space);
    t.log(`${turns} turns`);
    // Twice as many as pages if each were waited for; some dozens on an idle machine.
    t.true(turns < 400, `${turns} turns: what a store has to keep for a cut grows with every micro-batch between them`);
    await store.close();
  });

  test(`${backend.name}: a call that changed nothing hides no change after it`, async (t) => {
    const bench = await Bench.of(t, backend, 64);
    const space = await bench.space('incremental');
    const store = await bench.open();
    await bench.write(store, 0, 200, 1);
    await bench.checkpoint(store, space);
    await bench.write(store, 190, 200, 2);
    await bench.checkpoint(store, space);
    await store.value('counts').drop(7); // holds nothing
    await bench.write(store, 0, 20, 3); // elsewhere than the change before
    await bench.checkpoint(store, space);
    await store.close();
    const restored = await bench.restore(space);
    t.deepEqual(await bench.signs(restored), { 1: 170, 2: 10, 3: 20 });
    await restored.close();
  });

  test(`${backend.name}: large values survive a chain`, async (t) => {
    const bench = await Bench.of(t, backend, 9000);
    const space = await bench.space('incremental');
    let store = await bench.open();
    await bench.write(store, 0, 200, 0);
    for (let round = 1; round <= 12; round++) {
      await bench.write(store, round * 10, round * 10 + 15, round);
      if (round === 6) {
        await store.close();
        store = await bench.restore(space);
        await bench.write(store, 60, 75, round);
      }
      await bench.checkpoint(store, space);
    }
    await store.close();
    store = await bench.restore(space);
    const signs = await bench.signs(store);
    t.deepEqual(signs, Object.fromEntries([[0, 75], ...Array.from({ length: 11 }, (_, i) => [i + 1, 10]), [12, 15]]));
    await store.close();
  });

  test(`${backend.name}: in full mode no checkpoint needs another`, async (t) => {
    const bench = await Bench.of(t, backend, 64);
    const space = await bench.space('full');
    const store = await bench.open();
    await bench.write(store, 0, 5000, 1);
    const first = await bench.checkpoint(store, space);
    await bench.write(store, 0, 100, 2);
    const second = await bench.checkpoint(store, space);
    t.is(second.bytesReferenced, 0);
    t.true(second.bytesWritten >= first.bytesWritten * 0.9);
    await bench.write(store, 0, 5000, 1);
    await bench.write(store, 0, 100, 2);
    const third = await bench.checkpoint(store, space);
    // A log-structured store keeps what was overwritten until it compacts, LMDB a page until no checkpoint reads it.
    if (backend.name === 'memory' || backend.name === 'sqlite') t.true(third.bytesWritten < first.bytesWritten * 1.1);
    const allocated = (await space.allocatedBytes()) ?? 0;
    t.true(allocated >= second.bytesWritten + third.bytesWritten, `${allocated} bytes hold both`);
    await store.close();
    const restored = await bench.restore(space);
    t.deepEqual(await bench.signs(restored), { 1: 4900, 2: 100 });
    await restored.close();
  });
}
