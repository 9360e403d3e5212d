// Proves that a checkpoint becomes durable without a turn of the stream's event loop, so that its time cannot depend on how often the
// stream yields; and that errors come back from the worker thread with their codes.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CheckpointError } from '../../backends/checkpoints/contract.ts';
import filesystem from '../../backends/checkpoints/filesystem.ts';
import { BackendError, keyHash, type StateBackend, StateBatch, slotHash, windowHash } from '../../backends/contract.ts';
import { nowNs } from '../measure/clock.ts';
import { create, loadBackend } from '../modules.ts';
import { Checkpointer } from './checkpointer.ts';
import { receiveError, sendError } from './sent-error.ts';

const TABLE = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 8, valueBytes: 8 } as const;
const ENTRIES = 3000;

async function jobOf(t: ExecutionContext, name: string) {
  const root = await mkdtemp(join(tmpdir(), 'statebench-persist-'));
  const directory = join(root, 'state');
  await mkdir(directory);
  const backend = await create<StateBackend>(await loadBackend(name));
  const store = await backend.open({ directory, tables: [TABLE] });
  const space = await filesystem().open(join(root, 'checkpoints'));
  const checkpointer = new Checkpointer({ backend, store, space, damaged: [] });
  t.teardown(async () => {
    await store.close();
    await rm(root, { recursive: true });
  });
  const write = async (value: number): Promise<void> => {
    const batch = new StateBatch(ENTRIES, TABLE);
    for (let i = 0; i < ENTRIES; i++) {
      const slot = batch.push(0);
      const word = (slot * batch.addressStride) / 4 + 2;
      batch.addressWords[word] = i;
      batch.addressWords[word + 1] = 0;
      batch.hashes[slot] = slotHash(keyHash(batch.addressWords, word, 2), windowHash(0));
      batch.valueWords[(slot * batch.valueStride) / 4] = value + i;
      batch.present[slot] = 1;
    }
    await store.value('counts').write(batch);
  };
  const cut = (): Promise<void> =>
    checkpointer.cut(
      () => 0,
      () => null,
    );
  return { root, checkpointer, write, cut };
}

/** Blocks this thread, and with it its event loop, until the file is there. */
function blockUntilThere(path: string, work: () => void): boolean {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let waits = 0; waits < 6000; waits++) {
    if (existsSync(path)) return true;
    work();
    Atomics.wait(cell, 0, 0, 10);
  }
  return false;
}

for (const name of ['memory', 'lmdb', 'sqlite', 'level', 'rocksdb']) {
  test(`${name}: full and incremental checkpoints become durable while the event loop stands still`, async (t) => {
    const { root, checkpointer, write, cut } = await jobOf(t, name);
    for (const id of [1, 2, 3]) {
      await write(id);
      await cut();
      // Of the memory backend, the stream's thread has to copy the records.
      t.true(blockUntilThere(join(root, 'checkpoints', `chk-${id}`, 'manifest.json'), () => checkpointer.feedUntil(nowNs() + 1e6)));
      await checkpointer.settled();
    }
    t.deepEqual(
      checkpointer.records.map(({ id }) => id),
      [1, 2, 3],
    );
    t.false(existsSync(join(root, 'checkpoints', 'chk-1')), 'the oldest was removed');
    for (const { persistMs, untilNs, endNs } of checkpointer.records) t.true(persistMs > 0 && untilNs >= endNs);
  });
}

test('an error keeps class, code, message and cause on its way between threads', (t) => {
  const cause = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  const received = receiveError(structuredClone(sendError(new CheckpointError('not-durable', 'could not be written', { cause }))));
  t.true(received instanceof CheckpointError);
  t.like(received, { code: 'not-durable', message: 'could not be written', cause: { code: 'ENOSPC', message: 'no space' } });
  t.true(receiveError(structuredClone(sendError(new BackendError('refused', 'busy')))) instanceof BackendError);
});
