import { keyHash, StateBatch, slotHash, type ValueTable, windowHash } from '../../backends/contract.ts';
import type { AggregateStage, EventBatch, IncrementalAggregate } from '../../workloads/contract.ts';
import { EventRows } from './event-rows.ts';
import { KeyIndex } from './key-index.ts';
import { SCAN_SLOTS, type StageRequest, type stageTable } from './stage.ts';
import type { StageWindows } from './stage-windows.ts';
import { UpdatedWindows } from './updated-windows.ts';
import type { WindowRows } from './window-rows.ts';

/** Fires a window of panes: they are scanned one after the other and merged by key, in memory, since a scan has no order. */
export class MergedPanes {
  readonly #table: ValueTable;
  readonly #windows: StageWindows;
  readonly #aggregate: IncrementalAggregate;
  readonly #scanBatch: StateBatch;
  readonly #rows: WindowRows;
  readonly #keys: KeyIndex;
  /** By the number of the key. */
  #accumulators: Float64Array;

  constructor(table: ValueTable, windows: StageWindows, aggregate: IncrementalAggregate, scanBatch: StateBatch, rows: WindowRows) {
    this.#table = table;
    this.#windows = windows;
    this.#aggregate = aggregate;
    this.#scanBatch = scanBatch;
    this.#rows = rows;
    this.#keys = new KeyIndex(scanBatch.keyBytes);
    this.#accumulators = new Float64Array(256 * aggregate.accumulatorWidth);
  }

  async fire(startMs: number): Promise<void> {
    const { sizeMs, slideMs } = this.#windows;
    const endMs = startMs + sizeMs;
    this.#keys.clear();
    for (let paneMs = startMs; paneMs < endMs; paneMs += slideMs) {
      for await (const batch of this.#table.scan(paneMs, this.#scanBatch)) this.#merge(batch);
    }
    const { keyWords, keyWordCount, count } = this.#keys;
    this.#rows.begin(startMs, endMs);
    for (let from = 0; from < count; from += SCAN_SLOTS) {
      const some = Math.min(SCAN_SLOTS, count - from);
      this.#aggregate.emit(this.#accumulators, from, some, this.#rows.numbers, 0);
      const pending = this.#rows.emit(keyWords, keyWordCount, from * keyWordCount, keyWordCount, some);
      if (pending) await pending;
    }
  }

  #merge(batch: StateBatch): void {
    const width = this.#aggregate.accumulatorWidth;
    const strideWords = batch.addressStride >>> 2;
    for (let slot = 0; slot < batch.length; slot++) {
      const known = this.#keys.count;
      const key = this.#keys.number(batch.addressWords, slot * strideWords + 2);
      if (key < known) this.#aggregate.merge(this.#accumulators, key, batch.valueDoubles, slot);
      else {
        if ((key + 1) * width > this.#accumulators.length) {
          const grown = new Float64Array(this.#accumulators.length * 2);
          grown.set(this.#accumulators);
          this.#accumulators = grown;
        }
        // As a whole, which moves bytes: an accumulator's doubles may be NaNs of any kind.
        this.#accumulators.set(batch.valueDoubles.subarray(slot * width, (slot + 1) * width), key * width);
      }
    }
  }
}

/** Allowed lateness over panes: the updated rows of events that belong to windows which have fired. */
export class PaneUpdates {
  readonly #table: ValueTable;
  readonly #windows: StageWindows;
  readonly #aggregate: IncrementalAggregate;
  readonly #updated: UpdatedWindows;
  readonly #panes: StateBatch;
  readonly #rows: EventRows;

  constructor(
    { index, store, batchSize, emit }: StageRequest,
    table: ReturnType<typeof stageTable>,
    { keyPrefixBytes }: Pick<AggregateStage, 'keyPrefixBytes'>,
    windows: StageWindows,
    aggregate: IncrementalAggregate,
  ) {
    this.#table = store.value(table.name);
    this.#windows = windows;
    this.#aggregate = aggregate;
    const capacity = batchSize * windows.overlap;
    this.#rows = new EventRows(index + 1, aggregate.columns.length, table.keyBytes, capacity, emit);
    this.#updated = new UpdatedWindows(table, keyPrefixBytes, batchSize, windows, this.#rows);
    this.#panes = new StateBatch(capacity, table);
  }

  /** Emits the rows of events that are about to be folded into their panes. */
  async emit(events: EventBatch, from: number, count: number): Promise<void> {
    const { batch, slots, events: eventOf, numbersAt } = this.#updated;
    const { sizeMs, slideMs } = this.#windows;
    this.#updated.gather(events, from, count);
    for (let offsetMs = 0; offsetMs < sizeMs; offsetMs += slideMs) await this.#mergePanes(batch, offsetMs);
    for (let i = 0; i < this.#updated.count; i++) {
      this.#aggregate.fold(batch.valueDoubles, batch.present, slots, i, events.values, eventOf[i]!, 1);
      this.#aggregate.emit(batch.valueDoubles, slots[i]!, 1, this.#rows.numbers, numbersAt[i]!);
    }
    const pending = this.#rows.flush();
    if (pending) await pending;
  }

  /** Merges into each (window, key) what its pane `offsetMs` after the window's start holds. */
  async #mergePanes(updated: StateBatch, offsetMs: number): Promise<void> {
    const panes = this.#panes;
    const words = updated.keyBytes >>> 2;
    const strideWords = updated.addressStride >>> 2;
    panes.clear();
    for (let slot = 0; slot < updated.length; slot++) {
      const paneMs = updated.windows[slot]! + offsetMs;
      const at = panes.push(paneMs) * strideWords + 2;
      panes.addressWords.set(updated.addressWords.subarray(at, at + words), at);
      panes.hashes[slot] = slotHash(keyHash(panes.addressWords, at, words), windowHash(paneMs));
    }
    const pending = this.#table.read(panes);
    if (pending) await pending;
    for (let slot = 0; slot < panes.length; slot++) {
      if (panes.present[slot] === 0) continue;
      if (updated.present[slot] === 1) this.#aggregate.merge(updated.valueDoubles, slot, panes.valueDoubles, slot);
      else updated.setValue(slot, panes.values[slot]!);
    }
  }
}
