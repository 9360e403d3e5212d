/** What a trial's processes are told and what they answer: plain JSON over the channel of a forked process. */

import type { CheckpointRecord } from '../checkpointing/checkpointer.ts';
import type { Position } from '../checkpointing/position.ts';
import type { CheckpointSchedule, Restored } from '../job.ts';
import type { ModuleRef } from '../modules.ts';
import type {
  CompletedTrial,
  FailedTrial,
  Interruptions,
  LatencyFigures,
  MicroFailure,
  MicroMeasurement,
  Output,
  Plan,
} from '../results.ts';
import type { TextRequest } from '../traces/gadget-text.ts';
import type { Replayed } from '../traces/replay.ts';

export type Phase = FailedTrial['phase'];

/** What a process needs to make a cell's parts. */
export interface CellTask {
  readonly backend: ModuleRef;
  readonly workload: ModuleRef;
  readonly storage: ModuleRef;
  readonly batchSize: number;
  /** Which of the stream's keys are the process's; null for all. */
  readonly keyGroups: Position['keyGroups'];
  /** Seed of the events. */
  readonly seed: number;
  /** The trial's own directory, or that of a part of it, kept between its processes. */
  readonly directory: string;
}

/** How a trial's stream is divided, in events: warm-up, measured, and a tail in which the process is killed. */
export interface StreamPlan {
  readonly warmUp: number;
  readonly measured: number;
  /** Measured at each checkpoint interval, where that is swept. */
  readonly swept: number;
  readonly tail: number;
  /** The first events of the tail, among which the kill comes; the others are there to catch up in. */
  readonly killSpan: number;
  /** In the tail, at most, where events come in an open loop to a process that is killed. */
  readonly catchUpPerSecond?: number;
  readonly checkpoints: CheckpointSchedule & {
    /** The same by the clock, for an engine that cuts by time. */
    readonly everyMs?: number;
  };
}

/** Finds how fast a cell is, so that its trials can be given a number of events. */
export interface CalibrateTask {
  readonly kind: 'calibrate';
  readonly cell: CellTask;
  /** Events that fill the state first: how fast a cell is depends on it. */
  readonly fill: number;
  readonly seconds: number;
}

/** Warms up, waits, measures, waits. */
export interface MeasureTask {
  readonly kind: 'measure';
  readonly cell: CellTask;
  readonly stream: StreamPlan;
  /** What comes then: the stream up to an event and its end, which fires every open window; or SIGKILL at an event. */
  readonly afterwards: { readonly endAt: number } | { readonly killAt: number; readonly isPaced: boolean };
  /** Whether somebody goes on from its checkpoints when it is through. */
  readonly goesOn: boolean;
}

/** The open loop of a process at the event at which it asks to be killed. */
export interface KilledPace {
  readonly ratePerSecond: number;
  /** When that event was due, on the clock that all processes share. */
  readonly dueNs: number;
  /** Of the events before it. */
  readonly p99Ns: number;
}

/** Restores what a killed process left, replays, and goes on to the end of the stream. */
export interface RecoverTask {
  readonly kind: 'recover';
  readonly cell: CellTask;
  readonly stream: StreamPlan;
  /** The event at which the replay has caught up with the killed process. */
  readonly replayTo: number;
  /** How events came when the process was killed; null for a closed loop. */
  readonly pace: KilledPace | null;
  /** Whether somebody goes on from its checkpoints when it is through. */
  readonly goesOn: boolean;
}

/** Computes the right output at some positions of a workload's stream, naively. */
export interface ExpectTask {
  readonly kind: 'expect';
  readonly workload: ModuleRef;
  readonly seed: number;
  /** Ascending. */
  readonly stops: readonly number[];
}

/** Runs a workload once, asking to be killed where told, waits, and writes its rows with those of the processes beside it. */
export interface OutputTask {
  readonly kind: 'output';
  readonly cell: CellTask;
  /** Events from one checkpoint to the next; null for none. */
  readonly checkpointEvery: number | null;
  /** Event at which to ask for SIGKILL; null to go on to the end. */
  readonly killAt: number | null;
  /** The last kill of all processes: refused before anything runs where the stream is shorter. Null without kills. */
  readonly lastKill: number | null;
  /** Directories of all processes beside it, its own included. */
  readonly parts: readonly string[];
  /** Whether the directory is kept, and with it the checkpoints. */
  readonly kept: boolean;
  /** The CSV for the rows of all; null where another process writes it. */
  readonly to: string | null;
}

/** Compares the rows of a CSV with the oracle's. */
export interface CheckRowsTask {
  readonly kind: 'check-rows';
  readonly workload: ModuleRef;
  readonly seed: number;
  readonly csv: string;
}

/** Takes over, in another number of processes, from the newest checkpoints that some left. */
export interface RescaleTask {
  readonly kind: 'rescale';
  /** Its directory is the new process's own. */
  readonly cell: CellTask;
  /** Directories of the processes that left the checkpoints. */
  readonly sources: readonly string[];
  /** Which of the new processes this is, from 0. */
  readonly part: number;
  readonly parts: number;
  /** Where to stop: at a checkpoint half-way to the end of the stream, or after its end. */
  readonly until: 'half-way' | 'end';
  /** Events of the whole stream. */
  readonly events: number;
  /** Directories of processes whose checkpoints nobody goes on from when this one is through. */
  readonly ends: readonly string[];
}

/** Where a process asks for SIGKILL, which then comes amid what it goes on doing. */
export type KillMoment =
  | { readonly phase: 'restore' }
  /** So many events after it opened. */
  | { readonly phase: 'replay'; readonly afterEvents: number }
  /** When it has begun the nth checkpoint after it opened. */
  | { readonly phase: 'checkpoint'; readonly nth: number };

/** Runs a finite workload to its end, from wherever the processes before it came. */
export interface SurviveTask {
  readonly kind: 'survive';
  readonly cell: CellTask;
  readonly checkpointEvery: number;
  /** Whether events go on while a checkpoint is written; if not, one is cut wherever one is due. */
  readonly overlap: boolean;
  /** Null to go on to the end. */
  readonly killAt: KillMoment | null;
  /** Whether it stands still there until it is told to go on. */
  readonly waits: boolean;
}

/** Measures the throughput at several checkpoint intervals, and without checkpoints. */
export interface IntervalTask {
  readonly kind: 'interval';
  readonly cell: CellTask;
  readonly warmUpEvents: number;
  /** Events at each interval. */
  readonly measuredEvents: number;
  /** Events from one checkpoint to the next, in the order in which they are tried; null for no checkpoints. */
  readonly everyEvents: readonly (number | null)[];
}

/** An open loop's stretches, in events, so that every trial of a cell is the same work. */
export interface LatencyPlan {
  /** Events that warm up, those that fill the state included. */
  readonly warmUp: number;
  /** How long a stretch is meant to take at the rate that its events stand for. */
  readonly stretchSeconds: number;
  /** Steps of the search for the sustainable rate, and events of each. */
  readonly steps: number;
  readonly stepEvents: number;
  /** At a fraction of the sustained rate, or at a rate. */
  readonly loads: readonly ({ readonly events: number } & ({ readonly fraction: number } | { readonly ratePerSecond: number }))[];
}

/** Finds the rate that is sustained, and measures latency at parts of it and at given rates. */
export interface LatencyTask {
  readonly kind: 'latency';
  readonly cell: CellTask;
  readonly plan: LatencyPlan;
  /** Closed loop: where the search begins. */
  readonly eventsPerSecond: number;
  readonly limitMs: number;
  readonly arrivals: Plan['latency']['arrivals'];
}

export interface LatencyResult {
  readonly latency: LatencyFigures;
  readonly output: Output;
}

export interface IntervalResult {
  /** What was measured at each entry of `everyEvents`. */
  readonly stretches: readonly { readonly checkpoints: number; readonly measuredSeconds: number }[];
  /** Rows fired by the end of the last stretch. */
  readonly output: Output;
}

/** Times operations of the state micro-suite on one fresh store. */
export interface MicroTask {
  readonly kind: 'micro';
  readonly backend: ModuleRef;
  /** Made, and removed afterwards by whoever gave it. */
  readonly directory: string;
  /** Names, all of the same state with or without time to live, or all of rescaling. */
  readonly operations: readonly string[];
  readonly batchSizes: readonly number[];
  readonly keys: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Of every operation at every batch size. */
  readonly timeMs: number;
  readonly warmUpMs: number;
  readonly seed: number;
}

export interface MicroResult {
  /** The backend's, as they are once it is open. */
  readonly settings: CompletedTrial['backend']['settings'];
  readonly measurements: readonly Omit<MicroMeasurement, 'backend' | 'block'>[];
  /** What ended it early, or operations that did not do what they should; the others were measured. */
  readonly failures: readonly Omit<MicroFailure, 'backend' | 'block'>[];
}

/** Drives a backend with the operations of a trace. */
export interface ReplayTask {
  readonly kind: 'replay';
  readonly file: string;
  readonly text: TextRequest;
  readonly backend: ModuleRef;
  /** The store's own, empty. */
  readonly directory: string;
  readonly verify: boolean;
}

export type Task =
  | CalibrateTask
  | MeasureTask
  | RecoverTask
  | ExpectTask
  | OutputTask
  | CheckRowsTask
  | RescaleTask
  | SurviveTask
  | IntervalTask
  | LatencyTask
  | MicroTask
  | ReplayTask;

export interface CalibrateResult {
  readonly eventsPerSecond: number;
}

export interface MeasureResult extends Pick<CompletedTrial, 'calls' | 'disk' | 'unavailable'> {
  readonly time: NonNullable<CompletedTrial['time']>;
  readonly batchTime: NonNullable<CompletedTrial['batchTime']>;
  readonly liveState: NonNullable<CompletedTrial['liveState']>;
  /** When the measured part began and ended, on the clock that all processes share. */
  readonly startNs: number;
  readonly endNs: number;
  /** Those events of the measured part that were the process's own. */
  readonly events: number;
  /** Micro-batches that they came in. */
  readonly batches: number;
  readonly cpuSeconds: number;
  readonly perSecond: readonly number[];
  readonly checkpoints: readonly CheckpointRecord[];
  /** The backend's, as they are once it is open: some are known only then. */
  readonly settings: CompletedTrial['backend']['settings'];
  readonly lateByStage: readonly number[];
  readonly rssBytesBefore: number | null;
  readonly anonymousBytesBefore: number | null;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly interruptions: Interruptions;
  /** In the measured part; null where the platform does not tell. */
  readonly majorFaults: number | null;
  /** Rows fired by the end of the measured part. */
  readonly output: Output;
  /** What it came to at the end of the stream; null if it was killed before. */
  readonly ended: Ended | null;
}

/** What a stream's end was like. */
export interface Ended {
  readonly lateByStage: readonly number[];
  readonly output: Output;
}

/** Times on the clock that all processes of a machine share. */
export interface RecoverResult extends Ended {
  readonly startedNs: number;
  /** Workload, backend and events are loaded: what follows is the backend's and the storage's time. */
  readonly loadedNs: number;
  readonly verifiedNs: number;
  readonly restoredNs: number;
  readonly firstBatchNs: number;
  readonly replayedNs: number;
  /** Null where the job did not catch up, or the loop was closed. */
  readonly caughtUpNs: number | null;
  /** Why it did not; null where it did, or where it was not asked. */
  readonly notCaughtUp: string | null;
  readonly checkpointId: number;
  readonly fromEvent: number;
  readonly skipped: number;
  /** Bytes of the restored checkpoint's files; null where the storage does not report them. */
  readonly restoredBytes: number | null;
}

export interface RescaleResult {
  /** When the state was there and events could come, on the clock that all processes share. */
  readonly readyNs: number;
  readonly fromEvent: number;
  /** What was carried into the new store. */
  readonly entries: number;
  readonly bytes: number;
  readonly output: Output;
}

export interface Expected {
  readonly atEvent: number;
  /** Rows the watermark has fired by then, and all rows if the stream ended there. */
  readonly fired: Output;
  readonly ended: Output;
  readonly lateByStage: readonly number[];
}

export interface OutputResult {
  /** Rows in the CSV; 0 where another process writes it. */
  readonly rows: number;
  readonly lateEvents: number;
}

/** How the rows of a CSV compare with the oracle's. */
export interface CheckRowsResult {
  /** The oracle's rows. */
  readonly rows: number;
  /** Rows of the oracle that the CSV lacks. */
  readonly missing: number;
  /** Rows of the CSV that the oracle does not have. */
  readonly extra: number;
  /** The first difference; null if all rows are equal. A side is null where its rows have ended. */
  readonly first: { readonly row: number; readonly expected: string | null; readonly got: string | null } | null;
}

export interface SurviveResult {
  /** The rows in the file, by all processes of the run together. */
  readonly output: Output;
  readonly lateEvents: number;
  /** Published by the last process. */
  readonly checkpoints: number;
}

/** The result of each kind of task. */
export interface ResultOf {
  readonly calibrate: CalibrateResult;
  readonly measure: MeasureResult;
  readonly recover: RecoverResult;
  readonly expect: readonly Expected[];
  readonly output: OutputResult;
  readonly 'check-rows': CheckRowsResult;
  readonly rescale: RescaleResult;
  readonly survive: SurviveResult;
  readonly interval: IntervalResult;
  readonly latency: LatencyResult;
  readonly micro: MicroResult;
  readonly replay: Replayed;
}

/** What a process says while it works. */
export type Message =
  | { readonly type: 'phase'; readonly phase: Phase }
  /** The process waits until it is told to go on. */
  | { readonly type: 'waits' }
  /** The process has processed this many events and wants SIGKILL; it goes on working until it comes. */
  | { readonly type: 'kill-me'; readonly event: number; readonly pace?: KilledPace }
  /** What a `survive` task found when it was restored: the contents of all open windows. */
  | { readonly type: 'restored'; readonly restored: Restored; readonly state: Output }
  | { readonly type: 'result'; readonly result: ResultOf[Task['kind']] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** Waits for the processes beside this one, which come to wait too. */
export type Meet = () => Promise<void>;

/** Says something to the parent. Settles when it is on its way, so that a process that never waits is heard. */
export type Tell = (message: Message) => Promise<void>;
