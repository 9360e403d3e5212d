// Proves that the SQLite backend keeps the contract, with a log and a cache so small that pages move all the time too, and that
// a budget of memory is the cache that SQLite itself says it has.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import Sqlite from 'better-sqlite3';
import { backendFrom, conformance } from './conformance.ts';
import { allKeys, openedBy, SIZED } from './rows/sized-store.ts';
import sqlite, { options } from './sqlite.ts';

conformance(test, backendFrom(import.meta.resolve('./sqlite.js'), {}));
conformance(
  (title, run) => test(`small log: ${title}`, run),
  backendFrom(import.meta.resolve('./sqlite.js'), { walBytes: 4096, cacheBytes: 1 << 16, mapBytes: 1 << 30 }),
);

const MIB = 2 ** 20;

test.serial('a budget is the page cache in force, and what is set beside it must not be more', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-sqlite-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const backend = sqlite({ memoryBytes: 5 * MIB });
  t.like(backend.settings, { memoryBytes: 5 * MIB, cacheBytes: 5 * MIB, pageCache: true });
  const [store, database] = await openedBy(Sqlite.prototype, 'prepare', () => backend.open({ directory, tables: [SIZED] }));
  t.is(database.pragma('cache_size', { simple: true }), (-5 * MIB) / 1024);
  t.is(database.pragma('mmap_size', { simple: true }), 0);
  await allKeys(store, 50_000);
  await store.close();
  t.like(sqlite({ memoryBytes: 5 * MIB, cacheBytes: 2 * MIB }).settings, { memoryBytes: 2 * MIB, cacheBytes: 2 * MIB });
  t.like(sqlite({}).settings, { memoryBytes: 64 * MIB, cacheBytes: 64 * MIB });
  t.regex(options.safeParse({ memoryBytes: MIB, cacheBytes: 2 * MIB }).error?.message ?? '', /less than the cacheBytes/);
});
