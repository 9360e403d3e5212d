/**
 * A store's keys in the server. `statebench:stores` is a hash of all namespaces; nothing that is not of one is ever touched.
 * All keys of a store begin with its namespace, `statebench:<random>`:
 *
 * - `…:meta` a hash: the last epoch handed out, and by table (`ids:N`) the id that its next window gets
 * - `…:cuts` a hash of the checkpoints that were not released, by epoch
 * - `…:TABLE:ID` the rows of a window
 * - `…:logs` a hash of the logs of before-images and their bases, `…:lEPOCH` and `…:bEPOCH` (`before-images.ts`)
 *
 * Redis executes what one connection sends in order, so whatever is told in front of a write is known wherever the write is.
 */
import { randomBytes } from 'node:crypto';
import { BackendError, type TableSpec } from '../contract.ts';
import type { EpochCheckpoint } from '../epochs/checkpoint-file.ts';
import { type Cut, parseCut } from '../epochs/cuts.ts';
import type { StoreEpochs } from '../epochs/store-epochs.ts';
import { BeforeImages } from './before-images.ts';
import { CommandWriter } from './commands.ts';
import type { RedisConnection } from './connection.ts';

/** Of the namespaces that there are, with the version of how they are laid out. */
const REGISTER = 'statebench:stores';
const LAYOUT = '2';

/** Of a store that begins empty. */
export function newNamespace(): string {
  return `statebench:${randomBytes(9).toString('hex')}`;
}

/** Keys in one UNLINK. */
const PAGE = 1024;

/** A list that was removed while a checkpoint still needs it. */
interface RemovedList {
  readonly table: number;
  readonly id: number;
  /** Epoch in which its window was born. */
  readonly born: number;
  readonly epoch: number;
  readonly count: number;
  readonly key: Buffer;
}

/** Takes the elements below a marker away, for good, and it and those before it. ARGV: a key, the marker's two words, … */
const REMOVE_BELOW = `for i = 1, #ARGV, 2 do
  redis.call('ZREMRANGEBYLEX', KEYS[1], '[' .. ARGV[i] .. '\\0\\0\\0\\0', '[' .. ARGV[i] .. '\\0\\0\\0\\0' .. ARGV[i + 1])
  redis.call('ZREMRANGEBYLEX', KEYS[1], '[' .. ARGV[i] .. '\\0\\0\\0\\1', '(' .. ARGV[i] .. ARGV[i + 1])
end`;

export class RedisNamespace {
  readonly connection: RedisConnection;
  readonly epochs: StoreEpochs;
  readonly images: BeforeImages;
  readonly #isNew: boolean;
  readonly #name: string;
  /** By table, the keys of windows in use, by id. */
  readonly #keys: readonly Map<number, Buffer>[];
  /** By table, the next id as the server knows it. */
  readonly #told: number[];
  #beginning: Promise<void> | undefined;
  /** Keys that nobody needs: they go with the next write. */
  #unneeded: Buffer[] = [];
  #removed: RemovedList[] = [];

  /** @param isNew whether it begins empty. */
  constructor(connection: RedisConnection, epochs: StoreEpochs, tables: readonly TableSpec[], isNew: boolean) {
    this.connection = connection;
    this.epochs = epochs;
    this.images = new BeforeImages(
      connection,
      epochs,
      tables.map(({ keyBytes }) => keyBytes),
      (table, id) => keyOf(epochs.namespace, table, id),
    );
    this.#isNew = isNew;
    this.#name = epochs.namespace;
    this.#keys = epochs.windows.map(() => new Map());
    this.#told = epochs.windows.map(({ next }) => next);
  }

  /** The key of a window's rows. */
  key(table: number, id: number): Buffer {
    const keys = this.#keys[table]!;
    let key = keys.get(id);
    if (key === undefined) {
      key = keyOf(this.#name, table, id);
      keys.set(id, key);
    }
    return key;
  }

  /** @throws BackendError `damaged` unless the server has all that the checkpoint consists of. */
  async verify({ cut }: EpochCheckpoint): Promise<void> {
    const layout = (await this.connection.call('HGET', REGISTER, this.#name)) as Buffer | null;
    const held = (await this.connection.call('HGET', `${this.#name}:cuts`, String(cut.epoch))) as Buffer | null;
    if (held !== null && layout !== null && String(layout) !== LAYOUT) {
      throw new BackendError('damaged', `checkpoint ${cut.id} is of another version of Statebench: restore it with the one that made it`);
    }
    if (held !== null && parseCut(held.toString()).token === cut.token) return;
    throw new BackendError(
      'damaged',
      `the server no longer has the state of checkpoint ${cut.id} (namespace ${this.#name}): it was released, or the server was started again without what it had in memory; restore another checkpoint`,
    );
  }

  /** Takes the namespace over, if it is not this store's already. Whoever else has it open is cut off. */
  async begin(): Promise<void> {
    this.#beginning ??= this.#begin();
    await this.#beginning;
  }

  /** Commands to be sent in front of a write: what it depends on, and what can go. */
  announce(writer: CommandWriter): void {
    const { windows } = this.epochs;
    for (let table = 0; table < windows.length; table++) {
      const { next } = windows[table]!;
      if (next === this.#told[table]) continue;
      writer.begin('HSET', 3);
      writer.text(`${this.#name}:meta`);
      writer.text(`ids:${table}`);
      writer.text(String(next));
      this.#told[table] = next;
    }
    if (this.#unneeded.length > 0) {
      const keys = this.#unneeded.splice(0, PAGE);
      writer.begin('UNLINK', keys.length);
      for (const key of keys) writer.bytes(key);
    }
  }

  async drop(table: number, window: number): Promise<void> {
    if (!this.epochs.begun) await this.begin();
    const id = this.epochs.windows[table]!.find(window)?.id;
    if (id === undefined) return;
    if (this.epochs.drop(table, window) !== undefined) this.#unneeded.push(this.key(table, id));
    this.#keys[table]?.delete(id);
    if (this.#unneeded.length >= PAGE) await this.#sweep();
  }

  /** Notes that a list was removed by a marker. */
  removed(list: RemovedList): void {
    this.#removed.push(list);
  }

  /** Registers a cut and fixes it. */
  async cut(checkpoint: number): Promise<EpochCheckpoint> {
    await this.begin();
    const cut = this.epochs.cut(checkpoint);
    const writer = new CommandWriter();
    this.announce(writer);
    writer.begin('HSET', 3);
    writer.text(`${this.#name}:cuts`);
    writer.text(String(cut.epoch));
    writer.text(JSON.stringify(cut));
    writer.begin('HINCRBY', 3);
    writer.text(`${this.#name}:meta`);
    writer.text('epoch');
    writer.text('1');
    const replies = await this.connection.send(writer.take());
    return this.epochs.advance(cut, Number(replies.at(-1)));
  }

  async published(id: number): Promise<void> {
    await this.begin();
    const { kept, given } = this.epochs.cuts.published(id);
    if (kept !== undefined) await this.#register(kept);
    if (given.length > 0) await this.connection.call('HDEL', `${this.#name}:cuts`, ...given.map(({ epoch }) => String(epoch)));
    await this.#free();
  }

  async release(id: number): Promise<void> {
    await this.begin();
    const cut = this.epochs.cuts.release(id);
    if (cut === undefined) return;
    await this.connection.call('HDEL', `${this.#name}:cuts`, String(cut.epoch));
    await this.#free();
  }

  /** Leaves nothing behind, unless a checkpoint needs it. A store that only read leaves all as it is. */
  async leave(): Promise<void> {
    if (!this.epochs.begun) return;
    if (this.epochs.cuts.all.length === 0) {
      for (const [table, ids] of this.epochs.windows.entries())
        for (const id of ids.all()) this.#unneeded.push(keyOf(this.#name, table, id));
      this.#unneeded.push(
        ...[...this.images.all(), ...['meta', 'cuts'].map((name) => `${this.#name}:${name}`)].map((key) => Buffer.from(key)),
      );
    }
    await this.#sweep();
    if (this.epochs.cuts.all.length === 0) await this.connection.call('HDEL', REGISTER, this.#name);
  }

  async #begin(): Promise<void> {
    await this.connection.endOthers();
    await this.connection.call('HSET', REGISTER, this.#name, LAYOUT);
    const epoch = Number(await this.connection.call('HINCRBY', `${this.#name}:meta`, 'epoch', '1'));
    const meta = pairs((await this.connection.call('HGETALL', `${this.#name}:meta`)) as Buffer[]);
    const cuts = pairs((await this.connection.call('HGETALL', `${this.#name}:cuts`)) as Buffer[]);
    const nextIds = this.epochs.windows.map((_, table) => Number(meta.get(`ids:${table}`) ?? 0));
    const changed = this.epochs.begin({ epoch, cuts: [...cuts.values()].map(parseCut), nextIds });
    for (const [table, { next }] of this.epochs.windows.entries()) this.#told[table] = next;
    if (changed !== undefined) await this.#register(changed);
    await this.images.begin(new CommandWriter(), this.#isNew);
    await this.#free();
  }

  async #register(cut: Cut): Promise<void> {
    await this.connection.call('HSET', `${this.#name}:cuts`, String(cut.epoch), JSON.stringify(cut));
  }

  /** Deletes what no checkpoint needs any more. */
  async #free(): Promise<void> {
    for (const { table, from, to } of this.epochs.free()) {
      for (let id = from; id < to; id++) {
        this.#unneeded.push(keyOf(this.#name, table, id));
        if (this.#unneeded.length >= PAGE) await this.#sweep();
      }
    }
    await this.images.free(this.epochs.cuts);
    await this.#sweep();
    await this.#removeLists();
  }

  /** UNLINK in pages: a store may have as many windows as it has due times. */
  async #sweep(): Promise<void> {
    for (let keys = this.#unneeded.splice(0, PAGE); keys.length > 0; keys = this.#unneeded.splice(0, PAGE)) {
      await this.connection.call('UNLINK', ...keys);
    }
  }

  async #removeLists(): Promise<void> {
    if (this.#removed.length === 0) return;
    const { cuts } = this.epochs;
    const due = this.#removed.filter(({ born, epoch }) => !cuts.need(born, epoch));
    if (due.length === 0) return;
    this.#removed = this.#removed.filter(({ born, epoch }) => cuts.need(born, epoch));
    const writer = new CommandWriter();
    for (let at = 0, end = 0; at < due.length; at = end) {
      const { table, id } = due[at]!;
      while (end < due.length && end - at < PAGE && due[end]!.table === table && due[end]!.id === id) end++;
      writer.begin('EVAL', 3 + 2 * (end - at));
      writer.text(REMOVE_BELOW);
      writer.text('1');
      writer.bytes(keyOf(this.#name, table, id));
      for (; at < end; at++) {
        const { key, epoch, count } = due[at]!;
        writer.bytes(key);
        const marker = Buffer.allocUnsafe(8);
        marker.writeUInt32BE(epoch, 0);
        marker.writeUInt32BE(count, 4);
        writer.bytes(marker);
      }
      await this.connection.send(writer.take());
    }
  }
}

function keyOf(namespace: string, table: number | string, id: number): Buffer {
  return Buffer.from(`${namespace}:${table}:${id}`, 'latin1');
}

function pairs(flat: readonly Buffer[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) map.set(String(flat[i]), String(flat[i + 1]));
  return map;
}

/**
 * Frees what stores left that died and have no checkpoint. The register first, connections second: a namespace that was
 * registered before and has no connection now is dead, as a store connects before it registers.
 * @throws BackendError `refused` if the register is somebody else's.
 */
export async function freeDeadNamespaces(connection: RedisConnection): Promise<void> {
  const registered = pairs((await connection.call('HGETALL', REGISTER)) as Buffer[]);
  for (const [namespace, layout] of registered) {
    if (/^statebench:[0-9a-f]{18}$/.test(namespace) && /^\d+$/.test(layout)) continue;
    throw new BackendError(
      'refused',
      `the Redis server holds a key '${REGISTER}' that is not ours (it has '${namespace}'): give another database, as url=redis://HOST:PORT/1`,
    );
  }
  if (registered.size === 0) return;
  const connected = new Set(String(await connection.call('CLIENT', 'LIST')).match(/(?<= name=)\S+/g));
  for (const [namespace, layout] of registered) {
    if (layout !== LAYOUT || connected.has(namespace) || (await connection.call('EXISTS', `${namespace}:cuts`)) === 1) continue;
    await freeNamespace(connection, namespace);
  }
}

/** The rows, whose ids its `meta` tells, then that, then its entry: who is interrupted here leaves enough to begin again. */
async function freeNamespace(connection: RedisConnection, namespace: string): Promise<void> {
  const meta = pairs((await connection.call('HGETALL', `${namespace}:meta`)) as Buffer[]);
  for (const [field, next] of meta) {
    const [, table] = /^ids:(\d+)$/.exec(field) ?? [];
    if (table === undefined) continue;
    for (let id = 0; id < Number(next); id += PAGE) {
      const count = Math.min(PAGE, Number(next) - id);
      await connection.call('UNLINK', ...Array.from({ length: count }, (_, i) => keyOf(namespace, table, id + i)));
    }
  }
  const logs = (await connection.call('HKEYS', `${namespace}:logs`)) as Buffer[];
  for (const log of logs) await connection.call('UNLINK', `${namespace}:${log}`);
  await connection.call('UNLINK', `${namespace}:logs`, `${namespace}:meta`);
  await connection.call('HDEL', REGISTER, namespace);
}
