import type { Pending, StateStore } from '../../backends/contract.ts';
import { EventBatch, type Stage, stageColumns, stageInputWidth, stageKeyBytes, type Workload } from '../../workloads/contract.ts';
import { OutputDigest } from '../output-digest.ts';
import type { Output } from '../results.ts';
import { operatorOf } from './operator.ts';
import type { FiredRows, Sink } from './sink.ts';
import { type Emit, FRESH_STAGE, type RunningStage, type SavedStage } from './stage.ts';

/** Where a pipeline stands between two events: plain JSON, part of every checkpoint. */
export interface SavedPipeline {
  /** Events taken from the stream so far. */
  readonly events: number;
  /** Greatest event time seen, and the watermark; null before the first. */
  readonly latestMs: number | null;
  readonly watermarkMs: number | null;
  readonly stages: readonly SavedStage[];
}

/** Is told of each micro-batch from outside, so that the pipeline itself holds no clock. */
export interface PipelineProbe {
  batchStarts(): void;
  batchEnds(events: number): void;
}

/** Takes out of a batch the events that other processes have, keeps the order of the rest, and says how many went. */
export interface StreamPart {
  keep(events: EventBatch): number;
}

const NO_PROBE: PipelineProbe = { batchStarts() {}, batchEnds() {} };

export interface PipelineRequest {
  readonly workload: Pick<Workload, 'stages' | 'watermark'>;
  readonly store: StateStore;
  /** The most events of a micro-batch. A micro-batch also ends where the watermark advances. */
  readonly batchSize: number;
  readonly sink: Sink;
  readonly probe?: PipelineProbe;
  /** Where a restored pipeline goes on. */
  readonly saved?: SavedPipeline;
  /** Of a stream divided among processes, the part of this one. Watermarks and positions go by the whole stream. */
  readonly part?: StreamPart;
  /** Called after each micro-batch, whose time includes it. A promise is waited for. */
  readonly share?: () => Pending;
}

/**
 * The reference pipeline: stages in a chain, watermarks by the event stream, everything it knows either in the store's
 * tables or in {@link SavedPipeline}, so that a checkpoint of both is a consistent cut between two events.
 */
export class Pipeline {
  readonly #stages: readonly RunningStage[];
  /** What stage i has emitted for stage i + 1 and that one has not taken yet. */
  readonly #handovers: readonly Handover[];
  readonly #probe: PipelineProbe;
  readonly #part: StreamPart | null;
  readonly #share: () => Pending;
  readonly #batchSize: number;
  /** Doubles of an event of the stream. */
  readonly #width: number;
  readonly #delayMs: number;
  readonly #everyEvents: number;
  #events: number;
  #latestMs: number;
  #watermarkMs: number;

  constructor({ workload, store, batchSize, sink, probe = NO_PROBE, saved, part, share = () => {} }: PipelineRequest) {
    this.#batchSize = batchSize;
    this.#probe = probe;
    this.#part = part ?? null;
    this.#share = share;
    this.#delayMs = workload.watermark.delayMs;
    this.#everyEvents = workload.watermark.everyEvents;
    this.#events = saved?.events ?? 0;
    this.#latestMs = saved?.latestMs ?? Number.NEGATIVE_INFINITY;
    this.#watermarkMs = saved?.watermarkMs ?? Number.NEGATIVE_INFINITY;
    checkChain(workload.stages);
    this.#width = stageInputWidth(workload.stages[0]!);
    const stages: RunningStage[] = [];
    const handovers: Handover[] = [];
    // From the last, since a stage hands its rows to the next.
    for (const [index, stage] of [...workload.stages.entries()].reverse()) {
      const next = stages[0];
      let emit: Emit = (rows) => sink.accept(rows);
      if (next !== undefined) {
        const handover = new Handover(next, stage, batchSize);
        handovers.unshift(handover);
        emit = (rows) => {
          sink.accept(rows);
          return handover.take(rows);
        };
      }
      const request = { index, store, batchSize, watermarkMs: this.#watermarkMs, delayMs: this.#delayMs, emit };
      stages.unshift(operatorOf(stage).open({ ...request, saved: saved?.stages[index] ?? FRESH_STAGE }));
    }
    this.#stages = stages;
    this.#handovers = handovers;
  }

  /** Events taken so far. */
  get events(): number {
    return this.#events;
  }

  /** Events dropped as late, by stage. */
  get lateByStage(): readonly number[] {
    return this.#stages.map(({ lateEvents }) => lateEvents);
  }

  /** Events dropped as late, over all stages. */
  get lateEvents(): number {
    return this.lateByStage.reduce((sum, count) => sum + count, 0);
  }

  /** How many events may come before the watermark advances: the most that `process` may be handed. */
  get untilWatermark(): number {
    return this.#everyEvents - (this.#events % this.#everyEvents);
  }

  /**
   * Takes the events of a batch, in micro-batches, and advances the watermark where it is due.
   * @param events at most `untilWatermark` of them; those of other parts of the stream are taken out.
   */
  async process(events: EventBatch): Promise<void> {
    const first = this.#stages[0]!;
    if (events.width !== this.#width) {
      throw new RangeError(`the first stage takes events of ${this.#width} doubles, and these have ${events.width}`);
    }
    const { timestamps } = events;
    let latestMs = this.#latestMs;
    for (let i = 0; i < events.length; i++) if (timestamps[i]! > latestMs) latestMs = timestamps[i]!;
    this.#latestMs = latestMs;
    // Counted before the others, so that the watermark still comes after the last event of the batch.
    if (this.#part !== null) this.#events += this.#part.keep(events);
    const { length } = events;
    for (let from = 0; from < length; from += this.#batchSize) {
      const count = Math.min(this.#batchSize, length - from);
      this.#probe.batchStarts();
      const pending = first.process(events, from, count);
      if (pending) await pending;
      this.#events += count;
      if (this.#isWatermarkDue()) await this.#advance(latestMs - this.#delayMs);
      const share = this.#share();
      if (share) await share;
      this.#probe.batchEnds(count);
    }
    if (length === 0 && this.#isWatermarkDue()) await this.#advance(latestMs - this.#delayMs);
  }

  #isWatermarkDue(): boolean {
    return this.#events % this.#everyEvents === 0 && this.#latestMs - this.#delayMs > this.#watermarkMs;
  }

  /** Ends the stream: every open window of every stage fires. */
  end(): Promise<void> {
    return this.#advance(Number.POSITIVE_INFINITY);
  }

  async #advance(watermarkMs: number): Promise<void> {
    this.#watermarkMs = watermarkMs;
    for (const [index, stage] of this.#stages.entries()) {
      const pending = stage.advance(watermarkMs);
      if (pending) await pending;
      const flushed = this.#handovers[index]?.flush();
      if (flushed) await flushed;
    }
  }

  save(): SavedPipeline {
    return {
      events: this.#events,
      latestMs: Number.isFinite(this.#latestMs) ? this.#latestMs : null,
      watermarkMs: Number.isFinite(this.#watermarkMs) ? this.#watermarkMs : null,
      stages: this.#stages.map((stage) => stage.save()),
    };
  }

  /**
   * What all stages hold, as the digest of one row per fact (see `HeldRow`). Reads the whole state, without hurry: a proof that a
   * restored state is the one that was cut. Equals the oracle's `oracleState` at the same event.
   */
  async state(): Promise<Output> {
    const digest = new OutputDigest();
    for (const [index, stage] of this.#stages.entries()) {
      await stage.held(({ startMs, endMs, key, numbers }) => {
        digest.add(index + 1, startMs, endMs, key, 0, key.length, Float64Array.from(numbers), 0, numbers.length);
      });
    }
    return { atEvent: this.#events, ended: false, rows: digest.rows, digest: digest.hex() };
  }
}

/** @throws RangeError if these stages cannot follow each other */
function checkChain(stages: readonly Stage[]): void {
  if (stages.length === 0) throw new RangeError('a workload has at least one stage');
  for (const [index, stage] of stages.entries()) {
    const fail = (problem: string): never => {
      throw new RangeError(`stage ${index + 1} of ${stages.length} ${problem}`);
    };
    if (stage.kind !== 'aggregate') {
      if (stages.length > 1) fail(`is a ${stage.kind}, which must be the only stage`);
      continue;
    }
    const before = stages[index - 1];
    if (before !== undefined && stageInputWidth(stage) !== stageColumns(before).length) {
      fail(`takes events of ${stageInputWidth(stage)} doubles, and the one before gives rows of ${stageColumns(before).length}`);
    }
    if (stage.window.kind === 'global' && stages.length > 1) fail('has a global window, which must be the only stage');
    if (stage.allowedLatenessMs > 0 && index < stages.length - 1) fail('has allowed lateness, which only the last stage may have');
  }
}

/** Makes rows into events of the next stage, stamped with the last millisecond of their window, and hands them on by the batch. */
class Handover {
  readonly #next: RunningStage;
  readonly #events: EventBatch;

  constructor(next: RunningStage, stage: Stage, batchSize: number) {
    this.#next = next;
    this.#events = new EventBatch(batchSize, { keyBytes: stageKeyBytes(stage), width: stageColumns(stage).length });
  }

  take(rows: FiredRows): Pending {
    return this.#takeFrom(rows, 0);
  }

  /** Hands on what is left. */
  flush(): Pending {
    const events = this.#events;
    const { length } = events;
    if (length === 0) return;
    events.length = 0;
    return this.#next.process(events, 0, length);
  }

  #takeFrom(rows: FiredRows, from: number): Pending {
    const { endsMs, keyWords, keyStrideWords, keyAtWord, keyWordCount, numbers, width, count } = rows;
    const events = this.#events;
    for (let row = from; row < count; row++) {
      const event = events.length++;
      events.timestamps[event] = endsMs[row]! - 1;
      const key = row * keyStrideWords + keyAtWord;
      for (let word = 0; word < keyWordCount; word++) events.keyWords[event * keyWordCount + word] = keyWords[key + word]!;
      for (let i = 0; i < width; i++) events.values[event * width + i] = numbers[row * width + i]!;
      if (events.length === events.capacity) {
        const pending = this.flush();
        if (pending) return pending.then(() => this.#takeFrom(rows, row + 1));
      }
    }
  }
}
