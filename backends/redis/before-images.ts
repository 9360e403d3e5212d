/**
 * The log of before-images: what rows held that a checkpoint still needs and that was overwritten since.
 *
 * There is a log for each epoch, `…:lEPOCH`, a list of one element for each batch that overwrote something in it. An element
 * is made of parts, each `window id (6 bytes) | table (2) | count (4)` and then as many times `key | length (4) | row`. A log
 * is written in one transaction with what overwrites, and goes as a whole once every checkpoint sees its epoch.
 *
 * A reader that does not see a row looks for it in the logs of epochs that it does not see, and takes the version that was
 * logged last of those it sees. So a restore rewrites no row, and reads as much as was overwritten since the checkpoint.
 *
 * A store that goes on from a checkpoint gathers what it found so in a base, `…:bEPOCH` of its first epoch, laid out as a log:
 * its own checkpoints need no older log, and the logs of stores that died do not pile up.
 */
import { type Cuts, cutSees } from '../epochs/cuts.ts';
import type { StoreEpochs } from '../epochs/store-epochs.ts';
import type { CommandWriter } from './commands.ts';
import type { RedisConnection } from './connection.ts';
import { epochOf, GONE, HEAD_BYTES, headOf } from './row-heads.ts';

export const PART_BYTES = 12;
export const LENGTH_BYTES = 4;
const ID_BYTES = 6;
/** Elements fetched at a time: one is as large as a batch. */
const PAGE = 16;
/** Rows in an element of a base. */
const BASE_ROWS = 1024;

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
  readonly #name: string;
  /** All logs and bases that there are, as kind and epoch. */
  #logs = new Set<string>();
  /** How many elements were read of each. */
  readonly #read = new Map<string, number>();
  /** By table, window id and key: the newest version that the store sees of a row it does not see. */
  readonly #found: readonly Map<number, Map<string, Buffer>>[];
  /** True once nobody else can write. */
  #isWhole = false;

  /** @param keyBytes by table. */
  constructor(connection: RedisConnection, epochs: StoreEpochs, keyBytes: readonly number[]) {
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

  /** Begins the element of a log of the store's own epoch, of which `bytes` follow. */
  open(writer: CommandWriter, bytes: number): void {
    const log = `${LOG}${this.#epochs.epoch}`;
    this.#announce(writer, log);
    writer.begin('RPUSH', 2);
    writer.text(`${this.#name}:${log}`);
    writer.open(bytes);
  }

  /** Begins a part of an element. */
  part(writer: CommandWriter, table: number, id: number, count: number): void {
    writer.number(id, ID_BYTES);
    writer.number(table, 2);
    writer.number(count, 4);
  }

  /** Names of keys that nobody needs any more. */
  free(writer: CommandWriter, cuts: Cuts): string[] {
    const free = [...this.#logs].filter((log) => !this.#isNeeded(log, cuts));
    if (free.length === 0) return [];
    writer.begin('HDEL', 1 + free.length);
    writer.text(this.register);
    for (const log of free) {
      writer.text(log);
      this.#logs.delete(log);
    }
    return free.map((log) => `${this.#name}:${log}`);
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
    const logs = this.#epochsOf(LOG)
      .filter((epoch) => epoch > base && !lineage.sees(epoch))
      .sort((a, b) => a - b);
    for (const log of [...(base > 0 ? [`${BASE}${base}`] : []), ...logs.map((epoch) => `${LOG}${epoch}`)]) await this.#readOn(log);
  }

  async #readOn(log: string): Promise<void> {
    for (;;) {
      const from = this.#read.get(log) ?? 0;
      const elements = (await this.#connection.call('LRANGE', `${this.#name}:${log}`, String(from), String(from + PAGE - 1))) as Buffer[];
      for (const element of elements) this.#take(element);
      this.#read.set(log, from + elements.length);
      if (elements.length < PAGE) return;
    }
  }

  #take(element: Buffer): void {
    const { lineage } = this.#epochs;
    for (let at = 0; at < element.length; ) {
      const id = element.readUIntBE(at, ID_BYTES);
      const table = element.readUInt16BE(at + ID_BYTES);
      let count = element.readUInt32BE(at + ID_BYTES + 2);
      at += PART_BYTES;
      const keyBytes = this.#keyBytes[table]!;
      const rows = this.#found[table]!;
      const window = rows.get(id) ?? new Map<string, Buffer>();
      rows.set(id, window);
      for (; count > 0; count--) {
        const rowAt = at + keyBytes + LENGTH_BYTES;
        const end = rowAt + element.readUInt32BE(at + keyBytes);
        const row = element.subarray(rowAt, end);
        if (lineage.sees(epochOf(headOf(row)))) window.set(element.toString('latin1', at, at + keyBytes), row);
        at = end;
      }
    }
  }

  /** Of the windows that the store still has. */
  #writeBase(writer: CommandWriter) {
    const base = `${BASE}${this.#epochs.epoch}`;
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
          const bytes = some.reduce((sum, [, row]) => sum + this.#keyBytes[table]! + LENGTH_BYTES + row.length, PART_BYTES);
          writer.begin('RPUSH', 2);
          writer.text(`${this.#name}:${base}`);
          writer.open(bytes);
          this.part(writer, table, id, some.length);
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
