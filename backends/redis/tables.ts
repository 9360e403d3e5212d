/**
 * Tables over Redis keys, one key per table and window, so that a window is forgotten by one UNLINK.
 *
 * A value table's window is a hash of key → value: one HMGET reads, one HSET writes a batch.
 *
 * A list table's window is a sorted set whose members all have score 0, which Redis keeps in the order of their bytes:
 * `key | sequence number | element`. So appending is one blind ZADD, elements of a key come together and in the order
 * appended, a scan resumes behind the last member seen, a group or one list is a range. (Lists of RPUSH or strings of
 * APPEND, measured, take four times as long to write at 1,024 keys a batch, a command a key, and a set of keys besides.)
 */
import type { ListTable, Scan, StateBatch, TableSpec, ValueTable } from '../contract.ts';
import { SEQUENCE_BYTES, type Sequence } from '../rows/row-keys.ts';
import { CommandWriter, WindowGroups } from './commands.ts';
import type { RedisConnection } from './connection.ts';

/**
 * The Redis keys of one table, a key per window written and not dropped. This store alone writes below its namespace,
 * so the map knows all of them; a window may be in it although it has become empty.
 */
export class WindowKeys {
  readonly #prefix: string;
  readonly #keys = new Map<number, Buffer>();

  /** @param prefix printable ASCII, unique to the table of the store. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The key of a window, which from now on counts as written. */
  written(window: number): Buffer {
    let key = this.#keys.get(window);
    if (key === undefined) {
      key = this.of(window);
      this.#keys.set(window, key);
    }
    return key;
  }

  of(window: number): Buffer {
    return this.#keys.get(window) ?? Buffer.from(`${this.#prefix}${window}`, 'latin1');
  }

  forget(window: number): void {
    this.#keys.delete(window);
  }

  /** Windows and keys. */
  entries(): [number, Buffer][] {
    return [...this.#keys];
  }
}

/** Fields and values of a hash, paired; a field of no value was deleted meanwhile. */
export interface HashPage {
  readonly fields: readonly Buffer[];
  readonly values: readonly (Buffer | null)[];
}

/**
 * A hash in pages of at most `size` fields, each field once: HSCAN may return one twice. The names are fetched whole
 * (16 bytes a slot where HGETALL takes the values too), so a window's values never have to fit in this process at once.
 */
export async function* hashPages(connection: RedisConnection, key: Buffer, size: number, group?: Uint8Array): AsyncGenerator<HashPage> {
  let names = (await connection.call('HKEYS', key)) as Buffer[];
  if (group !== undefined) names = names.filter((name) => name.compare(group, 0, group.length, 0, group.length) === 0);
  const writer = new CommandWriter();
  for (let at = 0; at < names.length; at += size) {
    const fields = names.slice(at, at + size);
    writer.begin('HMGET', fields.length + 1);
    writer.bytes(key);
    for (const field of fields) writer.bytes(field);
    const [values] = await connection.send(writer.take());
    yield { fields, values: values as (Buffer | null)[] };
  }
}

const INCLUDING = 0x5b; // [
const EXCLUDING = 0x28; // (

/** Members of a sorted set of equal scores in the order of their bytes, in pages of at most `size`; only those in `range`. */
export async function* sortedPages(
  connection: RedisConnection,
  key: Buffer,
  size: number,
  [first, last]: readonly [string | Buffer, string | Buffer] = ['-', '+'],
): AsyncGenerator<readonly Buffer[]> {
  for (let from = first; ; ) {
    const members = (await connection.call('ZRANGE', key, from, last, 'BYLEX', 'LIMIT', '0', String(size))) as Buffer[];
    if (members.length > 0) yield members;
    if (members.length < size) return;
    from = Buffer.concat([Buffer.of(EXCLUDING), members.at(-1) as Buffer]);
  }
}

export function redisValueTable(connection: RedisConnection, keys: WindowKeys): ValueTable {
  const groups = new WindowGroups();
  const writer = new CommandWriter();
  return {
    async read(batch) {
      const count = groups.gather(batch);
      if (count === 0) return;
      const { addressArena, addressStride, keyBytes, present } = batch;
      for (let group = 0, at = 0; group < count; group++) {
        const end = groups.ends[group] as number;
        writer.begin('HMGET', 1 + end - at);
        writer.bytes(keys.of(groups.windows[group] as number));
        for (; at < end; at++) {
          const keyEnd = ((groups.slots[at] as number) + 1) * addressStride;
          writer.bytes(addressArena, keyEnd - keyBytes, keyEnd);
        }
      }
      const replies = await connection.send(writer.take());
      for (let group = 0, at = 0; group < count; group++) {
        const values = replies[group] as (Buffer | null)[];
        for (let i = 0; i < values.length; i++, at++) {
          const slot = groups.slots[at] as number;
          const value = values[i];
          if (value == null) present[slot] = 0;
          else batch.setValue(slot, value);
        }
      }
    },

    async write(batch) {
      const count = groups.gather(batch);
      if (count === 0) return;
      const { addressArena, addressStride, keyBytes, valueArena, valueStride, lengths, present } = batch;
      for (let group = 0, start = 0; group < count; group++) {
        const end = groups.ends[group] as number;
        const window = groups.windows[group] as number;
        let puts = 0;
        for (let at = start; at < end; at++) puts += present[groups.slots[at] as number] as number;
        if (puts > 0) {
          writer.begin('HSET', 1 + 2 * puts);
          writer.bytes(keys.written(window));
          for (let at = start; at < end; at++) {
            const slot = groups.slots[at] as number;
            if (present[slot] === 0) continue;
            const keyEnd = (slot + 1) * addressStride;
            writer.bytes(addressArena, keyEnd - keyBytes, keyEnd);
            writer.bytes(valueArena, slot * valueStride, slot * valueStride + (lengths[slot] as number));
          }
        }
        if (puts < end - start) {
          writer.begin('HDEL', 1 + end - start - puts);
          writer.bytes(keys.of(window));
          for (let at = start; at < end; at++) {
            const slot = groups.slots[at] as number;
            if (present[slot] === 1) continue;
            const keyEnd = (slot + 1) * addressStride;
            writer.bytes(addressArena, keyEnd - keyBytes, keyEnd);
          }
        }
        start = end;
      }
      await connection.send(writer.take());
    },

    async *scan(window, batch, group): AsyncGenerator<StateBatch> {
      for await (const { fields, values } of hashPages(connection, keys.of(window), batch.capacity, group)) {
        batch.clear();
        for (let i = 0; i < fields.length; i++) {
          const value = values[i];
          if (value == null) continue;
          const slot = batch.push(window);
          batch.keys[slot]?.set(fields[i] as Buffer);
          batch.setValue(slot, value);
        }
        yield batch;
      }
    },

    drop: (window) => dropWindow(connection, keys, window),
  };
}

/** Removes the members in one range for each pair of bounds: one command for a whole batch of lists. */
const REMOVE_RANGES = "for i = 1, #ARGV, 2 do redis.call('ZREMRANGEBYLEX', KEYS[1], ARGV[i], ARGV[i + 1]) end";

export function redisListTable(connection: RedisConnection, keys: WindowKeys, spec: TableSpec, sequence: Sequence): ListTable {
  const { keyBytes, groupBytes } = spec;
  const groups = new WindowGroups();
  const writer = new CommandWriter();
  const number = Buffer.alloc(SEQUENCE_BYTES);
  /** Behind every member that starts with a key: a sequence number never begins with 0xff. */
  const ceiling = Buffer.alloc(keyBytes + 1, 0xff);
  return {
    async append(batch) {
      const count = groups.gather(batch);
      if (count === 0) return;
      const { addressArena, addressStride, valueArena, valueStride, valueBytes } = batch;
      for (let group = 0, at = 0; group < count; group++) {
        const end = groups.ends[group] as number;
        writer.begin('ZADD', 1 + 2 * (end - at));
        writer.bytes(keys.written(groups.windows[group] as number));
        for (; at < end; at++) {
          const slot = groups.slots[at] as number;
          const keyEnd = (slot + 1) * addressStride;
          sequence.write(number, 0);
          writer.text('0');
          writer.open(keyBytes + SEQUENCE_BYTES + valueBytes);
          writer.put(addressArena, keyEnd - keyBytes, keyEnd);
          writer.put(number, 0, SEQUENCE_BYTES);
          writer.put(valueArena, slot * valueStride, slot * valueStride + valueBytes);
          writer.shut();
        }
      }
      await connection.send(writer.take());
    },

    async remove(batch) {
      const count = groups.gather(batch);
      if (count === 0) return;
      for (let group = 0, at = 0; group < count; group++) {
        const end = groups.ends[group] as number;
        writer.begin('EVAL', 3 + 2 * (end - at));
        writer.text(REMOVE_RANGES);
        writer.text('1');
        writer.bytes(keys.of(groups.windows[group] as number));
        for (; at < end; at++) {
          const key = batch.keys[groups.slots[at] as number] as Buffer;
          writer.bytes(key, 0, keyBytes, INCLUDING);
          key.copy(ceiling);
          writer.bytes(ceiling, 0, keyBytes + 1, EXCLUDING);
        }
      }
      await connection.send(writer.take());
    },

    scan(window, batch, group): Scan {
      const pages = sortedPages(connection, keys.of(window), batch.capacity, group && groupRange(group, keyBytes));
      return membersInto(batch, window, pages, keyBytes);
    },

    drop: (window) => dropWindow(connection, keys, window),
  };

  function groupRange(group: Uint8Array, width: number): readonly [Buffer, Buffer] {
    const end = Buffer.alloc(1 + width + 1, 0xff);
    end[0] = EXCLUDING;
    end.set(group, 1);
    return [Buffer.concat([Buffer.of(INCLUDING), group.subarray(0, groupBytes)]), end];
  }
}

async function* membersInto(
  batch: StateBatch,
  window: number,
  pages: AsyncIterable<readonly Buffer[]>,
  keyBytes: number,
): AsyncGenerator<StateBatch> {
  for await (const members of pages) {
    batch.clear();
    for (const member of members) {
      const slot = batch.push(window);
      batch.keys[slot]?.set(member.subarray(0, keyBytes));
      batch.setValue(slot, member.subarray(keyBytes + SEQUENCE_BYTES));
    }
    yield batch;
  }
}

async function dropWindow(connection: RedisConnection, keys: WindowKeys, window: number): Promise<void> {
  await connection.call('UNLINK', keys.of(window));
  keys.forget(window);
}
