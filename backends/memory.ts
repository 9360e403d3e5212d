/** State in this process's memory, in flat pages without an object per entry. What a native store is measured against. */
import { join } from 'node:path';
import { z } from 'zod';
import { BackendError, checkTables, type StateBackend, type StateStore, type TableSpec } from './contract.ts';
import { CHECKPOINT_FILE, cutTables, restoreTables, type Table } from './memory/checkpoint-file.ts';
import { ListRecords } from './memory/list-records.ts';
import { type Life, requireOpen } from './memory/require.ts';
import { ValueRecords } from './memory/value-records.ts';

export const description = 'Flat hash tables in this process: the fastest that memory allows, and no larger than memory.';

export const options = z.strictObject({
  pageBytes: z
    .int()
    .min(4096)
    .max(2 ** 24)
    .default(2 ** 18)
    .describe('Size of a page of records. What is written to after a cut is copied by the page until the checkpoint is written.'),
});

export default function memory({ pageBytes }: z.output<typeof options>): StateBackend {
  const create = (tables: readonly TableSpec[], life: Life): Table[] => {
    checkTables(tables);
    return tables.map((spec) => (spec.kind === 'value' ? new ValueRecords(spec, pageBytes, life) : new ListRecords(spec, pageBytes, life)));
  };
  return {
    name: 'memory',
    settings: { pageBytes },
    durability: 'volatile',
    async open({ tables }) {
      const life = { closed: false };
      return openStore(create(tables, life), life);
    },
    async restore({ tables, checkpoint }) {
      const life = { closed: false };
      const restored = create(tables, life);
      await restoreTables(join(checkpoint.directory, CHECKPOINT_FILE), restored);
      return openStore(restored, life);
    },
  };
}

function openStore(tables: readonly Table[], life: Life): StateStore {
  const values = new Map(tables.filter((table) => table instanceof ValueRecords).map((table) => [table.spec.name, table]));
  const lists = new Map(tables.filter((table) => table instanceof ListRecords).map((table) => [table.spec.name, table]));
  const find = <T>(tables: ReadonlyMap<string, T>, name: string, kind: TableSpec['kind']): T => {
    requireOpen(life);
    const table = tables.get(name);
    if (table !== undefined) return table;
    const known = [...tables.keys()].join(', ') || 'none';
    throw new BackendError('no-such-table', `the store was opened without a ${kind} table '${name}'; its ${kind} tables: ${known}`);
  };
  let newestCut = 0;
  return {
    value: (name) => find(values, name, 'value'),
    list: (name) => find(lists, name, 'list'),
    checkpoint({ id, directory }) {
      requireOpen(life);
      newestCut = id;
      const write = cutTables(tables);
      return {
        async persist() {
          await write(join(directory, CHECKPOINT_FILE));
          if (newestCut === id) for (const table of tables) table.forgetCut();
          return [{ path: CHECKPOINT_FILE, immutable: false }];
        },
      };
    },
    published: () => requireOpen(life),
    release: () => requireOpen(life),
    async close() {
      life.closed = true;
      values.clear();
      lists.clear();
    },
  };
}
