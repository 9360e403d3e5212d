import type { CompletedTrial } from '../../harness/results.ts';
import { rounded, uncertainty, unitFor, withUnit } from '../quantity.ts';
import { recoveryTotalMs } from '../statistics/metrics.ts';
import { type CellSummary, medianTrial } from '../statistics/summary.ts';
import { type BackendRow, backendRow } from './backend-axis.ts';
import type { Chart } from './chart.ts';
import type { Look } from './look.ts';
import { PART_FILLS, stackedSpec } from './stacked.ts';

/** The kill of a cell whose recovery took the median time, phase by phase. */
export interface RecoveryRow extends BackendRow {
  readonly processMs: number;
  readonly verifyMs: number;
  readonly restoreMs: number;
  readonly firstBatchMs: number;
  readonly replayMs: number;
  /** Half of what is not known of the total over trials, ms; null for a single trial. */
  readonly uncertaintyMs: number | null;
}

const PHASES = [
  ['processMs', 'process starts, events loaded (the harness)'],
  ['verifyMs', 'checkpoint verified'],
  ['restoreMs', 'state restored'],
  ['firstBatchMs', 'first micro-batch'],
  ['replayMs', 'replayed up to the kill'],
] as const;

/** Rows of the cells that were killed and came back. */
export function recoveryRows(cells: readonly CellSummary[], looks: ReadonlyMap<string, Look>): readonly RecoveryRow[] {
  return cells.flatMap((cell) => {
    const total = cell.metrics.recoveryMs;
    const recovery = medianTrial(cell, ({ recovery }) => (recovery === null ? null : recoveryTotalMs(recovery.phases)))?.recovery ?? null;
    return recovery === null || total === null
      ? []
      : [{ ...backendRow(cell, looks), ...phasesOf(recovery.phases), uncertaintyMs: uncertainty(total) }];
  });
}

/** The start of the process and the loading of its events are the harness's, and one part. */
function phasesOf({ processMs, loadMs = 0, ...phases }: NonNullable<CompletedTrial['recovery']>['phases']) {
  return { ...phases, processMs: processMs + loadMs };
}

/** What happened after SIGKILL, phase by phase. */
export function recoveryChart(rows: readonly RecoveryRow[]): Chart {
  const unit = unitFor('time', rows.map(recoveryTotalMs));
  const segments = rows.flatMap(({ id, label, color, shape, ...row }) =>
    PHASES.map(([phase, part], i) => ({ id, label, color, shape, part, value: row[phase] / unit.divisor, fill: PART_FILLS[i]! })),
  );
  const totals = new Map(rows.map((row) => [row.id, withUnit('time', recoveryTotalMs(row), row.uncertaintyMs)]));
  return {
    title: 'After SIGKILL, phase by phase',
    note: `${unit.unit} after SIGKILL until the event at which it came is processed again; the median kill. The replay depends on where the kill fell: compare restore time and replay rate`,
    description: `Phases of recovery in ${unit.unit}. SIGKILL spares the page cache: it tests the crash of a process, not of a machine.`,
    table: {
      columns: [{ key: 'backend', title: 'Backend' }, ...PHASES.map(([key, title]) => ({ key, title: `${title}, ms` }))],
      rows: rows.map((row) => [row.label, ...PHASES.map(([phase]) => rounded(row[phase], null))]),
    },
    legend: PHASES.map(([, label], i) => ({ label, color: PART_FILLS[i]! })),
    size: 'half',
    spec: (width) => stackedSpec(segments, totals, unit.unit, width),
  };
}
