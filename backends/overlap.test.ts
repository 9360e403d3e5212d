// Proves that a cut stays whole and stays as it was while every row of the store is rewritten below its persist.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type StateBackend, StateBatch, type StateStore, type TableSpec } from './contract.ts';
import level from './level.ts';
import lmdb from './lmdb.ts';
import sqlite from './sqlite.ts';

const TABLE: TableSpec = { name: 'counts', kind: 'value', keyBytes: 16, groupBytes: 0, valueBytes: 64 };
const ROWS = 20_000;
const BATCH = 1000;
const ROUNDS = 3;
const WHOLE = Array.from({ length: 256 }, (_, round) => Buffer.alloc(TABLE.valueBytes, round));

async function writeAll(store: StateStore, round: number, pauseEach: () => Promise<unknown>): Promise<void> {
  const table = store.value('counts');
  const batch = new StateBatch(BATCH, TABLE);
  for (let from = 0; from < ROWS; from += BATCH) {
    batch.clear();
    for (let row = from; row < from + BATCH; row++) {
      const slot = batch.push(row % 7);
      batch.keys[slot]!.fill(0).writeUInt32BE(Math.imul(row, 0x9e3779b1) >>> 0);
      batch.values[slot]!.fill(round);
      // Rows come and go as well, so that pages are freed and taken again.
      batch.present[slot] = (row + round) % 5 === 0 ? 0 : 1;
    }
    const pending = table.write(batch);
    if (pending) await pending;
    await pauseEach();
  }
}

async function rounds(store: StateStore): Promise<Map<number, number>> {
  const batch = new StateBatch(BATCH, TABLE);
  const counts = new Map<number, number>();
  for (let window = 0; window < 7; window++) {
    for await (const { length, values } of store.value('counts').scan(window, batch)) {
      for (let slot = 0; slot < length; slot++) {
        const value = values[slot]!;
        const round = value.equals(WHOLE[value[0]!]!) ? value[0]! : -1;
        counts.set(round, (counts.get(round) ?? 0) + 1);
      }
    }
  }
  return counts;
}

const backends: readonly (readonly [string, StateBackend])[] = [
  ['lmdb', lmdb()],
  ['lmdb with writeMap', lmdb({ writeMap: true, mapBytes: 1 << 20 })],
  ['level', level({ writeBufferBytes: 1 << 20 })],
  ['sqlite', sqlite({ walBytes: 1 << 16, cacheBytes: 1 << 20 })],
];

for (const [title, backend] of backends) {
  test(`${title}: writes below a persist stay out of its cut`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'overlap-'));
    const made = async (name: string) => {
      await mkdir(join(directory, name));
      return join(directory, name);
    };
    const tick = () => new Promise(setImmediate);
    try {
      const store = await backend.open({ directory: await made('working'), tables: [TABLE] });
      for (let round = 1; round <= ROUNDS; round++) {
        await writeAll(store, round, () => Promise.resolve());
        const place = { id: round, directory: await made(`checkpoint-${round}`) };
        const cut = await store.checkpoint(place);
        const next = writeAll(store, round + 100, tick);
        await tick();
        await Promise.all([cut.persist(), next]);
        await store.published(round);
        const restored = await backend.restore({ directory: await made(`restored-${round}`), tables: [TABLE], checkpoint: place });
        t.deepEqual(await rounds(restored), new Map([[round, (ROWS * 4) / 5]]));
        await restored.close();
      }
      await store.close();
    } finally {
      await rm(directory, { recursive: true });
    }
  });
}
