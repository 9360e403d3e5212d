/**
 * Tables over partitions of a window and a bucket: a read asks one IN query, a write sends one unlogged batch of one
 * partition, for each bucket that the batch touches, all under way at once. (Single rows, measured, take five to eight
 * times the server's time at 1,024 slots; a partition for each row four to five.)
 *
 * Values are packed versions, lists are rows of key and number: see epochs/.
 */
import { types } from 'cassandra-driver';
import type { ListTable, StateBatch, TableSpec, ValueTable } from '../contract.ts';
import { ElementNumbers, ListWalk, NUMBER_BYTES } from '../epochs/element-numbers.ts';
import { PackedVersions } from '../epochs/packed-versions.ts';
import type { LiveWindow } from '../epochs/window-ids.ts';
import type { CassandraNamespace } from './namespace.ts';
import { behindGroup, type PartitionSlots, Partitions } from './partitions.ts';
import type { Statement } from './session.ts';

/** Keys in one IN query. */
const KEYS = 512;
/** What a row takes in a batch beside key and value, about. */
const ROW_BYTES = 60;

export interface TableOptions {
  /** Number of the table. */
  readonly table: number;
  readonly spec: TableSpec;
  /** Bytes of one batch, at most, unless it is of one row. */
  readonly batchBytes: number;
}

export function cassandraValueTable(namespace: CassandraNamespace, { table, spec, batchBytes }: TableOptions): ValueTable {
  const { epochs, session, keyspace } = namespace;
  const windows = epochs.windows[table]!;
  const versions = new PackedVersions(epochs);
  const partitions = new Partitions(namespace.buckets, spec);
  const select = `SELECT k, v FROM ${keyspace}.value_rows WHERE p = ? AND k IN ?`;
  const insert = `INSERT INTO ${keyspace}.value_rows (p, k, v) VALUES (?, ?, ?)`;
  const remove = `DELETE FROM ${keyspace}.value_rows WHERE p = ? AND k = ?`;
  /** What the last read found in the server, by slot of the batch that was filled then. */
  let seen: (Buffer | null)[] = [];
  let seenFill = -1;

  /** Asks for what is stored under the slots of `asked` into {@link seen}; of all others nothing is. */
  async function fetch(batch: StateBatch, asked: readonly PartitionSlots[], idOf: (window: number) => number | undefined): Promise<void> {
    seen = new Array<Buffer | null>(batch.length).fill(null);
    const found = seen;
    const queries: Promise<void>[] = [];
    for (const { window, bucket, slots } of asked) {
      const id = idOf(window);
      if (id === undefined || !namespace.mayHave(table, id, bucket)) continue;
      const keys = slots.map((slot) => batch.keys[slot]!);
      const slotOf = new Map(slots.map((slot, i) => [keys[i]!.toString('latin1'), slot]));
      queries.push(
        session.rows(select, [namespace.partition(table, id, bucket), keys]).then((rows) => {
          for (const { k, v } of rows) found[slotOf.get((k as Buffer).toString('latin1'))!] = v as Buffer;
        }),
      );
    }
    if (queries.length > 0) await settled(queries);
  }

  return {
    async read(batch) {
      await fetch(batch, partitions.gather(batch, KEYS), (window) => windows.find(window)?.id);
      seenFill = batch.fill;
      for (let slot = 0; slot < batch.length; slot++) {
        const stored = seen[slot]!;
        if (stored === null || !versions.find(stored)) batch.present[slot] = 0;
        else batch.setValue(slot, stored.subarray(versions.start, versions.end));
      }
    },

    async write(batch) {
      if (batch.length === 0) return;
      if (!epochs.begun) await namespace.begin();
      const all = partitions.gather(batch, KEYS);
      const live = new Map<number, LiveWindow>();
      for (const { window } of all) if (!live.has(window)) live.set(window, namespace.written(table, window));
      await namespace.reserve(table);
      // What the read of this fill found is still so. Otherwise it has to be asked for, if a checkpoint may need it.
      if (seenFill !== batch.fill || seen.length < batch.length) {
        const known = all.filter(({ window }) => !epochs.isNew(live.get(window)!.born));
        await fetch(batch, known, (window) => live.get(window)?.id);
      }
      seenFill = -1;
      const timestamp = namespace.timestamp();
      const writes: Promise<unknown>[] = [];
      for (const { window, bucket, slots } of all) {
        const { id, born } = live.get(window)!;
        const partition = namespace.partition(table, id, bucket);
        const isNew = epochs.isNew(born);
        const mayHave = namespace.mayHave(table, id, bucket);
        const statements: Statement[] = [];
        for (const slot of slots) {
          const key = batch.keys[slot]!;
          const packed = versions.packed(isNew ? null : seen[slot], batch.present[slot]!, batch.value(slot));
          if (packed !== null) statements.push({ query: insert, params: [partition, key, packed] });
          else if (mayHave) statements.push({ query: remove, params: [partition, key] });
        }
        namespace.writes(table, id, bucket);
        for (const part of parted(statements, batchBytes)) writes.push(session.write(part, timestamp));
      }
      const swept = namespace.sweepSome();
      if (swept !== undefined) writes.push(swept);
      await settled(writes);
    },

    async *scan(window, batch, group): AsyncGenerator<StateBatch> {
      for await (const rows of windowRows(
        namespace,
        { table, from: 'value_rows', columns: 'k, v' },
        window,
        batch.capacity,
        partitions,
        group,
      )) {
        batch.clear();
        for (const { k, v } of rows) {
          const stored = v as Buffer;
          if (!versions.find(stored)) continue;
          const slot = batch.push(window);
          batch.keys[slot]?.set(k as Buffer);
          batch.setValue(slot, stored.subarray(versions.start, versions.end));
        }
        if (batch.length > 0) yield batch;
      }
    },

    drop: (window) => namespace.drop(table, window),
  };
}

export function cassandraListTable(namespace: CassandraNamespace, { table, spec, batchBytes }: TableOptions): ListTable {
  const { epochs, session, keyspace } = namespace;
  const windows = epochs.windows[table]!;
  const partitions = new Partitions(namespace.buckets, spec);
  const numbers = new ElementNumbers(epochs);
  const number = Buffer.alloc(NUMBER_BYTES);
  const insert = `INSERT INTO ${keyspace}.list_rows (p, k, n, v) VALUES (?, ?, ?, ?)`;
  const remove = `DELETE FROM ${keyspace}.list_rows WHERE p = ? AND k = ?`;

  return {
    async append(batch) {
      if (batch.length === 0) return;
      if (!epochs.begun) await namespace.begin();
      const all = partitions.gather(batch, Number.POSITIVE_INFINITY);
      const live = new Map<number, LiveWindow>();
      for (const { window } of all) if (!live.has(window)) live.set(window, namespace.written(table, window));
      await namespace.reserve(table);
      const timestamp = namespace.timestamp();
      const writes: Promise<unknown>[] = [];
      for (const { window, bucket, slots } of all) {
        const { id } = live.get(window)!;
        const partition = namespace.partition(table, id, bucket);
        namespace.writes(table, id, bucket);
        const statements = slots.map((slot): Statement => {
          numbers.write(number, 0);
          const n = types.Long.fromBits(number.readInt32BE(4), number.readInt32BE(0));
          return { query: insert, params: [partition, batch.keys[slot]!, n, batch.values[slot]!] };
        });
        for (const part of parted(statements, batchBytes)) writes.push(session.write(part, timestamp));
      }
      const swept = namespace.sweepSome();
      if (swept !== undefined) writes.push(swept);
      await settled(writes);
    },

    async remove(batch) {
      if (batch.length === 0) return;
      if (!epochs.begun) await namespace.begin();
      const timestamp = namespace.timestamp();
      const { epoch } = epochs;
      const { count } = numbers;
      const marker = types.Long.fromBits(epoch, 0);
      const below = Buffer.alloc(4);
      below.writeUInt32BE(count);
      const writes: Promise<unknown>[] = [];
      for (const { window, bucket, slots } of partitions.gather(batch, Number.POSITIVE_INFINITY)) {
        const live = windows.find(window);
        if (live === undefined || !namespace.mayHave(table, live.id, bucket)) continue;
        const partition = namespace.partition(table, live.id, bucket);
        const isNew = epochs.isNew(live.born);
        const keys = [...new Map(slots.map((slot) => [batch.keys[slot]!.toString('latin1'), batch.keys[slot]!])).values()];
        const statements = keys.map(
          (key): Statement =>
            isNew ? { query: remove, params: [partition, key] } : { query: insert, params: [partition, key, marker, below] },
        );
        for (const part of parted(statements, batchBytes)) writes.push(session.write(part, timestamp));
        if (!isNew) for (const key of keys) namespace.removed({ partition, key: Buffer.from(key), born: live.born, epoch, count });
      }
      await settled(writes);
    },

    async *scan(window, batch, group): AsyncGenerator<StateBatch> {
      const walk = new ListWalk(epochs);
      let key: Buffer | undefined;
      for await (const rows of windowRows(
        namespace,
        { table, from: 'list_rows', columns: 'k, n, v' },
        window,
        batch.capacity,
        partitions,
        group,
      )) {
        batch.clear();
        for (const { k, n, v } of rows) {
          if (key === undefined || key.compare(k as Buffer) !== 0) {
            key = k as Buffer;
            walk.begin();
          }
          const { high, low } = n as types.Long;
          if (high === 0) walk.marker(low, (v as Buffer).readUInt32BE(0));
          else if (walk.has(high, low >>> 0)) {
            const slot = batch.push(window);
            batch.keys[slot]?.set(k as Buffer);
            batch.setValue(slot, v as Buffer);
          }
        }
        if (batch.length > 0) yield batch;
      }
    },

    drop: (window) => namespace.drop(table, window),
  };
}

interface RowSource {
  readonly table: number;
  readonly from: 'value_rows' | 'list_rows';
  readonly columns: string;
}

/** The rows of a window in pages of at most `size`, bucket after bucket. First pages are asked for together, others ahead. */
async function* windowRows(
  namespace: CassandraNamespace,
  { table, from, columns }: RowSource,
  window: number,
  size: number,
  partitions: Partitions,
  group: Uint8Array | undefined,
): AsyncGenerator<readonly types.Row[]> {
  const id = namespace.epochs.windows[table]!.find(window)?.id;
  if (id === undefined) return;
  const behind = group && behindGroup(group);
  const range = group === undefined ? '' : behind === undefined ? ' AND k >= ?' : ' AND k >= ? AND k < ?';
  const query = `SELECT ${columns} FROM ${namespace.keyspace}.${from} WHERE p = ?${range}`;
  const bounds = group === undefined ? [] : behind === undefined ? [Buffer.from(group)] : [Buffer.from(group), behind];
  const ask = (bucket: number, pageState?: string) => {
    const params = [namespace.partition(table, id, bucket), ...bounds];
    const page = namespace.session.page(query, params, { fetchSize: size, ...(pageState !== undefined && { pageState }) });
    page.catch(() => {}); // a scan may be given up before it is waited for
    return page;
  };
  const buckets = group === undefined ? Array.from({ length: namespace.buckets }, (_, bucket) => bucket) : [partitions.ofGroup(group)];
  const firsts = buckets.filter((bucket) => namespace.mayHave(table, id, bucket)).map((bucket) => ({ bucket, page: ask(bucket) }));
  for (const { bucket, page } of firsts) {
    for (let next: ReturnType<typeof ask> | undefined = page; next !== undefined; ) {
      const { rows, pageState }: types.ResultSet = await next;
      next = pageState == null ? undefined : ask(bucket, pageState);
      if (rows.length > 0) yield rows;
    }
  }
}

/** Waits for all, whichever of them fails: what they read from must not be refilled before. @throws what the first threw. */
async function settled(writes: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(writes)) if (result.status === 'rejected') throw result.reason;
}

/** Statements of one partition in batches of so many bytes, about. */
function* parted(statements: readonly Statement[], batchBytes: number): Generator<readonly Statement[]> {
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < statements.length; i++) {
    let row = ROW_BYTES;
    for (const param of statements[i]!.params) if (Buffer.isBuffer(param)) row += param.length;
    if (i > start && bytes + row > batchBytes) {
      yield statements.slice(start, i);
      start = i;
      bytes = 0;
    }
    bytes += row;
  }
  if (start < statements.length) yield statements.slice(start);
}
