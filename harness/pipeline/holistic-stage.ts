import { type ListTable, type Pending, StateBatch, slotHash, windowHash } from '../../backends/contract.ts';
import {
  type AggregateStage,
  type EventBatch,
  type HolisticAggregate,
  type SlidingWindow,
  stageKeyBytes,
  type TumblingWindow,
} from '../../workloads/contract.ts';
import { FiredLists } from './fired-lists.ts';
import { eachList } from './held-rows.ts';
import { ListUpdates } from './list-updates.ts';
import type { Operator } from './operator.ts';
import { paneFiring } from './pane-firing.ts';
import { PaneLists } from './pane-lists.ts';
import { type KeyProjection, keyProjection, projectedKeyHash } from './slot-grouping.ts';
import { type HeldRow, type RunningStage, type SavedStage, SCAN_SLOTS, type StageRequest, stageTable } from './stage.ts';
import { fireAndForget, StageWindows } from './stage-windows.ts';
import { WindowRows } from './window-rows.ts';

/** Lists by cell: a window, or a pane. Every event is appended blind, and a fired window is scanned list by list and reduced. */
export function holistic(stage: AggregateStage, window: TumblingWindow | SlidingWindow, aggregate: HolisticAggregate): Operator {
  // With allowed lateness single lists are read again.
  const groupBytes = stage.allowedLatenessMs > 0 ? stageKeyBytes(stage) : 0;
  const table = (index: number) => stageTable(stage, index, { kind: 'list', valueBytes: 8 * aggregate.inputWidth, groupBytes });
  return {
    tables: (index) => [table(index)],
    open: (request) => new HolisticStage(request, table(request.index), stage, window, aggregate),
  };
}

class HolisticStage implements RunningStage {
  lateEvents: number;
  readonly #windows: StageWindows;
  readonly #table: ListTable;
  readonly #tableName: string;
  readonly #batch: StateBatch;
  readonly #projection: KeyProjection;
  readonly #scanBatch: StateBatch;
  readonly #fire: (startMs: number) => Promise<void>;
  /** Null where no lateness is allowed. */
  readonly #updates: ListUpdates | null;

  constructor(
    request: StageRequest,
    table: ReturnType<typeof stageTable>,
    stage: AggregateStage,
    window: TumblingWindow | SlidingWindow,
    aggregate: HolisticAggregate,
  ) {
    const { index, store, batchSize, saved, watermarkMs, emit } = request;
    this.#tableName = table.name;
    this.#table = store.list(table.name);
    this.lateEvents = saved.lateEvents;
    this.#windows = new StageWindows(window, saved.open[table.name] ?? [], watermarkMs, stage.allowedLatenessMs);
    this.#projection = keyProjection(stage.keyPrefixBytes);
    this.#batch = new StateBatch(batchSize * this.#windows.cells, table);
    this.#scanBatch = new StateBatch(Math.max(batchSize, SCAN_SLOTS), table);
    const rows = new WindowRows(index + 1, aggregate.columns.length, SCAN_SLOTS + 1, emit);
    const fired = new FiredLists(this.#table, this.#windows, aggregate, this.#scanBatch, rows);
    this.#fire = this.#windows.panes
      ? paneFiring(this.#table, this.#windows, this.#scanBatch, rows, new PaneLists(aggregate))
      : (startMs) => fired.fire(startMs);
    this.#updates = stage.allowedLatenessMs > 0 ? new ListUpdates(request, table, stage, this.#windows, aggregate) : null;
  }

  process(events: EventBatch, from: number, count: number): Pending {
    const batch = this.#batch;
    const { timestamps, keyWords, values, width } = events;
    const eventWords = events.keyBytes >>> 2;
    const slotWords = batch.addressStride >>> 2;
    const { slideMs } = this.#windows;
    const { words, lastMask } = this.#projection;
    let paneStart = Number.NaN;
    let paneEnd = Number.NaN;
    let live = 0;
    batch.clear();
    this.#windows.updating = false;
    for (let event = from; event < from + count; event++) {
      const timeMs = timestamps[event]!;
      if (!(timeMs >= paneStart && timeMs < paneEnd)) {
        paneStart = this.#windows.paneStart(timeMs);
        paneEnd = paneStart + slideMs;
        live = this.#windows.openPane(paneStart);
      }
      if (live === 0) {
        this.lateEvents++;
        continue;
      }
      const key = event * eventWords;
      const hashOfKey = projectedKeyHash(keyWords, key, this.#projection);
      for (let w = 0; w < live; w++) {
        const window = paneStart - w * slideMs;
        const slot = batch.push(window);
        batch.hashes[slot] = slotHash(hashOfKey, windowHash(window));
        batch.present[slot] = 1;
        const at = slot * slotWords + 2;
        for (let word = 0; word < words - 1; word++) batch.addressWords[at + word] = keyWords[key + word]!;
        batch.addressWords[at + words - 1] = keyWords[key + words - 1]! & lastMask;
        for (let i = 0; i < width; i++) batch.valueDoubles[slot * width + i] = values[event * width + i]!;
      }
    }
    if (batch.length === 0) return;
    if (this.#windows.updating && this.#updates !== null)
      return this.#updates.emit(events, from, count).then(() => this.#table.append(batch));
    return this.#table.append(batch);
  }

  advance(watermarkMs: number): Pending {
    const closed = this.#windows.close(watermarkMs);
    if (closed !== null) return fireAndForget(closed, this.#fire, (startMs) => this.#table.drop(startMs));
  }

  save(): SavedStage {
    return { open: { [this.#tableName]: this.#windows.open() }, lateEvents: this.lateEvents };
  }

  async held(give: (row: HeldRow) => void): Promise<void> {
    for (const startMs of this.#windows.open()) {
      const endMs = startMs + this.#windows.cellMs;
      await eachList(this.#table.scan(startMs, this.#scanBatch), (key, numbers) => give({ startMs, endMs, key, numbers }));
    }
  }
}
