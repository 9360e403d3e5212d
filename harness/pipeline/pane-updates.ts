import { keyHash, StateBatch, slotHash, type ValueTable, windowHash } from '../../backends/contract.ts';
import type { AggregateStage, EventBatch, IncrementalAggregate } from '../../workloads/contract.ts';
import { EventRows } from './event-rows.ts';
import { voidMissingBytes } from './returned-bytes.ts';
import type { StageRequest, stageTable } from './stage.ts';
import type { StageWindows } from './stage-windows.ts';
import { UpdatedWindows } from './updated-windows.ts';

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
    voidMissingBytes(panes);
    for (let slot = 0; slot < panes.length; slot++) {
      if (panes.present[slot] === 0) continue;
      if (updated.present[slot] === 1) this.#aggregate.merge(updated.valueDoubles, slot, panes.valueDoubles, slot);
      else updated.setValue(slot, panes.values[slot]!);
    }
  }
}
