/**
 * Tables over Redis keys, one key per table and window id, so that a window is deleted by one UNLINK.
 *
 * A value table's window is a hash of key → row: one HMGET reads, one HSET writes a batch, and with it in one piece what a
 * checkpoint needs of what the batch overwrites: see `row-heads.ts` and `before-images.ts`.
 *
 * A list table's window is a sorted set whose members all have score 0, which Redis keeps in the order of their bytes:
 * `key | number | element`. So appending is one blind ZADD, elements of a key come together and in the order appended, a
 * scan resumes behind the last member seen, a group or one list is a range. (Lists of RPUSH or strings of APPEND,
 * measured, take four times as long to write at 1,024 keys a batch, a command a key, and a set of keys besides.)
 */
import type { ListTable, StateBatch, TableSpec, ValueTable } from '../contract.ts';
import { ElementNumbers, ListWalk, NUMBER_BYTES } from '../epochs/element-numbers.ts';
import type { LiveWindow } from '../epochs/window-ids.ts';
import { isLog } from './before-images.ts';
import { CommandWriter, WindowGroups } from './commands.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisNamespace } from './namespace.ts';
import { BEHIND, GONE, HEAD_BYTES, headOf, RowHeads } from './row-heads.ts';
import { entryBytes, SeenRows } from './seen-rows.ts';

/** Fields and values of a hash, paired; a field of no value was deleted meanwhile. */
interface HashPage {
  readonly fields: readonly Buffer[];
  readonly values: readonly (Buffer | null)[];
}

/**
 * A hash in pages of at most `size` fields, each field once: HSCAN may return one twice. The names are fetched whole
 * (16 bytes a slot where HGETALL takes the values too), so a window's values never have to fit in this process at once.
 */
async function* hashPages(connection: RedisConnection, key: Buffer, size: number, group?: Uint8Array): AsyncGenerator<HashPage> {
  let names = (await connection.call('HKEYS', key)) as Buffer[];
  names = names.filter((name) => !isLog(name) && (group === undefined || name.compare(group, 0, group.length, 0, group.length) === 0));
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
async function* sortedPages(
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

/** @param table number of the table. */
export function redisValueTable(namespace: RedisNamespace, table: number, { keyBytes: width, valueBytes }: TableSpec): ValueTable {
  const { connection, epochs, images } = namespace;
  const windows = epochs.windows[table]!;
  const heads = new RowHeads(epochs);
  const groups = new WindowGroups();
  const writer = new CommandWriter();
  /** What the last read found in the server: of the batch that was filled then, as far as this epoch's checkpoints need it. */
  const seen = new SeenRows();
  let seenFill = -1;
  let seenEpoch = -1;
  let seenLength = -1;
  /** By group: the bytes of its entries for the log, and where they end. */
  const keptOf: number[] = [];
  const entriesEnd: number[] = [];
  /** How many rows the last read found that the store does not see, and that others may be behind. */
  let hidden = 0;
  /** By group: what it is in the server, if it is anything. */
  const live: (LiveWindow | undefined)[] = [];
  /** By slot of a batch that is written: the head that its row gets, 0 to remove the row. */
  let written = new Uint32Array(0);

  /**
   * Asks for the groups that are `wanted` into {@link seen}. Groups that the server does not have count as empty.
   * @param into a batch that gets the values; absent if only what they overwrite is asked for.
   */
  function fetch(batch: StateBatch, count: number, wanted: (group: number) => boolean, into?: StateBatch) {
    const { addressArena, addressStride, keyBytes, capacity } = batch;
    seen.clear(capacity, entryBytes(width, HEAD_BYTES + valueBytes));
    keptOf.length = 0;
    entriesEnd.length = 0;
    hidden = 0;
    const asked: number[] = [];
    for (let group = 0, start = 0; group < count; group++) {
      const end = groups.ends[group]!;
      if (wanted(group)) {
        asked.push(group);
        writer.begin('HMGET', 1 + end - start);
        writer.bytes(namespace.key(table, live[group]!.id));
        for (let at = start; at < end; at++) {
          const keyEnd = (groups.slots[at]! + 1) * addressStride;
          writer.bytes(addressArena, keyEnd - keyBytes, keyEnd);
        }
      } else {
        for (let at = start; at < end; at++) {
          const slot = groups.slots[at]!;
          seen.none(slot);
          if (into !== undefined) into.present[slot] = 0;
        }
      }
      keptOf.push(0);
      entriesEnd.push(0);
      start = end;
    }
    if (asked.length === 0) return undefined;
    return connection.send(writer.take()).then((replies) => {
      heads.renew();
      for (let i = 0; i < asked.length; i++) {
        const group = asked[i]!;
        const before = seen.end;
        takeRows(batch, replies[i] as (Buffer | null)[], group === 0 ? 0 : groups.ends[group - 1]!, into);
        keptOf[group] = seen.end - before;
        entriesEnd[group] = seen.end;
      }
    });
  }

  /** Takes rows in, those of the slots from `start` on. */
  function takeRows(batch: StateBatch, rows: readonly (Buffer | null)[], start: number, into: StateBatch | undefined): void {
    const { addressArena, addressStride } = batch;
    for (let at = 0; at < rows.length; at++) {
      const slot = groups.slots[start + at]!;
      const row = rows[at] ?? null;
      if (row === null) {
        seen.none(slot);
        if (into !== undefined) into.present[slot] = 0;
        continue;
      }
      const head = headOf(row);
      seen.heads[slot] = head;
      if (heads.needs(head)) {
        const keyEnd = (slot + 1) * addressStride;
        seen.keep(slot, addressArena, keyEnd - width, keyEnd, row);
      } else seen.kept[slot] = 0;
      if (into === undefined) continue;
      const isSeen = heads.sees(head);
      if (!isSeen && head >= BEHIND) hidden++;
      if (!isSeen || (head & GONE) !== 0) {
        into.present[slot] = 0;
        continue;
      }
      const { valueArena, valueStride } = into;
      const { length } = row;
      let to = slot * valueStride;
      for (let from = HEAD_BYTES; from < length; ) valueArena[to++] = row[from++]!; // narrow values: a loop beats a call to copy
      into.lengths[slot] = length - HEAD_BYTES;
      into.present[slot] = 1;
    }
  }

  function gather(batch: StateBatch): number {
    const count = groups.gather(batch);
    live.length = count;
    return count;
  }

  return {
    async read(batch) {
      const count = gather(batch);
      for (let group = 0; group < count; group++) live[group] = windows.find(groups.windows[group]!);
      const pending = fetch(batch, count, (group) => live[group] !== undefined, batch);
      if (pending !== undefined) await pending;
      seenFill = batch.fill;
      seenEpoch = epochs.epoch;
      seenLength = batch.length;
      if (hidden > 0) await reveal(batch, count);
    },

    async write(batch) {
      if (!epochs.begun) await namespace.begin();
      const count = gather(batch);
      if (count === 0) return;
      const { epoch } = epochs;
      for (let group = 0; group < count; group++) live[group] = windows.written(groups.windows[group]!, epoch);
      // What the read of this fill found is still so. Otherwise it has to be asked for, if a checkpoint may need it.
      if (seenFill !== batch.fill || seenEpoch !== epoch || seenLength !== batch.length) {
        const pending = fetch(batch, count, (group) => !epochs.isNew(live[group]!.born));
        if (pending !== undefined) await pending;
      }
      seenFill = -1;
      namespace.announce(writer);
      decide(batch, count);
      if (seen.end > 0) for (let group = 0; group < count; group++) if (keptOf[group]! > 0) images.announce(writer, table, live[group]!.id);
      for (let group = 0, start = 0; group < count; group++) {
        const end = groups.ends[group]!;
        writeGroup(batch, group, start, end);
        start = end;
      }
      await connection.send(writer.take());
      if (seen.end > 0) for (let group = 0; group < count; group++) if (keptOf[group]! > 0) images.logged(table, live[group]!.id);
    },

    async *scan(window, batch, group): AsyncGenerator<StateBatch> {
      const id = windows.find(window)?.id;
      if (id === undefined) return;
      for await (const { fields, values } of hashPages(connection, namespace.key(table, id), batch.capacity, group)) {
        batch.clear();
        heads.renew();
        const isHidden = (value: Buffer | null) => value !== null && headOf(value) >= BEHIND && !heads.sees(headOf(value));
        if (values.some(isHidden)) await images.refresh();
        for (let i = 0; i < fields.length; i++) {
          const stored = values[i] ?? null;
          const value = isHidden(stored) ? images.find(table, id, fields[i]!) : visible(stored);
          if (value === undefined) continue;
          const slot = batch.push(window);
          batch.keys[slot]?.set(fields[i]!);
          batch.setValue(slot, value);
        }
        yield batch;
      }
    },

    drop: (window) => namespace.drop(table, window),
  };

  /** The value of a row that is seen and there. */
  function visible(stored: Buffer | null): Buffer | undefined {
    if (stored === null) return undefined;
    const head = headOf(stored);
    return heads.sees(head) && (head & GONE) === 0 ? stored.subarray(HEAD_BYTES) : undefined;
  }

  /** Looks for the rows in the log that the last read did not see. */
  async function reveal(batch: StateBatch, count: number): Promise<void> {
    await images.refresh();
    for (let group = 0, at = 0; group < count; group++) {
      for (const end = groups.ends[group]!; at < end; at++) {
        const slot = groups.slots[at]!;
        const head = seen.heads[slot]!;
        if (head < BEHIND || heads.sees(head)) continue;
        const value = images.find(table, live[group]!.id, batch.keys[slot]!);
        if (value === undefined) continue;
        batch.setValue(slot, value);
        batch.present[slot] = 1;
      }
    }
  }

  /** Decides what becomes of each row. */
  function decide({ present, capacity }: StateBatch, count: number): void {
    if (written.length < capacity) written = new Uint32Array(capacity);
    const { epoch } = epochs;
    for (let group = 0, at = 0; group < count; group++) {
      const isNew = epochs.isNew(live[group]!.born);
      if (isNew) keptOf[group] = 0; // since it was read, the checkpoint that knew it was given up
      for (const end = groups.ends[group]!; at < end; at++) {
        const slot = groups.slots[at]!;
        const isPut = present[slot] === 1;
        if (!isNew && (seen.kept[slot] === 1 || seen.heads[slot]! >= BEHIND)) written[slot] = (epoch | BEHIND | (isPut ? 0 : GONE)) >>> 0;
        else written[slot] = isPut ? epoch : 0;
      }
    }
  }

  function writeGroup(batch: StateBatch, group: number, start: number, end: number): void {
    const { addressArena, addressStride, keyBytes, valueArena, valueStride, lengths, present } = batch;
    let puts = 0;
    for (let at = start; at < end; at++) if (written[groups.slots[at]!] !== 0) puts++;
    const key = namespace.key(table, live[group]!.id);
    if (puts > 0) {
      const isLogged = keptOf[group]! > 0;
      writer.begin('HSET', 1 + 2 * puts + (isLogged ? 2 : 0));
      writer.bytes(key);
      if (isLogged) {
        images.field(writer, table, live[group]!.id);
        writer.bytes(seen.entries, entriesEnd[group]! - keptOf[group]!, entriesEnd[group]!);
      }
      for (let at = start; at < end; at++) {
        const slot = groups.slots[at]!;
        const head = written[slot]!;
        if (head === 0) continue;
        const length = present[slot] === 1 ? lengths[slot]! : 0;
        const keyEnd = (slot + 1) * addressStride;
        writer.bytes(addressArena, keyEnd - keyBytes, keyEnd);
        writer.headed(head, valueArena, slot * valueStride, slot * valueStride + length);
      }
    }
    if (puts === end - start) return;
    writer.begin('HDEL', 1 + end - start - puts);
    writer.bytes(key);
    for (let at = start; at < end; at++) {
      const slot = groups.slots[at]!;
      if (written[slot] !== 0) continue;
      const keyEnd = (slot + 1) * addressStride;
      writer.bytes(addressArena, keyEnd - keyBytes, keyEnd);
    }
  }
}

/** Removes whole lists of a window that no checkpoint knows. ARGV: keys. */
const REMOVE = `for i = 1, #ARGV do
  redis.call('ZREMRANGEBYLEX', KEYS[1], '[' .. ARGV[i] .. '\\0\\0\\0\\1', '(' .. ARGV[i] .. '\\255')
end`;

/**
 * Removes lists of a window that a checkpoint may know: elements of this epoch for good, in front of others a marker.
 * ARGV: this epoch, the next, the count, keys. Answers which keys got a marker, from 1.
 */
const MARK = `local marked = {}
for i = 4, #ARGV do
  local key = ARGV[i]
  redis.call('ZREMRANGEBYLEX', KEYS[1], '[' .. key .. ARGV[1], '(' .. key .. ARGV[2])
  if #redis.call('ZRANGE', KEYS[1], '[' .. key .. '\\0\\0\\0\\1', '(' .. key .. ARGV[1], 'BYLEX', 'LIMIT', '0', '1') > 0 then
    redis.call('ZADD', KEYS[1], '0', key .. '\\0\\0\\0\\0' .. ARGV[1] .. ARGV[3])
    marked[#marked + 1] = i - 3
  end
end
return marked`;

/** @param table number of the table. */
export function redisListTable(namespace: RedisNamespace, table: number, { keyBytes, groupBytes }: TableSpec): ListTable {
  const { connection, epochs } = namespace;
  const windows = epochs.windows[table]!;
  const numbers = new ElementNumbers(epochs);
  const groups = new WindowGroups();
  const writer = new CommandWriter();
  const number = Buffer.alloc(NUMBER_BYTES);
  const valueAt = keyBytes + NUMBER_BYTES;

  return {
    async append(batch) {
      if (!epochs.begun) await namespace.begin();
      const count = groups.gather(batch);
      if (count === 0) return;
      const { addressArena, addressStride, valueArena, valueStride, valueBytes } = batch;
      const ids = groups.windows.map((window) => windows.written(window, epochs.epoch).id);
      namespace.announce(writer);
      for (let group = 0, at = 0; group < count; group++) {
        const end = groups.ends[group]!;
        writer.begin('ZADD', 1 + 2 * (end - at));
        writer.bytes(namespace.key(table, ids[group]!));
        for (; at < end; at++) {
          const slot = groups.slots[at]!;
          const keyEnd = (slot + 1) * addressStride;
          numbers.write(number, 0);
          writer.text('0');
          writer.open(valueAt + valueBytes);
          writer.put(addressArena, keyEnd - keyBytes, keyEnd);
          writer.put(number, 0, NUMBER_BYTES);
          writer.put(valueArena, slot * valueStride, slot * valueStride + valueBytes);
          writer.shut();
        }
      }
      await connection.send(writer.take());
    },

    async remove(batch) {
      if (!epochs.begun) await namespace.begin();
      const count = groups.gather(batch);
      const { epoch } = epochs;
      const { count: floor } = numbers;
      /** What each command is of: a window, its slots from and to, and whether it marks. */
      const asked: { readonly window: LiveWindow; readonly start: number; readonly marks: boolean }[] = [];
      for (let group = 0, start = 0; group < count; group++) {
        const end = groups.ends[group]!;
        const window = windows.find(groups.windows[group]!);
        if (window !== undefined) {
          const marks = !epochs.isNew(window.born);
          asked.push({ window, start, marks });
          writer.begin('EVAL', 3 + (marks ? 3 : 0) + end - start);
          writer.text(marks ? MARK : REMOVE);
          writer.text('1');
          writer.bytes(namespace.key(table, window.id));
          if (marks) for (const word of [epoch, epoch + 1, floor]) writer.bytes(wordOf(word));
          for (let at = start; at < end; at++) writer.bytes(batch.keys[groups.slots[at]!]!);
        }
        start = end;
      }
      if (asked.length === 0) return;
      const replies = await connection.send(writer.take());
      for (const [i, { window, start, marks }] of asked.entries()) {
        if (!marks) continue;
        for (const marked of replies[i] as number[]) {
          const key = Buffer.from(batch.keys[groups.slots[start + marked - 1]!]!);
          namespace.removed({ table, ...window, epoch, count: floor, key });
        }
      }
    },

    async *scan(window, batch, group): AsyncGenerator<StateBatch> {
      const id = windows.find(window)?.id;
      if (id === undefined) return;
      const walk = new ListWalk(epochs);
      let key: Buffer | undefined;
      for await (const members of sortedPages(connection, namespace.key(table, id), batch.capacity, group && groupRange(group, keyBytes))) {
        batch.clear();
        for (const member of members) {
          if (key === undefined || member.compare(key, 0, keyBytes, 0, keyBytes) !== 0) {
            key = member;
            walk.begin();
          }
          const epoch = member.readUInt32BE(keyBytes);
          const second = member.readUInt32BE(keyBytes + 4);
          if (epoch === 0) walk.marker(second, member.readUInt32BE(valueAt));
          else if (walk.has(epoch, second)) {
            const slot = batch.push(window);
            batch.keys[slot]?.set(member.subarray(0, keyBytes));
            batch.setValue(slot, member.subarray(valueAt));
          }
        }
        if (batch.length > 0) yield batch;
      }
    },

    drop: (window) => namespace.drop(table, window),
  };

  function groupRange(group: Uint8Array, width: number): readonly [Buffer, Buffer] {
    const end = Buffer.alloc(1 + width + 1, 0xff);
    end[0] = EXCLUDING;
    end.set(group, 1);
    return [Buffer.concat([Buffer.of(INCLUDING), group.subarray(0, groupBytes)]), end];
  }
}

function wordOf(word: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(word);
  return bytes;
}
