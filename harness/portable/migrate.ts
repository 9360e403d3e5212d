/** Makes a checkpoint for one backend of a checkpoint that another made. What was there is only read. */
import { existsSync, statSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CheckpointStorage, StoredCheckpoint } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import { Checkpointer, findCheckpoint } from '../checkpointing/checkpointer.ts';
import { type Position, positionOf } from '../checkpointing/position.ts';
import { messageOf, StatebenchError } from '../errors.ts';
import { makeScratch, removeScratch, sweepScratch } from '../scratch.ts';
import type { Carried } from './entries.ts';
import { PORTABLE, PORTABLE_FILES, writePortable } from './portable-form.ts';
import { checkpointEntries, fillStore } from './restore.ts';

/** A job's newest whole checkpoint, found without touching its directory. */
export interface FoundState extends AsyncDisposable {
  readonly checkpoint: StoredCheckpoint;
  readonly position: Position;
  /** Newer checkpoints that are damaged and were passed over. */
  readonly skipped: number;
}

/**
 * Finds and verifies the newest whole checkpoint of a checkpoints directory, which may belong to a running job.
 * @throws StatebenchError `bad-checkpoint` naming what the directory holds instead, `no-whole-checkpoint` if all are damaged.
 */
export async function findState(directory: string, storage: CheckpointStorage): Promise<FoundState> {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new StatebenchError('bad-checkpoint', `${directory} is no directory: name a job's checkpoints directory`);
  }
  sweepScratch(tmpdir());
  const scratch = makeScratch(tmpdir(), 'view');
  const dispose = async () => removeScratch(scratch);
  const fetched = path.join(scratch, 'fetched');
  try {
    await mkdir(fetched);
    const { checkpoint, damaged } = await findCheckpoint(await storage.view(path.resolve(directory), fetched));
    if (checkpoint === null) throw new StatebenchError('bad-checkpoint', `${directory} holds no checkpoint: ${remedyFor(directory)}`);
    return { checkpoint, position: positionOf(checkpoint), skipped: damaged.length, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    const { code } = error as { code?: unknown };
    if (code === 'foreign') throw new StatebenchError('bad-checkpoint', messageOf(error));
    throw error;
  }
}

function remedyFor(directory: string): string {
  const below = path.join(directory, 'checkpoints');
  return existsSync(below) ? `did you mean ${below}?` : "name a job's checkpoints directory";
}

export interface MigrateRequest {
  readonly found: FoundState;
  /** The backend that made the checkpoint; null for a portable one. */
  readonly source: StateBackend | null;
  /** The backend to make one for; null for the portable form. */
  readonly target: StateBackend | null;
  readonly storage: CheckpointStorage;
  /** The new checkpoints directory; must not exist. */
  readonly out: string;
}

export interface Migrated extends Carried {
  readonly tables: number;
  readonly bytesWritten: number;
  readonly seconds: number;
}

/**
 * Writes the checkpoint into a new checkpoints directory, from which a job on the target goes on to the same rows. The
 * directory appears whole or not at all.
 * @throws StatebenchError `bad-folder` if `out` is there or cannot be made; what the backends and the storage throw.
 */
export async function migrate({ found, source, target, storage, out }: MigrateRequest): Promise<Migrated> {
  const startMs = performance.now();
  const { checkpoint, position } = found;
  const { tables } = position;
  if (existsSync(out))
    throw new StatebenchError('bad-folder', `${out} is there already, and nothing is overwritten: name another with --out`);
  const parent = path.dirname(path.resolve(out));
  sweepScratch(parent);
  const work = scratchBeside(out, parent);
  try {
    const [from, to, made] = ['source', 'target', 'checkpoints'].map((name) => path.join(work, name)) as [string, string, string];
    for (const directory of [from, to]) await mkdir(directory);
    const space = await storage.open(made);
    const entries = checkpointEntries(checkpoint, position, source, from);
    let carried: Carried;
    let bytesWritten: number;
    if (target === null) {
      const draft = await space.draft(1);
      carried = await writePortable(draft.directory, tables, entries);
      ({ bytesWritten } = await space.publish(draft, PORTABLE_FILES, { backend: PORTABLE, position }));
    } else {
      const { store, carried: put } = await fillStore(target, { directory: to, tables }, entries);
      try {
        carried = put;
        const checkpointer = new Checkpointer({ backend: target, store, space, damaged: [] });
        await checkpointer.cut(
          () => position.pipeline.events,
          () => position,
        );
        await checkpointer.settled();
        bytesWritten = checkpointer.records[0]!.bytesWritten;
      } finally {
        await store.close();
      }
    }
    await rename(made, out);
    return { ...carried, tables: tables.length, bytesWritten, seconds: (performance.now() - startMs) / 1000 };
  } finally {
    removeScratch(work);
  }
}

/** Beside what is made, so that it can be renamed. */
function scratchBeside(out: string, parent: string): string {
  try {
    return makeScratch(parent, 'migrate');
  } catch (cause) {
    const { code } = cause as StatebenchError;
    throw new StatebenchError(code, `${out} cannot be made: ${messageOf(cause)}, with --out`, { cause });
  }
}
