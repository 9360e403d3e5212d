// The process that a check kills: makes one checkpoint, reports it, and writes on until it dies.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CheckpointFile, CheckpointPlace } from '../contract.ts';
import { TABLES } from './check.ts';
import { change } from './checkpoints.ts';
import { writtenBeforeCut } from './killed.ts';
import { ModelledStore, type Row } from './modelled-store.ts';
import { backendFrom } from './subject.ts';

export interface WriterRequest {
  readonly module: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly directory: string;
  readonly checkpoint: CheckpointPlace;
  /** A second checkpoint, never published. */
  readonly draft: CheckpointPlace;
  /** The checkpoint to start from; null starts empty. */
  readonly from: CheckpointPlace | null;
  /** What the writer is at when it reports, and is killed. */
  readonly dies: 'writes' | 'persists';
}

export type WriterMessage =
  | { readonly state: 'published'; readonly files: readonly CheckpointFile[] }
  | { readonly state: 'failed'; readonly message: string };

process.once('message', (request) => {
  write(request as WriterRequest).catch((error: unknown) =>
    report({ state: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// A parent that died by itself takes this process along.
process.once('disconnect', () => process.exit(1));

async function write({ module, options, directory, checkpoint, draft, from, dies }: WriterRequest): Promise<void> {
  const backend = await backendFrom(module, options)();
  const request = { directory, tables: TABLES };
  const opened = from === null ? await backend.open(request) : await backend.restore({ ...request, checkpoint: from });
  const store = new ModelledStore(opened, TABLES, new Map(), new Map());
  await writtenBeforeCut(store, from !== null);
  const files = await (await opened.checkpoint(checkpoint)).persist();
  await opened.published(checkpoint.id);
  await change(store, 'lost');
  if (dies === 'persists') {
    const cut = await opened.checkpoint(draft);
    await change(store, 'lost too');
    cut.persist().catch((error: unknown) => report({ state: 'failed', message: String(error) }));
  }
  report({ state: 'published', files });
  for (let round = 0; ; round++) {
    await store.write(
      'counts',
      Array.from({ length: 20 }, (_, i): Row => [i % 3, `k${(round + i) % 60}`, `lost ${round}`.slice(0, 20)]),
    );
    await store.append('events', [
      [0, 'k1', 'lost'],
      [round % 50, 'lost', 'lost'],
    ]);
    await nextTurn();
  }
}

function report(message: WriterMessage): void {
  process.send?.(message);
}
