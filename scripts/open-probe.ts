/** A process of its own in which `doctor` opens a backend: an addon that crashes takes only this one along. */
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import type { StateBackend } from '../backends/contract.ts';
import { messageOf } from '../harness/errors.ts';
import { create, type ModuleRef } from '../harness/modules.ts';
import { makeScratch, removeScratch, sweepScratch } from '../harness/scratch.ts';

// By stdin, as options may hold a password and arguments are visible to everybody on the machine.
const ref = JSON.parse(await text(process.stdin)) as ModuleRef;
sweepScratch(tmpdir());
const root = makeScratch(tmpdir(), 'doctor');
try {
  const backend = await create<StateBackend>(ref);
  const store = await backend.open({
    directory: root,
    tables: [{ name: 'probe', kind: 'value', keyBytes: 4, groupBytes: 0, valueBytes: 8 }],
  });
  await store.close();
} catch (error) {
  process.stderr.write(messageOf(error));
  process.exitCode = 1;
} finally {
  removeScratch(root);
}
