/**
 * Backends broken on purpose, each by one mistake that implementers really make, around a plain correct one. They prove
 * that the conformance suite can fail. Never measured, and of no use to anybody else.
 */
import { copyFile, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { backendOf, type Entries, FILE, type Parts, plain, stringify, writeAs } from './conformance/plain-backend.ts';
import type { CheckpointPlace, ListTable, StateBackend, StateBatch, ValueTable } from './contract.ts';

/** A mistake, the check that must find it, and the part it sits in. */
export interface Canary {
  readonly check: string;
  readonly mistake: () => Partial<Parts>;
}

/** The plain value table with something changed. */
function valueTable(change: (table: ValueTable, entries: Entries, parts: Parts) => Partial<ValueTable>): Partial<Parts> {
  return { valueTable: (entries, parts) => withChange(plain.valueTable(entries, parts), (table) => change(table, entries, parts)) };
}

function listTable(change: (table: ListTable, entries: Entries, parts: Parts) => Partial<ListTable>): Partial<Parts> {
  return { listTable: (entries, parts) => withChange(plain.listTable(entries, parts), (table) => change(table, entries, parts)) };
}

function withChange<T extends object>(table: T, change: (table: T) => Partial<T>): T {
  return { ...table, ...change(table) };
}

function withLength(batch: StateBatch, length: number, call: () => void): void {
  const before = batch.length;
  batch.length = length;
  call();
  batch.length = before;
}

/** Every canary by name. */
export const canaries: Readonly<Record<string, Canary>> = {
  'kept-views': {
    check: 'nothing of a batch is kept',
    mistake: () => {
      const views = new WeakMap<Entries, Map<string, Buffer>>();
      return valueTable((table, entries, { nameOf }) => {
        const kept = views.get(entries) ?? new Map<string, Buffer>();
        views.set(entries, kept);
        return {
          read(batch) {
            for (const [name, view] of kept) if (entries.has(name)) entries.set(name, [view.toString('latin1')]);
            table.read(batch);
          },
          write(batch) {
            table.write(batch);
            for (let slot = 0; slot < batch.length; slot++) kept.set(nameOf(batch, slot), batch.value(slot));
          },
        };
      });
    },
  },
  'late-cut': { check: 'a cut excludes later writes', mistake: () => ({ snapshot: (tables) => () => stringify(tables) }) },
  'early-restore': {
    check: 'a cut excludes later writes',
    // Takes up what the writer held last, of which the checkpoint is only the beginning.
    mistake: () => {
      let latest: ReadonlyMap<string, Entries> = new Map();
      return {
        snapshot(tables) {
          latest = tables;
          return plain.snapshot(tables, { id: 0, directory: '' });
        },
        load: async (request) => `${(await plain.load(request)).split('\n')[0]}\n${stringify(latest)}`,
      };
    },
  },
  'drop-of-everything': { check: 'a drop forgets its window and no other', mistake: () => ({ drop: (entries) => entries.clear() }) },
  'drop-of-nothing': { check: 'a drop forgets its window and no other', mistake: () => ({ drop: () => undefined }) },
  'utf8-keys': {
    check: 'keys are bytes',
    mistake: () => ({
      nameOf: (batch, slot) => {
        const address = batch.addresses[slot] as Buffer;
        const key = Buffer.from(address.toString('utf8', 8)).subarray(0, batch.keyBytes);
        return address.toString('latin1', 0, 8) + key.toString('latin1');
      },
    }),
  },
  '32-bit-windows': {
    check: 'windows are whole at every edge',
    mistake: () => ({ nameOf: (batch, slot) => `\x80\0\0\0${(batch.addresses[slot] as Buffer).toString('latin1', 4)}` }),
  },
  'unsigned-windows': {
    check: 'windows are whole at every edge',
    mistake: () => ({ drop: (entries, window) => plain.drop(entries, Math.abs(window)) }),
  },
  'lost-deletes': {
    check: 'a delete deletes',
    mistake: () =>
      valueTable((_, entries, { nameOf }) => ({
        write(batch) {
          for (let slot = 0; slot < batch.length; slot++) {
            if (batch.present[slot] === 1) entries.set(nameOf(batch, slot), [batch.value(slot).toString('latin1')]);
          }
        },
      })),
  },
  'first-write-wins': {
    check: 'the last write wins',
    mistake: () =>
      valueTable((table, entries) => ({
        write(batch) {
          const before = new Map(entries);
          table.write(batch);
          for (const [name, value] of before) if (entries.has(name)) entries.set(name, value);
        },
      })),
  },
  'stale-present': {
    check: 'read says what is absent',
    mistake: () =>
      valueTable((_, entries, { nameOf }) => ({
        read(batch) {
          for (let slot = 0; slot < batch.length; slot++) {
            const value = entries.get(nameOf(batch, slot))?.[0];
            if (value !== undefined) batch.setValue(slot, Buffer.from(value, 'latin1'));
          }
        },
      })),
  },
  'torn-batch': {
    check: 'a batch is written whole',
    mistake: () => valueTable((table) => ({ write: (batch) => withLength(batch, Math.min(batch.length, 16), () => table.write(batch)) })),
  },
  'whole-values-only': {
    check: 'values have their own length',
    mistake: () =>
      valueTable((table) => ({
        write(batch) {
          batch.lengths.fill(batch.valueBytes, 0, batch.length);
          table.write(batch);
        },
      })),
  },
  'empty-is-absent': {
    check: 'values have their own length',
    mistake: () =>
      valueTable((table) => ({
        read(batch) {
          table.read(batch);
          for (let slot = 0; slot < batch.length; slot++) if (batch.lengths[slot] === 0) batch.present[slot] = 0;
        },
      })),
  },
  'scan-twice': {
    check: 'a scan gives everything once',
    mistake: () => ({
      *scan(entries, window, batch, group) {
        let last = '';
        for (const filled of plain.scan(entries, window, batch, group) as Iterable<StateBatch>) {
          yield filled;
          last = plain.nameOf(filled, filled.length - 1);
        }
        if (entries.size <= batch.capacity || last === '') return;
        batch.clear();
        batch.setValue(batch.pushAddress(Buffer.from(last, 'latin1')), Buffer.from(entries.get(last)?.[0] ?? '', 'latin1'));
        yield batch;
      },
    }),
  },
  'scan-skips-at-refill': {
    check: 'a scan gives everything once',
    mistake: () => ({
      *scan(entries, window, batch, group) {
        for (const filled of plain.scan(entries, window, batch, group) as Iterable<StateBatch>) {
          if (filled.length === filled.capacity && filled.capacity > 1) filled.length--;
          yield filled;
        }
      },
    }),
  },
  'ignores-group': {
    check: 'a scan keeps to its group',
    mistake: () => ({ scan: (entries, window, batch) => plain.scan(entries, window, batch, undefined) }),
  },
  'shared-cursor': {
    check: 'a scan lets other tables be used',
    mistake: () => {
      let scans = 0;
      return {
        *scan(entries, window, batch, group) {
          const mine = ++scans;
          for (const filled of plain.scan(entries, window, batch, group) as Iterable<StateBatch>) {
            if (scans !== mine) return;
            yield filled;
          }
        },
      };
    },
  },
  'lost-in-growth': {
    check: 'growth loses nothing',
    mistake: () =>
      valueTable((table, entries, { nameOf }) => ({
        write(batch) {
          table.write(batch);
          if (entries.size > 40_000 && batch.length > 0) entries.delete(nameOf(batch, 0));
        },
      })),
  },
  'unordered-lists': {
    check: 'a list keeps the order of appends',
    mistake: () =>
      listTable((table, entries) => ({
        append(batch) {
          table.append(batch);
          for (const [name, values] of entries) entries.set(name, [...values].sort());
        },
      })),
  },
  'set-of-elements': {
    check: 'append adds one element per slot',
    mistake: () =>
      listTable((table, entries) => ({
        append(batch) {
          table.append(batch);
          for (const [name, values] of entries) entries.set(name, [...new Set(values)]);
        },
      })),
  },
  'scattered-elements': {
    check: 'a list grows past a batch',
    mistake: () => ({
      *scan(entries, window, batch, group) {
        const parts = [new Map<string, readonly string[]>(), new Map<string, readonly string[]>()] as const;
        for (const [name, values] of entries) {
          parts[0].set(name, values.slice(0, 100));
          if (values.length > 100) parts[1].set(name, values.slice(100));
        }
        for (const part of parts) yield* plain.scan(part, window, batch, group) as Iterable<StateBatch>;
      },
    }),
  },
  'removes-one-element': {
    check: 'remove forgets a list and no other',
    mistake: () =>
      listTable((_, entries, { nameOf }) => ({
        remove(batch) {
          for (let slot = 0; slot < batch.length; slot++) {
            const name = nameOf(batch, slot);
            const values = entries.get(name);
            if (values !== undefined) entries.set(name, values.slice(1));
          }
        },
      })),
  },
  'drop-keeps-lists': { check: 'drop forgets the lists of a window', mistake: () => listTable(() => ({ drop: () => undefined })) },
  'writes-beyond-length': {
    check: 'slots beyond length are left alone',
    mistake: () => valueTable((table) => ({ write: (batch) => withLength(batch, batch.capacity, () => table.write(batch)) })),
  },
  'reads-beyond-length': {
    check: 'slots beyond length are left alone',
    mistake: () =>
      valueTable((table) => ({
        read(batch) {
          batch.present.fill(0);
          table.read(batch);
        },
      })),
  },
  'stale-memo': {
    check: 'a refill forgets what read learned',
    mistake: () => {
      const memos = new WeakMap<StateBatch, string[]>();
      return valueTable((table, entries, { nameOf }) => ({
        read(batch) {
          table.read(batch);
          memos.set(
            batch,
            Array.from({ length: batch.length }, (_, slot) => nameOf(batch, slot)),
          );
        },
        write(batch) {
          const memo = memos.get(batch) ?? [];
          writeAs(entries, batch, (slot) => memo[slot] ?? nameOf(batch, slot));
        },
      }));
    },
  },
  'one-memo-for-all': {
    check: 'two batches do not disturb each other',
    mistake: () => {
      let memo: string[] = [];
      const fills = new Set<number>();
      return valueTable((table, entries, { nameOf }) => ({
        read(batch) {
          table.read(batch);
          fills.add(batch.fill);
          memo = Array.from({ length: batch.length }, (_, slot) => nameOf(batch, slot));
        },
        write(batch) {
          writeAs(entries, batch, (slot) => (fills.has(batch.fill) ? memo[slot] : undefined) ?? nameOf(batch, slot));
        },
      }));
    },
  },
  'one-write-a-fill': {
    check: 'writes of one fill follow each other',
    mistake: () => {
      let last = -1;
      return valueTable((table) => ({
        write(batch) {
          if (batch.fill !== last) table.write(batch);
          last = batch.fill;
        },
      }));
    },
  },
  'writes-only-what-was-read': {
    check: 'a write needs no read before it',
    mistake: () => {
      const read = new Set<number>();
      return valueTable((table) => ({
        read(batch) {
          read.add(batch.fill);
          table.read(batch);
        },
        write(batch) {
          if (read.has(batch.fill)) table.write(batch);
        },
      }));
    },
  },
  'tables-by-prefix': {
    check: 'a store holds many tables',
    mistake: () => ({
      memory(tables) {
        const memory = new Map<string, Entries>();
        for (const { name } of tables) memory.set(name, memory.get(name.split('-')[0] ?? name) ?? new Map());
        return memory;
      },
    }),
  },
  'shared-stores': {
    check: 'stores do not see each other',
    mistake: () => {
      const shared = new Map<string, Entries>();
      return {
        memory(tables) {
          for (const { name } of tables) if (!shared.has(name)) shared.set(name, new Map());
          return shared;
        },
      };
    },
  },
  'checkpoints-one-table': {
    check: 'a restored store holds the cut',
    mistake: () => ({ snapshot: (tables, place) => plain.snapshot(new Map([...tables].slice(0, 1)), place) }),
  },
  'unlisted-file': {
    check: 'listed files are the whole checkpoint',
    mistake: () => ({
      async persist(place, text) {
        const files = await plain.persist(place, text);
        await copyFile(join(place.directory, FILE), join(place.directory, 'unlisted'));
        return files;
      },
      load: ({ checkpoint }) => readFile(join(checkpoint.directory, 'unlisted'), 'utf8'),
    }),
  },
  'missing-file': {
    check: 'a restored store holds the cut',
    mistake: () => ({ persist: async (place, text) => [...(await plain.persist(place, text)), { path: 'sub/missing', immutable: false }] }),
  },
  'restore-consumes': {
    check: 'restoring leaves a checkpoint as it was',
    mistake: () => ({
      async load(request) {
        const text = await plain.load(request);
        await writeFile(join(request.checkpoint.directory, 'LOCK'), '');
        return text;
      },
    }),
  },
  'published-forgets-the-one-before': {
    check: 'both of the two newest checkpoints restore',
    mistake: () => ({
      async published(id, places) {
        for (const place of places.values()) {
          if (place.id < id) for (const file of await readdir(place.directory)) await unlink(join(place.directory, file));
        }
      },
    }),
  },
  'fallback-deletes-newer': {
    check: 'falling back does not spoil the newer checkpoint',
    mistake: () => {
      const persisted: CheckpointPlace[] = [];
      return {
        persist(place, text) {
          persisted.push(place);
          return plain.persist(place, text);
        },
        async load(request) {
          const text = await plain.load(request);
          for (const { id, directory } of persisted)
            if (id > request.checkpoint.id) await unlink(join(directory, FILE)).catch(() => undefined);
          return text;
        },
      };
    },
  },
  'cut-replaces-the-one-before': {
    check: 'an unpublished checkpoint costs nothing',
    mistake: () => {
      let last: CheckpointPlace | undefined;
      return {
        async persist(place, text) {
          if (last !== undefined) await unlink(join(last.directory, FILE));
          last = place;
          return plain.persist(place, text);
        },
      };
    },
  },
  'appends-come-first': {
    check: 'appends after a restore come last',
    // The sequence that orders elements starts again, and the other way round.
    mistake: () => {
      let restored = false;
      return {
        load(request) {
          restored = true;
          return plain.load(request);
        },
        ...listTable((table, entries) => ({
          append(batch) {
            const before = new Map(entries);
            table.append(batch);
            if (!restored) return;
            for (const [name, values] of before) entries.set(name, [...(entries.get(name) ?? []).slice(values.length), ...values]);
          },
        })),
      };
    },
  },
  'live-heir': {
    check: 'restore takes over from a live store',
    // The heir shares the memory of the store that made the checkpoint.
    mistake: () => {
      let latest: Map<string, Entries> | undefined;
      return {
        memory: (tables) => {
          const memory = latest ?? plain.memory(tables);
          for (const entries of memory.values()) entries.clear();
          latest = memory;
          return memory;
        },
      };
    },
  },
  'immutable-by-name-only': {
    check: 'an immutable file never changes',
    mistake: () => ({ persist: async (place, text) => (await plain.persist(place, text)).map(({ path }) => ({ path, immutable: true })) }),
  },
  'ignores-layout': { check: 'other tables are refused', mistake: () => ({ layout: () => '[]' }) },
  'layout-by-name': { check: 'other tables are refused', mistake: () => ({ layout: (tables) => tables.map(({ name }) => name).join() }) },
  'damaged-is-empty': {
    check: 'an incomplete checkpoint is never half restored',
    mistake: () => ({ load: (request) => plain.load(request).catch(() => `${plain.layout(request.tables)}\n[]`) }),
  },
  'open-after-close': { check: 'a closed store refuses', mistake: () => ({ checkOpen: () => undefined }) },
  'checkpoints-in-memory': {
    check: 'a killed writer loses nothing that was published',
    mistake: () => {
      const files = new Map<number, string>();
      return {
        async persist(place, text) {
          files.set(place.id, text);
          return plain.persist(place, '');
        },
        async load({ checkpoint }) {
          const text = files.get(checkpoint.id);
          if (text === undefined) throw new Error('no such checkpoint');
          return text;
        },
      };
    },
  },
  'forgets-now-and-then': {
    check: 'random use agrees with plain maps',
    mistake: () => {
      let writes = 0;
      return valueTable((table) => ({ write: (batch) => (++writes % 40 === 0 ? undefined : table.write(batch)) }));
    },
  },
};

export const options = z.strictObject({
  canary: z.string().default('none').describe('Name of the mistake; none for the plain correct backend'),
});

/** @throws RangeError if no canary has this name. */
export default function canary({ canary: name }: z.output<typeof options>): StateBackend {
  if (name === 'none') return backendOf(name, plain);
  const found = canaries[name];
  if (found === undefined) throw new RangeError(`no canary is named '${name}'; there are ${Object.keys(canaries).join(', ')}`);
  return backendOf(name, { ...plain, ...found.mistake() });
}
