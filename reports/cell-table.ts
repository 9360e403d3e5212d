import { meanBatchEvents } from './mean-batch.ts';
import { plainText } from './plain-text.ts';
import { unsteadyWords } from './statistics/headline.ts';
import type { MetricName } from './statistics/metrics.ts';
import { type CellSummary, everyGroup, type GroupSummary, type RunSummary } from './statistics/summary.ts';
import type { Column, Table, Value } from './table.ts';

type Cells = readonly (Column & { readonly value: (cell: CellSummary, group: GroupSummary) => Value })[];

const DIGITS = 4;

const metric = (key: string, title: string, name: MetricName): Cells[number] => ({
  key,
  title,
  value: ({ metrics }) => short(metrics[name]?.mean ?? null),
});

const COLUMNS: Cells = [
  { key: 'workload', title: 'Workload', value: (_, group) => plainText(group.workload.name) },
  { key: 'storage', title: 'Checkpoint storage', value: (_, group) => plainText(group.storage.name) },
  { key: 'batch_size', title: 'Batch size, events', value: (_, group) => group.batchSize },
  { key: 'mean_batch_events', title: 'Mean events in a micro-batch', value: (cell) => short(meanBatchEvents(cell)) },
  { key: 'parallelism', title: 'Processes', value: (_, group) => group.parallelism },
  { key: 'backend', title: 'Backend', value: ({ cell }) => plainText(cell.backend.name) },
  { key: 'role', title: 'Role', value: ({ cell }) => cell.role },
  { key: 'durability', title: 'Durability of the working state', value: ({ cell }) => cell.backend.durability },
  { key: 'standing', title: 'Standing', value: ({ standing }) => standing },
  { key: 'compared_rows', title: 'Output rows compared with the oracle', value: ({ comparedRows }) => comparedRows },
  { key: 'tier', title: 'Tier', value: ({ tier }) => tier },
  { key: 'blocks', title: 'Blocks', value: ({ trials }) => trials.length },
  {
    key: 'events_per_second',
    title: 'Throughput, events/s (geometric mean)',
    value: ({ metrics }) => short(metrics.eventsPerSecond?.mean ?? null),
  },
  {
    key: 'events_per_second_low',
    title: 'Throughput, events/s, 95 % from',
    value: ({ metrics }) => short(metrics.eventsPerSecond?.interval?.low ?? null),
  },
  {
    key: 'events_per_second_high',
    title: 'Throughput, events/s, 95 % to',
    value: ({ metrics }) => short(metrics.eventsPerSecond?.interval?.high ?? null),
  },
  {
    key: 'events_per_second_median',
    title: 'Throughput, events/s, median',
    value: ({ metrics }) => short(metrics.eventsPerSecond?.median ?? null),
  },
  {
    key: 'events_per_second_min',
    title: 'Throughput, events/s, least',
    value: ({ metrics }) => short(metrics.eventsPerSecond?.min ?? null),
  },
  {
    key: 'events_per_second_max',
    title: 'Throughput, events/s, most',
    value: ({ metrics }) => short(metrics.eventsPerSecond?.max ?? null),
  },
  {
    key: 'events_per_second_cv',
    title: 'Throughput, coefficient of variation',
    value: ({ metrics }) => short(metrics.eventsPerSecond?.cv ?? null),
  },
  metric('steady_events_per_second', 'Throughput, events/s, median of the steady seconds', 'steadyEventsPerSecond'),
  { key: 'no_steady_state', title: 'No steady state', value: unsteadyWords },
  {
    key: 'ratio_to_reference',
    title: 'Throughput against the reference, x',
    value: ({ againstReference }) => short(againstReference?.ratio?.ratio ?? null),
  },
  {
    key: 'ratio_low',
    title: 'Ratio, Holm-adjusted 95 % from',
    value: ({ againstReference }) => short(againstReference?.ratio?.interval?.low ?? null),
  },
  {
    key: 'ratio_high',
    title: 'Ratio, Holm-adjusted 95 % to',
    value: ({ againstReference }) => short(againstReference?.ratio?.interval?.high ?? null),
  },
  { key: 'verdict', title: 'Verdict against the reference', value: ({ againstReference }) => againstReference?.verdict.word ?? null },
  {
    key: 'detectable_difference',
    title: 'Smallest difference found in 9 of 10 repetitions, fraction',
    value: ({ againstReference }) => short(againstReference?.verdict.detectable ?? null),
  },
  metric('batch_p50_ms', 'Service time of a micro-batch, p50, ms', 'batchP50Ms'),
  metric('batch_p99_ms', 'Service time of a micro-batch, p99, ms', 'batchP99Ms'),
  metric('batch_p999_ms', 'Service time of a micro-batch, p99.9, ms', 'batchP999Ms'),
  metric('batch_p99_during_checkpoint_ms', 'Service time of a micro-batch during checkpoints, p99, ms', 'batchP99DuringCheckpointMs'),
  metric('sustained_per_second', 'Sustained rate, events/s', 'sustainedPerSecond'),
  metric('latency_p50_ms', 'Latency at 70 % of the sustained rate, p50, ms', 'latencyP50Ms'),
  metric('latency_p99_ms', 'Latency at 70 % of the sustained rate, p99, ms', 'latencyP99Ms'),
  metric('latency_p999_ms', 'Latency at 70 % of the sustained rate, p99.9, ms', 'latencyP999Ms'),
  metric('checkpoint_pause_ms', 'Checkpoint pause, ms', 'pauseMs'),
  metric('checkpoint_persist_ms', 'Checkpoint persist, ms', 'persistMs'),
  metric('checkpoint_bytes_written', 'Checkpoint bytes written', 'bytesWritten'),
  metric('checkpoint_bytes_referenced', 'Checkpoint bytes referenced', 'bytesReferenced'),
  metric('checkpoint_pause_ms_per_mib', 'Checkpoint pause per MiB of live state, ms', 'pauseMsPerMib'),
  metric('checkpoint_persist_ms_per_mib', 'Checkpoint persist per MiB of live state, ms', 'persistMsPerMib'),
  metric('checkpoint_bytes_written_per_mib', 'Checkpoint bytes written per MiB of live state', 'bytesWrittenPerMib'),
  metric('checkpoint_events_lost', 'Events not processed for a checkpoint', 'eventsLost'),
  metric('restore_ms', 'Restore, ms', 'restoreMs'),
  metric('restored_bytes', 'Restored, bytes', 'restoredBytes'),
  metric('replay_per_second', 'Replay rate, events/s', 'replayPerSecond'),
  metric('replay_share', 'Replay rate, share of the rate before', 'replayShare'),
  metric('recovery_ms', 'SIGKILL to the same event, ms', 'recoveryMs'),
  metric('caught_up_ms', 'Caught up after a kill, ms', 'caughtUpMs'),
  metric('rescale_1_to_2_ms', 'Rescale 1 → 2, ms', 'splitMs'),
  metric('rescale_2_to_1_ms', 'Rescale 2 → 1, ms', 'mergeMs'),
  metric('rescale_bytes', 'Rescale, bytes of keys and values carried', 'rescaledBytes'),
  metric('rss_bytes_max', 'Resident memory at most, bytes', 'rssBytesMax'),
  metric('anonymous_bytes_max', 'Resident memory without files at most, bytes', 'anonymousBytesMax'),
  metric('live_entries', 'State at the end, entries', 'liveEntries'),
  metric('live_bytes', 'State at the end, bytes of keys and values', 'liveBytes'),
  metric('working_bytes', 'Working directory, bytes', 'workingBytes'),
  metric('device_bytes_written', 'Written by the disk, checkpoints included, bytes', 'deviceBytesWritten'),
  metric('write_amplification', 'Written by the disk for a byte of state written', 'writeAmplification'),
  metric('checkpoint_storage_bytes', 'Checkpoint storage, bytes', 'checkpointStorageBytes'),
  metric('cpu_ns_per_event', 'CPU time per event, ns', 'cpuNsPerEvent'),
  metric('source_share', 'Share of making events in the measured time', 'sourceShare'),
  metric('store_share', 'Share of the store in the measured time', 'storeShare'),
  { key: 'reason', title: 'Reason', value: ({ failures, wrong }) => reasonOf(failures, wrong.length) },
];

/** One row a cell, every figure in its base unit, to 4 significant digits: what is exported. Geometric means over blocks unless said otherwise. */
export function cellTable(run: RunSummary): Table {
  const rows = everyGroup(run).flatMap((group) =>
    [...group.candidates, ...(group.harness === null ? [] : [group.harness])].map((cell) => COLUMNS.map(({ value }) => value(cell, group))),
  );
  return { columns: COLUMNS.map(({ key, title }) => ({ key, title })), rows };
}

function short(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(DIGITS));
}

function reasonOf([first]: CellSummary['failures'], wrong: number): string | null {
  if (first !== undefined) return `${first.phase}: ${plainText(first.message)} (${plainText(first.code)})`;
  return wrong > 0 ? `wrong output in ${wrong} trials` : null;
}
