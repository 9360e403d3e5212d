import { WINDOW_BYTES } from '../backends/contract.ts';
import { type Stage, stageInputWidth, type Workload } from '../workloads/contract.ts';
import { StatebenchError } from './errors.ts';
import { workloadTables } from './pipeline/operator.ts';
import type { StreamPlan } from './trial/tasks.ts';
import { formatBytes } from './units.ts';

/** What the oracle keeps of a key in a window: a string, an object, and both once more for the end of the stream. Measured: 600. */
const ORACLE_BYTES_PER_KEY = 700;
/** What it keeps of an event that it must keep whole, beside its numbers, and of such an event in each further window. */
const ORACLE_BYTES_PER_EVENT = 120;
const ORACLE_BYTES_PER_COPY = 32;
const BYTES_PER_NUMBER = 8;
/** What stores add to an entry: a sequence number, pages that are not full, indexes. */
const STORE_BYTES_PER_ENTRY = 50;
/** The working state, two checkpoints and a draft. */
const COPIES_ON_DISK = 4;
/** Before anything was measured: rather a slow store than a fast one. */
const FILL_EVENTS_PER_SECOND = 200_000;
/** Of the oracle, measured with ten million keys on a processor of its own. */
const ORACLE_EVENTS_PER_SECOND = 150_000;

/** What takes as long as the longest fill, or as much as the largest. */
export interface FillNeeds {
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

type Filled = Pick<Workload, 'settings' | 'stages'>;

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

/** About how long it takes to fill the state of a workload once, and to compute the right output of that. */
export function fillSeconds(workload: Pick<Workload, 'settings'>): { readonly store: number; readonly oracle: number } {
  const fill = fillOf(workload);
  return { store: fill / FILL_EVENTS_PER_SECOND, oracle: fill / ORACLE_EVENTS_PER_SECOND };
}

/** What the largest fill among these workloads may take, if no window fires meanwhile. */
export function fillNeeds(workloads: readonly Filled[]): FillNeeds {
  const most = (of: (workload: Filled) => number) => Math.max(0, ...workloads.map(of));
  return { memoryBytes: most(oracleBytes), diskBytes: most(diskBytes) };
}

/** @throws StatebenchError `bad-value` if this machine has less memory than a fill may take */
export function checkFill(workloads: readonly Filled[], machineBytes: number): void {
  const { memoryBytes } = fillNeeds(workloads);
  if (memoryBytes <= machineBytes) return;
  throw new StatebenchError(
    'bad-value',
    `a state of that size may take ${formatBytes(memoryBytes)}, most of it to compute the right output, and this machine has ${formatBytes(machineBytes)}: choose a smaller fill, or a larger machine`,
  );
}

/** Different keys among the events of a fill, at most: as many as the workload says that there are, where they stay. */
function keysOf(workload: Filled): number {
  const fill = fillOf(workload);
  const { keys, regime } = workload.settings;
  return typeof keys === 'number' && regime !== 'expiring' ? Math.min(fill, keys) : fill;
}

/** The later stages have the rows of the first one, which are few beside its events. */
function oracleBytes(workload: Filled): number {
  const stage = workload.stages[0]!;
  const windows = windowsPerEvent(stage);
  const ofKeys = keysOf(workload) * windows * ORACLE_BYTES_PER_KEY;
  if (!isKeptWhole(stage)) return ofKeys;
  const ofEvent = ORACLE_BYTES_PER_EVENT + BYTES_PER_NUMBER * stageInputWidth(stage) + ORACLE_BYTES_PER_COPY * (windows - 1);
  return ofKeys + fillOf(workload) * ofEvent;
}

function diskBytes(workload: Filled): number {
  const stage = workload.stages[0]!;
  const cells = stage.kind === 'aggregate' && stage.window.kind === 'sliding' && stage.window.panes ? 1 : windowsPerEvent(stage);
  const entries = (kind: 'value' | 'list') => cells * (kind === 'value' ? keysOf(workload) : fillOf(workload));
  const bytes = workloadTables({ stages: [stage] }).map(
    ({ kind, keyBytes, valueBytes }) => entries(kind) * (WINDOW_BYTES + keyBytes + valueBytes + STORE_BYTES_PER_ENTRY),
  );
  return COPIES_ON_DISK * bytes.reduce((sum, table) => sum + table, 0);
}

/** Whether the oracle keeps every event, with all its numbers, until its window fires. */
function isKeptWhole(stage: Stage): boolean {
  return stage.kind !== 'aggregate' || stage.aggregate.kind === 'holistic' || stage.window.kind === 'session';
}

function windowsPerEvent(stage: Stage): number {
  const window = stage.kind === 'aggregate' || stage.kind === 'window-join' ? stage.window : null;
  return window?.kind === 'sliding' ? window.sizeMs / window.slideMs : 1;
}
