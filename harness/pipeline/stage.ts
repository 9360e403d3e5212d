import type { Pending, StateStore, TableSpec } from '../../backends/contract.ts';
import { type EventBatch, type Stage, stageKeyBytes } from '../../workloads/contract.ts';
import type { FiredRows } from './sink.ts';

/** Takes a stage's rows, some at a time, before it returns; a promise if it has to wait. */
export type Emit = (rows: FiredRows) => Pending;

/** One operator of a chain over tables of its own in a store. */
export interface RunningStage {
  /** Events dropped as late so far. */
  readonly lateEvents: number;
  /** Takes events `from` … `from + count − 1` into the state; at most the stage's batch size of them. */
  process(events: EventBatch, from: number, count: number): Pending;
  /** Emits and forgets what this watermark makes due, in order of event time, and goes by it from then on. */
  advance(watermarkMs: number): Pending;
  save(): SavedStage;
  /** Hands on what the state means, in any order, in the form that the oracle gives it in: see {@link HeldRow}. */
  held(give: (row: HeldRow) => void): Promise<void>;
}

/**
 * What a stage knows of one key, told in terms of the operator and not of its tables, so that the oracle can say the same:
 * - windows and sessions of an incremental aggregate: its results so far; with panes, of each pane (a window of one slide).
 * - windows of a holistic aggregate: the elements in the order they came, panes likewise; sessions: the elements in ascending order.
 * - a global window: start and end 0, the results so far.
 * - a window join: a row a side, 0 (left) or 1 (right) before the events in the order they came, all doubles of each.
 * - an interval join: a row an event that an event not late can still meet, with start = its time, end = start + 1, numbers = side, the event's doubles.
 * - a continuous join: start and end 0; 0 and the left side's event if there is one; 1 and the events that wait, in their order.
 */
export interface HeldRow {
  readonly startMs: number;
  readonly endMs: number;
  /** The stage's key, padded to whole words. */
  readonly key: Uint32Array;
  readonly numbers: readonly number[];
}

/** What a stage knows beyond its tables: plain JSON. */
export interface SavedStage {
  /** Of each of its tables, by name, the windows that may hold something, ascending: enough to find all entries. */
  readonly open: Readonly<Record<string, readonly number[]>>;
  readonly lateEvents: number;
}

/** Slots a scan takes at a time, whatever the micro-batch: a window's rows come in pieces worth a round trip. */
export const SCAN_SLOTS = 1024;

export const FRESH_STAGE: SavedStage = { open: {}, lateEvents: 0 };

export interface StageRequest {
  /** From 0. */
  readonly index: number;
  readonly store: StateStore;
  readonly batchSize: number;
  readonly saved: SavedStage;
  /** The watermark in force. */
  readonly watermarkMs: number;
  /** How far watermarks trail the greatest event time. */
  readonly delayMs: number;
  readonly emit: Emit;
}

/** The table in which a stage keeps what `part` says; its state as such if there is no more to say. */
export function stageTable(
  stage: Pick<Stage, 'keyPrefixBytes'>,
  index: number,
  { part = '', groupBytes = 0, ...spec }: Pick<TableSpec, 'kind' | 'valueBytes'> & { readonly part?: string; readonly groupBytes?: number },
): TableSpec {
  return { name: `stage-${index + 1}${part === '' ? '' : `-${part}`}`, keyBytes: stageKeyBytes(stage), groupBytes, ...spec };
}

/** The stage, from 1, whose table this is. */
export function stageOfTable(name: string): number {
  return Number(name.split('-')[1]);
}
