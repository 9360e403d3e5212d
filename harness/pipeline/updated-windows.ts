import { StateBatch } from '../../backends/contract.ts';
import type { EventBatch } from '../../workloads/contract.ts';
import type { EventRows } from './event-rows.ts';
import { keyProjection, projectedKeyHash, SlotGrouping } from './slot-grouping.ts';
import type { stageTable } from './stage.ts';
import type { StageWindows } from './stage-windows.ts';

/** Allowed lateness: what events update in windows that have fired, as distinct (window, key), and a row for each update. */
export class UpdatedWindows {
  /** The distinct (window, key) as slots; their values are the caller's to fill. */
  readonly batch: StateBatch;
  /** Updates, in the order of the stream. */
  count = 0;
  /** Of each update its slot in {@link batch}, its event, and where its row's numbers are to be written. */
  readonly slots: Int32Array;
  readonly events: Int32Array;
  readonly numbersAt: Int32Array;
  readonly #windows: StageWindows;
  readonly #projection: ReturnType<typeof keyProjection>;
  readonly #grouping: SlotGrouping;
  readonly #rows: EventRows;

  /** @param rows with room for every window of `batchSize` events */
  constructor(table: ReturnType<typeof stageTable>, keyPrefixBytes: number, batchSize: number, windows: StageWindows, rows: EventRows) {
    const capacity = batchSize * windows.overlap;
    this.batch = new StateBatch(capacity, table);
    this.slots = new Int32Array(capacity);
    this.events = new Int32Array(capacity);
    this.numbersAt = new Int32Array(capacity);
    this.#windows = windows;
    this.#projection = keyProjection(keyPrefixBytes);
    this.#grouping = new SlotGrouping(this.batch, this.#projection);
    this.#rows = rows;
  }

  /** Replaces the content by what these events update. */
  gather(events: EventBatch, from: number, count: number): void {
    const { batch } = this;
    const { sizeMs, slideMs } = this.#windows;
    const eventWords = events.keyBytes >>> 2;
    const slotWords = batch.addressStride >>> 2;
    this.count = 0;
    this.#grouping.begin();
    for (let event = from; event < from + count; event++) {
      const paneStart = this.#windows.paneStart(events.timestamps[event]!);
      const kept = this.#windows.kept(paneStart);
      for (let w = this.#windows.unfired(paneStart); w < kept; w++) {
        const startMs = paneStart - w * slideMs;
        const slot = this.#grouping.slot(events, event, projectedKeyHash(events.keyWords, event * eventWords, this.#projection), startMs);
        this.slots[this.count] = slot;
        this.events[this.count] = event;
        this.numbersAt[this.count] = this.#rows.add(startMs, startMs + sizeMs, batch.addressWords, slot * slotWords + 2);
        this.count++;
      }
    }
  }
}
