/** A correct backend as plain as can be, over Maps, in parts that a canary can replace one by one. Never measured. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BackendError,
  type CheckpointCut,
  type CheckpointFile,
  type CheckpointPlace,
  checkTables,
  decodeWindow,
  type ListTable,
  type RestoreRequest,
  type Scan,
  type StateBackend,
  type StateBatch,
  type StateStore,
  type TableSpec,
  type ValueTable,
} from '../contract.ts';

/** The values of each address. */
export type Entries = Map<string, readonly string[]>;

/** What the plain backend consists of. A canary replaces one part. */
export interface Parts {
  /** How a slot's address becomes the key of a Map, and back. */
  nameOf(batch: StateBatch, slot: number): string;
  valueTable(entries: Entries, parts: Parts): ValueTable;
  listTable(entries: Entries, parts: Parts): ListTable;
  scan(entries: Entries, window: number, batch: StateBatch, group: Uint8Array | undefined): Scan;
  drop(entries: Entries, window: number): void;
  /** The state at a cut, as it will be written. */
  snapshot(tables: ReadonlyMap<string, Entries>, place: CheckpointPlace): () => string;
  persist(place: CheckpointPlace, text: string): Promise<readonly CheckpointFile[]>;
  layout(tables: readonly TableSpec[]): string;
  load(request: RestoreRequest): Promise<string>;
  published(id: number, places: ReadonlyMap<number, CheckpointPlace>): Promise<void>;
  memory(tables: readonly TableSpec[]): Map<string, Entries>;
  checkOpen(open: boolean): void;
  knows(tables: readonly TableSpec[], name: string, kind: TableSpec['kind']): boolean;
}

/** The one file of a checkpoint. */
export const FILE = 'state.json';

/** The parts of a correct backend. */
export const plain: Parts = {
  nameOf: (batch, slot) => (batch.addresses[slot] as Buffer).toString('latin1'),

  valueTable: (entries, { nameOf, scan, drop }) => ({
    read(batch) {
      for (let slot = 0; slot < batch.length; slot++) {
        const value = entries.get(nameOf(batch, slot))?.[0];
        if (value === undefined) batch.present[slot] = 0;
        else batch.setValue(slot, Buffer.from(value, 'latin1'));
      }
    },
    write(batch) {
      writeAs(entries, batch, (slot) => nameOf(batch, slot));
    },
    scan: (window, batch, group) => scan(entries, window, batch, group),
    drop: (window) => drop(entries, window),
  }),

  listTable: (entries, { nameOf, scan, drop }) => ({
    append(batch) {
      for (let slot = 0; slot < batch.length; slot++) {
        const name = nameOf(batch, slot);
        entries.set(name, [...(entries.get(name) ?? []), (batch.values[slot] as Buffer).toString('latin1')]);
      }
    },
    remove(batch) {
      for (let slot = 0; slot < batch.length; slot++) entries.delete(nameOf(batch, slot));
    },
    scan: (window, batch, group) => scan(entries, window, batch, group),
    drop: (window) => drop(entries, window),
  }),

  *scan(entries, window, batch, group) {
    const prefix = group === undefined ? '' : Buffer.from(group).toString('latin1');
    batch.clear();
    for (const [name, values] of entries) {
      if (windowOf(name) !== window || !name.startsWith(prefix, 8)) continue;
      for (const value of values) {
        if (batch.length === batch.capacity) {
          yield batch;
          batch.clear();
        }
        batch.setValue(batch.pushAddress(Buffer.from(name, 'latin1')), Buffer.from(value, 'latin1'));
      }
    }
    if (batch.length > 0) yield batch;
  },

  drop(entries, window) {
    for (const name of entries.keys()) if (windowOf(name) === window) entries.delete(name);
  },

  snapshot(tables) {
    const text = stringify(tables);
    return () => text;
  },

  async persist({ directory }, text) {
    await writeFile(join(directory, FILE), text);
    return [{ path: FILE, immutable: false }];
  },

  layout: (tables) => JSON.stringify(tables),
  load: ({ checkpoint }) => readFile(join(checkpoint.directory, FILE), 'utf8'),
  published: async () => undefined,
  memory: (tables) => new Map(tables.map(({ name }) => [name, new Map()])),

  checkOpen(open) {
    if (!open) throw new BackendError('closed', 'the store was used after it was closed; open or restore another');
  },

  knows: (tables, name, kind) => tables.some((table) => table.name === name && table.kind === kind),
};

function windowOf(name: string): number {
  return decodeWindow(Buffer.from(name.slice(0, 8), 'latin1'));
}

/** Puts and deletes the slots of a batch under the names given; of each value it puts what `keep` gives. */
export function writeAs(
  entries: Entries,
  batch: StateBatch,
  name: (slot: number) => string,
  keep: (given: string) => string = (given) => given,
): void {
  for (let slot = 0; slot < batch.length; slot++) {
    if (batch.present[slot] === 1) entries.set(name(slot), [keep(batch.value(slot).toString('latin1'))]);
    else entries.delete(name(slot));
  }
}

/** Everything the tables hold, as a checkpoint's file has it. */
export function stringify(tables: ReadonlyMap<string, Entries>): string {
  return JSON.stringify([...tables].map(([name, entries]) => [name, [...entries]]));
}

function openStore(parts: Parts, tables: readonly TableSpec[], memory: Map<string, Entries>): StateStore {
  let open = true;
  const places = new Map<number, CheckpointPlace>();
  /** A table whose every method looks first whether the store is open. */
  const guarded = <T extends object>(table: T): T =>
    new Proxy(table, {
      get(target, method) {
        const call: unknown = Reflect.get(target, method);
        if (typeof call !== 'function') return call;
        return (...given: unknown[]) => {
          parts.checkOpen(open);
          return call.apply(target, given);
        };
      },
    });
  const find = <T extends object>(name: string, kind: TableSpec['kind'], make: (entries: Entries, parts: Parts) => T): T => {
    parts.checkOpen(open);
    const entries = memory.get(name);
    if (entries === undefined || !parts.knows(tables, name, kind)) {
      throw new BackendError('no-such-table', `the store was opened without a ${kind} table '${name}'`);
    }
    return guarded(make(entries, parts));
  };
  return {
    value: (name) => find(name, 'value', parts.valueTable),
    list: (name) => find(name, 'list', parts.listTable),
    checkpoint(place): CheckpointCut {
      parts.checkOpen(open);
      places.set(place.id, place);
      const text = parts.snapshot(memory, place);
      return { persist: () => parts.persist(place, `${parts.layout(tables)}\n${text()}`) };
    },
    async published(id) {
      parts.checkOpen(open);
      await parts.published(id, places);
    },
    release() {
      parts.checkOpen(open);
    },
    async close() {
      open = false;
    },
  };
}

/** A backend of these parts. */
export function backendOf(canary: string, parts: Parts): StateBackend {
  return {
    name: `canary-${canary}`,
    settings: { canary },
    durability: 'volatile',
    async open({ tables }) {
      checkTables(tables);
      return openStore(parts, tables, parts.memory(tables));
    },
    async restore(request) {
      const { tables, checkpoint } = request;
      const text = await parts.load(request).catch((cause: unknown) => {
        throw new BackendError('damaged', `checkpoint ${checkpoint.id} in ${checkpoint.directory} cannot be read`, { cause });
      });
      const end = text.indexOf('\n');
      if (text.slice(0, end) !== parts.layout(tables))
        throw new BackendError('wrong-layout', `checkpoint ${checkpoint.id} was made with other tables`);
      const memory = parts.memory(tables);
      const stored: [string, [string, string[]][]][] = JSON.parse(text.slice(end + 1));
      for (const [name, entries] of stored) for (const [address, values] of entries) memory.get(name)?.set(address, values);
      return openStore(parts, tables, memory);
    },
  };
}

/** A mistake, the check that must find it, and the part it sits in. */
export interface Canary {
  readonly check: string;
  readonly mistake: () => Partial<Parts>;
}

/** The plain value table with something changed. */
export function valueTable(change: (table: ValueTable, entries: Entries, parts: Parts) => Partial<ValueTable>): Partial<Parts> {
  return { valueTable: (entries, parts) => withChange(plain.valueTable(entries, parts), (table) => change(table, entries, parts)) };
}

/** The plain list table with something changed. */
export function listTable(change: (table: ListTable, entries: Entries, parts: Parts) => Partial<ListTable>): Partial<Parts> {
  return { listTable: (entries, parts) => withChange(plain.listTable(entries, parts), (table) => change(table, entries, parts)) };
}

/** The plain tables over values and elements that are not what was given: `keep` says what is kept of each, in Latin-1. */
export function keeping(keep: (given: string) => string): Partial<Parts> {
  return {
    ...valueTable((_, entries, { nameOf }) => ({
      write: (batch) => writeAs(entries, batch, (slot) => nameOf(batch, slot), keep),
    })),
    ...listTable((_, entries, { nameOf }) => ({
      append(batch) {
        for (let slot = 0; slot < batch.length; slot++) {
          const name = nameOf(batch, slot);
          entries.set(name, [...(entries.get(name) ?? []), keep((batch.values[slot] as Buffer).toString('latin1'))]);
        }
      },
    })),
  };
}

function withChange<T extends object>(table: T, change: (table: T) => Partial<T>): T {
  return { ...table, ...change(table) };
}
