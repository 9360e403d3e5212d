import { type ListTable, type Pending, StateBatch } from '../../backends/contract.ts';
import { addHashes, EVENT_TYPE, type EventBatch, elementHash, type WindowJoinStage } from '../../workloads/contract.ts';
import { copyEvent, pushKey } from './event-slots.ts';
import { GatheredLists } from './gathered-lists.ts';
import { eachList } from './held-rows.ts';
import { eachBatch, inTurn } from './in-turn.ts';
import type { Operator } from './operator.ts';
import { PairRows } from './pair-rows.ts';
import { type KeyProjection, keyProjection, projectedKeyHash } from './slot-grouping.ts';
import { type HeldRow, type RunningStage, type SavedStage, SCAN_SLOTS, type StageRequest, stageTable } from './stage.ts';
import { StageWindows } from './stage-windows.ts';

/**
 * Both sides of a window in lists: every event is appended blind to its side. When a window fires its left side is gathered in
 * memory, values and hashes of payloads alone, and the right side streams past it.
 */
export function windowJoin(stage: WindowJoinStage): Operator {
  const { window } = stage;
  if (window.kind === 'sliding' && window.panes) throw new RangeError('a window join keeps its events by window: it has no panes');
  const valueBytes = 8 * stage.inputWidth;
  const table = (index: number, part: string) => stageTable(stage, index, { part, kind: 'list', valueBytes });
  return {
    tables: (index) => [table(index, 'left'), table(index, 'right')],
    open: (request) => new WindowJoin(request, table(request.index, 'left'), table(request.index, 'right'), stage),
  };
}

class WindowJoin implements RunningStage {
  lateEvents: number;
  readonly #left: Side;
  readonly #right: Side;
  readonly #appends: readonly (() => Pending)[];
  readonly #projection: KeyProjection;
  readonly #scanBatch: StateBatch;
  readonly #gathered: GatheredLists;
  readonly #rows: PairRows;

  constructor(request: StageRequest, left: ReturnType<typeof stageTable>, right: ReturnType<typeof stageTable>, stage: WindowJoinStage) {
    const { index, batchSize, saved, emit } = request;
    this.lateEvents = saved.lateEvents;
    this.#left = new Side(request, left, stage);
    this.#right = new Side(request, right, stage);
    this.#appends = [() => this.#left.append(), () => this.#right.append()];
    this.#projection = keyProjection(stage.keyPrefixBytes);
    this.#scanBatch = new StateBatch(Math.max(batchSize, SCAN_SLOTS), left);
    this.#gathered = new GatheredLists(left.keyBytes);
    this.#rows = new PairRows(index + 1, left.keyBytes, stage.inputWidth > 1, emit);
  }

  process(events: EventBatch, from: number, count: number): Pending {
    const { timestamps, keyWords, types } = events;
    const strideWords = events.keyBytes >>> 2;
    const projection = this.#projection;
    const left = this.#left;
    const right = this.#right;
    left.begin();
    right.begin();
    for (let event = from; event < from + count; event++) {
      const side = types[event] === EVENT_TYPE.right ? right : left;
      const live = side.openWindows(timestamps[event]!);
      if (live === 0) this.lateEvents++;
      else side.add(events, event, projectedKeyHash(keyWords, event * strideWords, projection), live, projection);
    }
    return inTurn(this.#appends);
  }

  advance(watermarkMs: number): Pending {
    const left = this.#left.windows.close(watermarkMs)?.due ?? [];
    const right = this.#right.windows.close(watermarkMs)?.due ?? [];
    if (left.length > 0 || right.length > 0) return this.#fireAll(left, right);
  }

  /** Only a window with events of both sides has pairs; of the others what they hold is forgotten unread. */
  async #fireAll(left: readonly number[], right: readonly number[]): Promise<void> {
    const alsoRight = new Set(right);
    for (const startMs of left) {
      if (alsoRight.has(startMs)) await this.#fire(startMs);
      await this.#left.table.drop(startMs);
    }
    for (const startMs of right) await this.#right.table.drop(startMs);
  }

  async #fire(startMs: number): Promise<void> {
    const gathered = this.#gathered;
    gathered.begin();
    await eachBatch(this.#left.table.scan(startMs, this.#scanBatch), (batch) => gathered.add(batch));
    gathered.end();
    await eachBatch(this.#right.table.scan(startMs, this.#scanBatch), (batch) => this.#pair(batch, startMs));
    await this.#rows.flush();
  }

  /** Pairs elements of the right side with the left events of their keys. */
  #pair({ length, addressWords, addressStride, valueDoubles, valueWords, valueStride, keyBytes }: StateBatch, startMs: number): void {
    const gathered = this.#gathered;
    const { values, hashes } = gathered;
    const rows = this.#rows;
    const endMs = startMs + this.#right.windows.sizeMs;
    const strideWords = addressStride >>> 2;
    const words = keyBytes >>> 2;
    const width = valueStride / 8;
    let first = 0;
    let end = 0;
    for (let slot = 0; slot < length; slot++) {
      const at = slot * strideWords + 2;
      let word = slot === 0 ? -1 : 0;
      while (word >= 0 && word < words && addressWords[at + word] === addressWords[at - strideWords + word]) word++;
      if (word !== words) {
        const list = gathered.find(addressWords, at);
        first = list < 0 ? 0 : gathered.start(list);
        end = list < 0 ? 0 : gathered.start(list + 1);
      }
      const right = valueDoubles[slot * width]!;
      if (first === end) continue;
      const hash = width > 1 ? elementHash(valueWords, 2 * slot * width, width) : 0;
      for (let i = first; i < end; i++) {
        const payload = width > 1 ? addHashes(hashes[i]!, hash) : 0;
        rows.add(addressWords, at, startMs, endMs, values[i]!, right, payload);
      }
    }
  }

  save(): SavedStage {
    const open = Object.fromEntries([this.#left, this.#right].map(({ name, windows }) => [name, windows.open()]));
    return { open, lateEvents: this.lateEvents };
  }

  async held(give: (row: HeldRow) => void): Promise<void> {
    for (const [number, { table, windows }] of [this.#left, this.#right].entries()) {
      for (const startMs of windows.open()) {
        await eachList(table.scan(startMs, this.#scanBatch), (key, numbers) => {
          give({ startMs, endMs: startMs + windows.sizeMs, key, numbers: [number, ...numbers] });
        });
      }
    }
  }
}

/** The events of one side: their lists, and which windows have any. */
class Side {
  readonly name: string;
  readonly table: ListTable;
  readonly windows: StageWindows;
  readonly #batch: StateBatch;
  #paneStart = Number.NaN;
  #paneEnd = Number.NaN;
  #live = 0;

  constructor({ store, batchSize, saved, watermarkMs }: StageRequest, table: ReturnType<typeof stageTable>, { window }: WindowJoinStage) {
    this.name = table.name;
    this.table = store.list(table.name);
    this.windows = new StageWindows(window, saved.open[table.name] ?? [], watermarkMs);
    this.#batch = new StateBatch(batchSize * this.windows.overlap, table);
  }

  begin(): void {
    this.#batch.clear();
    this.#paneStart = Number.NaN;
  }

  /** How many windows of an event at this time, latest first, still take it. */
  openWindows(timeMs: number): number {
    if (!(timeMs >= this.#paneStart && timeMs < this.#paneEnd)) {
      this.#paneStart = this.windows.paneStart(timeMs);
      this.#paneEnd = this.#paneStart + this.windows.slideMs;
      this.#live = this.windows.openPane(this.#paneStart);
    }
    return this.#live;
  }

  /** Adds to the micro-batch the event whose windows were asked for last. */
  add(events: EventBatch, event: number, hashOfKey: number, live: number, projection: KeyProjection): void {
    for (let w = 0; w < live; w++) {
      const slot = pushKey(this.#batch, this.#paneStart - w * this.windows.slideMs, events, event, hashOfKey, projection);
      copyEvent(this.#batch, slot, 0, events, event);
    }
  }

  append(): Pending {
    if (this.#batch.length > 0) return this.table.append(this.#batch);
  }
}
