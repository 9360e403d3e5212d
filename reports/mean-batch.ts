import type { CellSummary } from './statistics/summary.ts';

/** Mean number of events in a micro-batch over the trials of a cell; null where none recorded it, as older results and Flink do not. */
export function meanBatchEvents({ trials }: Pick<CellSummary, 'trials'>): number | null {
  const known = trials.flatMap(({ throughput }) => throughput.meanBatchEvents ?? []);
  return known.length === 0 ? null : known.reduce((sum, events) => sum + events, 0) / known.length;
}
