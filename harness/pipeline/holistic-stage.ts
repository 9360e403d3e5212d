import { type ListTable, type Pending, StateBatch, slotHash, windowHash } from '../../backends/contract.ts';
import type { AggregateStage, EventBatch, HolisticAggregate, SlidingWindow, TumblingWindow } from '../../workloads/contract.ts';
import { eachList } from './held-rows.ts';
import type { Operator } from './operator.ts';
import { type KeyProjection, keyProjection, projectedKeyHash } from './slot-grouping.ts';
import { type HeldRow, type RunningStage, type SavedStage, SCAN_SLOTS, type StageRequest, stageTable } from './stage.ts';
import { StageWindows } from './stage-windows.ts';
import { WindowRows } from './window-rows.ts';

/** A window of lists: every event is appended blind, and a fired window is scanned list by list and reduced. */
export function holistic(stage: AggregateStage, window: TumblingWindow | SlidingWindow, aggregate: HolisticAggregate): Operator {
  const table = (index: number) => stageTable(stage, index, { kind: 'list', valueBytes: 8 * aggregate.inputWidth });
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
  readonly #fired: FiredLists;
  readonly #rows: WindowRows;

  constructor(
    { index, store, batchSize, saved, watermarkMs, emit }: StageRequest,
    table: ReturnType<typeof stageTable>,
    stage: AggregateStage,
    window: TumblingWindow | SlidingWindow,
    aggregate: HolisticAggregate,
  ) {
    this.#tableName = table.name;
    this.#table = store.list(table.name);
    this.lateEvents = saved.lateEvents;
    this.#windows = new StageWindows(window, saved.open[table.name] ?? [], watermarkMs);
    this.#projection = keyProjection(stage.keyPrefixBytes);
    this.#batch = new StateBatch(batchSize * this.#windows.overlap, table);
    this.#scanBatch = new StateBatch(Math.max(batchSize, SCAN_SLOTS), table);
    this.#rows = new WindowRows(index + 1, aggregate.columns.length, SCAN_SLOTS + 1, emit);
    this.#fired = new FiredLists(aggregate, table.keyBytes >>> 2, this.#rows.numbers);
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
    if (batch.length > 0) return this.#table.append(batch);
  }

  advance(watermarkMs: number): Pending {
    const due = this.#windows.close(watermarkMs);
    if (due.length > 0) return this.#fireAll(due);
  }

  async #fireAll(due: readonly number[]): Promise<void> {
    for (const startMs of due) await this.#fire(startMs);
  }

  async #fire(startMs: number): Promise<void> {
    const fired = this.#fired;
    const flush = () => this.#rows.emit(fired.keyWords, fired.keyWordCount, 0, fired.keyWordCount, fired.count);
    this.#rows.begin(startMs, startMs + this.#windows.sizeMs);
    fired.begin();
    for await (const batch of this.#table.scan(startMs, this.#scanBatch)) {
      for (let slot = 0; slot < batch.length; slot++) {
        fired.add(batch, slot);
        if (fired.count === SCAN_SLOTS) {
          const pending = flush();
          if (pending) await pending;
          fired.clear();
        }
      }
    }
    fired.end();
    if (fired.count > 0) {
      const pending = flush();
      if (pending) await pending;
    }
    const pending = this.#table.drop(startMs);
    if (pending) await pending;
  }

  save(): SavedStage {
    return { open: { [this.#tableName]: this.#windows.open() }, lateEvents: this.lateEvents };
  }

  async held(give: (row: HeldRow) => void): Promise<void> {
    for (const startMs of this.#windows.open()) {
      const endMs = startMs + this.#windows.sizeMs;
      await eachList(this.#table.scan(startMs, this.#scanBatch), (key, numbers) => give({ startMs, endMs, key, numbers }));
    }
  }
}

/** Gathers the elements of one list at a time from a scan and reduces each when the next key begins. */
class FiredLists {
  readonly keyWordCount: number;
  readonly keyWords: Uint32Array;
  /** Lists reduced and not yet handed on; up to {@link SCAN_SLOTS}. */
  count = 0;
  readonly #results: Float64Array;
  readonly #aggregate: HolisticAggregate;
  readonly #key: Uint32Array;
  #elements = new Float64Array(256);
  /** Doubles gathered of the list under way. */
  #gathered = 0;

  /** @param results takes each list's results; room for one list more than {@link SCAN_SLOTS}. */
  constructor(aggregate: HolisticAggregate, keyWordCount: number, results: Float64Array) {
    this.#aggregate = aggregate;
    this.#results = results;
    this.keyWordCount = keyWordCount;
    this.#key = new Uint32Array(keyWordCount);
    // One more than is handed on at a time: the list that ends with the scan.
    this.keyWords = new Uint32Array((SCAN_SLOTS + 1) * keyWordCount);
  }

  begin(): void {
    this.count = 0;
    this.#gathered = 0;
  }

  clear(): void {
    this.count = 0;
  }

  add(batch: StateBatch, slot: number): void {
    const at = (slot * batch.addressStride) / 4 + 2;
    if (this.#gathered > 0 && !this.#isKey(batch.addressWords, at)) this.end();
    if (this.#gathered === 0) this.#key.set(batch.addressWords.subarray(at, at + this.keyWordCount));
    const width = this.#aggregate.inputWidth;
    if (this.#gathered + width > this.#elements.length) {
      const grown = new Float64Array(this.#elements.length * 2);
      grown.set(this.#elements);
      this.#elements = grown;
    }
    for (let i = 0; i < width; i++) this.#elements[this.#gathered + i] = batch.valueDoubles[slot * width + i]!;
    this.#gathered += width;
  }

  /** Reduces the list under way, if there is one. */
  end(): void {
    if (this.#gathered === 0) return;
    const { inputWidth, columns } = this.#aggregate;
    this.#aggregate.reduce(this.#elements, this.#gathered / inputWidth, this.#results, this.count * columns.length);
    this.keyWords.set(this.#key, this.count * this.keyWordCount);
    this.count++;
    this.#gathered = 0;
  }

  #isKey(words: Uint32Array, at: number): boolean {
    for (let i = 0; i < this.keyWordCount; i++) if (words[at + i] !== this.#key[i]) return false;
    return true;
  }
}
