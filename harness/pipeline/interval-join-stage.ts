import { type Pending, StateBatch } from '../../backends/contract.ts';
import { addHashes, EVENT_TYPE, type EventBatch, elementHash, type IntervalJoinStage } from '../../workloads/contract.ts';
import { inTurn } from './in-turn.ts';
import { IntervalSide } from './interval-side.ts';
import type { Operator } from './operator.ts';
import { PairRows } from './pair-rows.ts';
import { type KeyProjection, keyProjection, projectedKeyHash, SlotGrouping } from './slot-grouping.ts';
import { type HeldRow, type RunningStage, type SavedStage, type StageRequest, stageTable } from './stage.ts';

const NONE = -1;

/**
 * Both sides in lists by buckets of event time. A micro-batch first scans what earlier ones left of its keys, each (bucket, key)
 * once, then pairs its events among themselves in memory, and is appended last. So every pair is found exactly once, when the later
 * of its events arrives, and nothing is kept with an event but its time.
 */
export function intervalJoin(stage: IntervalJoinStage): Operator {
  const { lowerMs, upperMs } = stage;
  if (![lowerMs, upperMs, upperMs - lowerMs].every(Number.isSafeInteger) || lowerMs > upperMs) {
    throw new RangeError(`an interval goes from a whole number of ms to one that is not less, not from ${lowerMs} to ${upperMs}`);
  }
  const valueBytes = 8 * (1 + stage.inputWidth);
  const table = (index: number, part: string) => {
    const spec = stageTable(stage, index, { part, kind: 'list', valueBytes });
    return { ...spec, groupBytes: spec.keyBytes };
  };
  return {
    tables: (index) => [table(index, 'left'), table(index, 'right')],
    open: (request) => new IntervalJoin(request, table(request.index, 'left'), table(request.index, 'right'), stage),
  };
}

class IntervalJoin implements RunningStage {
  lateEvents: number;
  #watermarkMs: number;
  readonly #left: IntervalSide;
  readonly #right: IntervalSide;
  readonly #projection: KeyProjection;
  readonly #batchPairs: BatchPairs;
  readonly #rows: PairRows;
  /** By event of the micro-batch, the hash of its doubles; null where events have no payload. */
  readonly #hashes: Float64Array | null;
  readonly #steps: readonly (() => Pending)[];

  constructor(
    request: StageRequest,
    left: ReturnType<typeof stageTable>,
    right: ReturnType<typeof stageTable>,
    { lowerMs, upperMs, keyPrefixBytes, inputWidth }: IntervalJoinStage,
  ) {
    this.lateEvents = request.saved.lateEvents;
    this.#watermarkMs = request.watermarkMs;
    this.#projection = keyProjection(keyPrefixBytes);
    this.#rows = new PairRows(request.index + 1, left.keyBytes, inputWidth > 1, request.emit);
    this.#hashes = inputWidth > 1 ? new Float64Array(request.batchSize) : null;
    const shared = { projection: this.#projection, rows: this.#rows, hashes: this.#hashes };
    this.#left = new IntervalSide(request, left, 0, { fromMs: lowerMs, toMs: upperMs }, shared);
    this.#right = new IntervalSide(request, right, 1, { fromMs: -upperMs, toMs: -lowerMs }, shared);
    this.#batchPairs = new BatchPairs(request.batchSize, left.keyBytes, this.#projection, this.#hashes);
    this.#steps = [
      () => this.#left.probe(),
      () => this.#right.probe(),
      () => this.#left.append(),
      () => this.#right.append(),
      () => this.#rows.flush(),
    ];
  }

  process(events: EventBatch, from: number, count: number): Pending {
    const { timestamps, types, keyWords } = events;
    const strideWords = events.keyBytes >>> 2;
    const left = this.#left;
    const right = this.#right;
    left.begin(events, from);
    right.begin(events, from);
    this.#batchPairs.begin(events, from);
    if (this.#hashes !== null) {
      const { valueWords, width } = events;
      for (let i = 0; i < count; i++) this.#hashes[i] = elementHash(valueWords, 2 * (from + i) * width, width);
    }
    for (let event = from; event < from + count; event++) {
      const timeMs = timestamps[event]!;
      if (timeMs < this.#watermarkMs) {
        this.lateEvents++;
        continue;
      }
      const hashOfKey = projectedKeyHash(keyWords, event * strideWords, this.#projection);
      const isRight = types[event] === EVENT_TYPE.right;
      const own = isRight ? right : left;
      const other = isRight ? left : right;
      other.want(event, hashOfKey, timeMs + own.fromMs, timeMs + own.toMs);
      // Unless nothing that is not late can meet it any more.
      if (timeMs + own.toMs >= this.#watermarkMs) own.add(event, hashOfKey);
      if (count > 1) this.#batchPairs.add(event, hashOfKey, own);
    }
    return inTurn(this.#steps);
  }

  advance(watermarkMs: number): Pending {
    this.#watermarkMs = watermarkMs;
    const left = this.#left.expired(watermarkMs);
    const right = this.#right.expired(watermarkMs);
    if (left.length > 0 || right.length > 0) return this.#drop(left, right);
  }

  async #drop(left: readonly number[], right: readonly number[]): Promise<void> {
    for (const bucket of left) await this.#left.table.drop(bucket);
    for (const bucket of right) await this.#right.table.drop(bucket);
  }

  save(): SavedStage {
    const open = Object.fromEntries([this.#left, this.#right].map(({ name, buckets }) => [name, buckets.open()]));
    return { open, lateEvents: this.lateEvents };
  }

  async held(give: (row: HeldRow) => void): Promise<void> {
    await this.#left.held(this.#watermarkMs, give);
    await this.#right.held(this.#watermarkMs, give);
  }
}

/** Pairs the events of a micro-batch among themselves: each with those of the other side, of its key, that came before it. */
class BatchPairs {
  readonly #keys: StateBatch;
  readonly #grouping: SlotGrouping;
  /** By distinct key and side: the latest event of the micro-batch. By event: the one before it of its key and side. */
  readonly #latest: Int32Array;
  readonly #before: Int32Array;
  readonly #hashes: Float64Array | null;
  #events!: EventBatch;
  #from = 0;

  constructor(batchSize: number, keyBytes: number, projection: KeyProjection, hashes: Float64Array | null) {
    this.#hashes = hashes;
    this.#keys = new StateBatch(batchSize, { keyBytes, valueBytes: 0 });
    this.#grouping = new SlotGrouping(this.#keys, projection);
    this.#latest = new Int32Array(2 * batchSize);
    this.#before = new Int32Array(batchSize);
  }

  begin(events: EventBatch, from: number): void {
    this.#events = events;
    this.#from = from;
    this.#grouping.begin();
  }

  add(event: number, hashOfKey: number, own: IntervalSide): void {
    const { timestamps, values, width } = this.#events;
    const from = this.#from;
    const latest = this.#latest;
    const known = this.#keys.length;
    const slot = this.#grouping.slot(this.#events, event, hashOfKey, 0);
    if (slot === known) latest.fill(NONE, 2 * slot, 2 * slot + 2);
    const timeMs = timestamps[event]!;
    const keyAt = ((slot * this.#keys.addressStride) >>> 2) + 2;
    for (let other = latest[2 * slot + 1 - own.side]!; other !== NONE; other = this.#before[other]!) {
      const otherMs = timestamps[from + other]!;
      if (otherMs < timeMs + own.fromMs || otherMs > timeMs + own.toMs) continue;
      const payload = this.#hashes === null ? 0 : addHashes(this.#hashes[event - from]!, this.#hashes[other]!);
      own.pairRow(this.#keys.addressWords, keyAt, timeMs, values[event * width]!, otherMs, values[(from + other) * width]!, payload);
    }
    this.#before[event - from] = latest[2 * slot + own.side]!;
    latest[2 * slot + own.side] = event - from;
  }
}
