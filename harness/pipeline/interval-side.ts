import { type ListTable, type Pending, StateBatch } from '../../backends/contract.ts';
import { addHashes, type EventBatch, elementHash } from '../../workloads/contract.ts';
import { copyEvent, pushKey } from './event-slots.ts';
import { GroupScans } from './group-scans.ts';
import { keyOf } from './held-rows.ts';
import { eachBatch } from './in-turn.ts';
import type { PairRows } from './pair-rows.ts';
import { type KeyProjection, SlotGrouping } from './slot-grouping.ts';
import { type HeldRow, SCAN_SLOTS, type StageRequest, type stageTable } from './stage.ts';
import { StageWindows } from './stage-windows.ts';

/** Buckets that an interval can touch: each is more than half as long as the interval. */
const BUCKETS_TOUCHED = 3;
const NONE = -1;

/** Which times of the other side an event pairs with, from its own time on, both included. */
export interface Reach {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What both sides of a join share. */
export interface IntervalSides {
  readonly projection: KeyProjection;
  readonly rows: PairRows;
  /** By event of the micro-batch, the hash of its doubles; null where events have no payload. */
  readonly hashes: Float64Array | null;
}

/** The events of one side: their lists by bucket, what the micro-batch adds to them, and what the other side's events look for there. */
export class IntervalSide implements Reach {
  /** 0: left, 1: right. */
  readonly side: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly name: string;
  readonly table: ListTable;
  readonly buckets: StageWindows;
  readonly #projection: KeyProjection;
  readonly #rows: PairRows;
  readonly #hashes: Float64Array | null;
  readonly #appended: StateBatch;
  /** The distinct (bucket, key) that events of the other side look into, and for each a chain of those that do. */
  readonly #wanted: StateBatch;
  readonly #grouping: SlotGrouping;
  readonly #lookersHead: Int32Array;
  /** By event of the micro-batch and bucket it touches: the one before it in its chain. */
  readonly #lookersNext: Int32Array;
  readonly #scanBatch: StateBatch;
  readonly #probes: GroupScans;
  #events!: EventBatch;
  #from = 0;
  /** The bucket in which the interval looked for last begins, and which of it and the next ones hold something. */
  #firstBucket = Number.NaN;
  readonly #held = new Uint8Array(BUCKETS_TOUCHED);

  constructor(
    { store, batchSize, saved, watermarkMs }: StageRequest,
    table: ReturnType<typeof stageTable>,
    side: number,
    { fromMs, toMs }: Reach,
    { projection, rows, hashes }: IntervalSides,
  ) {
    this.side = side;
    this.fromMs = fromMs;
    this.toMs = toMs;
    this.name = table.name;
    this.table = store.list(table.name);
    const sizeMs = Math.ceil((toMs - fromMs + 1) / 2);
    this.buckets = new StageWindows({ kind: 'tumbling', sizeMs, offsetMs: 0 }, saved.open[table.name] ?? [], watermarkMs - toMs - 1);
    this.#projection = projection;
    this.#rows = rows;
    this.#hashes = hashes;
    this.#appended = new StateBatch(batchSize, table);
    this.#wanted = new StateBatch(batchSize * BUCKETS_TOUCHED, { keyBytes: table.keyBytes, valueBytes: 0 });
    this.#grouping = new SlotGrouping(this.#wanted, projection);
    this.#lookersHead = new Int32Array(batchSize * BUCKETS_TOUCHED);
    this.#lookersNext = new Int32Array(batchSize * BUCKETS_TOUCHED);
    this.#scanBatch = new StateBatch(Math.max(batchSize, SCAN_SLOTS), table);
    this.#probes = new GroupScans(this.table, this.#wanted, this.#scanBatch, (wanted, found) => this.#pair(wanted, found));
  }

  begin(events: EventBatch, from: number): void {
    this.#events = events;
    this.#from = from;
    this.#appended.clear();
    this.#grouping.begin();
    this.#firstBucket = Number.NaN;
  }

  /** An event of the other side looks for its key from one time to another; only buckets that hold something are gone into. */
  want(event: number, hashOfKey: number, fromMs: number, toMs: number): void {
    const { sizeMs } = this.buckets;
    const first = this.buckets.paneStart(fromMs);
    if (first !== this.#firstBucket) {
      this.#firstBucket = first;
      for (let i = 0; i < BUCKETS_TOUCHED; i++) this.#held[i] = this.buckets.has(first + i * sizeMs) ? 1 : 0;
    }
    for (let i = 0, bucket = first; bucket <= toMs; i++, bucket += sizeMs) {
      if (this.#held[i] === 0) continue;
      const known = this.#wanted.length;
      const slot = this.#grouping.slot(this.#events, event, hashOfKey, bucket);
      const looker = (event - this.#from) * BUCKETS_TOUCHED + i;
      this.#lookersNext[looker] = slot === known ? NONE : this.#lookersHead[slot]!;
      this.#lookersHead[slot] = looker;
    }
  }

  /** Keeps an event of this side. */
  add(event: number, hashOfKey: number): void {
    const batch = this.#appended;
    const timeMs = this.#events.timestamps[event]!;
    const slot = pushKey(batch, this.buckets.paneStart(timeMs), this.#events, event, hashOfKey, this.#projection);
    batch.valueDoubles[(slot * batch.valueStride) / 8] = timeMs;
    copyEvent(batch, slot, 1, this.#events, event);
  }

  /** Pairs the other side's events with what earlier micro-batches left here. */
  probe(): Pending {
    return this.#probes.run();
  }

  /** Pairs some of what was found in a bucket with those who look into it. */
  #pair(wanted: number, { length, addressWords, addressStride, valueDoubles, valueWords, valueStride }: StateBatch): void {
    const { timestamps, values, width } = this.#events;
    const from = this.#from;
    const strideWords = addressStride >>> 2;
    const elementWidth = valueStride / 8;
    const hashes = this.#hashes;
    const head = this.#lookersHead[wanted]!;
    for (let slot = 0; slot < length; slot++) {
      const foundMs = valueDoubles[slot * elementWidth]!;
      const found = valueDoubles[slot * elementWidth + 1]!;
      // Of its event, which its time stands before.
      const hash = hashes === null ? 0 : elementHash(valueWords, 2 * (slot * elementWidth + 1), elementWidth - 1);
      for (let looker = head; looker !== NONE; looker = this.#lookersNext[looker]!) {
        const event = from + Math.floor(looker / BUCKETS_TOUCHED);
        const timeMs = timestamps[event]!;
        if (timeMs < foundMs + this.fromMs || timeMs > foundMs + this.toMs) continue;
        const payload = hashes === null ? 0 : addHashes(hash, hashes[event - from]!);
        this.pairRow(addressWords, slot * strideWords + 2, foundMs, found, timeMs, values[event * width]!, payload);
      }
    }
  }

  /** The row of an event of this side and one of the other. */
  pairRow(keyWords: Uint32Array, keyAt: number, ownMs: number, own: number, otherMs: number, other: number, payload: number): void {
    const startMs = Math.max(ownMs, otherMs);
    if (this.side === 1) this.#rows.add(keyWords, keyAt, startMs, startMs + 1, other, own, payload);
    else this.#rows.add(keyWords, keyAt, startMs, startMs + 1, own, other, payload);
  }

  append(): Pending {
    const { length, windows } = this.#appended;
    let bucket = Number.NaN;
    for (let slot = 0; slot < length; slot++) {
      if (windows[slot] === bucket) continue;
      bucket = windows[slot]!;
      this.buckets.openPane(bucket);
    }
    if (length > 0) return this.table.append(this.#appended);
  }

  /** Goes by this watermark from now on, and takes out the buckets whose last event nothing that is not late can meet. */
  expired(watermarkMs: number): readonly number[] {
    return this.buckets.close(watermarkMs - this.toMs - 1)?.gone ?? [];
  }

  async held(watermarkMs: number, give: (row: HeldRow) => void): Promise<void> {
    for (const bucket of this.buckets.open()) {
      await eachBatch(this.table.scan(bucket, this.#scanBatch), (batch) => {
        const width = batch.valueStride / 8;
        for (let slot = 0; slot < batch.length; slot++) {
          const startMs = batch.valueDoubles[slot * width]!;
          if (startMs + this.toMs < watermarkMs) continue;
          const event = batch.valueDoubles.subarray(slot * width + 1, (slot + 1) * width);
          give({ startMs, endMs: startMs + 1, key: keyOf(batch, slot), numbers: [this.side, ...event] });
        }
      });
    }
  }
}
