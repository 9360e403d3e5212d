import { type Pending, StateBatch, type ValueTable } from '../../backends/contract.ts';
import type { EventBatch, IncrementalAggregate } from '../../workloads/contract.ts';
import { keyProjection, projectedKeyHash, SlotGrouping } from './slot-grouping.ts';
import { type Emit, type RunningStage, SCAN_SLOTS, type StageRequest, stageTable } from './stage.ts';
import { StageWindows } from './stage-windows.ts';

/**
 * A window of accumulators. A micro-batch is grouped by (window, key), its distinct slots are read in one call, folded,
 * and written in one call.
 */
export class IncrementalStage implements RunningStage {
  readonly windows: StageWindows;
  readonly #stage: number;
  readonly #aggregate: IncrementalAggregate;
  readonly #table: ValueTable;
  readonly #batch: StateBatch;
  readonly #grouping: SlotGrouping;
  readonly #projection: ReturnType<typeof keyProjection>;
  /** For each of an event's windows, latest first, the slot of each event of the micro-batch. */
  readonly #slots: readonly Int32Array[];
  /** Where events of closed windows are folded to: a slot past the capacity that is never written. */
  readonly #trash: number;
  readonly #scanBatch: StateBatch;
  readonly #results: Float64Array;

  constructor({ stage, index, store, batchSize, saved }: StageRequest, aggregate: IncrementalAggregate) {
    const table = stageTable(stage, index);
    this.#stage = index + 1;
    this.#aggregate = aggregate;
    this.#table = store.value(table.name);
    this.windows = new StageWindows(stage.window, saved);
    this.#projection = keyProjection(stage.keyPrefixBytes);
    this.#trash = batchSize * this.windows.overlap;
    this.#batch = new StateBatch(this.#trash + 1, table);
    this.#grouping = new SlotGrouping(this.#batch, this.#projection);
    this.#slots = Array.from({ length: this.windows.overlap }, () => new Int32Array(batchSize));
    this.#scanBatch = new StateBatch(Math.max(batchSize, SCAN_SLOTS), table);
    this.#results = new Float64Array(this.#scanBatch.capacity * aggregate.columns.length);
  }

  process(events: EventBatch, from: number, count: number): Pending {
    this.#grouping.begin();
    this.#assign(events, from, count);
    if (this.#batch.length === 0) return;
    const pending = this.#table.read(this.#batch);
    if (pending) return pending.then(() => this.#foldAndWrite(events, from, count));
    return this.#foldAndWrite(events, from, count);
  }

  #foldAndWrite(events: EventBatch, from: number, count: number): Pending {
    const batch = this.#batch;
    batch.lengths.fill(batch.valueBytes, 0, batch.length);
    for (const slots of this.#slots) this.#aggregate.fold(batch.valueDoubles, batch.present, slots, events.values, from, count);
    return this.#table.write(batch);
  }

  /** Fills the batch with the distinct (window, key) of the events, and the slots of each event. */
  #assign(events: EventBatch, from: number, count: number): void {
    const { timestamps, keyWords } = events;
    const strideWords = events.keyBytes >>> 2;
    const { slideMs, overlap } = this.windows;
    const grouping = this.#grouping;
    const projection = this.#projection;
    const slots = this.#slots;
    let paneStart = Number.NaN;
    let paneEnd = Number.NaN;
    let live = 0;
    for (let i = 0; i < count; i++) {
      const timeMs = timestamps[from + i]!;
      if (!(timeMs >= paneStart && timeMs < paneEnd)) {
        paneStart = this.windows.paneStart(timeMs);
        paneEnd = paneStart + slideMs;
        live = this.windows.openPane(paneStart);
      }
      if (live === 0) this.windows.lateEvents++;
      else {
        const hashOfKey = projectedKeyHash(keyWords, (from + i) * strideWords, projection);
        for (let w = 0; w < live; w++) slots[w]![i] = grouping.slot(events, from + i, hashOfKey, paneStart - w * slideMs);
      }
      for (let w = live; w < overlap; w++) slots[w]![i] = this.#trash;
    }
  }

  async fire(startMs: number, emit: Emit): Promise<void> {
    const { sizeMs } = this.windows;
    const width = this.#aggregate.columns.length;
    for await (const batch of this.#table.scan(startMs, this.#scanBatch)) {
      this.#aggregate.emit(batch.valueDoubles, batch.length, this.#results, 0);
      const pending = emit({
        stage: this.#stage,
        startMs,
        endMs: startMs + sizeMs,
        count: batch.length,
        keyWords: batch.addressWords,
        keyStrideWords: batch.addressStride >>> 2,
        keyAtWord: 2,
        keyWordCount: batch.keyBytes >>> 2,
        numbers: this.#results,
        width,
      });
      if (pending) await pending;
    }
    const pending = this.#table.drop(startMs);
    if (pending) await pending;
  }
}
