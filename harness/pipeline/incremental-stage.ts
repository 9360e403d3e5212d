import { type Pending, StateBatch, type ValueTable } from '../../backends/contract.ts';
import type { AggregateStage, EventBatch, IncrementalAggregate, SlidingWindow, TumblingWindow } from '../../workloads/contract.ts';
import { keyOf } from './held-rows.ts';
import type { Operator } from './operator.ts';
import { keyProjection, projectedKeyHash, SlotGrouping } from './slot-grouping.ts';
import { type HeldRow, type RunningStage, type SavedStage, SCAN_SLOTS, type StageRequest, stageTable } from './stage.ts';
import { StageWindows } from './stage-windows.ts';
import { WindowRows } from './window-rows.ts';

/**
 * A window of accumulators. A micro-batch is grouped by (window, key), its distinct slots are read in one call, folded,
 * and written in one call.
 */
export function incremental(stage: AggregateStage, window: TumblingWindow | SlidingWindow, aggregate: IncrementalAggregate): Operator {
  const table = (index: number) => stageTable(stage, index, { kind: 'value', valueBytes: 8 * aggregate.accumulatorWidth });
  return {
    tables: (index) => [table(index)],
    open: (request) => new IncrementalStage(request, table(request.index), stage, window, aggregate),
  };
}

class IncrementalStage implements RunningStage {
  lateEvents: number;
  readonly #windows: StageWindows;
  readonly #aggregate: IncrementalAggregate;
  readonly #table: ValueTable;
  readonly #tableName: string;
  readonly #batch: StateBatch;
  readonly #grouping: SlotGrouping;
  readonly #projection: ReturnType<typeof keyProjection>;
  /** For each of an event's windows, latest first, the slot of each event of the micro-batch. */
  readonly #slots: readonly Int32Array[];
  /** Where events of closed windows are folded to: a slot past the capacity that is never written. */
  readonly #trash: number;
  readonly #scanBatch: StateBatch;
  readonly #rows: WindowRows;

  constructor(
    { index, store, batchSize, saved, watermarkMs, emit }: StageRequest,
    table: ReturnType<typeof stageTable>,
    stage: AggregateStage,
    window: TumblingWindow | SlidingWindow,
    aggregate: IncrementalAggregate,
  ) {
    this.#aggregate = aggregate;
    this.#tableName = table.name;
    this.#table = store.value(table.name);
    this.lateEvents = saved.lateEvents;
    this.#windows = new StageWindows(window, saved.open[table.name] ?? [], watermarkMs);
    this.#projection = keyProjection(stage.keyPrefixBytes);
    this.#trash = batchSize * this.#windows.overlap;
    this.#batch = new StateBatch(this.#trash + 1, table);
    this.#grouping = new SlotGrouping(this.#batch, this.#projection);
    this.#slots = Array.from({ length: this.#windows.overlap }, () => new Int32Array(batchSize));
    this.#scanBatch = new StateBatch(Math.max(batchSize, SCAN_SLOTS), table);
    this.#rows = new WindowRows(index + 1, aggregate.columns.length, this.#scanBatch.capacity, emit);
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
    for (const slots of this.#slots) this.#aggregate.fold(batch.valueDoubles, batch.present, slots, 0, events.values, from, count);
    return this.#table.write(batch);
  }

  /** Fills the batch with the distinct (window, key) of the events, and the slots of each event. */
  #assign(events: EventBatch, from: number, count: number): void {
    const { timestamps, keyWords } = events;
    const strideWords = events.keyBytes >>> 2;
    const { slideMs, overlap } = this.#windows;
    const grouping = this.#grouping;
    const projection = this.#projection;
    const slots = this.#slots;
    let paneStart = Number.NaN;
    let paneEnd = Number.NaN;
    let live = 0;
    for (let i = 0; i < count; i++) {
      const timeMs = timestamps[from + i]!;
      if (!(timeMs >= paneStart && timeMs < paneEnd)) {
        paneStart = this.#windows.paneStart(timeMs);
        paneEnd = paneStart + slideMs;
        live = this.#windows.openPane(paneStart);
      }
      if (live === 0) this.lateEvents++;
      else {
        const hashOfKey = projectedKeyHash(keyWords, (from + i) * strideWords, projection);
        for (let w = 0; w < live; w++) slots[w]![i] = grouping.slot(events, from + i, hashOfKey, paneStart - w * slideMs);
      }
      for (let w = live; w < overlap; w++) slots[w]![i] = this.#trash;
    }
  }

  advance(watermarkMs: number): Pending {
    const due = this.#windows.close(watermarkMs);
    if (due.length > 0) return this.#fireAll(due);
  }

  async #fireAll(due: readonly number[]): Promise<void> {
    for (const startMs of due) await this.#fire(startMs);
  }

  async #fire(startMs: number): Promise<void> {
    const rows = this.#rows;
    rows.begin(startMs, startMs + this.#windows.sizeMs);
    for await (const batch of this.#table.scan(startMs, this.#scanBatch)) {
      this.#aggregate.emit(batch.valueDoubles, 0, batch.length, rows.numbers, 0);
      const pending = rows.emitSlots(batch);
      if (pending) await pending;
    }
    const pending = this.#table.drop(startMs);
    if (pending) await pending;
  }

  save(): SavedStage {
    return { open: { [this.#tableName]: this.#windows.open() }, lateEvents: this.lateEvents };
  }

  async held(give: (row: HeldRow) => void): Promise<void> {
    const { columns } = this.#aggregate;
    const results = new Float64Array(this.#scanBatch.capacity * columns.length);
    for (const startMs of this.#windows.open()) {
      for await (const batch of this.#table.scan(startMs, this.#scanBatch)) {
        this.#aggregate.emit(batch.valueDoubles, 0, batch.length, results, 0);
        for (let slot = 0; slot < batch.length; slot++) {
          const numbers = [...results.subarray(slot * columns.length, (slot + 1) * columns.length)];
          give({ startMs, endMs: startMs + this.#windows.sizeMs, key: keyOf(batch, slot), numbers });
        }
      }
    }
  }
}
