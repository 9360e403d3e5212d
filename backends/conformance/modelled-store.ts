import assert from 'node:assert/strict';
import {
  encodeWindow,
  keyHash,
  type ListTable,
  StateBatch,
  type StateStore,
  slotHash,
  type TableSpec,
  type ValueTable,
  windowHash,
} from '../contract.ts';

/**
 * One slot. Keys and values are text with one character a byte (latin1), short keys and list elements padded with NUL,
 * so that a failure can be read. A value of null stands for a delete, or for what is absent.
 */
export type Row = readonly [window: number, key: string, value?: string | null];

/** The answer, computed naively: the values of each key of each window of each table. */
export type Model = Map<string, Map<number, Map<string, readonly string[]>>>;

/** Every (window, key) a check has ever used of a table, so that what should be gone is looked for too. */
export type Seen = Map<string, Map<string, Row>>;

const SCAN_LIMIT = 1_000_000;

/** A store and what it must hold: every call goes to both, and {@link verify} compares them. */
export class ModelledStore {
  readonly store: StateStore;
  readonly tables: readonly TableSpec[];
  readonly model: Model;
  readonly #seen: Seen;

  constructor(store: StateStore, tables: readonly TableSpec[], model: Model, seen: Seen) {
    this.store = store;
    this.tables = tables;
    this.model = model;
    this.#seen = seen;
  }

  spec(name: string): TableSpec {
    const spec = this.tables.find((table) => table.name === name);
    assert(spec, `the check uses table '${name}' without opening it`);
    return spec;
  }

  /** A batch for a table, every arena full of leftovers. */
  batch(name: string, capacity: number): StateBatch {
    const batch = new StateBatch(capacity, this.spec(name));
    scribble(batch);
    return batch;
  }

  /** Refills a batch. Rows without a value get present 0. */
  fill(batch: StateBatch, rows: readonly Row[]): void {
    batch.clear();
    for (const [window, key, value] of rows) {
      const slot = batch.push(window);
      writeKey(batch, slot, key);
      if (typeof value === 'string') batch.setValue(slot, bytes(value));
      else batch.valueArena.fill(0xee, slot * batch.valueStride, (slot + 1) * batch.valueStride);
    }
  }

  async read(name: string, rows: readonly Row[], batch = this.batch(name, Math.max(1, rows.length))): Promise<(string | null)[]> {
    this.#note(name, rows);
    this.fill(batch, rows);
    // A batch comes as it was left: what is found there is for read to say.
    batch.present.fill(1);
    batch.lengths.fill(1);
    await this.store.value(name).read(batch);
    return rows.map((_, slot) => valueAt(batch, slot));
  }

  async write(name: string, rows: readonly Row[], batch = this.batch(name, Math.max(1, rows.length))): Promise<void> {
    this.fill(batch, rows);
    await this.writeFilled(name, rows, batch);
  }

  /** Writes a batch that the check filled itself, and means `rows`. */
  async writeFilled(name: string, rows: readonly Row[], batch: StateBatch): Promise<void> {
    this.#note(name, rows);
    await this.store.value(name).write(batch);
    for (const [window, key, value] of rows) {
      if (typeof value === 'string') this.#window(name, window).set(key, [value]);
      else this.#window(name, window).delete(key);
    }
  }

  async append(name: string, rows: readonly Row[], batch = this.batch(name, Math.max(1, rows.length))): Promise<void> {
    this.#note(name, rows);
    const { valueBytes } = this.spec(name);
    this.fill(
      batch,
      rows.map(([window, key, value]) => [window, key, (value ?? '').padEnd(valueBytes, '\0')] as const),
    );
    await this.store.list(name).append(batch);
    for (const [window, key, value] of rows) {
      const keys = this.#window(name, window);
      keys.set(key, [...(keys.get(key) ?? []), value ?? '']);
    }
  }

  async remove(name: string, rows: readonly Row[], batch = this.batch(name, Math.max(1, rows.length))): Promise<void> {
    this.#note(name, rows);
    this.fill(batch, rows);
    await this.store.list(name).remove(batch);
    for (const [window, key] of rows) this.#window(name, window).delete(key);
  }

  async drop(name: string, window: number): Promise<void> {
    await this.#table(name).drop(window);
    this.model.get(name)?.delete(window);
  }

  /** One (key, value) an entry of a window, in the order scanned, each batch checked for what the contract says of it. */
  async scan(
    name: string,
    window: number,
    { capacity = 5, group }: { capacity?: number; group?: string } = {},
  ): Promise<[key: string, value: string][]> {
    const found: [string, string][] = [];
    const batch = this.batch(name, capacity);
    const left = new Set<string>();
    const { kind } = this.spec(name);
    const prefix = encodeWindow(window);
    const scan = this.#table(name).scan(window, batch, ...(group === undefined ? [] : [bytes(group)]));
    for await (const filled of scan) {
      assert.equal(filled, batch, 'a scan yields the batch of its caller');
      assert(filled.length <= capacity, `a scan filled ${filled.length} slots of ${capacity}`);
      for (let slot = 0; slot < filled.length; slot++) {
        const key = keyAt(filled, slot);
        const last = found.at(-1)?.[0];
        assert.equal(filled.windows[slot], window, 'windows[slot] of a scan is the window scanned');
        assert(filled.addresses[slot]?.subarray(0, 8).equals(prefix), 'an address of a scan starts with its window');
        assert.equal(filled.present[slot], 1, 'a scan sets present');
        if (kind === 'list') assert.equal(filled.lengths[slot], filled.valueBytes, 'an element fills its width');
        if (last !== undefined && (last !== key || kind === 'value')) left.add(last);
        assert(
          !left.has(key),
          `table '${name}', window ${window}: ${kind === 'value' ? 'the scan gave' : 'the scan came back to'} key ${JSON.stringify(key)} twice`,
        );
        const value = valueAt(filled, slot) ?? '';
        found.push([key, kind === 'list' ? unpad(value) : value]);
        assert(found.length < SCAN_LIMIT, `a scan gave ${SCAN_LIMIT} entries and did not end`);
      }
    }
    return found;
  }

  /** What the model says a scan gives, keys in order. */
  expected(name: string, window: number, group = ''): [key: string, value: string][] {
    const keys = [...(this.model.get(name)?.get(window) ?? [])].filter(([key]) => key.startsWith(group));
    return sortedByKey(keys.flatMap(([key, values]) => values.map((value) => [key, value] as [string, string])));
  }

  async verifyScan(name: string, window: number, options: { capacity?: number; group?: string } = {}): Promise<void> {
    const found = sortedByKey(await this.scan(name, window, options));
    const of = options.group === undefined ? '' : `, group ${JSON.stringify(options.group)}`;
    const difference = differenceOf(found, this.expected(name, window, options.group));
    assert(difference === undefined, `scan of table '${name}', window ${window}${of}: ${difference}`);
  }

  /** Compares everything that the check ever touched, by scans and, in value tables, by reads. */
  async verify(): Promise<void> {
    for (const { name, kind } of this.tables) {
      const rows = [...(this.#seen.get(name)?.values() ?? [])];
      for (const window of new Set(rows.map(([window]) => window))) await this.verifyScan(name, window);
      if (kind === 'list' || rows.length === 0) continue;
      const found = await this.read(name, rows);
      for (const [slot, [window, key]] of rows.entries()) {
        const expected = this.model.get(name)?.get(window)?.get(key)?.[0] ?? null;
        assert.equal(found[slot], expected, `read of table '${name}', window ${window}, key ${JSON.stringify(key)}`);
      }
    }
  }

  #table(name: string): ValueTable | ListTable {
    return this.spec(name).kind === 'value' ? this.store.value(name) : this.store.list(name);
  }

  #window(name: string, window: number): Map<string, readonly string[]> {
    const windows = this.model.get(name) ?? new Map<number, Map<string, readonly string[]>>();
    const keys = windows.get(window) ?? new Map<string, readonly string[]>();
    this.model.set(name, windows.set(window, keys));
    return keys;
  }

  #note(name: string, rows: readonly Row[]): void {
    const seen = this.#seen.get(name) ?? new Map<string, Row>();
    for (const [window, key] of rows) seen.set(`${window} ${key}`, [window, key]);
    this.#seen.set(name, seen);
  }
}

/** Reuses a batch as its owner may once a call has settled: every arena is overwritten. */
export function scribble(batch: StateBatch): void {
  batch.clear();
  for (let slot = 0; slot < batch.capacity; slot++) batch.push(-0x5eed_5eed);
  for (const key of batch.keys) key.fill(0xee);
  batch.valueArena.fill(0xee);
  batch.hashes.fill(0xeeeeeeee);
  batch.present.fill(1);
  batch.clear();
}

/** Copies a key in and sets the slot's hash. */
export function writeKey(batch: StateBatch, slot: number, key: string): void {
  const bytes = batch.keys[slot] as Buffer;
  bytes.fill(0);
  assert(key.length <= bytes.length, `the check uses key ${JSON.stringify(key)}, too wide for its table`);
  bytes.write(key, 'latin1');
  const word = (slot * batch.addressStride + 8) >>> 2;
  batch.hashes[slot] = slotHash(keyHash(batch.addressWords, word, batch.keyBytes >>> 2), windowHash(batch.windows[slot] as number));
}

export function keyAt(batch: StateBatch, slot: number): string {
  return unpad((batch.keys[slot] as Buffer).toString('latin1'));
}

export function valueAt(batch: StateBatch, slot: number): string | null {
  return batch.present[slot] === 1 ? batch.value(slot).toString('latin1') : null;
}

export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export function copyModel(model: Model): Model {
  return new Map([...model].map(([name, windows]) => [name, new Map([...windows].map(([window, keys]) => [window, new Map(keys)]))]));
}

function unpad(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end);
}

/** By key only: the sort is stable, so the elements of a key keep their order. */
function sortedByKey(entries: [key: string, value: string][]): [key: string, value: string][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

const SHOWN_MAX = 8;

/** What is wrong with a scan, in few words; undefined if nothing. */
function differenceOf(found: readonly [string, string][], expected: readonly [string, string][]): string | undefined {
  const [got, wanted] = [found.map((entry) => JSON.stringify(entry)), expected.map((entry) => JSON.stringify(entry))];
  const missing = without(wanted, got);
  const extra = without(got, wanted);
  if (missing.length > 0 || extra.length > 0) {
    return `${found.length} entries instead of ${expected.length}; missing ${shown(missing)}; not expected ${shown(extra)}`;
  }
  const at = got.findIndex((entry, i) => entry !== wanted[i]);
  return at < 0 ? undefined : `elements of a key out of order: ${shown(got.slice(at))} where ${shown(wanted.slice(at))} were appended`;
}

/** The entries that are left if each of `others` takes one away. */
function without(entries: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const entry of others) counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return entries.filter((entry) => {
    const left = counts.get(entry) ?? 0;
    counts.set(entry, left - 1);
    return left <= 0;
  });
}

function shown(entries: readonly string[]): string {
  if (entries.length === 0) return 'none';
  return entries.slice(0, SHOWN_MAX).join(' ') + (entries.length > SHOWN_MAX ? ` and ${entries.length - SHOWN_MAX} more` : '');
}
