import type { Workload } from '../workloads/contract.ts';
import { StatebenchError } from './errors.ts';
import type { Cell } from './results.ts';
import type { StreamPlan } from './trial/tasks.ts';
import { formatBytes } from './units.ts';

/** Most of it the oracle's, which keeps a string and an object a key, and a copy of all for the end of the stream. Measured: 600. */
const MEMORY_BYTES_PER_EVENT = 700;
/** The working state, two checkpoints and a draft, of one small value a key. */
const DISK_BYTES_PER_EVENT = 400;

/** How many events fill the state of a workload before its trials warm up: its setting `fill`, 0 if it has none. */
export function fillOf({ settings }: Pick<Workload, 'settings'>): number {
  const { fill = 0 } = settings;
  return Number(fill);
}

/** A trial's stream with so many events before all others. Checkpoints come after them: those of a state that is not there yet say nothing. */
export function filledStream(stream: StreamPlan, fill: number): StreamPlan {
  const { warmUp, checkpoints } = stream;
  const firstEvent = Math.min(Number.MAX_SAFE_INTEGER, fill + checkpoints.firstEvent);
  return { ...stream, warmUp: fill + warmUp, checkpoints: { ...checkpoints, firstEvent } };
}

/** What the largest fill among these cells may take. */
export function fillNeeds(cells: readonly Pick<Cell, 'workload'>[]): { readonly memoryBytes: number; readonly diskBytes: number } {
  const fill = Math.max(0, ...cells.map(({ workload }) => fillOf(workload)));
  return { memoryBytes: fill * MEMORY_BYTES_PER_EVENT, diskBytes: fill * DISK_BYTES_PER_EVENT };
}

/** @throws StatebenchError `bad-value` if this machine has less memory than a fill may take */
export function checkFill(cells: readonly Pick<Cell, 'workload'>[], machineBytes: number): void {
  const { memoryBytes } = fillNeeds(cells);
  if (memoryBytes <= machineBytes) return;
  throw new StatebenchError(
    'bad-value',
    `a state of that many keys may take ${formatBytes(memoryBytes)}, most of it to compute the right output, and this machine has ${formatBytes(machineBytes)}: choose a smaller fill, or a larger machine`,
  );
}
