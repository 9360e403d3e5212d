/**
 * What a workload is: a seeded source of events and a chain of stages, most of them keyBy → window → aggregate. Imports nothing.
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
  /** The same bytes as 32-bit words. */
  readonly valueWords: Uint32Array;
  /** What each event is to an operator that tells events apart: one of {@link EVENT_TYPE}. 0 where nothing does. */
  readonly types: Uint8Array;

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
    this.valueWords = new Uint32Array(this.values.buffer);
    this.types = new Uint8Array(capacity);
  }
}

/**
 * Types of events. A join's two sides come as one stream of tagged events; `end` ends the validity of what `left` began
 * (a continuous join), and is an event of the left side anywhere else.
 */
export const EVENT_TYPE = { left: 0, right: 1, end: 2 } as const;

/** A position-addressed stream of events: event i is the same however it is reached. */
export interface Source {
  readonly keyBytes: number;
  /** Doubles an event carries: its value first; then, where events have a payload, what `payloadDoubles` says. */
  readonly width: number;
  /** How many events there are; Infinity for an endless source. */
  readonly events: number;
  /** Index of the event that the next `fill` starts with. */
  readonly position: number;
  /** Continues at event `position` (0 … events), in time that does not grow with it. */
  seek(position: number): void;
  /**
   * Replaces the batch's content by the next events, at most `limit` and at most its capacity, and returns how many; 0 at the end.
   * The batch has this source's `keyBytes` and `width`. Sets `types` too, where the stream has more than one.
   */
  fill(batch: EventBatch, limit: number): number;
}

/** Windows of a fixed size, [start, end) with start = floor((time − offset) / slide) × slide + offset, before 1970 too. */
export interface TumblingWindow {
  readonly kind: 'tumbling';
  readonly sizeMs: number;
  readonly offsetMs: number;
}

/** As {@link TumblingWindow}, one beginning every `slideMs`; the size is a multiple of it. */
export interface SlidingWindow {
  readonly kind: 'sliding';
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
  /**
   * Whether state is kept once per pane, which is one slide long, and the panes of a window are merged when it fires, or once
   * per window. The output is the same, if no sum is rounded. A pane is kept until the last window that has it takes no more events.
   */
  readonly panes: boolean;
}

/**
 * Windows of activity: an event at t begins [t, t + gap), and windows of a key that overlap or touch (end ≥ start) become one.
 * That is Flink's rule, and so is this: whether an event is late is decided on what it merges into, so one that alone would be late
 * is not if it meets a session still held.
 */
export interface SessionWindow {
  readonly kind: 'session';
  readonly gapMs: number;
}

/**
 * One window without end per key: every event gives a row, with what came of the key so far, stamped [time, time + 1). Nothing is
 * late, and the end of the stream gives nothing more.
 */
export interface GlobalWindow {
  readonly kind: 'global';
}

export type WindowSpec = TumblingWindow | SlidingWindow | SessionWindow | GlobalWindow;

/** Folds events into an accumulator of fixed width, kept in a value table. */
export interface IncrementalAggregate {
  readonly kind: 'incremental';
  readonly name: string;
  /** What distinguishes aggregates of one name: plain numbers. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Doubles of an event that comes in. */
  readonly inputWidth: number;
  /** Doubles of an accumulator. */
  readonly accumulatorWidth: number;
  /** Names of the numbers a fired window gives, in order: what the next stage and the output rows get. */
  readonly columns: readonly string[];
  /**
   * Folds `count` events, from event `from` of `events`, into accumulators: event `from + i` goes to slot `slots[slotsAt + i]`.
   * A slot with `present` 0 has no accumulator yet: it is made from the event and marked present.
   */
  fold(
    accumulators: Float64Array,
    present: Uint8Array,
    slots: Int32Array,
    slotsAt: number,
    events: Float64Array,
    from: number,
    count: number,
  ): void;
  /** Writes the results of accumulators `from` … `from + count − 1` into `results` from `resultsAt`, `columns.length` doubles each. */
  emit(accumulators: Float64Array, from: number, count: number, results: Float64Array, resultsAt: number): void;
  /**
   * Folds accumulator `from` of `source` into accumulator `into` of `target`, as if their events had gone into one. Both exist.
   * An accumulator's doubles may hold anything, a NaN with a payload too: whole ones are copied as bytes.
   */
  merge(target: Float64Array, into: number, source: Float64Array, from: number): void;
}

/** Sees all events of a window at once; they are kept in a list table until it fires. */
export interface HolisticAggregate {
  readonly kind: 'holistic';
  readonly name: string;
  /** What distinguishes aggregates of one name: plain numbers. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Doubles of an event that comes in, and of one list element. */
  readonly inputWidth: number;
  readonly columns: readonly string[];
  /**
   * Writes the result of `count` elements, in append order in `elements`, to `results` at `resultsAt`. May reorder `elements`. Elements
   * wider than a value have {@link PAYLOAD_COLUMN} as their last column.
   */
  reduce(elements: Float64Array, count: number, results: Float64Array, resultsAt: number): void;
}

export type Aggregate = IncrementalAggregate | HolisticAggregate;

/**
 * keyBy → window → aggregate. A fired window's results are the next stage's events, stamped with its end − 1 ms. An aggregate sees the
 * first double of an event, whatever else it carries; only count-sum-min-max after a stage of count-sum-min-max merges all four.
 */
export interface AggregateStage {
  readonly kind: 'aggregate';
  /** The stage's key: this many leading bytes of the incoming key; 0 puts all events under one key. */
  readonly keyPrefixBytes: number;
  readonly window: WindowSpec;
  readonly aggregate: Aggregate;
  /**
   * How long after it fired a window still takes events: one is late only if the watermark has reached end − 1 + this in all of its
   * windows. Every event in a window whose end − 1 it has reached gives a row at once, the key's first there too; a session that
   * has fired and grows beyond the watermark fires again in its time. Only the last stage may have any, since a next one would count updates
   * twice; 0 for a global window.
   */
  readonly allowedLatenessMs: number;
}

/**
 * Pairs the events of both sides that share a key and a window; both are kept in lists until it fires. A row a pair: the
 * left value, the right value, each the first double of its event; then {@link PAYLOAD_COLUMN}, if events have a payload. There is no
 * allowed lateness.
 */
export interface WindowJoinStage {
  readonly kind: 'window-join';
  readonly keyPrefixBytes: number;
  /** Doubles of an event that comes in; its whole content is kept, and its value, the first of them, gets into rows. */
  readonly inputWidth: number;
  readonly window: TumblingWindow | SlidingWindow;
}

/**
 * Pairs a left event at l with the right events of its key in [l + lower, l + upper]; the row (left value, right value) is
 * emitted when the second of them arrives, stamped [t, t + 1) with the greater of their times. Both sides are kept in lists by
 * buckets of event time; a bucket goes when nothing that is not late can still meet it. An event before the watermark is
 * late, one at it is not.
 */
export interface IntervalJoinStage {
  readonly kind: 'interval-join';
  readonly keyPrefixBytes: number;
  /** Doubles of an event that comes in; its whole content is kept, and its value, the first of them, gets into rows. */
  readonly inputWidth: number;
  readonly lowerMs: number;
  readonly upperMs: number;
}

/**
 * Joins right events with what the left side says of their key at that moment of the stream. `left` puts the key's value, and
 * pairs with the right events that waited for it, in their order, which wait no more; `right` pairs with the value if there is
 * one, else waits; `end` forgets the value, not who waits. A row (left value, right value) is stamped [t, t + 1) with the time
 * of the event that made it.
 * No watermark plays a part: nothing is late, nothing is ever forgotten but by `end`.
 */
export interface ContinuousJoinStage {
  readonly kind: 'continuous-join';
  readonly keyPrefixBytes: number;
  /** Doubles of an event that comes in; its whole content is kept, and its value, the first of them, gets into rows. */
  readonly inputWidth: number;
}

/** A join is a workload's only stage; so is one over a global window, since it gives a row an event. */
export type Stage = AggregateStage | WindowJoinStage | IntervalJoinStage | ContinuousJoinStage;

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

/**
 * What a workload is there for, in a sentence each. S is the state of one key and window, n = size / slide. Built-in modules export one as
 * `gallery`; others need not.
 */
export interface Gallery {
  /** The job that it stands for. */
  readonly job: string;
  /** The state operations of an event, and those of what the watermark makes due. */
  readonly operations: string;
  /** What of a store it puts to the test. */
  readonly stresses: string;
  /** Options to try it with, `name=value,…`, where there are some that it needs. */
  readonly example?: string;
}

/**
 * What a module gives that must read something before it can make a workload: it exports `prepare`, `(options) => Promise<Preparation>`, and
 * its default function gets the material as well, `(options, material) => Workload`.
 */
export interface Preparation<Material> {
  /** Options for whoever makes the same workload again, in the place of those given: with them it is the same, or refused. */
  readonly pinned: Readonly<Record<string, string | number | boolean>>;
  readonly material: Material;
}

/** A configured workload. A module exports `options` (a zod schema), `description`, and by default `(options) => Workload`. */
export interface Workload {
  readonly name: string;
  /**
   * What is really in force, after defaults. Copied into every result. Some names mean the same with every workload: `fill` is how many
   * events of the stream fill the state, before trials warm up and measure; `keys` how many different keys there are at a time, which
   * stay the same unless `regime` is `expiring`.
   */
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
  return Math.max(1, Math.ceil(stage.keyPrefixBytes / 4)) * 4;
}

/** Doubles of the events that a stage takes. */
export function stageInputWidth(stage: Stage): number {
  return stage.kind === 'aggregate' ? stage.aggregate.inputWidth : stage.inputWidth;
}

/** Names of the numbers of a stage's rows. */
export function stageColumns(stage: Stage): readonly string[] {
  if (stage.kind === 'aggregate') return stage.aggregate.columns;
  return stage.inputWidth > 1 ? ['left', 'right', PAYLOAD_COLUMN] : ['left', 'right'];
}

/**
 * The column for events that carry more than a value and are kept whole in state: the sum, by {@link addHashes}, of the
 * {@link elementHash} of each element that the row is made of. It proves that the store returned every byte.
 */
export const PAYLOAD_COLUMN = 'payload';

/**
 * Hash of one element of `doubles` doubles, which begin at word `at`: an integer below 2^52. The lower words of the doubles go into one
 * 32-bit lane and the upper words into another. The multipliers and the finaliser are those of MurmurHash3 (A. Appleby, public domain).
 */
export function elementHash(words: Uint32Array, at: number, doubles: number): number {
  let low = 0x9e3779b9 | 0;
  let high = 0x7f4a7c15;
  const end = at + 2 * doubles;
  for (let i = at; i < end; i += 2) {
    low = Math.imul(low ^ words[i]!, 0xcc9e2d51);
    low ^= low >>> 15;
    high = Math.imul(high ^ words[i + 1]!, 0x1b873593);
    high ^= high >>> 13;
  }
  low = (low + high) | 0;
  high = (high + low) | 0;
  return (finalized(high) >>> 12) * 0x1_0000_0000 + (finalized(low) >>> 0);
}

/** The sum of two hashes modulo 2^52: no order of elements changes it, and an element twice is not an element once. */
export function addHashes(one: number, other: number): number {
  const sum = one + other;
  return sum < HASHES ? sum : sum - HASHES;
}

const HASHES = 2 ** 52;

function finalized(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
