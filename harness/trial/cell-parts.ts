import { mkdir } from 'node:fs/promises';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import type { Source, Workload } from '../../workloads/contract.ts';
import type { Position } from '../checkpointing/position.ts';
import { create } from '../modules.ts';
import type { CellTask } from './tasks.ts';

/** The parts of a cell, made in the process that runs it. */
export interface CellParts {
  readonly backend: StateBackend;
  readonly workload: Workload;
  readonly storage: CheckpointStorage;
  readonly source: Source;
  readonly keyGroups: Position['keyGroups'];
}

/** @param endless true for a timed trial, which must not run out of events. */
export async function cellParts(cell: CellTask, endless: boolean): Promise<CellParts> {
  await mkdir(cell.directory, { recursive: true });
  const workload = await create<Workload>(cell.workload);
  return {
    backend: await create<StateBackend>(cell.backend),
    workload,
    storage: await create<CheckpointStorage>(cell.storage),
    source: await workload.source({ seed: cell.seed, endless }),
    keyGroups: cell.keyGroups,
  };
}
