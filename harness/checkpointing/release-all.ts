/**
 * The end of a job's checkpoints. A store that lives elsewhere keeps what a checkpoint refers to until it is told that nobody
 * will restore it, and nobody else can tell: a directory that is removed says nothing to a server.
 */
import type { CheckpointSpace } from '../../backends/checkpoints/contract.ts';
import type { StateStore } from '../../backends/contract.ts';

/** Tells a store that none of a job's checkpoints will be restored any more. Their files are left for whoever removes the directory. */
export async function releaseAll(store: StateStore, space: CheckpointSpace): Promise<void> {
  for (const id of await space.list()) await store.release(id);
}
