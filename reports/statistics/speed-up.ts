import { type PairedRatio, pairedRatio } from './ratio.ts';
import { type CellSummary, everyGroup, type GroupSummary, type RunSummary, throughputByBlock } from './summary.ts';

/** A backend at one number of processes. */
export interface SpeedUp {
  readonly cell: CellSummary;
  /** Throughput against that of the least number of processes, paired by block; null for that itself, and where an output was wrong. */
  readonly ratio: PairedRatio | null;
}

/** The backends of a group at several numbers of processes, all else being equal. */
export interface SpeedUps {
  /** The number of processes with which the others are compared: 1 where that was measured. */
  readonly base: number;
  /** By backend in the order of the group, the null backend last, then by number of processes. */
  readonly rows: readonly SpeedUp[];
}

/** How the throughput of the backends of `group` grows with processes; null where the run has only one number of them. */
export function speedUpsOf(group: GroupSummary, run: RunSummary): SpeedUps | null {
  const { workload, storage, batchSize } = group;
  const same = everyGroup(run)
    .filter((other) => JSON.stringify([other.workload, other.storage]) === JSON.stringify([workload, storage]))
    .filter((other) => other.batchSize === batchSize)
    .toSorted((a, b) => a.parallelism - b.parallelism);
  if (same.length < 2) return null;
  const cellsOf = ({ candidates, harness }: GroupSummary) => [...candidates, ...(harness === null ? [] : [harness])];
  const rows = cellsOf(group).flatMap(({ cell: { backend } }) => {
    const cells = same.flatMap((other) => cellsOf(other).filter(({ cell }) => cell.backend.name === backend.name));
    return cells.map((cell) => ({ cell, ratio: ratioOf(cell, cells[0]!) }));
  });
  return { base: same[0]!.parallelism, rows };
}

function ratioOf(cell: CellSummary, base: CellSummary): PairedRatio | null {
  if (cell === base || cell.standing === 'wrong' || base.standing === 'wrong') return null;
  return pairedRatio(throughputByBlock(cell), throughputByBlock(base));
}
