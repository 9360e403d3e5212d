import type { ListTable, Pending, Scan, StateBatch, StateStore, ValueTable } from '../../backends/contract.ts';

/** What a store was asked to do. Every count is of state operations, as {@link operationsIn} adds them up. */
export interface OperationCounts {
  /** Slots read, written, appended and removed. */
  slots: number;
  /** Scans begun, and slots found by them: a seek, and a step for each. */
  scans: number;
  scanned: number;
  /** Windows dropped. */
  drops: number;
}

/** State operations: what a store of single keys would have been called for. */
export function operationsIn({ slots, scans, scanned, drops }: OperationCounts): number {
  return slots + scans + scanned + drops;
}

/** Words of all answers, in the order they were given: growing by doubling. */
class AnswerLog {
  words = new Uint32Array(1 << 20);
  length = 0;

  reserve(count: number): void {
    if (this.length + count <= this.words.length) return;
    const grown = new Uint32Array(2 ** Math.ceil(Math.log2(this.length + count)));
    grown.set(this.words);
    this.words = grown;
  }
}

/**
 * Notes every answer of a store, to give the same ones to a second run of the same events: what that costs is what the pipeline
 * costs, all that fires included, and a copy of each answer. Only for stores that answer at once.
 */
export class RecordedStore {
  readonly counts: OperationCounts = { slots: 0, scans: 0, scanned: 0, drops: 0 };
  readonly #log = new AnswerLog();

  /** Passes everything on to `store`, and notes what it answers. */
  recording(store: StateStore): StateStore {
    return {
      value: (name) => this.#recordingValues(store.value(name)),
      list: (name) => this.#recordingList(store.list(name)),
      checkpoint: (place) => store.checkpoint(place),
      published: (id) => store.published(id),
      release: (id) => store.release(id),
      close: () => store.close(),
    };
  }

  /** Keeps nothing, and gives the answers that were noted, in their order. */
  replaying(): StateStore {
    const log = this.#log;
    log.length = 0;
    const ignore = (): void => undefined;
    const windows = { scan: (window: number, batch: StateBatch) => new ReplayedScan(log, window, batch), drop: ignore };
    const values: ValueTable = { read: (batch) => takeFound(log, batch), write: ignore, ...windows };
    const list: ListTable = { append: ignore, remove: ignore, ...windows };
    const refuse = () => {
      throw new RangeError('a replayed store has no checkpoints');
    };
    return { value: () => values, list: () => list, checkpoint: refuse, published: ignore, release: ignore, close: async () => undefined };
  }

  #recordingValues(table: ValueTable): ValueTable {
    return {
      read: (batch) => {
        this.counts.slots += batch.length;
        atOnce(table.read(batch));
        noteFound(this.#log, batch);
      },
      write: (batch) => {
        this.counts.slots += batch.length;
        return table.write(batch);
      },
      ...this.#recordingWindows(table),
    };
  }

  #recordingList(table: ListTable): ListTable {
    const slots = (call: (batch: StateBatch) => Pending) => (batch: StateBatch) => {
      this.counts.slots += batch.length;
      return call(batch);
    };
    return {
      append: slots((batch) => table.append(batch)),
      remove: slots((batch) => table.remove(batch)),
      ...this.#recordingWindows(table),
    };
  }

  #recordingWindows(table: ValueTable | ListTable) {
    return {
      scan: (window: number, batch: StateBatch, group?: Uint8Array): Scan => this.#recordingScan(table.scan(window, batch, group)),
      drop: (window: number): Pending => {
        this.counts.drops++;
        return table.drop(window);
      },
    };
  }

  *#recordingScan(scan: Scan): Generator<StateBatch> {
    this.counts.scans++;
    if (!(Symbol.iterator in scan)) throw new RangeError('only a store that answers at once can be recorded');
    for (const batch of scan) {
      this.counts.scanned += batch.length;
      noteScanned(this.#log, batch);
      yield batch;
    }
    noteScanned(this.#log, null);
  }
}

function atOnce(pending: Pending): void {
  if (pending) throw new RangeError('only a store that answers at once can be recorded');
}

/** Per slot: 0 if absent, else the length + 1 and the words of the value. */
function noteFound(log: AnswerLog, { length, present, lengths, valueWords, valueStride }: StateBatch): void {
  const stride = valueStride >>> 2;
  log.reserve(length * (1 + stride));
  const { words } = log;
  let to = log.length;
  for (let slot = 0; slot < length; slot++) {
    words[to++] = present[slot] === 0 ? 0 : lengths[slot]! + 1;
    if (present[slot] === 0) continue;
    const count = (lengths[slot]! + 3) >>> 2;
    for (let i = 0; i < count; i++) words[to++] = valueWords[slot * stride + i]!;
  }
  log.length = to;
}

function takeFound(log: AnswerLog, { length, present, lengths, valueWords, valueStride }: StateBatch): void {
  const stride = valueStride >>> 2;
  const { words } = log;
  let from = log.length;
  for (let slot = 0; slot < length; slot++) {
    const stored = words[from++]!;
    present[slot] = stored === 0 ? 0 : 1;
    if (stored === 0) continue;
    lengths[slot] = stored - 1;
    const count = (stored + 2) >>> 2;
    for (let i = 0; i < count; i++) valueWords[slot * stride + i] = words[from++]!;
  }
  log.length = from;
}

/** Number of slots, and of each the address; then values as of a read. 0 slots end a scan. */
function noteScanned(log: AnswerLog, batch: StateBatch | null): void {
  log.reserve(1 + (batch === null ? 0 : batch.length * (batch.addressStride >>> 2)));
  log.words[log.length++] = batch?.length ?? 0;
  if (batch === null) return;
  const words = (batch.length * batch.addressStride) >>> 2;
  for (let i = 0; i < words; i++) log.words[log.length++] = batch.addressWords[i]!;
  noteFound(log, batch);
}

/** Refills a batch by what a scan found. */
class ReplayedScan implements Iterable<StateBatch>, Iterator<StateBatch> {
  readonly #log: AnswerLog;
  readonly #window: number;
  readonly #result: { done: boolean; readonly value: StateBatch };

  constructor(log: AnswerLog, window: number, batch: StateBatch) {
    this.#log = log;
    this.#window = window;
    this.#result = { done: false, value: batch };
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<StateBatch> {
    const log = this.#log;
    const batch = this.#result.value;
    batch.clear();
    const length = log.words[log.length++]!;
    if (length === 0) {
      this.#result.done = true;
      return this.#result;
    }
    batch.length = length;
    const words = (length * batch.addressStride) >>> 2;
    for (let i = 0; i < words; i++) batch.addressWords[i] = log.words[log.length++]!;
    batch.windows.fill(this.#window, 0, length);
    takeFound(log, batch);
    return this.#result;
  }
}
