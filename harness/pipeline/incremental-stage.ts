import { type Pending, StateBatch, type ValueTable } from '../../backends/contract.ts';
import type { AggregateStage, EventBatch, IncrementalAggregate, SlidingWindow, TumblingWindow } from '../../workloads/contract.ts';
import { EventRows } from './event-rows.ts';
import { eachResult } from './held-rows.ts';
import { MergedPanes } from './merged-panes.ts';
import type { Operator } from './operator.ts';
import { paneFiring } from './pane-firing.ts';
import { PaneUpdates } from './pane-updates.ts';
import { voidMissingBytes } from './returned-bytes.ts';
import { keyProjection, projectedKeyHash, SlotGrouping } from './slot-grouping.ts';
import { type HeldRow, type RunningStage, type SavedStage, SCAN_SLOTS, type StageRequest, stageTable } from './stage.ts';
import { fireAndForget, StageWindows } from './stage-windows.ts';
import { WindowRows } from './window-rows.ts';

/**
 * Accumulators by cell: a window, or a pane. A micro-batch is grouped by (cell, key), its distinct slots are read in one call,
 * folded, and written in one call.
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
  /** For each of an event's cells, latest first, the slot of each event of the micro-batch. */
  readonly #slots: readonly Int32Array[];
  /** Where events of closed windows are folded to: a slot that is never written. */
  readonly #trash: number;
  readonly #scanBatch: StateBatch;
  readonly #rows: WindowRows;
  readonly #fire: (startMs: number) => Promise<void>;
  /** Allowed lateness: the rows of updated windows, by where the state is. At most one of the two is there. */
  readonly #updatedRows: EventRows | null;
  readonly #paneUpdates: PaneUpdates | null;

  constructor(
    request: StageRequest,
    table: ReturnType<typeof stageTable>,
    stage: AggregateStage,
    window: TumblingWindow | SlidingWindow,
    aggregate: IncrementalAggregate,
  ) {
    const { index, store, batchSize, saved, watermarkMs, emit } = request;
    this.#aggregate = aggregate;
    this.#tableName = table.name;
    this.#table = store.value(table.name);
    this.lateEvents = saved.lateEvents;
    this.#windows = new StageWindows(window, saved.open[table.name] ?? [], watermarkMs, stage.allowedLatenessMs);
    this.#projection = keyProjection(stage.keyPrefixBytes);
    this.#trash = batchSize * this.#windows.cells;
    this.#batch = new StateBatch(this.#trash + 1, table);
    this.#grouping = new SlotGrouping(this.#batch, this.#projection);
    this.#slots = Array.from({ length: this.#windows.cells }, () => new Int32Array(batchSize));
    this.#scanBatch = new StateBatch(Math.max(batchSize, SCAN_SLOTS), table);
    this.#rows = new WindowRows(index + 1, aggregate.columns.length, this.#scanBatch.capacity, emit);
    const { panes } = this.#windows;
    const isUpdating = stage.allowedLatenessMs > 0;
    this.#fire = panes
      ? paneFiring(this.#table, this.#windows, this.#scanBatch, this.#rows, new MergedPanes(aggregate))
      : (startMs) => this.#fireWindow(startMs);
    this.#updatedRows = isUpdating && !panes ? new EventRows(index + 1, aggregate.columns.length, table.keyBytes, this.#trash, emit) : null;
    this.#paneUpdates = isUpdating && panes ? new PaneUpdates(request, table, stage, this.#windows, aggregate) : null;
  }

  process(events: EventBatch, from: number, count: number): Pending {
    this.#grouping.begin();
    this.#windows.updating = false;
    this.#assign(events, from, count);
    if (this.#batch.length === 0) return;
    if (this.#windows.updating && this.#paneUpdates !== null) {
      return this.#paneUpdates.emit(events, from, count).then(() => this.#readAndFold(events, from, count));
    }
    return this.#readAndFold(events, from, count);
  }

  #readAndFold(events: EventBatch, from: number, count: number): Pending {
    const pending = this.#table.read(this.#batch);
    if (pending) return pending.then(() => this.#foldAndWrite(events, from, count));
    return this.#foldAndWrite(events, from, count);
  }

  #foldAndWrite(events: EventBatch, from: number, count: number): Pending {
    const batch = this.#batch;
    voidMissingBytes(batch);
    batch.lengths.fill(batch.valueBytes, 0, batch.length);
    if (this.#windows.updating && this.#updatedRows !== null) {
      const pending = this.#foldOneByOne(events, from, count, this.#updatedRows);
      if (pending) return pending.then(() => this.#table.write(batch));
    } else for (const slots of this.#slots) this.#aggregate.fold(batch.valueDoubles, batch.present, slots, 0, events.values, from, count);
    return this.#table.write(batch);
  }

  /** Folds in the order of the stream, with a row for each window that had fired before. */
  #foldOneByOne(events: EventBatch, from: number, count: number, rows: EventRows): Pending {
    const { valueDoubles, present, windows, addressWords, addressStride } = this.#batch;
    for (let i = 0; i < count; i++) {
      for (const slots of this.#slots) {
        const slot = slots[i]!;
        if (slot === this.#trash) break;
        this.#aggregate.fold(valueDoubles, present, slots, i, events.values, from + i, 1);
        const startMs = windows[slot]!;
        if (!this.#windows.hasFired(startMs)) continue;
        const numbersAt = rows.add(startMs, startMs + this.#windows.sizeMs, addressWords, (slot * addressStride) / 4 + 2);
        this.#aggregate.emit(valueDoubles, slot, 1, rows.numbers, numbersAt);
      }
    }
    return rows.flush();
  }

  /** Fills the batch with the distinct (cell, key) of the events, and the slots of each event. */
  #assign(events: EventBatch, from: number, count: number): void {
    const { timestamps, keyWords } = events;
    const strideWords = events.keyBytes >>> 2;
    const { slideMs, cells } = this.#windows;
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
      for (let w = live; w < cells; w++) slots[w]![i] = this.#trash;
    }
  }

  advance(watermarkMs: number): Pending {
    const closed = this.#windows.close(watermarkMs);
    if (closed !== null) return fireAndForget(closed, this.#fire, (startMs) => this.#table.drop(startMs));
  }

  async #fireWindow(startMs: number): Promise<void> {
    const rows = this.#rows;
    rows.begin(startMs, startMs + this.#windows.sizeMs);
    for await (const batch of this.#table.scan(startMs, this.#scanBatch)) {
      voidMissingBytes(batch);
      this.#aggregate.emit(batch.valueDoubles, 0, batch.length, rows.numbers, 0);
      const pending = rows.emitSlots(batch);
      if (pending) await pending;
    }
  }

  save(): SavedStage {
    return { open: { [this.#tableName]: this.#windows.open() }, lateEvents: this.lateEvents };
  }

  async held(give: (row: HeldRow) => void): Promise<void> {
    for (const startMs of this.#windows.open()) {
      const endMs = startMs + this.#windows.cellMs;
      const scan = this.#table.scan(startMs, this.#scanBatch);
      await eachResult(scan, this.#aggregate, (key, numbers) => give({ startMs, endMs, key, numbers }));
    }
  }
}
