// Proves what becomes of a store when its Cassandra server stands still for five seconds, is killed, and is started again with
// what it kept: a wait within the limit or a named error, and from the checkpoint exactly its state.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { startCassandra } from '../scripts/servers/cassandra.ts';
import { requiredServer } from '../scripts/servers/required.ts';
import cassandra from './cassandra.ts';
import { BackendError, keyHash, StateBatch, slotHash, type TableSpec, windowHash } from './contract.ts';

let home = '';
const running = await requiredServer(test, (directory) => {
  home = directory;
  return startCassandra({ directory, durability: 'process-crash' });
});

const TABLE: TableSpec = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 0, valueBytes: 8 };
const STANDS_STILL_MS = 5_000;
const TIMEOUT_MS = 60_000;

/** Keys 0 to 255 of window 7, each with this value. */
function fill(batch: StateBatch, value: number): StateBatch {
  batch.clear();
  for (let i = 0; i < batch.capacity; i++) {
    const slot = batch.push(7);
    batch.keys[slot]?.writeUInt32BE(i, 4);
    batch.hashes[slot] = slotHash(keyHash(batch.addressWords, slot * (batch.addressStride / 4) + 2, 2), windowHash(7));
    batch.present[slot] = 1;
    batch.values[slot]?.writeDoubleBE(value);
  }
  return batch;
}

if (running !== undefined) {
  test.serial(
    'a server that stands still is waited for; one that is killed ends the store, and a new one has the checkpoint',
    async (t) => {
      const directory = mkdtempSync(join(tmpdir(), 'statebench-cassandra-faults-'));
      t.teardown(() => rmSync(directory, { recursive: true }));
      const batch = new StateBatch(256, TABLE);
      const checkpoint = { id: 1, directory };
      const store = await cassandra({ contactPoints: running.url, timeoutMs: TIMEOUT_MS }).open({ directory: tmpdir(), tables: [TABLE] });
      const table = store.value('counts');
      await table.write(fill(batch, 1));
      await (await store.checkpoint(checkpoint)).persist();
      await store.published(1);

      process.kill(running.pid, 'SIGSTOP');
      const startMs = performance.now();
      const written = Promise.resolve(table.write(fill(batch, 2)));
      await delay(STANDS_STILL_MS);
      process.kill(running.pid, 'SIGCONT');
      await written;
      t.true(performance.now() - startMs >= STANDS_STILL_MS - 100);

      process.kill(running.pid, 'SIGKILL');
      const work = async () => {
        for (let value = 3; ; value++) await table.write(fill(batch, value));
      };
      for (const attempt of [work, async () => table.write(fill(batch, 9))]) {
        const error = await t.throwsAsync(attempt, {
          instanceOf: BackendError,
          message: /no Cassandra server answers at 127\.0\.0\.1:\d+/,
        });
        t.is((error as BackendError | undefined)?.code, 'unavailable');
      }
      await store.close();
      await running.stop();

      const again = await startCassandra({ directory: home, durability: 'process-crash' });
      if (again.state !== 'running') return t.fail(again.reason);
      try {
        const backend = cassandra({ contactPoints: again.server.url, timeoutMs: TIMEOUT_MS });
        const restored = await backend.restore({ directory: tmpdir(), tables: [TABLE], checkpoint });
        await restored.value('counts').read(fill(batch, 0));
        t.is(batch.present.indexOf(0), -1);
        t.deepEqual([...new Set(batch.values.map((value) => value.readDoubleBE()))], [1]);
        await restored.release(1);
        await restored.close();
      } finally {
        await again.server.stop();
      }
    },
  );
}
