// Proves that what checkpoints need of overwritten values is found after a crash, is freed when they are released, and does not pile
// up: neither over many checkpoints, nor over many stores that died.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { startRedis } from '../../scripts/servers/redis.ts';
import { requiredServer } from '../../scripts/servers/required.ts';
import { keyHash, StateBatch, type StateStore, slotHash, type TableSpec, windowHash } from '../contract.ts';
import redis from '../redis.ts';

const running = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));

const TABLE: TableSpec = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 8 };
const WINDOW = 7;
const KEYS = 64;

/** All keys, each with this value. */
function fill(batch: StateBatch, value: number): StateBatch {
  batch.clear();
  for (let key = 0; key < KEYS; key++) {
    const slot = batch.push(WINDOW);
    batch.keys[slot]!.writeUInt32BE(key, 4);
    batch.hashes[slot] = slotHash(keyHash(batch.addressWords, slot * (batch.addressStride / 4) + 2, 2), windowHash(WINDOW));
    batch.present[slot] = 1;
    batch.lengths[slot] = 8;
    batch.values[slot]!.writeDoubleBE(value);
  }
  return batch;
}

if (running !== undefined) {
  const { url } = running;
  const admin = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  test.before(() => admin.connect());
  test.after.always(() => admin.disconnect());

  const backend = redis({ url, timeoutMs: 60_000 }); // other tests run beside this one
  const batch = new StateBatch(KEYS, TABLE);

  function checkpoints(t: ExecutionContext) {
    const root = mkdtempSync(join(tmpdir(), 'statebench-redis-images-'));
    t.teardown(() => rmSync(root, { recursive: true }));
    return async (store: StateStore, id: number) => {
      const checkpoint = { id, directory: mkdtempSync(join(root, 'checkpoint-')) };
      await (await store.checkpoint(checkpoint)).persist();
      await store.published(id);
      return checkpoint;
    };
  }

  const write = async (store: StateStore, value: number) => {
    const table = store.value(TABLE.name);
    await table.read(fill(batch, 0));
    await table.write(fill(batch, value));
  };

  /** The one value that all keys have. */
  async function valueIn(t: ExecutionContext, store: StateStore): Promise<number> {
    await store.value(TABLE.name).read(fill(batch, 0));
    t.is(batch.present.indexOf(0), -1);
    const values = new Set(batch.values.map((bytes) => bytes.readDoubleBE()));
    t.is(values.size, 1);
    return [...values][0]!;
  }

  /** Fields of the window, and logs and bases. */
  async function held(): Promise<{ readonly fields: number; readonly logs: number }> {
    const [rows] = await admin.keys('statebench:*:0:*');
    const [logs] = await admin.keys('statebench:*:logs');
    return { fields: await admin.hlen(rows!), logs: logs === undefined ? 0 : await admin.hlen(logs) };
  }

  test.serial('over many checkpoints a window has its rows, and a log for each that is kept', async (t) => {
    const cut = checkpoints(t);
    const store = await backend.open({ directory: tmpdir(), tables: [TABLE] });
    await write(store, 0);
    for (let id = 1; id <= 20; id++) {
      const { directory } = await cut(store, id);
      if (id > 2) await store.release(id - 2);
      for (let again = 0; again < 3; again++) await write(store, id);
      const { fields, logs } = await held();
      t.true(fields <= KEYS + 2, `${fields} fields after ${id} checkpoints`);
      t.true(logs <= 2, `${logs} logs`);
      const reader = await backend.restore({ directory: tmpdir(), tables: [TABLE], checkpoint: { id, directory } });
      t.is(await valueIn(t, reader), id - 1);
      await reader.close();
    }
    for (const id of [19, 20]) await store.release(id);
    t.deepEqual(await held(), { fields: KEYS, logs: 0 });
    await store.close();
    t.deepEqual(await admin.keys('*'), []);
  });

  test.serial('over many stores that died it is as much, and each goes on from what the checkpoint has', async (t) => {
    const cut = checkpoints(t);
    const first = await backend.open({ directory: tmpdir(), tables: [TABLE] });
    await write(first, 1);
    let checkpoint = await cut(first, 1);
    const left = [first];
    for (let attempt = 2; attempt <= 20; attempt++) {
      // Every second goes on from the checkpoint of the one before, the others die without one.
      const heir = await backend.restore({ directory: tmpdir(), tables: [TABLE], checkpoint });
      t.is(await valueIn(t, heir), checkpoint.id);
      await write(heir, 1_000);
      if (attempt % 2 === 0) {
        await write(heir, attempt);
        const older = checkpoint.id;
        checkpoint = await cut(heir, attempt);
        await heir.release(older);
      }
      await write(heir, 2_000);
      const { fields, logs } = await held();
      t.true(fields <= KEYS + 4, `${fields} fields after ${attempt} stores`);
      t.true(logs <= 6, `${logs} logs and bases after ${attempt} stores`);
      left.push(heir);
    }
    const last = await backend.restore({ directory: tmpdir(), tables: [TABLE], checkpoint });
    t.is(await valueIn(t, last), 20);
    await write(last, 3_000);
    await last.release(checkpoint.id);
    await last.close();
    t.deepEqual(await admin.keys('*'), []);
    for (const store of left) await store.close();
  });

  test.serial('deleted values come back with the checkpoint that has them, and stay deleted in the one that has not', async (t) => {
    const cut = checkpoints(t);
    const store = await backend.open({ directory: tmpdir(), tables: [TABLE] });
    const table = store.value(TABLE.name);
    await write(store, 1);
    const full = await cut(store, 1);
    await table.read(fill(batch, 0));
    batch.present.fill(0);
    await table.write(batch);
    const empty = await cut(store, 2);
    await write(store, 3);
    for (const [checkpoint, found] of [
      [full, KEYS],
      [empty, 0],
    ] as const) {
      const reader = await backend.restore({ directory: tmpdir(), tables: [TABLE], checkpoint });
      await reader.value(TABLE.name).read(fill(batch, 0));
      t.is(
        batch.present.reduce((sum, present) => sum + present, 0),
        found,
      );
      let scanned = 0;
      for await (const { length } of reader.value(TABLE.name).scan(WINDOW, batch)) scanned += length;
      t.is(scanned, found);
      await reader.close();
    }
    for (const id of [1, 2]) await store.release(id);
    await store.close();
    t.deepEqual(await admin.keys('*'), []);
  });
}
