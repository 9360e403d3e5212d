/**
 * The log of before-images: what rows held that a checkpoint still needs and that was overwritten since.
 *
 * Whatever a batch overwrites in a window is one more field of the window's hash, so one command writes both or neither. Its
 * name is `l | epoch (4 bytes) | count (4)`, which is as wide as no key, its value as many times `key | length (4) | row`.
 * `…:lEPOCH` is a set of the windows that have such fields, told in front of the first. The logs of an epoch go once every
 * checkpoint sees it.
 *
 * A reader that does not see a row looks for it in the logs of epochs that it does not see, and takes the version that was
 * logged last of those it sees. So a restore rewrites nothing, and reads as much as was overwritten since the checkpoint.
 *
 * A store that goes on from a checkpoint gathers what it found so in a base, a list `…:bEPOCH` of its first epoch, whose elements
 * are `window id (6) | table (2)` and such entries: its own checkpoints need no older log, and the logs of stores that died do
 * not pile up.
 */
import { type Cuts, cutSees } from '../epochs/cuts.ts';
import type { StoreEpochs } from '../epochs/store-epochs.ts';
import { CommandWriter } from './commands.ts';
import type { RedisConnection } from './connection.ts';
import { epochOf, GONE, HEAD_BYTES, headOf } from './row-heads.ts';

export const LENGTH_BYTES = 4;
/** Of the name of a log's field; the width of a key is a multiple of four. */
const FIELD_BYTES = 9;
const FIELD_FIRST = 0x6c; // l
const ID_BYTES = 6;
const TABLE_BYTES = 2;
/** Elements of a base fetched at a time, and rows in one. */
const PAGE = 16;
const BASE_ROWS = 1024;
/** Windows asked for their logs at a time, and fields of each: one is as large as a batch. */
const WINDOWS = 64;
const FIELDS = 4;
/** Fields deleted at a time where nobody knows how many there are. */
const FIELDS_FREED = 64;

/** A window that has logs of an epoch. */
interface LoggedWindow {
  readonly table: number;
  readonly id: number;
  /** How many fields: of an epoch of the store's own. */
  count: number;
}

const LOG = 'l';
const BASE = 'b';
type Kind = typeof LOG | typeof BASE;

function epochNamed(log: string): number {
  return Number(log.slice(1));
}

export class BeforeImages {
  readonly #connection: RedisConnection;
  readonly #epochs: StoreEpochs;
  readonly #keyBytes: readonly number[];
  readonly #keyOf: (table: number, id: number) => Buffer;
  readonly #name: string;
  /** All logs and bases that there are, as kind and epoch. */
  #logs = new Set<string>();
  /** How many elements were read of each base, and fields of each log, by window. */
  readonly #read = new Map<string, number>();
  /** Logs of the store's own epochs, by window. */
  readonly #own = new Map<number, Map<string, LoggedWindow>>();
  /** By table, window id and key: the newest version that the store sees of a row it does not see. */
  readonly #found: readonly Map<number, Map<string, Buffer>>[];
  /** The base that the store gathered. */
  #base = '';
  /** True once nobody else can write. */
  #isWhole = false;

  /**
   * @param keyBytes by table.
   * @param keyOf the key of a window's rows.
   */
  constructor(connection: RedisConnection, epochs: StoreEpochs, keyBytes: readonly number[], keyOf: (table: number, id: number) => Buffer) {
    this.#keyOf = keyOf;
    this.#connection = connection;
    this.#epochs = epochs;
    this.#keyBytes = keyBytes;
    this.#name = epochs.namespace;
    this.#found = keyBytes.map(() => new Map());
  }

  /** Where the names of all logs are: a hash. */
  get register(): string {
    return `${this.#name}:logs`;
  }

  /** Reads what was logged since the last time. Nothing is to be awaited once the store writes. */
  refresh(): Promise<void> | undefined {
    return this.#isWhole ? undefined : this.#refresh();
  }

  /** What a row held that the store does not see, for as long as {@link refresh} was called after it was read. */
  find(table: number, id: number, key: Buffer): Buffer | undefined {
    const row = this.#found[table]!.get(id)?.get(key.toString('latin1'));
    return row === undefined || (headOf(row) & GONE) !== 0 ? undefined : row.subarray(HEAD_BYTES);
  }

  /**
   * Begins to write, after the lineage has begun and everybody else was cut off.
   * @param isNew whether the store began empty.
   */
  async begin(writer: CommandWriter, isNew: boolean): Promise<void> {
    if (!isNew) {
      await this.#refresh();
      await this.#connection.send(this.#writeBase(writer));
    }
    this.#isWhole = true;
  }

  /** Has to be told in front of the write that logs something of this window. */
  announce(writer: CommandWriter, table: number, id: number): void {
    const { epoch } = this.#epochs;
    const log = `${LOG}${epoch}`;
    this.#announce(writer, log);
    const window = `${table}:${id}`;
    const windows = this.#own.get(epoch) ?? new Map<string, LoggedWindow>();
    this.#own.set(epoch, windows);
    if (windows.has(window)) return;
    windows.set(window, { table, id, count: 0 });
    writer.begin('SADD', 2);
    writer.text(`${this.#name}:${log}`);
    writer.text(window);
  }

  /** The name of the window's next log, as an argument. */
  field(writer: CommandWriter, table: number, id: number): void {
    const { epoch } = this.#epochs;
    writeField(writer, epoch, this.#own.get(epoch)!.get(`${table}:${id}`)!.count);
  }

  /** Notes that the log is there. */
  logged(table: number, id: number): void {
    this.#own.get(this.#epochs.epoch)!.get(`${table}:${id}`)!.count++;
  }

  /** Deletes what nobody needs any more. */
  async free(cuts: Cuts): Promise<void> {
    const free = [...this.#logs].filter((log) => !this.#isNeeded(log, cuts));
    if (free.length === 0) return;
    for (const log of free) if (log.startsWith(LOG)) await this.#freeFields(log);
    await this.#connection.call('UNLINK', ...free.map((log) => `${this.#name}:${log}`));
    await this.#connection.call('HDEL', this.register, ...free);
    for (const log of free) {
      this.#logs.delete(log);
      this.#own.delete(epochNamed(log));
    }
  }

  /** Names of all keys. */
  all(): string[] {
    return [this.register, ...[...this.#logs].map((log) => `${this.#name}:${log}`)];
  }

  #announce(writer: CommandWriter, log: string): void {
    if (this.#logs.has(log)) return;
    this.#logs.add(log);
    writer.begin('HSET', 3);
    writer.text(this.register);
    writer.text(log);
    writer.text('1');
  }

  /** A checkpoint needs the logs that it does not see, and of bases the last that it sees, which stands for all logs before. */
  #isNeeded(log: string, cuts: Cuts): boolean {
    if (log === this.#base) return true; // its first checkpoint is still to come
    const epoch = epochNamed(log);
    const later = this.#epochsOf(BASE).filter((base) => base > epoch);
    return cuts.all.some((cut) => cutSees(cut, epoch) === log.startsWith(BASE) && !later.some((base) => cutSees(cut, base)));
  }

  #epochsOf(kind: Kind): number[] {
    return [...this.#logs].filter((log) => log.startsWith(kind)).map(epochNamed);
  }

  async #refresh(): Promise<void> {
    const { lineage } = this.#epochs;
    this.#logs = new Set(((await this.#connection.call('HKEYS', this.register)) as Buffer[]).map(String));
    const base = Math.max(0, ...this.#epochsOf(BASE).filter((epoch) => lineage.sees(epoch)));
    if (base > 0) await this.#readBase(`${BASE}${base}`);
    const logs = this.#epochsOf(LOG)
      .filter((epoch) => epoch > base && !lineage.sees(epoch))
      .sort((a, b) => a - b);
    for (const epoch of logs) await this.#readLog(epoch);
  }

  async #readBase(base: string): Promise<void> {
    for (;;) {
      const from = this.#read.get(base) ?? 0;
      const elements = (await this.#connection.call('LRANGE', `${this.#name}:${base}`, String(from), String(from + PAGE - 1))) as Buffer[];
      for (const element of elements) {
        this.#take(element.readUInt16BE(ID_BYTES), element.readUIntBE(0, ID_BYTES), element.subarray(ID_BYTES + TABLE_BYTES));
      }
      this.#read.set(base, from + elements.length);
      if (elements.length < PAGE) return;
    }
  }

  /** Of the windows that the store has: what others hold is nothing to it. */
  async #readLog(epoch: number): Promise<void> {
    const live = this.#epochs.windows.map((ids) => ids.liveIds());
    const writer = new CommandWriter();
    for (let waiting = (await this.#windowsOf(epoch)).filter(({ table, id }) => live[table]!.has(id)); waiting.length > 0; ) {
      const asked = waiting.splice(0, WINDOWS);
      const nameOf = ({ table, id }: LoggedWindow) => `${epoch}:${table}:${id}`;
      for (const window of asked) {
        const from = this.#read.get(nameOf(window)) ?? 0;
        writer.begin('HMGET', 1 + FIELDS);
        writer.bytes(this.#keyOf(window.table, window.id));
        for (let i = 0; i < FIELDS; i++) writeField(writer, epoch, from + i);
      }
      const replies = (await this.#connection.send(writer.take())) as (Buffer | null)[][];
      for (const [i, window] of asked.entries()) {
        const logs = replies[i]!.filter((log) => log !== null);
        for (const log of logs) this.#take(window.table, window.id, log);
        this.#read.set(nameOf(window), (this.#read.get(nameOf(window)) ?? 0) + logs.length);
        if (logs.length === FIELDS) waiting.push(window);
      }
    }
  }

  async #windowsOf(epoch: number): Promise<LoggedWindow[]> {
    const names = (await this.#connection.call('SMEMBERS', `${this.#name}:${LOG}${epoch}`)) as Buffer[];
    return names.map((name) => {
      const [table, id] = String(name).split(':').map(Number);
      return { table: table!, id: id!, count: 0 };
    });
  }

  async #freeFields(log: string): Promise<void> {
    const epoch = epochNamed(log);
    const own = this.#own.get(epoch);
    const writer = new CommandWriter();
    const remove = ({ table, id }: LoggedWindow, from: number, to: number) => {
      writer.begin('HDEL', 1 + to - from);
      writer.bytes(this.#keyOf(table, id));
      for (let i = from; i < to; i++) writeField(writer, epoch, i);
    };
    if (own !== undefined) {
      for (const window of own.values()) if (window.count > 0) remove(window, 0, window.count);
      await this.#connection.send(writer.take());
      return;
    }
    // Left by a store that is gone. Where a window is gone as well, nothing is found.
    for (const window of await this.#windowsOf(epoch)) {
      for (let from = 0, freed = FIELDS_FREED; freed === FIELDS_FREED; from += FIELDS_FREED) {
        remove(window, from, from + FIELDS_FREED);
        [freed] = (await this.#connection.send(writer.take())) as [number];
      }
    }
  }

  #take(table: number, id: number, entries: Buffer): void {
    const { lineage } = this.#epochs;
    const keyBytes = this.#keyBytes[table]!;
    const windows = this.#found[table]!;
    const rows = windows.get(id) ?? new Map<string, Buffer>();
    windows.set(id, rows);
    for (let at = 0; at < entries.length; ) {
      const rowAt = at + keyBytes + LENGTH_BYTES;
      const end = rowAt + entries.readUInt32BE(at + keyBytes);
      const row = entries.subarray(rowAt, end);
      if (lineage.sees(epochOf(headOf(row)))) rows.set(entries.toString('latin1', at, at + keyBytes), row);
      at = end;
    }
  }

  /** Of the windows that the store still has. */
  #writeBase(writer: CommandWriter) {
    const base = `${BASE}${this.#epochs.epoch}`;
    this.#base = base;
    this.#announce(writer, base);
    for (const [table, windows] of this.#found.entries()) {
      const live = this.#epochs.windows[table]!.liveIds();
      for (const [id, rows] of windows) {
        if (!live.has(id)) {
          windows.delete(id);
          continue;
        }
        const all = [...rows];
        for (let first = 0; first < all.length; first += BASE_ROWS) {
          const some = all.slice(first, first + BASE_ROWS);
          const bytes = some.reduce((sum, [, row]) => sum + this.#keyBytes[table]! + LENGTH_BYTES + row.length, ID_BYTES + TABLE_BYTES);
          writer.begin('RPUSH', 2);
          writer.text(`${this.#name}:${base}`);
          writer.open(bytes);
          writer.number(id, ID_BYTES);
          writer.number(table, TABLE_BYTES);
          for (const [key, row] of some) {
            const keyBytes = Buffer.from(key, 'latin1');
            writer.put(keyBytes, 0, keyBytes.length);
            writer.number(row.length, LENGTH_BYTES);
            writer.put(row, 0, row.length);
          }
          writer.shut();
        }
      }
    }
    return writer.take();
  }
}

/** True if this is the name of a log, and not a key. */
export function isLog(field: Uint8Array): boolean {
  return field.length === FIELD_BYTES;
}

function writeField(writer: CommandWriter, epoch: number, count: number): void {
  writer.open(FIELD_BYTES);
  writer.number(FIELD_FIRST, 1);
  writer.number(epoch, 4);
  writer.number(count, 4);
  writer.shut();
}
