// Proves that the LevelDB backend keeps the contract, with a write buffer so small that files are compacted meanwhile too, and that
// a budget of memory is what LevelDB itself says it takes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Level } from 'level';
import { backendFrom, conformance } from './conformance.ts';
import level, { options } from './level.ts';
import { allKeys, openedBy, SIZED } from './rows/sized-store.ts';

conformance(test, backendFrom(import.meta.resolve('./level.js'), {}));
conformance(
  (title, run) => test(`small buffers: ${title}`, run),
  backendFrom(import.meta.resolve('./level.js'), { writeBufferBytes: 64 << 10, cacheBytes: 0 }),
);

const MIB = 2 ** 20;

test.serial('a budget is spent on cache and write buffers, and LevelDB takes no more for a larger state', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-level-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const taken: number[] = [];
  for (const memoryBytes of [4 * MIB, 64 * MIB]) {
    const backend = level({ memoryBytes });
    t.like(backend.settings, { memoryBytes, cacheBytes: memoryBytes / 2, writeBufferBytes: memoryBytes / 4, pageCache: true });
    const own = await mkdtemp(join(directory, 'store-'));
    const [store, database] = await openedBy(Level.prototype, 'open', () => backend.open({ directory: own, tables: [SIZED] }));
    await allKeys(store, 100_000);
    taken.push(Number((database as unknown as { getProperty(name: string): string }).getProperty('leveldb.approximate-memory-usage')));
    await store.close();
  }
  t.log(`of 4 and 64 MiB: ${taken.map((bytes) => `${(bytes / MIB).toFixed(1)} MiB`).join(', ')} for 20 MB of values`);
  // The cache holds a block more than its size in each of its 16 parts.
  t.true(taken[0]! > 2 * MIB && taken[0]! <= 4.5 * MIB, `${taken[0]}`);
  t.true(taken[1]! > 16 * MIB && taken[1]! <= 64.5 * MIB, `${taken[1]}`);
});

test('what is set beside a budget is taken off it, and must not be more', (t) => {
  t.like(level({ memoryBytes: 10 * MIB, cacheBytes: 8 * MIB }).settings, {
    cacheBytes: 8 * MIB,
    writeBufferBytes: MIB,
    memoryBytes: 10 * MIB,
  });
  t.like(level({ memoryBytes: 10 * MIB, writeBufferBytes: 5 * MIB }).settings, { cacheBytes: 0, writeBufferBytes: 5 * MIB });
  t.like(level({}).settings, { cacheBytes: 64 * MIB, writeBufferBytes: 64 * MIB, memoryBytes: 192 * MIB });
  t.like(level({ memoryBytes: 1024 * MIB }).settings, { cacheBytes: 896 * MIB, writeBufferBytes: 64 * MIB });
  t.regex(options.safeParse({ memoryBytes: 10 * MIB, cacheBytes: 10 * MIB }).error?.message ?? '', /less than the cache and two write/);
});
