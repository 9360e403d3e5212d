import type { Pending, StateStore, TableSpec } from '../../backends/contract.ts';
import { EventBatch, stageKeyBytes, type Workload } from '../../workloads/contract.ts';
import { HolisticStage } from './holistic-stage.ts';
import { IncrementalStage } from './incremental-stage.ts';
import type { FiredRows, Sink } from './sink.ts';
import { FRESH_STAGE, type RunningStage, type SavedStage, type StageRequest, stageTable } from './stage.ts';

/** The tables a store must be opened with to run this workload. */
export function workloadTables(workload: Workload): TableSpec[] {
  return workload.stages.map(stageTable);
}

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
  readonly workload: Workload;
  readonly store: StateStore;
  /** The most events of a micro-batch. A micro-batch also ends where the watermark advances. */
  readonly batchSize: number;
  readonly sink: Sink;
  readonly probe?: PipelineProbe;
  /** Where a restored pipeline goes on. */
  readonly saved?: SavedPipeline;
  /** Of a stream divided among processes, the part of this one. Watermarks and positions go by the whole stream. */
  readonly part?: StreamPart;
}

/**
 * The reference pipeline: stages in a chain, watermarks by the event stream, everything it knows either in the store's
 * tables or in {@link SavedPipeline}, so that a checkpoint of both is a consistent cut between two events.
 */
export class Pipeline {
  readonly #stages: readonly RunningStage[];
  /** The rows of stage i on their way to stage i + 1. */
  readonly #handovers: readonly EventBatch[];
  readonly #sink: Sink;
  readonly #probe: PipelineProbe;
  readonly #part: StreamPart | null;
  readonly #batchSize: number;
  readonly #delayMs: number;
  readonly #everyEvents: number;
  #events: number;
  #latestMs: number;
  #watermarkMs: number;

  constructor({ workload, store, batchSize, sink, probe = NO_PROBE, saved, part }: PipelineRequest) {
    this.#batchSize = batchSize;
    this.#sink = sink;
    this.#probe = probe;
    this.#part = part ?? null;
    this.#delayMs = workload.watermark.delayMs;
    this.#everyEvents = workload.watermark.everyEvents;
    this.#events = saved?.events ?? 0;
    this.#latestMs = saved?.latestMs ?? Number.NEGATIVE_INFINITY;
    this.#watermarkMs = saved?.watermarkMs ?? Number.NEGATIVE_INFINITY;
    this.#stages = workload.stages.map((stage, index) =>
      openStage({ stage, index, store, batchSize, saved: saved?.stages[index] ?? FRESH_STAGE }),
    );
    for (const stage of this.#stages) stage.windows.watermarkMs = this.#watermarkMs;
    this.#handovers = workload.stages
      .slice(0, -1)
      .map((stage) => new EventBatch(batchSize, { keyBytes: stageKeyBytes(stage), width: stage.aggregate.columns.length }));
  }

  /** Events taken so far. */
  get events(): number {
    return this.#events;
  }

  /** Events dropped as late, over all stages. */
  get lateEvents(): number {
    return this.#stages.reduce((sum, stage) => sum + stage.windows.lateEvents, 0);
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
      const { windows } = stage;
      if (windows.anyDue(watermarkMs)) await this.#fire(stage, index, windows.takeDue(watermarkMs));
      windows.watermarkMs = watermarkMs;
    }
  }

  async #fire(stage: RunningStage, index: number, due: readonly number[]): Promise<void> {
    const next = this.#stages[index + 1];
    const handover = this.#handovers[index];
    if (next === undefined || handover === undefined) {
      for (const startMs of due) await stage.fire(startMs, (rows) => this.#sink.accept(rows));
      return;
    }
    for (const startMs of due) {
      await stage.fire(startMs, (rows) => {
        this.#sink.accept(rows);
        return handOver(rows, handover, next);
      });
    }
    const pending = next.process(handover, 0, handover.length);
    if (pending) await pending;
    handover.length = 0;
  }

  save(): SavedPipeline {
    return {
      events: this.#events,
      latestMs: Number.isFinite(this.#latestMs) ? this.#latestMs : null,
      watermarkMs: Number.isFinite(this.#watermarkMs) ? this.#watermarkMs : null,
      stages: this.#stages.map((stage) => stage.windows.save()),
    };
  }
}

function openStage(request: StageRequest): RunningStage {
  const { aggregate } = request.stage;
  return aggregate.kind === 'incremental' ? new IncrementalStage(request, aggregate) : new HolisticStage(request, aggregate);
}

/** Makes rows into events of the next stage, stamped with the last millisecond of their window. */
function handOver(rows: FiredRows, handover: EventBatch, next: RunningStage): Pending {
  const { keyWords, keyStrideWords, keyAtWord, keyWordCount, numbers, width, count } = rows;
  const timeMs = rows.endMs - 1;
  const fill = (from: number): Pending => {
    for (let row = from; row < count; row++) {
      const event = handover.length++;
      handover.timestamps[event] = timeMs;
      const key = row * keyStrideWords + keyAtWord;
      for (let word = 0; word < keyWordCount; word++) handover.keyWords[event * keyWordCount + word] = keyWords[key + word]!;
      for (let i = 0; i < width; i++) handover.values[event * width + i] = numbers[row * width + i]!;
      if (handover.length === handover.capacity) {
        const pending = next.process(handover, 0, handover.length);
        handover.length = 0;
        if (pending) return pending.then(() => fill(row + 1));
      }
    }
  };
  return fill(0);
}
