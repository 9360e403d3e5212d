import type { StateBatch } from '../contract.ts';
import { type Canary, type Entries, keeping, listTable, plain, valueTable, writeAs } from './plain-backend.ts';

function withLength(batch: StateBatch, length: number, call: () => void): void {
  const before = batch.length;
  batch.length = length;
  call();
  batch.length = before;
}

/** Mistakes in tables and batches, by name. */
export const brokenTables: Readonly<Record<string, Canary>> = {
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
  'forgets-everything': {
    check: 'the last write wins',
    mistake: () =>
      valueTable(() => ({
        write() {},
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
  'forgets-now-and-then': {
    check: 'random use agrees with plain maps',
    mistake: () => {
      let writes = 0;
      return valueTable((table) => ({ write: (batch) => (++writes % 8 === 0 ? undefined : table.write(batch)) }));
    },
  },
  'found-only': {
    check: 'read then write of one fill',
    mistake: () => {
      const absent = new Set<string>();
      return valueTable((table, entries, { nameOf }) => ({
        read(batch) {
          table.read(batch);
          absent.clear();
          for (let slot = 0; slot < batch.length; slot++) if (batch.present[slot] === 0) absent.add(nameOf(batch, slot));
        },
        write(batch) {
          const before = new Set(entries.keys());
          table.write(batch);
          for (const name of absent) if (!before.has(name)) entries.delete(name);
        },
      }));
    },
  },
  'not-empty': {
    check: 'a new store is empty',
    mistake: () => ({
      memory: (tables) =>
        new Map(tables.map(({ name, keyBytes }) => [name, new Map([[`\x80${'\0'.repeat(7)}a`.padEnd(8 + keyBytes, '\0'), ['']]])])),
    }),
  },
  'scan-locks': {
    check: 'a scan can be given up',
    mistake: () => {
      let scanning = false;
      return valueTable((table) => ({
        write(batch) {
          if (scanning) throw new Error('locked by a scan');
          table.write(batch);
        },
        *scan(window, batch, group) {
          scanning = true;
          yield* table.scan(window, batch, group) as Iterable<StateBatch>;
          scanning = false;
        },
      }));
    },
  },
  'drops-some': {
    check: 'windows come and go',
    mistake: () => ({
      drop(entries, window) {
        const some = new Map([...entries].slice(0, 64));
        plain.drop(some, window);
        for (const name of [...entries.keys()].slice(0, 64)) if (!some.has(name)) entries.delete(name);
      },
    }),
  },
  'text-elements': {
    check: 'elements are bytes',
    mistake: () =>
      listTable((table) => ({
        append(batch) {
          for (let slot = 0; slot < batch.length; slot++) {
            const element = batch.values[slot] as Buffer;
            element.write(element.toString('utf8'), 'utf8');
          }
          table.append(batch);
        },
      })),
  },
  '32-byte-values': {
    check: 'long values and elements come back whole',
    mistake: () => keeping((given) => given.slice(0, 32)),
  },
  '16-bit-lengths': {
    check: 'long values and elements come back whole',
    mistake: () => keeping((given) => given.slice(0, given.length & 0xffff)),
  },
  // As from a buffer that is used again too early: the first two numbers are right.
  'another-keys-payload': {
    check: 'long values and elements come back whole',
    mistake: () => {
      let before = '';
      return keeping((given) => {
        const kept = given.length === before.length ? given.slice(0, 16) + before.slice(16) : given;
        before = given;
        return kept;
      });
    },
  },
  'makes-tables': { check: 'unknown tables are refused', mistake: () => ({ knows: () => true }) },
};
