// Proves that the LMDB backend keeps the contract, with pages written to the file and with pages changed in the map, and that
// a budget of memory is the map that the system says there is at first, which grows with the state.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { backendFrom, conformance } from './conformance.ts';
import lmdb from './lmdb.ts';
import { allKeys, SIZED } from './rows/sized-store.ts';

conformance(test, backendFrom(import.meta.resolve('./lmdb.js'), {}));
conformance(
  (title, run) => test(`writeMap: ${title}`, run),
  backendFrom(import.meta.resolve('./lmdb.js'), { writeMap: true, mapBytes: 1 << 20 }),
);

const MIB = 2 ** 20;

test.serial('a budget is the map at first, which a larger state outgrows', async (t) => {
  const maps = await readFile('/proc/self/maps', 'utf8').catch(() => null);
  if (maps === null) {
    t.pass('this platform does not tell what is mapped');
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), 'statebench-lmdb-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const mapped = async () => {
    const lines = (await readFile('/proc/self/maps', 'utf8')).split('\n').filter((line) => line.includes(`${directory}/data.mdb`));
    return Math.max(...lines.map((line) => Number(Number.parseInt(line.split('-')[1]!, 16) - Number.parseInt(line, 16))));
  };
  const backend = lmdb({ memoryBytes: 8 * MIB });
  t.like(backend.settings, { mapBytes: 8 * MIB, pageCache: true });
  t.regex(String(backend.settings.memory), /grows with the state.*page cache/);
  const store = await backend.open({ directory, tables: [SIZED] });
  t.is(await mapped(), 8 * MIB);
  await allKeys(store, 100_000);
  t.true((await mapped()) >= 20 * MIB);
  await store.close();
  t.is(lmdb({}).settings.mapBytes, 1024 * MIB);
  t.is(lmdb({ memoryBytes: 8 * MIB, mapBytes: 64 * MIB }).settings.mapBytes, 64 * MIB);
});
