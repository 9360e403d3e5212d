/**
 * A store's rows in the server. A partition is `namespace (8 bytes) | table (1) | window id (6) | bucket (1)`: a window's
 * keys are divided among some buckets, so that servers and their threads share the work, and a window goes by one
 * partition delete for each bucket it has written to.
 *
 * The register of the namespace is rows of `namespaces`: the last epoch handed out (`epoch`, changed by condition only),
 * the last window id of each table that may have rows (`ids:N`), and each cut (`cut:EPOCH`).
 *
 * Every write says its own timestamp, made of the epoch and a count. So whatever a killed process had under way is older
 * than what its heir writes, and loses; what it adds that the heir never writes has epochs that the heir does not see.
 */
import { types } from 'cassandra-driver';
import { BackendError } from '../contract.ts';
import type { EpochCheckpoint } from '../epochs/checkpoint-file.ts';
import { type Cut, parseCut } from '../epochs/cuts.ts';
import type { StoreEpochs } from '../epochs/store-epochs.ts';
import type { LiveWindow } from '../epochs/window-ids.ts';
import type { CassandraSession, Statement } from './session.ts';

/** Epochs that a store takes at once: handing out one takes four round trips. */
const EPOCHS = 1024;
/** Window ids that a store takes at once. */
const IDS = 256;
/** Partitions that are deleted along with one write. */
const SWEPT = 64;
const ALL_BUCKETS = 0xffff_ffff;
const PARTITION_BYTES = 16;
const NAMESPACE_BYTES = 8;
const ID_AT = 9;
const BUCKET_AT = 15;

/** A list that was removed while a checkpoint still needs it. */
interface RemovedList {
  readonly partition: Buffer;
  readonly key: Buffer;
  /** Epoch in which its window was born. */
  readonly born: number;
  readonly epoch: number;
  readonly count: number;
}

export interface NamespaceOptions {
  readonly keyspace: string;
  readonly buckets: number;
  /** What a checkpoint has to remember of the server. */
  readonly facts: EpochCheckpoint['facts'];
}

export class CassandraNamespace {
  readonly session: CassandraSession;
  readonly epochs: StoreEpochs;
  readonly keyspace: string;
  readonly buckets: number;
  readonly #facts: EpochCheckpoint['facts'];
  readonly #prefix: Buffer;
  /** By table and window id, a bit for each bucket that may have rows; all of them where it is not known. */
  readonly #written: readonly Map<number, number>[];
  /** By table, an id above all that the server expects rows of. */
  readonly #reserved: number[];
  readonly #isList: readonly boolean[];
  #epochLimit = 0;
  #epochOfCount = 0;
  #count = 0;
  #beginning: Promise<void> | undefined;
  #unneeded: { readonly table: number; readonly partition: Buffer }[] = [];
  #removed: RemovedList[] = [];

  /** @param isList by number of a table. */
  constructor(session: CassandraSession, epochs: StoreEpochs, isList: readonly boolean[], { keyspace, buckets, facts }: NamespaceOptions) {
    this.session = session;
    this.epochs = epochs;
    this.keyspace = keyspace;
    this.buckets = buckets;
    this.#facts = { ...facts, buckets };
    this.#prefix = Buffer.from(epochs.namespace, 'hex').subarray(0, NAMESPACE_BYTES);
    this.#written = epochs.windows.map(() => new Map());
    this.#reserved = epochs.windows.map(() => 0);
    this.#isList = isList;
  }

  /** @throws BackendError `damaged` unless the server has all that the checkpoint consists of. */
  async verify({ cut }: EpochCheckpoint): Promise<void> {
    const [held] = await this.session.rows(`SELECT value FROM ${this.keyspace}.namespaces WHERE namespace = ? AND entry = ?`, [
      this.epochs.namespace,
      `cut:${cut.epoch}`,
    ]);
    if (held !== undefined && parseCut(String(held.value)).token === cut.token) return;
    throw new BackendError(
      'damaged',
      `keyspace ${this.keyspace} no longer has the state of checkpoint ${cut.id} (namespace ${this.epochs.namespace}): it was released, or the server lost it; restore another checkpoint`,
    );
  }

  /** Takes the namespace over, if it is not this store's already. */
  async begin(): Promise<void> {
    this.#beginning ??= this.#begin();
    await this.#beginning;
  }

  partition(table: number, id: number, bucket: number): Buffer {
    const partition = Buffer.allocUnsafe(PARTITION_BYTES);
    this.#prefix.copy(partition);
    partition[NAMESPACE_BYTES] = table;
    partition.writeUIntBE(id, ID_AT, 6);
    partition[BUCKET_AT] = bucket;
    return partition;
  }

  /** A window's id, its own and new if it had none. */
  written(table: number, window: number): LiveWindow {
    const windows = this.epochs.windows[table]!;
    const { next } = windows;
    const live = windows.written(window, this.epochs.epoch);
    if (live.id === next) this.#written[table]?.set(next, 0);
    return live;
  }

  /** Whether rows were ever written there. */
  mayHave(table: number, id: number, bucket: number): boolean {
    return ((this.#written[table]?.get(id) ?? ALL_BUCKETS) & (1 << bucket)) !== 0;
  }

  /** Notes that rows are written there. */
  writes(table: number, id: number, bucket: number): void {
    const bits = this.#written[table]?.get(id);
    if (bits !== undefined) this.#written[table]?.set(id, bits | (1 << bucket));
  }

  /** Tells the server of ids that were given out since, before rows of them are written. */
  async reserve(table: number): Promise<void> {
    const { next } = this.epochs.windows[table]!;
    if (next <= this.#reserved[table]!) return;
    this.#reserved[table] = next + IDS;
    await this.#enter(`ids:${table}`, String(next + IDS));
  }

  /** The timestamp of the writes that are made now. */
  timestamp(): types.Long {
    const { epoch } = this.epochs;
    if (epoch !== this.#epochOfCount) {
      this.#epochOfCount = epoch;
      this.#count = 0;
    }
    return types.Long.fromBits(this.#count++ | 0, epoch);
  }

  /** Deletes some of what nobody needs, along with a write. */
  sweepSome(): Promise<unknown> | undefined {
    return this.#unneeded.length === 0 ? undefined : this.#delete(this.#unneeded.splice(0, SWEPT));
  }

  async drop(table: number, window: number): Promise<void> {
    if (!this.epochs.begun) await this.begin();
    const id = this.epochs.drop(table, window);
    if (id !== undefined) this.#goes(table, id);
  }

  /** Notes that a list was removed by a marker. */
  removed(list: RemovedList): void {
    this.#removed.push(list);
  }

  /** Registers a cut and fixes it. */
  async cut(checkpoint: number): Promise<EpochCheckpoint> {
    await this.begin();
    const cut = this.epochs.cut(checkpoint);
    await this.#register(cut);
    if (cut.epoch === this.#epochLimit) await this.#takeEpochs(this.#epochLimit);
    return this.epochs.advance(cut, cut.epoch + 1, this.#facts);
  }

  async published(id: number): Promise<void> {
    await this.begin();
    const { kept, given } = this.epochs.cuts.published(id);
    if (kept !== undefined) await this.#register(kept);
    for (const cut of given) await this.#strike(cut);
    await this.#free();
  }

  async release(id: number): Promise<void> {
    await this.begin();
    const cut = this.epochs.cuts.release(id);
    if (cut === undefined) return;
    await this.#strike(cut);
    await this.#free();
  }

  /** Leaves nothing behind, unless a checkpoint needs it. A store that only read leaves all as it is. */
  async leave(): Promise<void> {
    if (!this.epochs.begun) return;
    const ends = this.epochs.cuts.all.length === 0;
    if (ends) for (const [table, ids] of this.epochs.windows.entries()) for (const id of ids.all()) this.#goes(table, id);
    await this.#sweep();
    // With the server's own time, as the epoch was written with that.
    if (ends) await this.session.rows(`DELETE FROM ${this.keyspace}.namespaces WHERE namespace = ?`, [this.epochs.namespace]);
  }

  async #begin(): Promise<void> {
    const register = await this.session.rows(`SELECT entry, value FROM ${this.keyspace}.namespaces WHERE namespace = ?`, [
      this.epochs.namespace,
    ]);
    const known = new Map(register.map((row) => [String(row.entry), String(row.value)]));
    await this.#takeEpochs(Number(known.get('epoch') ?? 0));
    const cuts = [...known].filter(([entry]) => entry.startsWith('cut:')).map(([, value]) => parseCut(value));
    const nextIds = this.epochs.windows.map((_, table) => Number(known.get(`ids:${table}`) ?? 0));
    const changed = this.epochs.begin({ epoch: this.#epochLimit - EPOCHS + 1, cuts, nextIds });
    for (const [table, next] of nextIds.entries()) this.#reserved[table] = next;
    if (changed !== undefined) await this.#register(changed);
    await this.#free();
  }

  /** Takes the next epochs, by condition: no two stores ever have one in common. */
  async #takeEpochs(last: number): Promise<void> {
    const { namespace } = this.epochs;
    const table = `${this.keyspace}.namespaces`;
    for (let from = last; ; ) {
      const to = from + EPOCHS;
      const [row] =
        from === 0
          ? await this.session.rows(`INSERT INTO ${table} (namespace, entry, value) VALUES (?, 'epoch', ?) IF NOT EXISTS`, [
              namespace,
              String(to),
            ])
          : await this.session.rows(`UPDATE ${table} SET value = ? WHERE namespace = ? AND entry = 'epoch' IF value = ?`, [
              String(to),
              namespace,
              String(from),
            ]);
      if (row?.['[applied]'] === true) {
        this.#epochLimit = to;
        return;
      }
      if (this.epochs.begun) {
        throw new BackendError('refused', `another store has taken over namespace ${namespace}: go on with that one, or restore again`);
      }
      from = Number(row?.value ?? 0);
    }
  }

  async #register(cut: Cut): Promise<void> {
    await this.#enter(`cut:${cut.epoch}`, JSON.stringify(cut));
  }

  async #enter(entry: string, value: string): Promise<void> {
    const query = `INSERT INTO ${this.keyspace}.namespaces (namespace, entry, value) VALUES (?, ?, ?)`;
    await this.session.write([{ query, params: [this.epochs.namespace, entry, value] }], this.timestamp());
  }

  async #strike({ epoch }: Cut): Promise<void> {
    const query = `DELETE FROM ${this.keyspace}.namespaces WHERE namespace = ? AND entry = ?`;
    await this.session.write([{ query, params: [this.epochs.namespace, `cut:${epoch}`] }], this.timestamp());
  }

  #goes(table: number, id: number): void {
    for (let bucket = 0; bucket < this.buckets; bucket++) {
      if (this.mayHave(table, id, bucket)) this.#unneeded.push({ table, partition: this.partition(table, id, bucket) });
    }
    this.#written[table]?.delete(id);
  }

  /** Deletes what no checkpoint needs any more. */
  async #free(): Promise<void> {
    for (const { table, from, to } of this.epochs.free()) {
      for (let id = from; id < to; id++) {
        this.#goes(table, id);
        if (this.#unneeded.length >= SWEPT) await this.#sweep();
      }
    }
    await this.#sweep();
    const { cuts } = this.epochs;
    const due = this.#removed.filter(({ born, epoch }) => !cuts.need(born, epoch));
    this.#removed = this.#removed.filter(({ born, epoch }) => cuts.need(born, epoch));
    // Its elements, and its marker with those before it: markers of later epochs, which lie in between, still count.
    const elements = `DELETE FROM ${this.keyspace}.list_rows WHERE p = ? AND k = ? AND n >= ? AND n < ?`;
    const markers = `DELETE FROM ${this.keyspace}.list_rows WHERE p = ? AND k = ? AND n <= ?`;
    const first = types.Long.fromBits(0, 1);
    for (let at = 0; at < due.length; at += SWEPT) {
      await Promise.all(
        due.slice(at, at + SWEPT).map(({ partition, key, epoch, count }) => {
          const statements: readonly Statement[] = [
            { query: elements, params: [partition, key, first, types.Long.fromBits(count | 0, epoch)] },
            { query: markers, params: [partition, key, types.Long.fromBits(epoch, 0)] },
          ];
          return this.session.write(statements, this.timestamp());
        }),
      );
    }
  }

  async #sweep(): Promise<void> {
    while (this.#unneeded.length > 0) await this.#delete(this.#unneeded.splice(0, SWEPT));
  }

  #delete(partitions: readonly { readonly table: number; readonly partition: Buffer }[]): Promise<unknown> {
    return Promise.all(
      partitions.map(({ table, partition }) => {
        const query = `DELETE FROM ${this.keyspace}.${this.#isList[table] === true ? 'list_rows' : 'value_rows'} WHERE p = ?`;
        return this.session.write([{ query, params: [partition] }], this.timestamp());
      }),
    );
  }
}
