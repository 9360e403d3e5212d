import type { Pending, StateStore, TableSpec } from '../../backends/contract.ts';
import { type EventBatch, type Stage, stageKeyBytes } from '../../workloads/contract.ts';
import type { FiredRows } from './sink.ts';
import type { StageWindows } from './stage-windows.ts';

/** Takes the rows of a fired window, a part at a time; a promise if it has to wait. */
export type Emit = (rows: FiredRows) => Pending;

/** One keyBy → window → aggregate over one table of a store. */
export interface RunningStage {
  readonly windows: StageWindows;
  /** Folds events `from` … `from + count − 1` into the state; at most the stage's batch size of them. */
  process(events: EventBatch, from: number, count: number): Pending;
  /** Fires one closed window and forgets it. */
  fire(startMs: number, emit: Emit): Promise<void>;
}

/** What a stage knows beyond its table: plain JSON. */
export interface SavedStage {
  readonly openWindows: readonly number[];
  readonly lateEvents: number;
}

/** Slots a scan takes at a time, whatever the micro-batch: a window's rows come in pieces worth a round trip. */
export const SCAN_SLOTS = 1024;

export const FRESH_STAGE: SavedStage = { openWindows: [], lateEvents: 0 };

/** The table a stage keeps its state in. */
export function stageTable(stage: Stage, index: number): TableSpec {
  const { aggregate } = stage;
  const incremental = aggregate.kind === 'incremental';
  return {
    name: `stage-${index + 1}`,
    kind: incremental ? 'value' : 'list',
    keyBytes: stageKeyBytes(stage),
    groupBytes: 0,
    valueBytes: 8 * (incremental ? aggregate.accumulatorWidth : aggregate.inputWidth),
  };
}

export interface StageRequest {
  readonly stage: Stage;
  /** From 0. */
  readonly index: number;
  readonly store: StateStore;
  readonly batchSize: number;
  readonly saved: SavedStage;
}
