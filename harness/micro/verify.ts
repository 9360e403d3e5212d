/** Sees that a backend does what an operation asks, against a plain Map, before the operation is timed. */
import type { StateStore } from '../../backends/contract.ts';
import { KeyOrder } from './key-order.ts';
import { ADDED_ELEMENTS, isReading, MAP_ENTRIES, type MicroOperation } from './operations.ts';
import { EXPIRED, EXPIRES_LATER, NOW, type StateLayout } from './state-layout.ts';
import { type TimedCalls, timedCalls } from './timed-calls.ts';

const WINDOW = 0;
/** Of an iteration, unless a batch has more. */
const CHECKED_SLOTS = 512;
/** A multiple of three, so that a third of the entries has expired. */
const FEWEST_KEYS = 30;
/** Slots of a call while a state is filled or looked through. */
const SLOTS = 1024;

interface Entry {
  readonly entry: number;
  readonly value: number;
  readonly expiresAt: number;
  /** Key and value whole. */
  readonly bytes: string;
}

/** Entries by key, a list's elements in their order. */
type Model = Map<number, readonly Entry[]>;

export interface FillRequest {
  readonly layout: StateLayout;
  readonly store: StateStore;
  readonly window: number;
  readonly keys: number;
  /** Whether what is filled in as the nth entry has expired; asked only with time to live. */
  readonly isExpired: (entry: number) => boolean;
}

/** Fills a window with the state that every operation finds: see operations.ts. */
export async function fillState({ layout, store, window, keys, isExpired }: FillRequest): Promise<void> {
  const { name, kind } = layout.table;
  const perKey = layout.state === 'map' ? MAP_ENTRIES : 1;
  const batch = layout.batch(SLOTS);
  const flush = (): Promise<void> | void => (kind === 'list' ? store.list(name).append(batch) : store.value(name).write(batch));
  batch.clear();
  for (let entry = 0; entry < keys * perKey; entry++) {
    const expiresAt = isExpired(entry) ? EXPIRED : EXPIRES_LATER;
    layout.push(batch, window, Math.floor(entry / perKey), entry % perKey, 0, expiresAt);
    if (batch.length < SLOTS) continue;
    const pending = flush();
    if (pending) await pending;
    batch.clear();
  }
  if (batch.length > 0) await flush();
}

export interface VerifyRequest {
  readonly operation: MicroOperation;
  readonly layout: StateLayout;
  /** With an empty table; emptied again. */
  readonly store: StateStore;
  readonly batchSize: number;
  readonly seed: number;
}

/**
 * Does an iteration of an operation on a small state, and compares what it saw, what the window then holds, and what it
 * holds once that is undone, with a Map.
 * @returns what is wrong; null if nothing is.
 */
export async function problemOf({ operation, layout, store, batchSize, seed }: VerifyRequest): Promise<string | null> {
  // A batch of a value table holds a key once.
  const keys = Math.max(operation.calls.call === 'scan' ? 0 : batchSize, FEWEST_KEYS);
  // Every third entry, so that a map has some of both.
  await fillState({ layout, store, window: WINDOW, keys, isExpired: (entry) => entry % 3 === 0 });
  const model = await contentsOf(store, layout);
  const entries = keys * (layout.state === 'map' ? MAP_ENTRIES : 1);
  const filled = [...model.values()].reduce((sum, of) => sum + of.length, 0);
  if (model.size !== keys || filled !== entries)
    return `${entries} entries of ${keys} keys were filled in, and ${filled} of ${model.size} are found`;
  if (operation.calls.call === 'read') await removeSome(store, layout, model);
  const order = new KeyOrder(keys, seed);
  const timed = timedCalls({ operation, layout, store, batchSize, window: WINDOW, keys, order, slotsPerIteration: CHECKED_SLOTS });
  timed.fill();
  const before = shapeOf(model);
  const due = isReading(operation) ? seenBy(operation, layout, model, timed) : null;
  if (due === null) apply(operation, layout, model, timed);
  await timed.run();
  const { entries: count, checksum } = timed.seen;
  if (due !== null && due.entries !== count) return `it found ${count} entries where there are ${due.entries}`;
  if (due !== null && due.checksum !== checksum) return `it found ${count} entries, as there are, but not what was written`;
  const wrong = difference(model, await contentsOf(store, layout));
  if (wrong !== null) return wrong;
  await timed.undo();
  if (shapeOf(await contentsOf(store, layout)) !== before) return 'once undone, there are not the entries that were there before';
  await emptyState(store, layout);
  if ((await contentsOf(store, layout)).size > 0) return 'a dropped window still holds something';
  return null;
}

/** Takes every fourth key away, so that reading meets some that are not there. */
async function removeSome(store: StateStore, layout: StateLayout, model: Model): Promise<void> {
  const batch = layout.batch(SLOTS);
  for (const [key, entries] of model) {
    if (key % 4 !== 0) continue;
    batch.clear();
    for (const { entry } of entries) layout.push(batch, WINDOW, key, entry, 0, EXPIRES_LATER);
    batch.present.fill(0, 0, batch.length);
    await store.value(layout.table.name).write(batch);
    model.delete(key);
  }
}

/** Drops what a check has left. */
export async function emptyState(store: StateStore, { table: { name, kind } }: StateLayout): Promise<void> {
  await (kind === 'list' ? store.list(name) : store.value(name)).drop(WINDOW);
}

/** Everything in the window. */
async function contentsOf(store: StateStore, layout: StateLayout): Promise<Model> {
  const { name, kind } = layout.table;
  const found = new Map<number, Entry[]>();
  const batch = layout.batch(SLOTS);
  for await (const { length } of (kind === 'list' ? store.list(name) : store.value(name)).scan(WINDOW, batch)) {
    for (let slot = 0; slot < length; slot++) {
      const key = layout.keyOf(batch, slot);
      const entries = found.get(key) ?? [];
      found.set(key, entries);
      entries.push(entryAt(layout, batch, slot));
    }
  }
  if (kind === 'value') for (const entries of found.values()) entries.sort((a, b) => a.entry - b.entry);
  return found;
}

function entryAt(layout: StateLayout, batch: TimedCalls['batches'][number], slot: number): Entry {
  return {
    entry: layout.entryOf(batch, slot),
    value: layout.valueOf(batch, slot),
    expiresAt: layout.expiryOf(batch, slot),
    bytes: layout.bytesOf(batch, slot),
  };
}

/** Which keys have how many entries, whatever their values. */
function shapeOf(model: Model): string {
  return [...model]
    .map(([key, entries]) => `${key}:${entries.map(({ entry }) => entry).join(',')}`)
    .sort()
    .join(' ');
}

function difference(due: Model, got: Model): string | null {
  for (const key of new Set([...due.keys(), ...got.keys()])) {
    const text = (model: Model): string => (model.get(key) ?? []).map(({ bytes }) => bytes).join(' ');
    if (text(due) === text(got)) continue;
    const count = (model: Model): number => model.get(key)?.length ?? 0;
    const same = count(due) === count(got);
    return `key ${key} then has ${count(got)} entries${same ? ', not with the values that were written' : `, not ${count(due)}`}`;
  }
  return null;
}

/** What a reading operation has to see. */
function seenBy({ calls }: MicroOperation, layout: StateLayout, model: Model, { batches }: TimedCalls): TimedCalls['seen'] {
  const seen = { entries: 0, checksum: 0 };
  if (calls.call !== 'read' && calls.call !== 'scan') return seen;
  for (const batch of batches) {
    for (let slot = 0; slot < batch.length; slot++) {
      const all = model.get(layout.keyOf(batch, slot)) ?? [];
      const asked = calls.call === 'read' ? all.filter(({ entry }) => entry === layout.entryOf(batch, slot)) : all;
      const alive = asked.filter(({ expiresAt }) => expiresAt > NOW);
      for (const { entry, value } of calls.call === 'scan' && calls.until === 'first' ? alive.slice(0, 1) : alive) {
        seen.entries++;
        if (calls.take === 'map-key' || calls.take === 'both') seen.checksum = (seen.checksum + entry + 1) | 0;
        if (calls.take === 'value' || calls.take === 'both') seen.checksum = (seen.checksum + value) | 0;
      }
    }
  }
  return seen;
}

/** What a writing operation has to leave behind. */
function apply({ calls, name }: MicroOperation, layout: StateLayout, model: Model, { batches, operationsPerBatch }: TimedCalls): void {
  if (name.startsWith('listAddAll') && batches[0]!.length !== operationsPerBatch * ADDED_ELEMENTS)
    throw new Error('not all elements were filled in');
  for (const batch of batches) {
    for (let slot = 0; slot < batch.length; slot++) {
      const key = layout.keyOf(batch, slot);
      const made = entryAt(layout, batch, slot);
      const before = model.get(key) ?? [];
      const others = before.filter(({ entry }) => entry !== made.entry);
      const after =
        calls.call === 'append'
          ? [...before, made]
          : calls.call === 'replace'
            ? [made]
            : calls.call === 'delete'
              ? others
              : [...others, made].sort((a, b) => a.entry - b.entry);
      if (after.length > 0) model.set(key, after);
      else model.delete(key);
    }
  }
}
