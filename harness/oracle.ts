/**
 * The right answer of a workload, computed naively: plain Maps, one event at a time, whole windows sorted or folded when they fire. It
 * shares with the pipeline the source of events, the description of the workload and the digest that answers are compared by; windows,
 * watermarks, lateness and aggregates are written here a second time, so that one mistake cannot hide in both.
 *
 * - The watermark is the greatest event time seen less the delay. It advances as soon as every `everyEvents`-th event has been
 *   processed; before the first of those there is none.
 * - A window [start, end) is closed once the watermark has reached end − 1. An event goes into those of its windows that are not closed;
 *   if all are, it is late: counted and dropped.
 * - When the watermark advances, stage by stage: windows that it closes fire, their results become events of the next stage with time
 *   end − 1, and only then does it advance there.
 * - At the end of the stream every window fires, stage by stage.
 */
import { setImmediate } from 'node:timers/promises';
import { EventBatch, type Source, type Stage, type Workload } from '../workloads/contract.ts';
import { OutputDigest } from './output-digest.ts';
import type { Output } from './results.ts';

/** What should have come out after `atEvent` events. */
export interface OracleAnswer {
  readonly atEvent: number;
  /** Rows fired so far. */
  readonly fired: Output;
  /** All rows if the stream ended there. */
  readonly ended: Output;
  /** Late events so far, by stage. */
  readonly late: readonly number[];
}

/** One output row. */
export interface OracleRow {
  /** From 1. */
  readonly stage: number;
  readonly windowStart: number;
  readonly windowEnd: number;
  /** The stage's key, one character a byte (Latin-1). */
  readonly key: string;
  readonly numbers: readonly number[];
}

const BATCH_EVENTS = 1024;
const BATCHES_BETWEEN_PAUSES = 64;

/**
 * The answers after each of `stops` events, in one pass over the source from its beginning.
 * @param stops numbers of events, ascending
 * @throws RangeError if the stops descend or lie beyond the end of the source
 */
export async function* oracle(workload: Workload, source: Source, stops: readonly number[]): AsyncGenerator<OracleAnswer, void, void> {
  const digest = new OutputDigest();
  const chain = new Chain(workload, digestInto(digest));
  let atEvent = 0;
  for (const stop of stops) {
    await feed(chain, source, atEvent, stop);
    atEvent = stop;
    const endDigest = OutputDigest.load(digest.save());
    const end = chain.copy(digestInto(endDigest));
    end.end();
    yield {
      atEvent,
      fired: { atEvent, ended: false, rows: digest.rows, digest: digest.hex() },
      ended: { atEvent, ended: true, rows: endDigest.rows, digest: endDigest.hex() },
      late: chain.late(),
    };
  }
}

/** All rows of the first `events` events followed by the end of the stream, in the order they come out. */
export async function oracleRows(workload: Workload, source: Source, events: number): Promise<OracleRow[]> {
  const rows: OracleRow[] = [];
  const chain = new Chain(workload, (row) => rows.push(row));
  await feed(chain, source, 0, events);
  chain.end();
  return rows;
}

/**
 * What the open windows hold after each of `stops` events, as the digest of one row per (stage, window, key): the count, sum,
 * minimum and maximum of its events, or the events themselves in their order.
 * @throws RangeError as {@link oracle}
 */
export async function* oracleState(workload: Workload, source: Source, stops: readonly number[]): AsyncGenerator<Output, void, void> {
  const chain = new Chain(workload, () => {});
  let atEvent = 0;
  for (const stop of stops) {
    await feed(chain, source, atEvent, stop);
    atEvent = stop;
    const digest = new OutputDigest();
    chain.state(digestInto(digest));
    yield { atEvent, ended: false, rows: digest.rows, digest: digest.hex() };
  }
}

async function feed(chain: Chain, source: Source, from: number, to: number): Promise<void> {
  if (!Number.isSafeInteger(to) || to < from || to > source.events) {
    throw new RangeError(`the oracle cannot go from event ${from} to ${to}: stops ascend, and the source has ${source.events} events`);
  }
  const batch = new EventBatch(BATCH_EVENTS, source);
  const text = Buffer.from(batch.keys.buffer);
  source.seek(from);
  for (let at = from, batches = 1; at < to; batches++) {
    const count = source.fill(batch, to - at);
    if (count === 0) throw new RangeError(`the source ended after ${at} of ${source.events} events`);
    for (let i = 0; i < count; i++) {
      const key = text.toString('latin1', i * source.keyBytes, (i + 1) * source.keyBytes);
      chain.event(key, batch.timestamps[i]!, batch.values[i]!);
    }
    at += count;
    if (batches % BATCHES_BETWEEN_PAUSES === 0) await setImmediate(); // who waits may have something else to do
  }
}

function digestInto(digest: OutputDigest): (row: OracleRow) => void {
  return ({ stage, windowStart, windowEnd, key, numbers }) => {
    const keyWords = new Uint32Array(Math.ceil(key.length / 4));
    Buffer.from(keyWords.buffer).write(key, 'latin1');
    digest.add(stage, windowStart, windowEnd, keyWords, 0, keyWords.length, Float64Array.from(numbers), 0, numbers.length);
  };
}

/** Numbers that came to one key in one window: each entry is what one event brought. */
type Brought = readonly number[];

/** What one key has in one window. */
interface Kept {
  add(brought: Brought): void;
  result(): number[];
  /** All that is kept, in the order it came. */
  state(): number[];
  copy(): Kept;
}

class CountSumMinMax implements Kept {
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;

  /** An event's one number, or the four of an earlier stage's row. */
  add(brought: Brought): void {
    const [count, sum, min, max] = brought.length === 1 ? [1, brought[0]!, brought[0]!, brought[0]!] : brought;
    this.count += count!;
    this.sum += sum!;
    this.min = Math.min(this.min, min!);
    this.max = Math.max(this.max, max!);
  }

  result(): number[] {
    return [this.count, this.sum, this.min, this.max];
  }

  state(): number[] {
    return this.result();
  }

  copy(): Kept {
    return Object.assign(new CountSumMinMax(), this);
  }
}

class Median implements Kept {
  numbers: number[] = [];

  add(brought: Brought): void {
    this.numbers.push(brought[0]!);
  }

  result(): number[] {
    const sorted = this.numbers.toSorted((a, b) => a - b);
    const half = sorted.length / 2;
    const middle = Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[Math.floor(half)]!;
    return [sorted.length, middle];
  }

  state(): number[] {
    return this.numbers;
  }

  copy(): Kept {
    return Object.assign(new Median(), { numbers: [...this.numbers] });
  }
}

const AGGREGATES: ReadonlyMap<string, () => Kept> = new Map<string, () => Kept>([
  ['count-sum-min-max', () => new CountSumMinMax()],
  ['median', () => new Median()],
]);

/** A stage with its open windows: start → key → what it has. */
class OracleStage {
  readonly #stage: Stage;
  readonly #sizeMs: number;
  readonly #slideMs: number;
  readonly #offsetMs: number;
  readonly #keyLength: number;
  readonly #newKept: () => Kept;
  #windows = new Map<number, Map<string, Kept>>();
  #watermark = -Infinity;
  late = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
    if (stage.kind !== 'aggregate') throw new RangeError(`the oracle has no ${stage.kind}`);
    const { window, aggregate, keyPrefixBytes } = stage;
    if (window.kind !== 'tumbling' && window.kind !== 'sliding') throw new RangeError(`the oracle has no ${window.kind} window`);
    const newKept = AGGREGATES.get(aggregate.name);
    if (newKept === undefined) {
      throw new RangeError(`the oracle has no aggregate ${aggregate.name}: it knows ${[...AGGREGATES.keys()].join(', ')}`);
    }
    this.#newKept = newKept;
    this.#sizeMs = window.sizeMs;
    this.#slideMs = window.kind === 'sliding' ? window.slideMs : window.sizeMs;
    this.#offsetMs = window.offsetMs;
    this.#keyLength = keyPrefixBytes;
  }

  event(wholeKey: string, time: number, brought: Brought): void {
    const key = wholeKey.slice(0, this.#keyLength);
    let isLate = true;
    // Starts are offset + n × slide: the first is the least one above time − size, the last the greatest up to time.
    const firstNumber = Math.floor((time - this.#sizeMs - this.#offsetMs) / this.#slideMs) + 1;
    for (let start = firstNumber * this.#slideMs + this.#offsetMs; start <= time; start += this.#slideMs) {
      if (start + this.#sizeMs - 1 <= this.#watermark) continue;
      isLate = false;
      let keys = this.#windows.get(start);
      if (keys === undefined) {
        keys = new Map();
        this.#windows.set(start, keys);
      }
      let kept = keys.get(key);
      if (kept === undefined) {
        kept = this.#newKept();
        keys.set(key, kept);
      }
      kept.add(brought);
    }
    if (isLate) this.late++;
  }

  /** Advances the watermark; the windows it closes are given to `fire`, the oldest first, and forgotten. */
  advance(watermark: number, fire: (windowStart: number, windowEnd: number, key: string, numbers: number[]) => void): void {
    const closed = [...this.#windows.keys()].filter((start) => start + this.#sizeMs - 1 <= watermark).sort((a, b) => a - b);
    for (const start of closed) {
      for (const [key, kept] of this.#windows.get(start)!) fire(start, start + this.#sizeMs, key, kept.result());
      this.#windows.delete(start);
    }
    this.#watermark = watermark;
  }

  state(give: (windowStart: number, windowEnd: number, key: string, numbers: number[]) => void): void {
    for (const [start, keys] of this.#windows) for (const [key, kept] of keys) give(start, start + this.#sizeMs, key, kept.state());
  }

  copy(): OracleStage {
    const copy = new OracleStage(this.#stage);
    copy.late = this.late;
    copy.#watermark = this.#watermark;
    for (const [start, keys] of this.#windows) {
      const keysCopy = new Map<string, Kept>();
      for (const [key, kept] of keys) keysCopy.set(key, kept.copy());
      copy.#windows.set(start, keysCopy);
    }
    return copy;
  }
}

/** The stages in order, and the stream's clock. */
class Chain {
  readonly #workload: Workload;
  readonly #output: (row: OracleRow) => void;
  #stages: OracleStage[];
  #events = 0;
  #greatestTime = -Infinity;

  constructor(workload: Workload, output: (row: OracleRow) => void) {
    this.#workload = workload;
    this.#output = output;
    this.#stages = workload.stages.map((stage) => new OracleStage(stage));
  }

  event(key: string, time: number, value: number): void {
    this.#stages[0]!.event(key, time, [value]);
    this.#greatestTime = Math.max(this.#greatestTime, time);
    this.#events++;
    const { everyEvents, delayMs } = this.#workload.watermark;
    if (this.#events % everyEvents === 0) this.#advance(this.#greatestTime - delayMs);
  }

  end(): void {
    this.#advance(Infinity);
  }

  late(): number[] {
    return this.#stages.map((stage) => stage.late);
  }

  state(give: (row: OracleRow) => void): void {
    for (const [index, stage] of this.#stages.entries()) {
      stage.state((windowStart, windowEnd, key, numbers) => give({ stage: index + 1, windowStart, windowEnd, key, numbers }));
    }
  }

  copy(output: (row: OracleRow) => void): Chain {
    const copy = new Chain(this.#workload, output);
    copy.#stages = this.#stages.map((stage) => stage.copy());
    copy.#events = this.#events;
    copy.#greatestTime = this.#greatestTime;
    return copy;
  }

  #advance(watermark: number): void {
    for (const [index, stage] of this.#stages.entries()) {
      stage.advance(watermark, (windowStart, windowEnd, key, numbers) => {
        this.#output({ stage: index + 1, windowStart, windowEnd, key, numbers });
        this.#stages[index + 1]?.event(key, windowEnd - 1, numbers);
      });
    }
  }
}
