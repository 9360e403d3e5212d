import type { StoredCheckpoint } from '../../backends/checkpoints/contract.ts';
import type { OpenRequest, StateBackend, StateStore, TableSpec } from '../../backends/contract.ts';
import type { Position } from '../checkpointing/position.ts';
import { StatebenchError } from '../errors.ts';
import { type Carried, type Entries, putEntries, storedEntries } from './entries.ts';
import { PORTABLE, portableEntries } from './portable-form.ts';

/**
 * Opens the state of a checkpoint: one that this backend made, or a portable one.
 * @throws StatebenchError `bad-checkpoint` if another backend made it; what `restore` of the backend throws.
 */
export async function restoreCheckpoint(backend: StateBackend, request: OpenRequest, checkpoint: StoredCheckpoint): Promise<StateStore> {
  const { id, directory } = checkpoint;
  const maker = checkpoint.backend.name;
  if (maker === PORTABLE.name) return (await fillStore(backend, request, portableEntries(checkpoint, request.tables))).store;
  if (maker === backend.name) return backend.restore({ ...request, checkpoint: { id, directory } });
  throw new StatebenchError(
    'bad-checkpoint',
    `checkpoint ${id} in ${directory} was made by ${maker}, not ${backend.name}: go on with ${maker}, or make a checkpoint for ${backend.name} of it with statebench migrate`,
  );
}

/** A fresh store that holds these entries, and what was carried into it. Closed again if they cannot be read to the end. */
export async function fillStore(
  backend: StateBackend,
  request: OpenRequest,
  entries: AsyncIterable<Entries>,
): Promise<{ readonly store: StateStore; readonly carried: Carried }> {
  const store = await backend.open(request);
  try {
    return { store, carried: await putEntries(store, entries) };
  } catch (cause) {
    await store.close();
    throw cause;
  }
}

/**
 * Everything a checkpoint holds. `backend` is the one that made it, opened in `directory` for as long as it is read;
 * null for a portable one.
 */
export async function* checkpointEntries(
  checkpoint: StoredCheckpoint,
  position: Pick<Position, 'tables' | 'pipeline'>,
  backend: StateBackend | null,
  directory: string,
): AsyncGenerator<Entries> {
  const tables: readonly TableSpec[] = position.tables;
  if (backend === null) {
    yield* portableEntries(checkpoint, tables);
    return;
  }
  const store = await restoreCheckpoint(backend, { directory, tables }, checkpoint);
  try {
    yield* storedEntries(store, position);
  } finally {
    await store.close();
  }
}
