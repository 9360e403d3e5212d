import { inUnit, unitFor } from '../quantity.ts';
import type { Sample } from '../statistics/sample.ts';
import type { CellSummary } from '../statistics/summary.ts';
import { type BackendRow, backendRow } from './backend-axis.ts';
import type { Chart } from './chart.ts';
import type { Look } from './look.ts';
import { scatterSpec } from './scatter.ts';

/** Pause and persist of one cell: the median checkpoint of each trial. */
export interface CheckpointTimeRow extends BackendRow {
  readonly pauseMs: Sample;
  readonly persistMs: Sample;
  /** Relative to the live state's size; null where that was not recorded. */
  readonly perMib: { readonly pauseMs: Sample | null; readonly persistMs: Sample | null; readonly bytesWritten: Sample | null };
}

/** Rows of the cells that took a checkpoint. */
export function checkpointTimeRows(cells: readonly CellSummary[], looks: ReadonlyMap<string, Look>): readonly CheckpointTimeRow[] {
  return cells.flatMap((cell) => {
    const { pauseMs, persistMs } = cell.metrics;
    if (pauseMs === null || persistMs === null) return [];
    const { pauseMsPerMib, persistMsPerMib, bytesWrittenPerMib } = cell.metrics;
    const perMib = { pauseMs: pauseMsPerMib, persistMs: persistMsPerMib, bytesWritten: bytesWrittenPerMib };
    return [{ ...backendRow(cell, looks), pauseMs, persistMs, perMib }];
  });
}

/** What a checkpoint costs: the time events stand still against the time it is written beside the stream. */
export function checkpointTimeChart(rows: readonly CheckpointTimeRow[]): Chart {
  const pause = unitFor(
    'time',
    rows.map((row) => row.pauseMs.mean),
  );
  const persist = unitFor(
    'time',
    rows.map((row) => row.persistMs.mean),
  );
  const points = rows.map(({ pauseMs, persistMs, perMib: _, ...row }) => ({
    ...row,
    x: pauseMs.mean / pause.divisor,
    xLow: pauseMs.min / pause.divisor,
    xHigh: pauseMs.max / pause.divisor,
    y: persistMs.mean / persist.divisor,
    yLow: persistMs.min / persist.divisor,
    yHigh: persistMs.max / persist.divisor,
  }));
  return {
    title: 'Checkpoint: pause and persist',
    note: 'left and down is better; the lines are the range over trials',
    description: `Time that events stand still (pause, ${pause.unit}) and time until the checkpoint is durable after that (persist, ${persist.unit}); geometric means over blocks.`,
    table: {
      columns: [
        { key: 'backend', title: 'Backend' },
        { key: 'pause', title: `Pause, ${pause.unit}` },
        { key: 'persist', title: `Persist, ${persist.unit}` },
        { key: 'pause_per_mib', title: 'Pause per MiB of state, ms' },
        { key: 'persist_per_mib', title: 'Persist per MiB of state, ms' },
        { key: 'written_per_mib', title: 'Written per MiB of state, bytes' },
      ],
      rows: rows.map((row) => [
        row.label,
        inUnit(row.pauseMs.mean, row.pauseMs, pause),
        inUnit(row.persistMs.mean, row.persistMs, persist),
        toDigits(row.perMib.pauseMs),
        toDigits(row.perMib.persistMs),
        toDigits(row.perMib.bytesWritten),
      ]),
    },
    legend: [],
    size: 'half',
    spec: (width) => scatterSpec(points, { x: `pause, ${pause.unit}`, y: `persist, ${persist.unit}` }, [], width),
  };
}

function toDigits(sample: Sample | null): string {
  return sample === null ? 'not recorded' : String(Number(sample.mean.toPrecision(3)));
}
