import { type ListTable, StateBatch } from '../../backends/contract.ts';
import type { AggregateStage, EventBatch, HolisticAggregate } from '../../workloads/contract.ts';
import { EventRows } from './event-rows.ts';
import { voidMissingBytes } from './returned-bytes.ts';
import { SCAN_SLOTS, type StageRequest, type stageTable } from './stage.ts';
import type { StageWindows } from './stage-windows.ts';
import { UpdatedWindows } from './updated-windows.ts';

/** Allowed lateness over lists: the updated rows of events that belong to windows which have fired. */
export class ListUpdates {
  readonly #table: ListTable;
  readonly #windows: StageWindows;
  readonly #aggregate: HolisticAggregate;
  readonly #updated: UpdatedWindows;
  readonly #rows: EventRows;
  readonly #scanBatch: StateBatch;
  /** Elements of one (window, key), and the copy of them that is reduced. */
  #elements = new Float64Array(256);
  #reduced = new Float64Array(256);
  /** Doubles of `#elements` in use. */
  #gathered = 0;

  constructor(
    { index, store, batchSize, emit }: StageRequest,
    table: ReturnType<typeof stageTable>,
    { keyPrefixBytes }: Pick<AggregateStage, 'keyPrefixBytes'>,
    windows: StageWindows,
    aggregate: HolisticAggregate,
  ) {
    this.#table = store.list(table.name);
    this.#windows = windows;
    this.#aggregate = aggregate;
    this.#rows = new EventRows(index + 1, aggregate.columns.length, table.keyBytes, batchSize * windows.overlap, emit);
    this.#updated = new UpdatedWindows(table, keyPrefixBytes, batchSize, windows, this.#rows);
    this.#scanBatch = new StateBatch(SCAN_SLOTS, table);
  }

  /** Emits the rows of events that are about to be appended. */
  async emit(events: EventBatch, from: number, count: number): Promise<void> {
    const updated = this.#updated;
    updated.gather(events, from, count);
    const updatesOf = Array.from({ length: updated.batch.length }, (): number[] => []);
    for (let i = 0; i < updated.count; i++) updatesOf[updated.slots[i]!]!.push(i);
    for (const [slot, updates] of updatesOf.entries()) {
      await this.#gather(updated.batch.windows[slot]!, updated.batch.keys[slot]!);
      for (const update of updates) this.#addAndReduce(events, updated.events[update]!, updated.numbersAt[update]!);
    }
    const pending = this.#rows.flush();
    if (pending) await pending;
  }

  /** Reads what one key has in one window. */
  async #gather(startMs: number, key: Uint8Array): Promise<void> {
    const { sizeMs, cellMs } = this.#windows;
    this.#gathered = 0;
    for (let cellStart = startMs; cellStart < startMs + sizeMs; cellStart += cellMs) {
      if (!this.#windows.has(cellStart)) continue;
      for await (const batch of this.#table.scan(cellStart, this.#scanBatch, key)) {
        voidMissingBytes(batch);
        this.#add(batch.valueDoubles, 0, batch.length * this.#aggregate.inputWidth);
      }
    }
  }

  #addAndReduce(events: EventBatch, event: number, numbersAt: number): void {
    const { inputWidth } = this.#aggregate;
    this.#add(events.values, event * inputWidth, inputWidth);
    if (this.#reduced.length < this.#elements.length) this.#reduced = new Float64Array(this.#elements.length);
    this.#reduced.set(this.#elements.subarray(0, this.#gathered));
    this.#aggregate.reduce(this.#reduced, this.#gathered / inputWidth, this.#rows.numbers, numbersAt);
  }

  #add(doubles: Float64Array, from: number, count: number): void {
    if (this.#gathered + count > this.#elements.length) {
      const grown = new Float64Array(2 * (this.#gathered + count));
      grown.set(this.#elements);
      this.#elements = grown;
    }
    this.#elements.set(doubles.subarray(from, from + count), this.#gathered);
    this.#gathered += count;
  }
}
