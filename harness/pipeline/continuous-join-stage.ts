import { type ListTable, type Pending, StateBatch, type ValueTable } from '../../backends/contract.ts';
import { addHashes, type ContinuousJoinStage, EVENT_TYPE, type EventBatch, elementHash } from '../../workloads/contract.ts';
import { copyEvent } from './event-slots.ts';
import { GroupScans } from './group-scans.ts';
import { eachList, keyOf } from './held-rows.ts';
import { eachBatch, inTurn } from './in-turn.ts';
import type { Operator } from './operator.ts';
import { PairRows } from './pair-rows.ts';
import { voidMissingBytes } from './returned-bytes.ts';
import { type KeyProjection, keyProjection, projectedKeyHash, SlotGrouping } from './slot-grouping.ts';
import { type HeldRow, type RunningStage, type SavedStage, SCAN_SLOTS, type StageRequest, stageTable } from './stage.ts';

/** All state is in this one window: no event time plays a part. */
const WINDOW = 0;
const NONE = -1;

/** What is known of a key. Right events wait only where there is no value, so it is never both. */
const STATE = { unknown: 0, waiting: 1, value: 2 } as const;

/**
 * One entry a key for what its left side says: the whole event, or no bytes if right events wait for it in the list beside it.
 * A micro-batch reads each key once, takes its events in order, and writes each key that changed once.
 */
export function continuousJoin(stage: ContinuousJoinStage): Operator {
  const valueBytes = 8 * stage.inputWidth;
  const left = (index: number) => stageTable(stage, index, { part: 'left', kind: 'value', valueBytes });
  const waiting = (index: number) => {
    const spec = stageTable(stage, index, { part: 'waiting', kind: 'list', valueBytes });
    return { ...spec, groupBytes: spec.keyBytes };
  };
  return {
    tables: (index) => [left(index), waiting(index)],
    open: (request) => new ContinuousJoin(request, left(request.index), waiting(request.index), stage),
  };
}

class ContinuousJoin implements RunningStage {
  readonly lateEvents: number;
  readonly #open: SavedStage['open'];
  readonly #projection: KeyProjection;
  readonly #left: ValueTable;
  readonly #waiting: ListTable;
  /** The distinct keys of the micro-batch, and what is known of each; changes as its events are taken. */
  readonly #keys: StateBatch;
  readonly #grouping: SlotGrouping;
  readonly #states: Uint8Array;
  readonly #changed: Uint8Array;
  /** By event, its key's slot in {@link #keys}. */
  readonly #slots: Int32Array;
  /** Events of the micro-batch that wait: by key the first and the last, by event the next one. */
  readonly #firstWaiting: Int32Array;
  readonly #lastWaiting: Int32Array;
  readonly #nextWaiting: Int32Array;
  /** The keys whose waiting list ends with this micro-batch, and the left event that ends it. */
  readonly #met: StateBatch;
  readonly #metBy: Int32Array;
  readonly #metScans: GroupScans;
  readonly #appended: StateBatch;
  readonly #written: StateBatch;
  readonly #scanBatch: StateBatch;
  readonly #rows: PairRows;
  readonly #steps: readonly (() => Pending)[];
  #events!: EventBatch;
  #from = 0;
  #count = 0;

  constructor(
    { index, store, batchSize, saved, emit }: StageRequest,
    left: ReturnType<typeof stageTable>,
    waiting: ReturnType<typeof stageTable>,
    { keyPrefixBytes, inputWidth }: ContinuousJoinStage,
  ) {
    this.lateEvents = saved.lateEvents;
    this.#open = { [left.name]: [WINDOW], [waiting.name]: [WINDOW] };
    this.#projection = keyProjection(keyPrefixBytes);
    this.#left = store.value(left.name);
    this.#waiting = store.list(waiting.name);
    this.#keys = new StateBatch(batchSize, left);
    this.#grouping = new SlotGrouping(this.#keys, this.#projection);
    this.#states = new Uint8Array(batchSize);
    this.#changed = new Uint8Array(batchSize);
    this.#slots = new Int32Array(batchSize);
    this.#firstWaiting = new Int32Array(batchSize);
    this.#lastWaiting = new Int32Array(batchSize);
    this.#nextWaiting = new Int32Array(batchSize);
    this.#met = new StateBatch(batchSize, waiting);
    this.#metBy = new Int32Array(batchSize);
    this.#appended = new StateBatch(batchSize, waiting);
    this.#written = new StateBatch(batchSize, left);
    this.#scanBatch = new StateBatch(Math.max(batchSize, SCAN_SLOTS), waiting);
    this.#metScans = new GroupScans(this.#waiting, this.#met, this.#scanBatch, (met, found) => this.#pair(met, found));
    this.#rows = new PairRows(index + 1, left.keyBytes, inputWidth > 1, emit);
    this.#steps = [
      () => this.#left.read(this.#keys),
      () => this.#findMet(),
      () => this.#metScans.run(),
      () => this.#takeEvents(),
      () => (this.#met.length > 0 ? this.#waiting.remove(this.#met) : undefined),
      () => (this.#appended.length > 0 ? this.#waiting.append(this.#appended) : undefined),
      () => (this.#written.length > 0 ? this.#left.write(this.#written) : undefined),
      () => this.#rows.flush(),
    ];
  }

  process(events: EventBatch, from: number, count: number): Pending {
    this.#events = events;
    this.#from = from;
    this.#count = count;
    const strideWords = events.keyBytes >>> 2;
    this.#grouping.begin();
    for (let i = 0; i < count; i++) {
      const hashOfKey = projectedKeyHash(events.keyWords, (from + i) * strideWords, this.#projection);
      this.#slots[i] = this.#grouping.slot(events, from + i, hashOfKey, WINDOW);
    }
    return inTurn(this.#steps);
  }

  /** Notes what is known of each key, and the first left event of each key whose right events wait in the store. */
  #findMet(): void {
    const { length, present, lengths, valueBytes } = this.#keys;
    const states = this.#states;
    const met = this.#met;
    let isAnyWaiting = false;
    let isAnyCut = false;
    for (let slot = 0; slot < length; slot++) {
      states[slot] = present[slot] === 0 ? STATE.unknown : lengths[slot] === 0 ? STATE.waiting : STATE.value;
      if (states[slot] === STATE.waiting) isAnyWaiting = true;
      if (states[slot] === STATE.value && lengths[slot] !== valueBytes) isAnyCut = true;
    }
    if (isAnyCut) voidMissingBytes(this.#keys);
    this.#changed.fill(0, 0, length);
    this.#firstWaiting.fill(NONE, 0, length);
    met.clear();
    if (!isAnyWaiting) return;
    const { types } = this.#events;
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slots[i]!;
      if (states[slot] !== STATE.waiting || types[this.#from + i] !== EVENT_TYPE.left) continue;
      this.#metBy[this.#pushSlot(met, slot)] = this.#from + i;
      // Those that wait in the store are taken from here on as met: the list goes, and the left event is yet to come.
      states[slot] = STATE.unknown;
    }
  }

  /** Pairs some of those who waited for a key with the left event that they met. */
  #pair(met: number, { length, addressWords, addressStride, valueDoubles, valueWords, valueStride }: StateBatch): void {
    const { timestamps, values, valueWords: eventWords, width } = this.#events;
    const event = this.#metBy[met]!;
    const timeMs = timestamps[event]!;
    const left = values[event * width]!;
    const leftHash = width > 1 ? elementHash(eventWords, 2 * event * width, width) : 0;
    for (let slot = 0; slot < length; slot++) {
      const right = valueDoubles[(slot * valueStride) / 8]!;
      const payload = width > 1 ? addHashes(leftHash, elementHash(valueWords, (slot * valueStride) / 4, width)) : 0;
      this.#rows.add(addressWords, ((slot * addressStride) >>> 2) + 2, timeMs, timeMs + 1, left, right, payload);
    }
  }

  /** Takes the events in the order of the stream, and gathers what changes in the store. */
  #takeEvents(): void {
    const { types } = this.#events;
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slots[i]!;
      const event = this.#from + i;
      if (types[event] === EVENT_TYPE.right) this.#takeRight(slot, event);
      else if (types[event] === EVENT_TYPE.left) this.#takeLeft(slot, event);
      else if (this.#states[slot] === STATE.value) this.#become(slot, STATE.unknown);
    }
    this.#gatherAppended();
    this.#gatherWritten();
  }

  #takeRight(slot: number, event: number): void {
    if (this.#states[slot] === STATE.value) {
      const { valueDoubles, valueWords, valueStride } = this.#keys;
      this.#addRow(slot, event, valueDoubles, valueWords, (slot * valueStride) / 8, event);
      return;
    }
    const i = event - this.#from;
    if (this.#firstWaiting[slot] === NONE) this.#firstWaiting[slot] = i;
    else this.#nextWaiting[this.#lastWaiting[slot]!] = i;
    this.#lastWaiting[slot] = i;
    this.#nextWaiting[i] = NONE;
    if (this.#states[slot] === STATE.unknown) this.#become(slot, STATE.waiting);
  }

  #takeLeft(slot: number, event: number): void {
    const { values, valueWords, width } = this.#events;
    for (let i = this.#firstWaiting[slot]!; i !== NONE; i = this.#nextWaiting[i]!) {
      this.#addRow(slot, event, values, valueWords, event * width, this.#from + i);
    }
    this.#firstWaiting[slot] = NONE;
    copyEvent(this.#keys, slot, 0, this.#events, event);
    this.#become(slot, STATE.value);
  }

  #become(slot: number, state: number): void {
    this.#states[slot] = state;
    this.#changed[slot] = 1;
  }

  /** The left event begins at double `leftAt` of `lefts`, of which `leftWords` are the words. */
  #addRow(slot: number, madeBy: number, lefts: Float64Array, leftWords: Uint32Array, leftAt: number, rightEvent: number): void {
    const { timestamps, values, valueWords, width } = this.#events;
    const { addressWords, addressStride } = this.#keys;
    const timeMs = timestamps[madeBy]!;
    const rightAt = rightEvent * width;
    const payload = width > 1 ? addHashes(elementHash(leftWords, 2 * leftAt, width), elementHash(valueWords, 2 * rightAt, width)) : 0;
    const keyAt = ((slot * addressStride) >>> 2) + 2;
    this.#rows.add(addressWords, keyAt, timeMs, timeMs + 1, lefts[leftAt]!, values[rightAt]!, payload);
  }

  #gatherAppended(): void {
    const appended = this.#appended;
    appended.clear();
    for (let key = 0; key < this.#keys.length; key++) {
      for (let i = this.#firstWaiting[key]!; i !== NONE; i = this.#nextWaiting[i]!) {
        copyEvent(appended, this.#pushSlot(appended, key), 0, this.#events, this.#from + i);
      }
    }
  }

  #gatherWritten(): void {
    const keys = this.#keys;
    const written = this.#written;
    const width = keys.valueStride / 8;
    written.clear();
    for (let key = 0; key < keys.length; key++) {
      if (this.#changed[key] === 0) continue;
      const slot = this.#pushSlot(written, key);
      const state = this.#states[key]!;
      if (state === STATE.unknown) written.present[slot] = 0;
      if (state === STATE.value) {
        for (let i = 0; i < width; i++) written.valueDoubles[slot * width + i] = keys.valueDoubles[key * width + i]!;
      } else written.lengths[slot] = 0;
    }
  }

  /** Takes the next slot of a batch for one of the micro-batch's keys. */
  #pushSlot(batch: StateBatch, key: number): number {
    const keys = this.#keys;
    const slot = batch.push(WINDOW);
    batch.hashes[slot] = keys.hashes[key]!;
    batch.present[slot] = 1;
    const words = keys.keyBytes >>> 2;
    const strideWords = keys.addressStride >>> 2;
    for (let word = 2; word < 2 + words; word++)
      batch.addressWords[slot * strideWords + word] = keys.addressWords[key * strideWords + word]!;
    return slot;
  }

  /** No watermark plays a part. */
  advance(): void {}

  save(): SavedStage {
    return { open: this.#open, lateEvents: this.lateEvents };
  }

  async held(give: (row: HeldRow) => void): Promise<void> {
    const at = { startMs: 0, endMs: 0 };
    const { valueBytes } = this.#keys;
    const width = valueBytes / 8;
    await eachBatch(this.#left.scan(WINDOW, this.#scanBatch), (batch) => {
      for (let slot = 0; slot < batch.length; slot++) {
        if (batch.lengths[slot] === 0) continue;
        give({ ...at, key: keyOf(batch, slot), numbers: [0, ...batch.valueDoubles.subarray(slot * width, (slot + 1) * width)] });
      }
    });
    await eachList(this.#waiting.scan(WINDOW, this.#scanBatch), (key, numbers) => {
      give({ ...at, key, numbers: [1, ...numbers] });
    });
  }
}
