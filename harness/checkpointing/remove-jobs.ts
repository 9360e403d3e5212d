/** Removes what jobs left, also where their checkpoints are not in a local folder. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import { create, type ModuleRef } from '../modules.ts';
import { staleScratch, sweepScratch } from '../scratch.ts';

/** Name of a job's checkpoints directory, below the job's own. */
const CHECKPOINTS = 'checkpoints';
/** Trials of a run, parts of a trial: jobs lie no deeper below what is removed at once. */
const DEPTH_MAX = 3;

/** Removes a directory with the jobs in it, and what their storage keeps of them elsewhere. */
export async function removeJobs(directory: string, storage: ModuleRef): Promise<void> {
  await destroyCheckpoints(directory, storage);
  await rm(directory, { recursive: true, force: true });
}

/**
 * Removes the checkpoints of every job in a directory. What their storage cannot remove, because its server is gone, stays where it
 * is: no result depends on it any more.
 */
export async function destroyCheckpoints(directory: string, storage: ModuleRef): Promise<void> {
  const found = await checkpointsBelow(directory, DEPTH_MAX);
  if (found.length === 0) return;
  const made = await create<CheckpointStorage>(storage);
  for (const checkpoints of found) await made.destroy(checkpoints).catch(() => {});
}

/** {@link sweepScratch} for directories that may hold jobs: what these left in one of the storages goes too. */
export async function sweepJobs(parent: string, storages: readonly ModuleRef[]): Promise<void> {
  for (const directory of staleScratch(parent)) {
    for (const storage of storages) await destroyCheckpoints(directory, storage);
  }
  sweepScratch(parent);
}

async function checkpointsBelow(directory: string, depth: number): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.filter((one) => one.isDirectory())) {
    const path = join(directory, entry.name);
    if (entry.name === CHECKPOINTS) found.push(path);
    else if (depth > 1) found.push(...(await checkpointsBelow(path, depth - 1)));
  }
  return found;
}
