import { type ListTable, type Pending, StateBatch, slotHash, windowHash } from '../../backends/contract.ts';
import type { EventBatch, HolisticAggregate } from '../../workloads/contract.ts';
import { type KeyProjection, keyProjection, projectedKeyHash } from './slot-grouping.ts';
import { type Emit, type RunningStage, SCAN_SLOTS, type StageRequest, stageTable } from './stage.ts';
import { StageWindows } from './stage-windows.ts';

/** A window of lists: every event is appended blind, and a fired window is scanned list by list and reduced. */
export class HolisticStage implements RunningStage {
  readonly windows: StageWindows;
  readonly #stage: number;
  readonly #aggregate: HolisticAggregate;
  readonly #table: ListTable;
  readonly #batch: StateBatch;
  readonly #projection: KeyProjection;
  readonly #scanBatch: StateBatch;
  readonly #fired: FiredLists;

  constructor({ stage, index, store, batchSize, saved }: StageRequest, aggregate: HolisticAggregate) {
    const table = stageTable(stage, index);
    this.#stage = index + 1;
    this.#aggregate = aggregate;
    this.#table = store.list(table.name);
    this.windows = new StageWindows(stage.window, saved);
    this.#projection = keyProjection(stage.keyPrefixBytes);
    this.#batch = new StateBatch(batchSize * this.windows.overlap, table);
    this.#scanBatch = new StateBatch(Math.max(batchSize, SCAN_SLOTS), table);
    this.#fired = new FiredLists(aggregate, table.keyBytes >>> 2);
  }

  process(events: EventBatch, from: number, count: number): Pending {
    const batch = this.#batch;
    const { timestamps, keyWords, values, width } = events;
    const eventWords = events.keyBytes >>> 2;
    const slotWords = batch.addressStride >>> 2;
    const { slideMs } = this.windows;
    const { words, lastMask } = this.#projection;
    let paneStart = Number.NaN;
    let paneEnd = Number.NaN;
    let live = 0;
    batch.clear();
    for (let event = from; event < from + count; event++) {
      const timeMs = timestamps[event]!;
      if (!(timeMs >= paneStart && timeMs < paneEnd)) {
        paneStart = this.windows.paneStart(timeMs);
        paneEnd = paneStart + slideMs;
        live = this.windows.openPane(paneStart);
      }
      if (live === 0) {
        this.windows.lateEvents++;
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

  async fire(startMs: number, emit: Emit): Promise<void> {
    const { sizeMs } = this.windows;
    const fired = this.#fired;
    const flush = () =>
      emit({
        stage: this.#stage,
        startMs,
        endMs: startMs + sizeMs,
        count: fired.count,
        keyWords: fired.keyWords,
        keyStrideWords: fired.keyWordCount,
        keyAtWord: 0,
        keyWordCount: fired.keyWordCount,
        numbers: fired.results,
        width: this.#aggregate.columns.length,
      });
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
}

/** Gathers the elements of one list at a time from a scan and reduces each when the next key begins. */
class FiredLists {
  readonly keyWordCount: number;
  readonly keyWords: Uint32Array;
  readonly results: Float64Array;
  /** Lists reduced and not yet handed on; up to {@link SCAN_SLOTS}. */
  count = 0;
  readonly #aggregate: HolisticAggregate;
  readonly #key: Uint32Array;
  #elements = new Float64Array(256);
  /** Doubles gathered of the list under way. */
  #gathered = 0;

  constructor(aggregate: HolisticAggregate, keyWordCount: number) {
    this.#aggregate = aggregate;
    this.keyWordCount = keyWordCount;
    this.#key = new Uint32Array(keyWordCount);
    // One more than is handed on at a time: the list that ends with the scan.
    this.keyWords = new Uint32Array((SCAN_SLOTS + 1) * keyWordCount);
    this.results = new Float64Array((SCAN_SLOTS + 1) * aggregate.columns.length);
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
    this.#aggregate.reduce(this.#elements, this.#gathered / inputWidth, this.results, this.count * columns.length);
    this.keyWords.set(this.#key, this.count * this.keyWordCount);
    this.count++;
    this.#gathered = 0;
  }

  #isKey(words: Uint32Array, at: number): boolean {
    for (let i = 0; i < this.keyWordCount; i++) if (words[at + i] !== this.#key[i]) return false;
    return true;
  }
}
