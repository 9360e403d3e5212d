/** What is known of a trace, and what a replay took, for a person to read. */
import type { Bucket } from '../../harness/traces/powers-of-two.ts';
import type { Replayed } from '../../harness/traces/replay.ts';
import type { Trace } from '../../harness/traces/trace.ts';
import type { TableStats, TraceStats } from '../../harness/traces/trace-stats.ts';
import { columns } from '../console.ts';

export function statsText({ file, header, end, tables: specs }: Trace, { operations, calls, tables }: TraceStats): string {
  const from =
    header === null
      ? "Gadget's text form"
      : `${header.workload.name}, seed ${header.seed}, micro-batches of ${header.batchSize}, ${end.events} events${end.ended ? '' : ', cut off'}, recorded on ${header.provenance.backend.name}`;
  // One table is all there is.
  const shown = specs.length === 1 ? tables.slice(1) : tables.filter((table) => table.calls > 0);
  return [`${file}: ${from}`, `${operations} operations in ${calls} calls`, ...shown.map(tableText)].join('\n');
}

function tableText(stats: TableStats): string {
  const { table, mix, foundShare, scannedSlots, touches, distinctKeys, workingSet, stackDistances, lifetimes, valueBytes } = stats;
  const rows: (readonly string[])[] = mix
    .filter(({ count }) => count > 0)
    .map(({ operation, count, share }) => [
      `  ${operation}`,
      String(count),
      percent(share),
      noteOf(operation, { foundShare, scannedSlots }),
    ]);
  return [
    `\n${table === null ? 'all tables' : table}: ${stats.operations} operations in ${stats.calls} calls`,
    columns(rows),
    `  distinct keys (window, key): ${distinctKeys} in ${touches} touches`,
    `  working set, each twentieth of the trace: ${workingSet.join(' ')}`,
    `  stack distances: ${percent(stackDistances.firstTouchShare)} first touches; ${bucketsText(stackDistances.buckets)}`,
    `  lifetimes of keys, in operations: median ${lifetimes.median ?? '–'}, p99 ${lifetimes.p99 ?? '–'}, longest ${lifetimes.max}`,
    ...(valueBytes === null ? [] : [`  values: ${valueBytes.min} to ${valueBytes.max} bytes, ${valueBytes.mean.toFixed(1)} on average`]),
  ].join('\n');
}

function noteOf(operation: string, { foundShare, scannedSlots }: Pick<TableStats, 'foundShare' | 'scannedSlots'>): string {
  if (operation === 'read' && foundShare !== null) return `${percent(foundShare)} found`;
  return operation.startsWith('scan') ? `${scannedSlots} slots given by scans` : '';
}

function bucketsText(buckets: readonly Bucket[]): string {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return 'no other';
  return buckets
    .filter(({ count }) => count > 0)
    .map(({ from, to, count }) => `${from === to ? from : `${from}–${to}`} ${percent(count / total)}`)
    .join(', ');
}

/** Where a percentile would have fewer than 10 values beyond it. */
const TOO_FEW = '– (too few calls)';

export function replayText(backend: string, replayed: Replayed): string {
  const { operations, calls, seconds, storeSeconds, operationsPerSecond, storeOperationsPerSecond, times, verified } = replayed;
  const rows = times.map(({ table, operation, calls: made, slots, seconds: spent, medianNs, p99Ns }) => [
    `  ${table}`,
    operation,
    `${made} calls`,
    `${slots} slots`,
    `${spent.toFixed(3)} s`,
    `median ${medianNs === null ? TOO_FEW : micros(medianNs)}`,
    `p99 ${p99Ns === null ? TOO_FEW : micros(p99Ns)}`,
  ]);
  return [
    `${backend}: ${operations} operations in ${calls} calls, ${Math.round(operationsPerSecond)} operations/s (${seconds.toFixed(2)} s); ` +
      `in the store alone ${Math.round(storeOperationsPerSecond)} operations/s (${storeSeconds.toFixed(2)} s)` +
      `${verified ? '; answers as recorded' : '; answers not looked at'}`,
    columns(rows),
  ].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function micros(ns: number): string {
  return `${(ns / 1000).toFixed(1)} µs`;
}
