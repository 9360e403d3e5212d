// Proves that a limit of memory is that of the memory really taken, that it is kept within, and that what is forgotten can be used again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { BackendError, keyHash, StateBatch, type StateStore, slotHash, type TableSpec, windowHash } from '../contract.ts';
import memory, { options } from '../memory.ts';

const MIB = 2 ** 20;
const LIMIT_BYTES = 64 * MIB;
const VALUES: TableSpec = { name: 'values', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 32 };
const LISTS: TableSpec = { name: 'lists', kind: 'list', keyBytes: 8, groupBytes: 4, valueBytes: 16 };

/** Puts keys `from` to `from + 999` of a window into both tables. */
async function put(store: StateStore, window: number, from: number): Promise<void> {
  const values = new StateBatch(1000, VALUES);
  const elements = new StateBatch(1000, LISTS);
  for (const batch of [values, elements]) {
    batch.clear();
    for (let i = 0; i < batch.capacity; i++) {
      const slot = batch.push(window);
      batch.keys[slot]!.writeUInt32LE(from + i);
      batch.hashes[slot] = slotHash(keyHash(batch.addressWords, (slot * batch.addressStride) / 4 + 2, 2), windowHash(window));
      batch.present[slot] = 1;
    }
  }
  await store.value('values').write(values);
  await store.list('lists').append(elements);
}

test.serial('a state up to the limit is kept, a larger one fails by name, and by then as much memory is taken', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-budget-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const backend = memory(options.parse({ memoryBytes: LIMIT_BYTES }));
  t.is(backend.settings.memoryBytes, LIMIT_BYTES);
  const before = process.memoryUsage().arrayBuffers;
  const store = await backend.open({ directory, tables: [VALUES, LISTS] });
  let keys = 0;
  const error = await t.throwsAsync(
    async () => {
      for (; keys < 10_000_000; keys += 1000) await put(store, 0, keys);
    },
    { instanceOf: BackendError, code: 'over-budget', message: /67108864 bytes.*keeps state on disk/ },
  );
  const taken = process.memoryUsage().arrayBuffers - before;
  t.log(`${keys} keys, ${(taken / MIB).toFixed(1)} MiB of arrays: ${error?.message}`);
  // More than the limit by what garbage the index left when it grew.
  t.true(taken > 0.9 * LIMIT_BYTES && taken < 1.5 * LIMIT_BYTES, `${taken} bytes`);
  t.true(keys > 100_000);
  await store.close();
});

test.serial('windows that go make room for others', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-budget-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const store = await memory(options.parse({ memoryBytes: 8 * MIB })).open({ directory, tables: [VALUES, LISTS] });
  const KEYS_PER_WINDOW = 10_000;
  for (let window = 0; window < 40; window++) {
    for (let from = 0; from < KEYS_PER_WINDOW; from += 1000) await put(store, window, from);
    if (window > 0) for (const table of [store.value('values'), store.list('lists')]) await table.drop(window - 1);
  }
  const second = store.value('values').scan(39, new StateBatch(1000, VALUES)) as Iterable<StateBatch>;
  t.is(
    [...second].reduce((sum, { length }) => sum + length, 0),
    KEYS_PER_WINDOW,
  );
  await t.throwsAsync(
    async () => {
      for (let window = 40; window < 80; window++) for (let from = 0; from < KEYS_PER_WINDOW; from += 1000) await put(store, window, from);
    },
    { code: 'over-budget' },
    'windows that stay do not fit',
  );
  await store.close();
});

test.serial('a checkpoint that needs more than the limit is not restored, and is not taken for damaged', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-budget-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const [one, two, checkpoint] = await Promise.all(['one-', 'two-', 'checkpoint-'].map((name) => mkdtemp(join(directory, name))));
  const store = await memory(options.parse({})).open({ directory: one!, tables: [VALUES, LISTS] });
  for (let from = 0; from < 100_000; from += 1000) await put(store, 0, from);
  await (await store.checkpoint({ id: 1, directory: checkpoint! })).persist();
  await store.close();
  const small = memory(options.parse({ memoryBytes: 8 * MIB }));
  await t.throwsAsync(small.restore({ directory: two!, tables: [VALUES, LISTS], checkpoint: { id: 1, directory: checkpoint! } }), {
    code: 'over-budget',
  });
});
