/**
 * What every store has to check, once, above the adapters: use after closing, tables that do not exist, groups of a wrong
 * width, and that a cut holds its snapshot no longer than needed. An adapter hands over its bare tables and cut.
 */
import {
  BackendError,
  type CheckpointFile,
  type CheckpointPlace,
  type ListTable,
  type Pending,
  type PersistElsewhere,
  type Scan,
  type StateBatch,
  type StateStore,
  type TableSpec,
  type ValueTable,
} from '../contract.ts';

/** A cut as an adapter makes it: `persist` is called at most once, `discard` exactly once, after it or instead of it. */
export interface BareCut {
  /** Writes the cut into the checkpoint's directory. */
  persist(elsewhere?: PersistElsewhere): Promise<readonly CheckpointFile[]>;
  /** Lets go of the snapshot. */
  discard(): Pending;
}

/** A store without any checks. Nothing is called any more once `close` was. */
export interface BareStore {
  readonly values: ReadonlyMap<string, ValueTable>;
  readonly lists: ReadonlyMap<string, ListTable>;
  checkpoint(place: CheckpointPlace): Pending<BareCut>;
  published(id: number): Pending;
  release(id: number): Pending;
  /** Called once, when no cut is held any more. */
  close(): Pending;
}

/**
 * The store that callers see. `backend` names it in errors. Closing twice is no error.
 * Every other call after closing, the next step of a scan and `persist` included, fails with `closed`; a `persist` under
 * way is waited for. An adapter calls `checkTables` itself, before it opens anything.
 */
export function guardStore(backend: string, tables: readonly TableSpec[], bare: BareStore): StateStore {
  let closing: Promise<void> | undefined;
  const check = (): void => {
    if (closing !== undefined) throw new BackendError('closed', `this ${backend} store is closed: open or restore one`);
  };
  const groupBytes = new Map(tables.map((table) => [table.name, table.groupBytes]));
  const scanOf = (name: string, table: Pick<ValueTable, 'scan'>) => (window: number, batch: StateBatch, group?: Uint8Array) => {
    check();
    if (group !== undefined && group.length !== groupBytes.get(name)) {
      throw new RangeError(`a group of table '${name}' has ${groupBytes.get(name)} bytes, not ${group.length}`);
    }
    return guardScan(group === undefined ? table.scan(window, batch) : table.scan(window, batch, group), check);
  };
  const open = <Arguments extends unknown[], Result>(call: (...given: Arguments) => Result) => {
    return (...given: Arguments): Result => {
      check();
      return call(...given);
    };
  };
  const values = mapTables(
    bare.values,
    (name, table): ValueTable => ({
      read: open((batch) => table.read(batch)),
      write: open((batch) => table.write(batch)),
      scan: scanOf(name, table),
      drop: open((window) => table.drop(window)),
    }),
  );
  const lists = mapTables(
    bare.lists,
    (name, table): ListTable => ({
      append: open((batch) => table.append(batch)),
      remove: open((batch) => table.remove(batch)),
      scan: scanOf(name, table),
      drop: open((window) => table.drop(window)),
    }),
  );
  /** Lets go of the newest cut, once it is no longer being persisted. */
  let letGo: () => Pending = () => {};
  return {
    value: open((name) => pick(values, name, 'value', backend)),
    list: open((name) => pick(lists, name, 'list', backend)),
    async checkpoint(place) {
      check();
      await letGo();
      check();
      const cut = await bare.checkpoint(place);
      let persisted: Promise<readonly CheckpointFile[]> | undefined;
      let discarded: Promise<void> | undefined;
      const discard = async (): Promise<void> => {
        await persisted?.catch(() => {});
        discarded ??= Promise.resolve(cut.discard());
        await discarded;
      };
      letGo = discard;
      return {
        persist: open((elsewhere) => {
          if (discarded !== undefined && persisted === undefined) {
            throw new BackendError('refused', `this ${backend} checkpoint was given up when the next one was asked for`);
          }
          persisted ??= cut.persist(elsewhere);
          return persisted.finally(discard);
        }),
      };
    },
    published: open((id) => bare.published(id)),
    release: open((id) => bare.release(id)),
    close() {
      closing ??= (async () => {
        await letGo();
        await bare.close();
      })();
      return closing;
    },
  };
}

function mapTables<Table, Guarded>(
  tables: ReadonlyMap<string, Table>,
  guard: (name: string, table: Table) => Guarded,
): ReadonlyMap<string, Guarded> {
  return new Map([...tables].map(([name, table]) => [name, guard(name, table)]));
}

function pick<Table>(tables: ReadonlyMap<string, Table>, name: string, kind: string, backend: string): Table {
  const table = tables.get(name);
  if (table !== undefined) return table;
  const known = [...tables.keys()].join(', ') || 'none';
  throw new BackendError('no-such-table', `this ${backend} store has no ${kind} table '${name}' (it has ${known}): name it when opening`);
}

function guardScan(scan: Scan, check: () => void): Scan {
  return Symbol.iterator in scan ? guardSync(scan, check) : guardAsync(scan, check);
}

function* guardSync(scan: Iterable<StateBatch>, check: () => void): Generator<StateBatch> {
  check();
  for (const batch of scan) {
    yield batch;
    check();
  }
}

async function* guardAsync(scan: AsyncIterable<StateBatch>, check: () => void): AsyncGenerator<StateBatch> {
  check();
  for await (const batch of scan) {
    yield batch;
    check();
  }
}
