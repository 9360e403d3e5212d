/** Carries the entries of a store elsewhere, through nothing but the backend contract: any store can be read and filled so. */
import { keyHash, StateBatch, type StateStore, slotHash, type TableSpec, WINDOW_BYTES, windowHash } from '../../backends/contract.ts';
import type { Position } from '../checkpointing/position.ts';
import type { KeyGroupFilter } from './key-groups.ts';

/** Some entries of one table. The batch is refilled for the next ones. */
export interface Entries {
  readonly table: TableSpec;
  readonly batch: StateBatch;
}

/** What was carried: table-and-window pairs with at least one entry, entries (a list's elements each), and their bytes of keys and values. */
export interface Carried {
  readonly windows: number;
  readonly entries: number;
  readonly bytes: number;
}

/** Slots of a batch: worth a round trip to a server. */
export const ENTRY_SLOTS = 1024;

/** Everything a store holds, table by table and window by window: the position of its checkpoint names the windows. */
export async function* storedEntries(
  store: StateStore,
  { tables, pipeline }: Pick<Position, 'tables' | 'pipeline'>,
): AsyncGenerator<Entries> {
  const open = new Map(pipeline.stages.flatMap((stage) => Object.entries(stage.open)));
  for (const table of tables) {
    const batch = new StateBatch(ENTRY_SLOTS, table);
    const stored = table.kind === 'value' ? store.value(table.name) : store.list(table.name);
    for (const window of open.get(table.name) ?? []) {
      for await (const { length } of stored.scan(window, batch)) if (length > 0) yield { table, batch };
    }
  }
}

/** Of some entries those whose keys are in a range. */
export async function* entriesInRange(all: AsyncIterable<Entries>, filter: KeyGroupFilter): AsyncGenerator<Entries> {
  let table: TableSpec | undefined;
  let kept: StateBatch | undefined;
  for await (const { table: of, batch } of all) {
    if (kept === undefined || table !== of) kept = new StateBatch(ENTRY_SLOTS, of);
    table = of;
    kept.clear();
    const strideWords = batch.addressStride >>> 2;
    for (let slot = 0; slot < batch.length; slot++) {
      if (!filter.has(batch.addressWords, slot * strideWords + WINDOW_BYTES / 4)) continue;
      kept.setValue(kept.pushAddress(batch.addresses[slot]!), batch.values[slot]!, batch.lengths[slot]!);
    }
    if (kept.length > 0) yield { table: of, batch: kept };
  }
}

/** Writes entries into a store: values are put, elements of lists appended in the order in which they come. */
export async function putEntries(store: StateStore, entries: AsyncIterable<Entries>): Promise<Carried> {
  const counter = new EntryCounter();
  for await (const each of entries) {
    counter.count(each);
    hashSlots(each.batch);
    const { table, batch } = each;
    const pending = table.kind === 'value' ? store.value(table.name).write(batch) : store.list(table.name).append(batch);
    if (pending) await pending;
  }
  return counter.carried;
}

/** Adds up what is carried. Entries of one table and window come together. */
export class EntryCounter {
  #windows = 0;
  #entries = 0;
  #bytes = 0;
  #table: TableSpec | undefined;
  #window = Number.NaN;

  count({ table, batch }: Entries): void {
    for (let slot = 0; slot < batch.length; slot++) {
      if (table !== this.#table || batch.windows[slot] !== this.#window) {
        this.#table = table;
        this.#window = batch.windows[slot]!;
        this.#windows++;
      }
      this.#bytes += table.keyBytes + batch.lengths[slot]!;
    }
    this.#entries += batch.length;
  }

  get carried(): Carried {
    return { windows: this.#windows, entries: this.#entries, bytes: this.#bytes };
  }
}

/** Makes a batch that came out of a scan or a file one that can be written. */
function hashSlots(batch: StateBatch): void {
  const { length, addressWords, hashes, windows } = batch;
  const strideWords = batch.addressStride >>> 2;
  const keyWords = batch.keyBytes >>> 2;
  let window = Number.NaN;
  let hashOfWindow = 0;
  for (let slot = 0; slot < length; slot++) {
    if (windows[slot] !== window) {
      window = windows[slot]!;
      hashOfWindow = windowHash(window);
    }
    hashes[slot] = slotHash(keyHash(addressWords, slot * strideWords + WINDOW_BYTES / 4, keyWords), hashOfWindow);
  }
  batch.present.fill(1, 0, length);
}
