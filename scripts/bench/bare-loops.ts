/**
 * What an embedded store does without an adapter: the plainest quick loop over each library, and the same work through a
 * backend. Adapter ÷ bare is what the contract costs.
 *
 * The work: 1024 distinct addresses of 8 + 16 bytes out of `keys`, values of 32 bytes; read all, change all, write all in
 * one transaction. Settings are those of the backends' defaults.
 */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { Level } from 'level';
import { open as openLmdb } from 'lmdb';
import { keyHash, type StateBackend, StateBatch, slotHash, type TableSpec, windowHash } from '../../backends/contract.ts';

/** One way to do the work. */
export interface BareLoop {
  /** Of the library, as its backend is named. */
  readonly name: string;
  /** Opens an empty store in an empty directory and writes all `keys` once. */
  open(directory: string, size: { readonly keys: number }): Promise<OpenLoop>;
}

/** An open store to run batches on. */
export interface OpenLoop {
  /** Reads, changes and writes this many batches of {@link SLOTS} keys. */
  run(batches: number): Promise<void> | void;
  close(): Promise<void> | void;
}

/** Keys in a batch. */
export const SLOTS = 1024;
const KEY_BYTES = 16;
export const VALUE_BYTES = 32;
export const TABLE: TableSpec = { name: 'counts', kind: 'value', keyBytes: KEY_BYTES, groupBytes: 0, valueBytes: VALUE_BYTES };

/** Reused addresses and values. The window of every address is 0. */
export class Batch {
  readonly addresses: readonly Buffer[];
  readonly values: readonly Buffer[];
  readonly valueArena: Buffer;
  readonly doubles: Float64Array;
  readonly #keyWords: Uint32Array;
  readonly #pick: KeyPicker;

  constructor(keys: number) {
    const addressBytes = 8 + KEY_BYTES;
    const addresses = new ArrayBuffer(SLOTS * addressBytes);
    const values = new ArrayBuffer(SLOTS * VALUE_BYTES);
    this.#keyWords = new Uint32Array(addresses);
    this.doubles = new Float64Array(values);
    this.valueArena = Buffer.from(values);
    this.addresses = Array.from({ length: SLOTS }, (_, slot) => Buffer.from(addresses, slot * addressBytes, addressBytes));
    this.values = Array.from({ length: SLOTS }, (_, slot) => Buffer.from(values, slot * VALUE_BYTES, VALUE_BYTES));
    for (const address of this.addresses) address[0] = 0x80;
    this.#pick = new KeyPicker(keys);
  }

  /** Distinct keys, one from each of {@link SLOTS} equal parts of all. */
  fill(): void {
    for (let slot = 0; slot < SLOTS; slot++) this.#put(slot, this.#pick.any(slot));
  }

  /** All keys in turn, a batch after the other, for the first load. */
  fillFrom(first: number): void {
    for (let slot = 0; slot < SLOTS; slot++) this.#put(slot, this.#pick.nth(first + slot));
  }

  /** The same in turns that leave every key in its part: as many as a part has keys. */
  fillParts(turn: number): void {
    for (let slot = 0; slot < SLOTS; slot++) this.#put(slot, this.#pick.inPart(slot, turn));
  }

  change(): void {
    for (let at = 0; at < this.doubles.length; at += 4) this.doubles[at]! += 1;
  }

  #put(slot: number, word: number): void {
    const at = slot * 6 + 2;
    this.#keyWords[at] = word;
    this.#keyWords[at + 1] = word;
  }
}

/** Draws keys by a fixed seed; a key's word is scattered over all 32 bits, so that neighbours in number are not in order. */
export class KeyPicker {
  readonly #keys: number;
  #random = 1;

  constructor(keys: number) {
    this.#keys = keys;
  }

  any(slot: number): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return this.nth(Math.floor(((slot + this.#random / 2 ** 32) * this.#keys) / SLOTS));
  }

  inPart(slot: number, turn: number): number {
    return this.nth(Math.floor((slot * this.#keys) / SLOTS) + turn);
  }

  nth(key: number): number {
    return Math.imul(key % this.#keys, 0x9e3779b1) >>> 0;
  }
}

const lmdbLoop: BareLoop = {
  name: 'lmdb',
  async open(directory, { keys }) {
    const root = openLmdb<Buffer, Buffer>({ path: directory, keyEncoding: 'binary', encoding: 'binary', noSync: true, mapSize: 1 << 30 });
    const rows = root.openDB<Buffer, Buffer>({ name: TABLE.name, keyEncoding: 'binary', encoding: 'binary' });
    const batch = new Batch(keys);
    const write = () => {
      for (let slot = 0; slot < SLOTS; slot++) rows.put(batch.addresses[slot]!, batch.values[slot]!);
    };
    for (let first = 0; first < keys; first += SLOTS) {
      batch.fillFrom(first);
      root.transactionSync(write);
    }
    return {
      run(batches) {
        const { addresses, valueArena } = batch;
        for (; batches > 0; batches--) {
          batch.fill();
          for (let slot = 0; slot < SLOTS; slot++) {
            const value = rows.getBinaryFast(addresses[slot]!)!;
            for (let i = 0, at = slot * VALUE_BYTES; i < VALUE_BYTES; i++) valueArena[at + i] = value[i]!;
          }
          batch.change();
          root.transactionSync(write);
        }
      },
      close: () => root.close(),
    };
  },
};

const levelLoop: BareLoop = {
  name: 'level',
  async open(directory, { keys }) {
    const rows = new Level<Buffer, Buffer>(directory, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: 64 << 20,
      writeBufferSize: 64 << 20,
    });
    await rows.open();
    const batch = new Batch(keys);
    const write = () => {
      const chain = rows.batch();
      for (let slot = 0; slot < SLOTS; slot++) chain.put(batch.addresses[slot]!, batch.values[slot]!);
      return chain.write();
    };
    for (let first = 0; first < keys; first += SLOTS) {
      batch.fillFrom(first);
      await write();
    }
    return {
      async run(batches) {
        const { addresses, valueArena } = batch;
        for (; batches > 0; batches--) {
          batch.fill();
          for (let slot = 0; slot < SLOTS; slot++) valueArena.set(rows.getSync(addresses[slot]!)!, slot * VALUE_BYTES);
          batch.change();
          await write();
        }
      },
      close: () => rows.close(),
    };
  },
};

const sqliteLoop: BareLoop = {
  name: 'sqlite',
  async open(directory, { keys }) {
    const database = new Sqlite(join(directory, 'state.db'));
    database.pragma('locking_mode = exclusive');
    database.pragma('journal_mode = wal');
    database.pragma('synchronous = off');
    database.pragma('cache_size = -65536');
    database.pragma('wal_autocheckpoint = 4096');
    database.exec('create table counts (address blob primary key, value blob not null) without rowid');
    const get = database.prepare<[Buffer], Buffer>('select value from counts where address = ?').pluck();
    const put = database.prepare('insert into counts values (?, ?) on conflict do update set value = excluded.value');
    const batch = new Batch(keys);
    const write = database.transaction(() => {
      for (let slot = 0; slot < SLOTS; slot++) put.run(batch.addresses[slot]!, batch.values[slot]!);
    });
    for (let first = 0; first < keys; first += SLOTS) {
      batch.fillFrom(first);
      write();
    }
    return {
      run(batches) {
        const { addresses, valueArena } = batch;
        for (; batches > 0; batches--) {
          batch.fill();
          for (let slot = 0; slot < SLOTS; slot++) valueArena.set(get.get(addresses[slot]!)!, slot * VALUE_BYTES);
          batch.change();
          write();
        }
      },
      close: () => {
        database.close();
      },
    };
  },
};

/** The loop over each library that an embedded backend uses. */
export const bareLoops: readonly BareLoop[] = [lmdbLoop, levelLoop, sqliteLoop];

/** The same work through a backend, slots filled and hashed as a job does. */
export function adapterLoop(backend: StateBackend): BareLoop {
  return {
    name: backend.name,
    async open(directory, { keys }) {
      const store = await backend.open({ directory, tables: [TABLE] });
      const table = store.value(TABLE.name);
      const batch = new StateBatch(SLOTS, TABLE);
      const pick = new KeyPicker(keys);
      const push = (word: number): void => {
        const slot = batch.push(0);
        const at = slot * 6 + 2;
        batch.addressWords[at] = word;
        batch.addressWords[at + 1] = word;
        batch.hashes[slot] = slotHash(keyHash(batch.addressWords, at, 4), windowHash(0));
      };
      for (let first = 0; first < keys; first += SLOTS) {
        batch.clear();
        for (let slot = 0; slot < SLOTS; slot++) push(pick.nth(first + slot));
        batch.present.fill(1);
        await table.write(batch);
      }
      return {
        async run(batches) {
          for (; batches > 0; batches--) {
            batch.clear();
            for (let slot = 0; slot < SLOTS; slot++) push(pick.any(slot));
            const read = table.read(batch);
            if (read) await read;
            for (let slot = 0; slot < SLOTS; slot++) {
              batch.valueDoubles[slot * 4]! += 1;
              batch.present[slot] = 1;
            }
            const written = table.write(batch);
            if (written) await written;
          }
        },
        close: () => store.close(),
      };
    },
  };
}
