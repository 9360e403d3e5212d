import type { ListTable, Pending, Scan, StateBatch, StateStore, TableSpec, ValueTable } from '../../backends/contract.ts';
import type { TraceWriter } from './trace-writer.ts';

type BatchKind = Parameters<TraceWriter['batch']>[0];

/**
 * A store that writes down every call of every table when it has settled: in the order in which calls end. A call that
 * fails is not written down. Checkpoints are no operations and pass through.
 */
export class RecordedStore implements StateStore {
  readonly #store: StateStore;
  readonly #writer: TraceWriter;
  readonly #places: ReadonlyMap<string, number>;

  /** @param tables in the order of the trace's header */
  constructor(store: StateStore, writer: TraceWriter, tables: readonly TableSpec[]) {
    this.#store = store;
    this.#writer = writer;
    this.#places = new Map(tables.map(({ name }, place) => [name, place]));
  }

  value(name: string): ValueTable {
    const table = this.#store.value(name);
    return {
      read: (batch) => this.#settled(table.read(batch), 'read', name, batch),
      write: (batch) => this.#settled(table.write(batch), 'write', name, batch),
      ...this.#windowCalls(name, table),
    };
  }

  list(name: string): ListTable {
    const table = this.#store.list(name);
    return {
      append: (batch) => this.#settled(table.append(batch), 'append', name, batch),
      remove: (batch) => this.#settled(table.remove(batch), 'remove', name, batch),
      ...this.#windowCalls(name, table),
    };
  }

  checkpoint(place: Parameters<StateStore['checkpoint']>[0]): ReturnType<StateStore['checkpoint']> {
    return this.#store.checkpoint(place);
  }

  published(id: number): Pending {
    return this.#store.published(id);
  }

  release(id: number): Pending {
    return this.#store.release(id);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #settled(pending: Pending, kind: BatchKind, name: string, batch: StateBatch): Pending {
    const place = this.#places.get(name)!;
    if (pending) return pending.then(() => this.#writer.batch(kind, place, batch));
    this.#writer.batch(kind, place, batch);
  }

  #windowCalls(name: string, table: ValueTable | ListTable) {
    const place = this.#places.get(name)!;
    return {
      scan: (window: number, batch: StateBatch, group?: Uint8Array): Scan =>
        recordedScan(this.#writer, place, window, batch, group, table.scan(window, batch, group)),
      drop: (window: number): Pending => {
        const pending = table.drop(window);
        if (pending) return pending.then(() => this.#writer.drop(place, window));
        this.#writer.drop(place, window);
      },
    };
  }
}

/** Written down when it ends, or is stopped. */
async function* recordedScan(
  writer: TraceWriter,
  place: number,
  window: number,
  batch: StateBatch,
  group: Uint8Array | undefined,
  scan: Scan,
): AsyncGenerator<StateBatch> {
  // The caller may refill what it lent before the scan has ended.
  const recorded = { window, group: group === undefined ? null : Uint8Array.from(group), capacity: batch.capacity, slots: 0, bytes: 0 };
  let handedOut = false;
  let failed = true;
  try {
    for await (const found of scan) {
      recorded.slots += found.length;
      for (let slot = 0; slot < found.length; slot++) recorded.bytes += found.lengths[slot]!;
      handedOut = true;
      yield found;
      handedOut = false;
    }
    failed = false;
  } finally {
    if (handedOut || !failed) writer.scan(place, { ...recorded, stopped: handedOut });
  }
}
