import type { Calls } from '../../harness/results.ts';
import { percent, rounded, unitFor } from '../quantity.ts';
import { median } from '../statistics/sample.ts';
import type { CellSummary } from '../statistics/summary.ts';
import { type BackendRow, backendRow } from './backend-axis.ts';
import type { Chart } from './chart.ts';
import type { Look } from './look.ts';
import { PART_FILLS, stackedSpec } from './stacked.ts';

/** Where the measured time of a cell goes, ns per event, geometric means over blocks. */
export interface TimeShareRow extends BackendRow {
  readonly storeNs: number;
  readonly pipelineNs: number;
  readonly sourceNs: number;
  readonly checkpointNs: number;
  readonly storeShare: number;
  /** Slots that the store read, or wrote, appended and removed, for an event; null where calls were not counted. */
  readonly slotsRead: number | null;
  readonly slotsWritten: number | null;
}

const WRITES: ReadonlySet<Calls['operation']> = new Set(['write', 'append', 'remove']);
const READS: ReadonlySet<Calls['operation']> = new Set(['read', 'scan']);

function slotsPerEvent({ trials }: CellSummary, kinds: ReadonlySet<Calls['operation']>): number | null {
  const counted = trials.filter(({ calls, events }) => calls.length > 0 && events.measured > 0);
  if (counted.length === 0) return null;
  return median(
    counted.map(
      ({ calls, events }) => calls.reduce((sum, { operation, slots }) => sum + (kinds.has(operation) ? slots : 0), 0) / events.measured,
    ),
  );
}

const PARTS = [
  ['storeNs', 'store', PART_FILLS[2]],
  ['pipelineNs', 'pipeline', PART_FILLS[1]],
  ['sourceNs', 'making events', PART_FILLS[0]],
  ['checkpointNs', 'checkpoints', PART_FILLS[4]],
] as const;

/** Rows of the cells that have a completed trial. */
export function timeShareRows(cells: readonly CellSummary[], looks: ReadonlyMap<string, Look>): readonly TimeShareRow[] {
  return cells.flatMap((cell) => {
    const { storeNsPerEvent, pipelineNsPerEvent, sourceNsPerEvent, checkpointNsPerEvent, storeShare } = cell.metrics;
    if (storeNsPerEvent === null || pipelineNsPerEvent === null || sourceNsPerEvent === null || checkpointNsPerEvent === null) return [];
    return [
      {
        ...backendRow(cell, looks),
        storeNs: storeNsPerEvent.mean,
        pipelineNs: pipelineNsPerEvent.mean,
        sourceNs: sourceNsPerEvent.mean,
        checkpointNs: checkpointNsPerEvent.mean,
        storeShare: storeShare?.mean ?? 0,
        slotsRead: slotsPerEvent(cell, READS),
        slotsWritten: slotsPerEvent(cell, WRITES),
      },
    ];
  });
}

/** Shares of the time per event: what changing the backend can change, and what it cannot. */
export function timeShareChart(rows: readonly TimeShareRow[]): Chart {
  const sum = (row: TimeShareRow) => PARTS.reduce((total, [key]) => total + row[key], 0);
  const shares = rows.flatMap(({ id, label, color, shape, ...row }) =>
    PARTS.map(([key, part, fill]) => ({
      id,
      label,
      color,
      shape,
      part,
      fill,
      value: (row[key] / sum({ id, label, color, shape, ...row })) * 100,
    })),
  );
  const slots = (perEvent: number | null) => (perEvent === null ? null : rounded(perEvent, null));
  const perEvent = (row: TimeShareRow) => {
    const { unit, divisor } = unitFor('time', [sum(row) / 1e6]);
    return `${rounded(sum(row) / 1e6 / divisor, null)} ${unit}`;
  };
  return {
    title: 'Where the time goes',
    note: '% of the measured time; the figure is the time per event',
    description: `Share of the store in the measured time: ${rows.map((row) => `${row.label} ${percent(row.storeShare)}`).join(', ')}. Where it is below 20 %, another backend will not help. Slots are what a call of the store works on: a micro-batch reads and writes each of its keys once.`,
    table: {
      columns: [
        { key: 'backend', title: 'Backend' },
        ...PARTS.map(([key, title]) => ({ key, title: `${title}, ns/event` })),
        { key: 'share', title: 'Store share' },
        { key: 'read', title: 'Slots read/event' },
        { key: 'written', title: 'Slots written/event' },
      ],
      rows: rows.map((row) => [
        row.label,
        ...PARTS.map(([key]) => rounded(row[key], null)),
        percent(row.storeShare),
        slots(row.slotsRead),
        slots(row.slotsWritten),
      ]),
    },
    legend: PARTS.map(([, label, color]) => ({ label, color })),
    size: 'half',
    spec: (width) => stackedSpec(shares, new Map(rows.map((row) => [row.id, perEvent(row)])), '% of the measured time', width),
  };
}
