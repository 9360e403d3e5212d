/** A process of its own in which `doctor` opens a backend or a storage: an addon that crashes takes only this one along. */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { CheckpointStorage } from '../backends/checkpoints/contract.ts';
import type { StateBackend } from '../backends/contract.ts';
import { messageOf } from '../harness/errors.ts';
import { create, type ModuleRef } from '../harness/modules.ts';
import { makeScratch, removeScratch, sweepScratch } from '../harness/scratch.ts';

// By stdin, as options may hold a password and arguments are visible to everybody on the machine.
const ref = JSON.parse(await text(process.stdin)) as ModuleRef;
sweepScratch(tmpdir());
const root = makeScratch(tmpdir(), 'doctor');
try {
  if (ref.kind === 'storage') await openStorage(ref);
  else await openBackend(ref);
} catch (error) {
  process.stderr.write(messageOf(error));
  process.exitCode = 1;
} finally {
  removeScratch(root);
}

async function openBackend(backend: ModuleRef): Promise<void> {
  const store = await (await create<StateBackend>(backend)).open({
    directory: root,
    tables: [{ name: 'probe', kind: 'value', keyBytes: 4, groupBytes: 0, valueBytes: 8 }],
  });
  await store.close();
}

async function openStorage(ref: ModuleRef): Promise<void> {
  const storage = await create<CheckpointStorage>(ref);
  const job = join(root, 'job');
  mkdirSync(job);
  await storage.open(job);
  await storage.destroy(job);
}
