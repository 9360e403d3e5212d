/**
 * What a workload is: a seeded source of events and a chain of stages keyBy → window → aggregate. Imports nothing.
 *
 * Events and results flow as numbers in flat arenas: a key of fixed width, an event time, and `width` doubles. The same
 * name, settings and seed give the same events, bit for bit, on every machine.
 */

/** A reusable micro-batch of events. Using it allocates nothing. */
export class EventBatch {
  readonly capacity: number;
  /** Width of a key in bytes, a positive multiple of 4; shorter keys are padded with zero bytes. */
  readonly keyBytes: number;
  /** Doubles an event carries. */
  readonly width: number;
  /** Events in use, from 0. */
  length = 0;
  readonly keys: Uint8Array;
  readonly keyWords: Uint32Array;
  /** Event time in ms since 1970, an integer. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;

  constructor(capacity: number, { keyBytes, width }: { readonly keyBytes: number; readonly width: number }) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw new RangeError(`capacity must be a positive integer, not ${capacity}`);
    if (!Number.isSafeInteger(keyBytes) || keyBytes < 4 || keyBytes % 4 !== 0) {
      throw new RangeError(`keyBytes must be a positive multiple of 4, not ${keyBytes}`);
    }
    if (!Number.isSafeInteger(width) || width < 1) throw new RangeError(`width must be a positive integer, not ${width}`);
    this.capacity = capacity;
    this.keyBytes = keyBytes;
    this.width = width;
    this.keyWords = new Uint32Array((capacity * keyBytes) / 4);
    this.keys = new Uint8Array(this.keyWords.buffer);
    this.timestamps = new Float64Array(capacity);
    this.values = new Float64Array(capacity * width);
  }
}

/** A position-addressed stream of events: event i is the same however it is reached. */
export interface Source {
  readonly keyBytes: number;
  /** How many events there are; Infinity for an endless source. */
  readonly events: number;
  /** Index of the event that the next `fill` starts with. */
  readonly position: number;
  /** Continues at event `position` (0 … events), in time that does not grow with it. */
  seek(position: number): void;
  /**
   * Replaces the batch's content by the next events, at most `limit` and at most its capacity, and returns how many; 0 at the end.
   * The batch has this source's `keyBytes` and width 1.
   */
  fill(batch: EventBatch, limit: number): number;
}

/**
 * Which windows an event belongs to. A window is [start, end) with start = floor((time − offset) / slide) × slide + offset,
 * right for times before 1970 too; tumbling is sliding by its own size.
 */
export type WindowSpec =
  | { readonly kind: 'tumbling'; readonly sizeMs: number; readonly offsetMs: number }
  | { readonly kind: 'sliding'; readonly sizeMs: number; readonly slideMs: number; readonly offsetMs: number };

/** Folds events into an accumulator of fixed width, kept in a value table. */
export interface IncrementalAggregate {
  readonly kind: 'incremental';
  readonly name: string;
  /** Doubles of an event that comes in. */
  readonly inputWidth: number;
  /** Doubles of an accumulator. */
  readonly accumulatorWidth: number;
  /** Names of the numbers a fired window gives, in order: what the next stage and the output rows get. */
  readonly columns: readonly string[];
  /**
   * Folds `count` events, from event `from` of `events`, into accumulators: event `from + i` goes to slot `slots[i]`.
   * A slot with `present` 0 has no accumulator yet: it is made from the event and marked present.
   */
  fold(accumulators: Float64Array, present: Uint8Array, slots: Int32Array, events: Float64Array, from: number, count: number): void;
  /** Writes the results of accumulators 0 … count − 1 into `results`, `columns.length` doubles each. */
  emit(accumulators: Float64Array, count: number, results: Float64Array, resultsAt: number): void;
}

/** Sees all events of a window at once; they are kept in a list table until it fires. */
export interface HolisticAggregate {
  readonly kind: 'holistic';
  readonly name: string;
  /** Doubles of an event that comes in, and of one list element. */
  readonly inputWidth: number;
  readonly columns: readonly string[];
  /** Writes the result of `count` elements, in append order in `elements`, to `results` at `resultsAt`. May reorder `elements`. */
  reduce(elements: Float64Array, count: number, results: Float64Array, resultsAt: number): void;
}

export type Aggregate = IncrementalAggregate | HolisticAggregate;

/** keyBy → window → aggregate. A fired window's results are the next stage's events, stamped with its end − 1 ms. */
export interface Stage {
  /** The stage's key: this many leading bytes of the incoming key. */
  readonly keyPrefixBytes: number;
  readonly window: WindowSpec;
  readonly aggregate: Aggregate;
}

/** Watermark = greatest event time seen − delay, advanced after every so many events of the stream, never by micro-batch. */
export interface WatermarkSpec {
  readonly delayMs: number;
  readonly everyEvents: number;
}

export interface SourceRequest {
  readonly seed: number;
  /** True: after its last event the stream begins again with time moved on, so that a timed trial never runs dry. */
  readonly endless: boolean;
}

/** A configured workload. A module exports `options` (a zod schema), `description`, and by default `(options) => Workload`. */
export interface Workload {
  readonly name: string;
  /** What is really in force, after defaults. Copied into every result. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly watermark: WatermarkSpec;
  readonly stages: readonly Stage[];
  /** @throws WorkloadError `missing-data` if a file is not there, `bad-data` if it is not what it should be. */
  source(request: SourceRequest): Promise<Source>;
}

export type WorkloadErrorCode = 'missing-data' | 'bad-data' | 'impossible-settings';

/** An error with a code that callers can rely on; the message says what was tried, what was got, and what to do. */
export class WorkloadError extends Error {
  readonly code: WorkloadErrorCode;

  constructor(code: WorkloadErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WorkloadError';
    this.code = code;
  }
}

/** Bytes of a stage's key: its prefix, padded to a multiple of 4. */
export function stageKeyBytes(stage: Pick<Stage, 'keyPrefixBytes'>): number {
  return Math.ceil(stage.keyPrefixBytes / 4) * 4;
}

/** Start of the last window that holds `timeMs`. A sliding window's earlier ones follow by subtracting the slide. */
export function lastWindowStart(window: WindowSpec, timeMs: number): number {
  const slideMs = window.kind === 'sliding' ? window.slideMs : window.sizeMs;
  return Math.floor((timeMs - window.offsetMs) / slideMs) * slideMs + window.offsetMs;
}
