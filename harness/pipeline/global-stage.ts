import { type Pending, StateBatch, type ValueTable } from '../../backends/contract.ts';
import type { AggregateStage, EventBatch, IncrementalAggregate } from '../../workloads/contract.ts';
import { EventRows } from './event-rows.ts';
import { eachResult } from './held-rows.ts';
import type { Operator } from './operator.ts';
import { voidMissingBytes } from './returned-bytes.ts';
import { type KeyProjection, keyProjection, projectedKeyHash, SlotGrouping } from './slot-grouping.ts';
import { type HeldRow, type RunningStage, type SavedStage, SCAN_SLOTS, type StageRequest, stageTable } from './stage.ts';

/** All state of a global window lies in this one. */
const WINDOW = 0;

/**
 * Continuous aggregation: an accumulator per key, never forgotten. A micro-batch is grouped by key, its distinct keys are read in
 * one call, folded event by event with a row after each, and written in one call.
 */
export function continuous(stage: AggregateStage, aggregate: IncrementalAggregate): Operator {
  const table = (index: number) => stageTable(stage, index, { kind: 'value', valueBytes: 8 * aggregate.accumulatorWidth });
  return {
    tables: (index) => [table(index)],
    open: (request) => new GlobalStage(request, table(request.index), stage, aggregate),
  };
}

class GlobalStage implements RunningStage {
  readonly lateEvents = 0;
  readonly #aggregate: IncrementalAggregate;
  readonly #table: ValueTable;
  readonly #tableName: string;
  readonly #batch: StateBatch;
  readonly #grouping: SlotGrouping;
  readonly #projection: KeyProjection;
  readonly #slots: Int32Array;
  readonly #rows: EventRows;

  constructor(
    { index, store, batchSize, emit }: StageRequest,
    table: ReturnType<typeof stageTable>,
    stage: AggregateStage,
    aggregate: IncrementalAggregate,
  ) {
    this.#aggregate = aggregate;
    this.#tableName = table.name;
    this.#table = store.value(table.name);
    this.#projection = keyProjection(stage.keyPrefixBytes);
    this.#batch = new StateBatch(batchSize, table);
    this.#grouping = new SlotGrouping(this.#batch, this.#projection);
    this.#slots = new Int32Array(batchSize);
    this.#rows = new EventRows(index + 1, aggregate.columns.length, table.keyBytes, batchSize, emit);
  }

  process(events: EventBatch, from: number, count: number): Pending {
    const { keyWords } = events;
    const strideWords = events.keyBytes >>> 2;
    const projection = this.#projection;
    this.#grouping.begin();
    for (let i = 0; i < count; i++) {
      const hashOfKey = projectedKeyHash(keyWords, (from + i) * strideWords, projection);
      this.#slots[i] = this.#grouping.slot(events, from + i, hashOfKey, WINDOW);
    }
    const pending = this.#table.read(this.#batch);
    if (pending) return pending.then(() => this.#foldAndWrite(events, from, count));
    return this.#foldAndWrite(events, from, count);
  }

  #foldAndWrite(events: EventBatch, from: number, count: number): Pending {
    const batch = this.#batch;
    const { valueDoubles, present, addressWords } = batch;
    const strideWords = batch.addressStride >>> 2;
    const slots = this.#slots;
    const rows = this.#rows;
    voidMissingBytes(batch);
    batch.lengths.fill(batch.valueBytes, 0, batch.length);
    for (let i = 0; i < count; i++) {
      this.#aggregate.fold(valueDoubles, present, slots, i, events.values, from + i, 1);
      const timeMs = events.timestamps[from + i]!;
      const numbersAt = rows.add(timeMs, timeMs + 1, addressWords, slots[i]! * strideWords + 2);
      this.#aggregate.emit(valueDoubles, slots[i]!, 1, rows.numbers, numbersAt);
    }
    const pending = rows.flush();
    if (pending) return pending.then(() => this.#table.write(batch));
    return this.#table.write(batch);
  }

  /** No watermark makes anything due. */
  advance(): void {}

  save(): SavedStage {
    return { open: { [this.#tableName]: [WINDOW] }, lateEvents: 0 };
  }

  held(give: (row: HeldRow) => void): Promise<void> {
    const batch = new StateBatch(SCAN_SLOTS, this.#batch);
    return eachResult(this.#table.scan(WINDOW, batch), this.#aggregate, (key, numbers) => give({ startMs: 0, endMs: 0, key, numbers }));
  }
}
