import { inUnit, unitFor } from '../quantity.ts';
import type { Sample } from '../statistics/sample.ts';
import type { CellSummary } from '../statistics/summary.ts';
import { type BackendRow, backendRow } from './backend-axis.ts';
import type { Chart } from './chart.ts';
import type { Look } from './look.ts';
import { PART_FILLS, stackedSpec } from './stacked.ts';

/** Bytes of one cell's checkpoints: the median of each trial. */
export interface CheckpointBytesRow extends BackendRow {
  readonly bytesWritten: Sample;
  readonly bytesReferenced: Sample;
}

/** Rows of the cells that took a checkpoint. */
export function checkpointBytesRows(cells: readonly CellSummary[], looks: ReadonlyMap<string, Look>): readonly CheckpointBytesRow[] {
  return cells.flatMap((cell) => {
    const { bytesWritten, bytesReferenced } = cell.metrics;
    return bytesWritten === null || bytesReferenced === null ? [] : [{ ...backendRow(cell, looks), bytesWritten, bytesReferenced }];
  });
}

/** How much a checkpoint writes, and how much of it the storage already held. */
export function checkpointBytesChart(rows: readonly CheckpointBytesRow[]): Chart {
  const unit = unitFor(
    'bytes',
    rows.map((row) => row.bytesWritten.mean),
  );
  const parts = [
    { label: 'written', color: PART_FILLS[2] },
    { label: 'referenced: already held by the storage', color: PART_FILLS[0] },
  ] as const;
  const segments = rows.flatMap(({ bytesWritten, bytesReferenced, ...row }) => [
    { ...row, part: 'written', value: bytesWritten.mean / unit.divisor, fill: parts[0].color },
    { ...row, part: 'referenced', value: bytesReferenced.mean / unit.divisor, fill: parts[1].color },
  ]);
  const totals = new Map(rows.map((row) => [row.id, `${inUnit(row.bytesWritten.mean, row.bytesWritten, unit)} ${unit.unit}`]));
  return {
    title: 'Checkpoint: bytes',
    note: `${unit.unit} a checkpoint, geometric mean over blocks; the figure is what is written`,
    description: `Bytes written by a checkpoint and bytes it only refers to, in ${unit.unit}.`,
    table: {
      columns: [
        { key: 'backend', title: 'Backend' },
        { key: 'written', title: `Written, ${unit.unit}` },
        { key: 'referenced', title: `Referenced, ${unit.unit}` },
      ],
      rows: rows.map((row) => [
        row.label,
        inUnit(row.bytesWritten.mean, row.bytesWritten, unit),
        inUnit(row.bytesReferenced.mean, row.bytesReferenced, unit),
      ]),
    },
    legend: parts,
    size: 'half',
    spec: (width) => stackedSpec(segments, totals, unit.unit, width),
  };
}
