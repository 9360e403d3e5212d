/** Stores nothing and finds nothing: what is measured with it is what the harness itself costs. Not conformant. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ListTable, StateBackend, StateBatch, StateStore, ValueTable } from './contract.ts';

export const description = 'Stores nothing: its line is what the harness itself costs.';

export const options = z.strictObject({});

const ignore = (): void => undefined;
const nothing = (): Iterable<StateBatch> => [];

const VALUES: ValueTable = {
  read: ({ present, length }) => {
    present.fill(0, 0, length);
  },
  write: ignore,
  scan: nothing,
  drop: ignore,
};

const LISTS: ListTable = { append: ignore, remove: ignore, scan: nothing, drop: ignore };

const STORE: StateStore = {
  value: () => VALUES,
  list: () => LISTS,
  checkpoint: ({ directory }) => ({
    async persist() {
      await writeFile(join(directory, 'nothing'), '');
      return [{ path: 'nothing', immutable: false }];
    },
  }),
  published: ignore,
  release: ignore,
  close: async () => undefined,
};

/** Opens and restores the same empty store, whatever the tables. */
export default function nothingStored(_: z.output<typeof options>): StateBackend {
  return { name: 'null', settings: {}, durability: 'volatile', open: async () => STORE, restore: async () => STORE };
}
