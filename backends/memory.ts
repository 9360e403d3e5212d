/** State in this process's memory, in flat pages without an object per entry. What a native store is measured against. */
import { join } from 'node:path';
import { z } from 'zod';
import {
  BackendError,
  type CheckpointCut,
  type CheckpointFile,
  type CheckpointPlace,
  checkTables,
  type PersistElsewhere,
  type StateBackend,
  type StateStore,
  type TableSpec,
} from './contract.ts';
import { ListRecords } from './memory/list-records.ts';
import { MemoryBudget } from './memory/memory-budget.ts';
import persistRecords, { type RecordsInput } from './memory/persist-records.ts';
import type { RecordsCut } from './memory/records-cut.ts';
import { type Life, requireOpen } from './memory/require.ts';
import { applyRecords, piecesOf, type Stored } from './memory/segment-records.ts';
import { ValueRecords } from './memory/value-records.ts';
import { inThisThread } from './rows/in-this-thread.ts';
import { numberedTables, verifyLayout } from './rows/layout-file.ts';
import { memoryOption } from './rows/memory-option.ts';
import { type SavedChain, SegmentChain } from './rows/segment-chain.ts';

export const description = 'Flat hash tables in this process: the fastest that memory allows, and no larger than memory.';

export const options = z.strictObject({
  pageBytes: z
    .int()
    .min(4096)
    .max(2 ** 24)
    .default(2 ** 18)
    .describe('Size of a page of records: memory is taken and given back by the page.'),
  memoryBytes: memoryOption('a limit, since all state is in memory: a larger one fails by the code over-budget. None if it is not given.'),
});

const NAME = 'memory';

type Table = ValueRecords | ListRecords;

export default function memory({ pageBytes, memoryBytes }: z.output<typeof options>): StateBackend {
  const create = (tables: readonly TableSpec[], life: Life): Table[] => {
    checkTables(tables);
    const budget = new MemoryBudget(memoryBytes);
    return numberedTables(tables).map((spec) =>
      spec.kind === 'value' ? new ValueRecords(spec, pageBytes, life, budget) : new ListRecords(spec, pageBytes, life, budget),
    );
  };
  const chainIn = (directory: string): SegmentChain => new SegmentChain(join(directory, 'segments'));
  return {
    name: NAME,
    settings: {
      ...(memoryBytes === undefined
        ? { memory: 'as much as the state takes' }
        : { memoryBytes, memory: 'records, their index and links; what a checkpoint copies meanwhile is not counted' }),
      pageBytes,
      incremental: 'records written to since the last checkpoint; one written to meanwhile is copied first',
    },
    durability: 'volatile',
    async open({ directory, tables }) {
      const life = { closed: false };
      return openStore(create(tables, life), life, chainIn(directory));
    },
    async restore({ directory, tables, checkpoint }) {
      const { files } = await verifyLayout(checkpoint.directory, NAME, tables);
      const life = { closed: false };
      const restored = create(tables, life);
      const stored = restored.flatMap((table) => table.stored);
      const chain = chainIn(directory);
      await chain.import(checkpoint.directory, files, (chunk, path) => {
        const records = stored[chunk.part];
        if (records === undefined) throw new BackendError('damaged', `${path} holds records of other tables: restore another checkpoint`);
        return applyRecords(chunk, records, path);
      });
      for (const table of restored) table.adopt();
      return openStore(restored, life, chain);
    },
  };
}

function openStore(tables: readonly Table[], life: Life, chain: SegmentChain): StateStore {
  const values = new Map(tables.filter((table) => table instanceof ValueRecords).map((table) => [table.spec.name, table]));
  const lists = new Map(tables.filter((table) => table instanceof ListRecords).map((table) => [table.spec.name, table]));
  const find = <T>(tables: ReadonlyMap<string, T>, name: string, kind: TableSpec['kind']): T => {
    requireOpen(life);
    const table = tables.get(name);
    if (table !== undefined) return table;
    const known = [...tables.keys()].join(', ') || 'none';
    throw new BackendError('no-such-table', `the store was opened without a ${kind} table '${name}'; its ${kind} tables: ${known}`);
  };
  const cut = cutter(tables, chain);
  return {
    value: (name) => find(values, name, 'value'),
    list: (name) => find(lists, name, 'list'),
    checkpoint(place) {
      requireOpen(life);
      return cut(place);
    },
    published() {
      requireOpen(life);
      return chain.published();
    },
    release: () => requireOpen(life),
    async close() {
      life.closed = true;
      values.clear();
      lists.clear();
    },
  };
}

/** Makes one cut after the other: a cut that was not written down is made up for by the next one. */
function cutter(tables: readonly Table[], chain: SegmentChain): (place: CheckpointPlace) => Promise<CheckpointCut> {
  const stored = tables.flatMap((table) => table.stored);
  const specs = tables.map(({ spec }) => spec);
  const sequences = Object.fromEntries(specs.filter(({ kind }) => kind === 'list').map(({ name }) => [name, 0]));
  let unwritten: readonly RecordsCut[] | null = null;
  let writing: Promise<unknown> | null = null;
  const write = async (
    input: RecordsInput,
    cuts: readonly RecordsCut[],
    elsewhere: PersistElsewhere,
  ): Promise<readonly CheckpointFile[]> => {
    const { files, kept } = await elsewhere({
      module: import.meta.resolve('./memory/persist-records.js'),
      input,
      feed: piecesOf(cuts),
    });
    chain.adopt(kept as SavedChain);
    for (const [part, cut] of cuts.entries()) (stored[part] as Stored).records.end(cut);
    unwritten = null;
    return files;
  };
  return async ({ directory }) => {
    await writing;
    // Given up: what it would have told is still to be told.
    if (unwritten !== null) for (const [part, lost] of unwritten.entries()) (stored[part] as Stored).records.undo(lost);
    const count = (of: (stored: Stored) => number) => stored.reduce((sum, records) => sum + of(records), 0);
    const all = chain.needsAll(
      count(({ records }) => records.size),
      count(({ records }) => records.marked),
    );
    const cuts = stored.map(({ records, wordsOf }) => records.cut(all, wordsOf));
    unwritten = cuts;
    const persist = async (elsewhere: PersistElsewhere): Promise<readonly CheckpointFile[]> => {
      if (unwritten !== cuts) throw new BackendError('refused', 'this checkpoint was given up when the next one was asked for');
      const input = { chain: chain.save(), all, directory, layout: { backend: NAME, tables: specs, sequences } };
      const written = write(input, cuts, elsewhere);
      writing = written.catch(() => undefined);
      return written;
    };
    let persisted: Promise<readonly CheckpointFile[]> | undefined;
    return {
      persist(elsewhere = inThisThread(persistRecords)) {
        persisted ??= persist(elsewhere);
        return persisted;
      },
    };
  };
}
