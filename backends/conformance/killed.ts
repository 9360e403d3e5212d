import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ConformanceCheck, check, contentsOf, type ModelledCheckpoint, TABLES, type Workbench } from './check.ts';
import { change, populate } from './checkpoints.ts';
import type { ModelledStore } from './modelled-store.ts';
import { type BackendSource, type CreateBackend, isBackendSource } from './subject.ts';
import type { WriterMessage, WriterRequest } from './writer.ts';

const WRITER_TIMEOUT_MS = 60_000;
/** Long enough to be amid later writes. */
const KILLED_AFTER_MS = 15;

/** The checks that need a {@link BackendSource}: their writer is a process of its own. */
export const killedChecks: readonly ConformanceCheck[] = (['writes', 'persists', 'restored'] as const).map((dies) =>
  check(
    {
      writes: 'a killed writer loses nothing that was published',
      persists: 'a writer killed amid a checkpoint leaves the one before',
      restored: 'a restored writer can be killed as well',
    }[dies],
    'restore takes over from the store that made the checkpoint, dead or alive: SIGKILL at any moment loses nothing that was published.',
    async (bench) => {
      const source = sourceOf(bench.create);
      let checkpoint = await killedWriter(bench, source, { dies: dies === 'persists' ? 'persists' : 'writes' });
      if (dies === 'restored') {
        const before = await contentsOf(checkpoint.place.directory);
        const next = await killedWriter(bench, source, { dies: 'writes', from: checkpoint });
        assert.deepEqual(
          await contentsOf(checkpoint.place.directory),
          before,
          'the directory of a checkpoint that a killed process had restored',
        );
        checkpoint = next;
      }
      const restored = await bench.restore(checkpoint);
      await restored.verify();
      await change(restored, 'lives on');
      const next = await bench.checkpoint(restored);
      await bench.close(restored);
      await (await bench.restore(next)).verify();
    },
  ),
);

/** What a writer writes before its checkpoint, and what a model of it must therefore hold. */
export async function writtenBeforeCut(store: ModelledStore, restored: boolean): Promise<void> {
  if (!restored) await populate(store, 'x');
  await change(store, restored ? 'second' : 'first');
}

/** Runs a process that makes and publishes one checkpoint and goes on; kills it; returns the checkpoint and its model. */
async function killedWriter(
  bench: Workbench,
  source: BackendSource,
  { dies, from }: { dies: WriterRequest['dies']; from?: ModelledCheckpoint },
): Promise<ModelledCheckpoint> {
  const place = await bench.place();
  const request: WriterRequest = {
    module: source.module,
    options: source.options,
    directory: await bench.directory(),
    checkpoint: place,
    draft: await bench.place(),
    from: from?.place ?? null,
    dies,
  };
  const writer = fork(fileURLToPath(new URL('./writer.js', import.meta.url)), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const exited = once(writer, 'exit');
  try {
    const files = await published(writer, request);
    await delay(KILLED_AFTER_MS);
    writer.kill('SIGKILL');
    const model = await bench.expectation(from, (store) => writtenBeforeCut(store, from !== undefined));
    const [, signal] = await exited;
    assert.equal(signal, 'SIGKILL', 'the writer was to be killed, but ended by itself');
    const cut = { persist: async () => files };
    return await bench.persist({ place, cut, tables: TABLES, model });
  } finally {
    writer.kill('SIGKILL');
    await exited;
  }
}

async function published(writer: ChildProcess, request: WriterRequest): Promise<Extract<WriterMessage, { state: 'published' }>['files']> {
  let complaint = '';
  writer.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const message = new Promise<WriterMessage>((resolve) => {
    writer.once('message', (sent) => resolve(sent as WriterMessage));
    writer.once('exit', (code, signal) => resolve({ state: 'failed', message: `ended with ${signal ?? code}: ${complaint}` }));
    setTimeout(resolve, WRITER_TIMEOUT_MS, { state: 'failed', message: `no answer within ${WRITER_TIMEOUT_MS} ms: ${complaint}` }).unref();
  });
  writer.send(request);
  const answer = await message;
  assert(answer.state === 'published', `the writing process failed: ${answer.state === 'failed' ? answer.message : ''}`);
  return answer.files;
}

function sourceOf(create: CreateBackend): BackendSource {
  assert(
    isBackendSource(create),
    'a check that kills a process needs a backend that another process can make: use backendFrom(import.meta.resolve(module), options)',
  );
  return create;
}
