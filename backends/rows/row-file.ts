/**
 * A portable dump of rows, for stores whose checkpoint is one, and for carrying state from one store to another.
 *
 * Format 1, all integers little-endian:
 *
 *     file  = magic chunk* end
 *     magic = "statebench rows 1\n"
 *     chunk = table u32, rows u32, bytes u32, crc u32, then `bytes` bytes holding `rows` rows of one table
 *     row   = value length u32, address, value
 *     end   = a chunk of table 0xffffffff, 0 rows and 8 bytes: the number of all rows, u64; nothing behind it
 *
 * `table` is the table's place among all tables sorted by name, as in layout.json, which has the widths. An address is
 * 8 bytes of window and the key; in a list table a big-endian u64 sequence number follows, and the rows of one list come
 * in its order. Otherwise rows and chunks come in any order. `crc` is the CRC-32 of zlib over the first 12 bytes of the
 * chunk and all its payload. So a file cut short, bytes turned, chunks lost, doubled or added are all detected.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { BackendError, type TableSpec } from '../contract.ts';
import { numberedTables } from './layout-file.ts';
import { rowKeyBytes } from './row-keys.ts';

const MAGIC = Buffer.from('statebench rows 1\n');
const HEAD_BYTES = 16;
const END_TABLE = 0xffff_ffff;
const LENGTH_BYTES = 4;
const CHUNK_BYTES = 256 * 1024;
/** No row of ours is longer: a length beyond it is damage, not a reason to allocate. */
const CHUNK_BYTES_MAX = 1 << 30;

/** One row. Both views belong to the reader's chunk: they stay valid as long as they are held. */
export interface Row {
  readonly address: Buffer;
  readonly value: Buffer;
}

/** Rows of one table, `table` being its place among all tables sorted by name. */
export interface RowChunk {
  readonly table: number;
  readonly rows: readonly Row[];
}

/** Writes a row file chunk by chunk. Await what {@link add} returns: that is the back-pressure. */
export class RowFileWriter {
  readonly #file: FileHandle;
  #chunk: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #used = HEAD_BYTES;
  #table = 0;
  #rows = 0;
  #rowsTotal = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Creates the file. @throws if it exists. */
  static async create(path: string): Promise<RowFileWriter> {
    const file = await open(path, 'wx');
    await file.writeFile(MAGIC);
    return new RowFileWriter(file);
  }

  /**
   * Copies one row in. Returns a promise only when a chunk is full, to be awaited before the next call.
   * @param valueBytes how much of `value` counts, for stores that hand out a longer buffer.
   */
  add(table: number, address: Uint8Array, value: Uint8Array, valueBytes: number = value.length): Promise<void> | undefined {
    const bytes = LENGTH_BYTES + address.length + valueBytes;
    if (this.#rows > 0 && (table !== this.#table || this.#used + bytes > this.#chunk.length)) {
      return this.#flush().then(() => this.#put(table, address, value, valueBytes));
    }
    this.#put(table, address, value, valueBytes);
    return undefined;
  }

  /** Writes what is left and the end, and closes the file, which is not synced. */
  async close(): Promise<void> {
    try {
      await this.#flush();
      this.#table = END_TABLE;
      this.#chunk.writeBigUInt64LE(BigInt(this.#rowsTotal), HEAD_BYTES);
      this.#used = HEAD_BYTES + 8;
      await this.#write();
    } finally {
      await this.#file.close();
    }
  }

  /** Closes a file that will not be finished. It stays, and would be read as damaged. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }

  #put(table: number, address: Uint8Array, value: Uint8Array, valueBytes: number): void {
    const end = this.#used + LENGTH_BYTES + address.length + valueBytes;
    if (end > this.#chunk.length) this.#chunk = Buffer.allocUnsafe(end); // only ever when the chunk is empty
    const chunk = this.#chunk;
    this.#table = table;
    chunk.writeUInt32LE(valueBytes, this.#used);
    chunk.set(address, this.#used + LENGTH_BYTES);
    const at = this.#used + LENGTH_BYTES + address.length;
    for (let i = 0; i < valueBytes; i++) chunk[at + i] = value[i] as number;
    this.#used = end;
    this.#rows++;
    this.#rowsTotal++;
  }

  async #flush(): Promise<void> {
    if (this.#rows > 0) await this.#write();
  }

  async #write(): Promise<void> {
    const chunk = this.#chunk;
    chunk.writeUInt32LE(this.#table, 0);
    chunk.writeUInt32LE(this.#rows, 4);
    chunk.writeUInt32LE(this.#used - HEAD_BYTES, 8);
    chunk.writeUInt32LE(checksum(chunk.subarray(0, HEAD_BYTES), chunk.subarray(HEAD_BYTES, this.#used)), 12);
    await this.#file.writeFile(chunk.subarray(0, this.#used)); // at its position
    this.#rows = 0;
    this.#used = HEAD_BYTES;
  }
}

/**
 * Reads a row file of these tables from beginning to end, a chunk at a time. Each chunk is checked before it is handed
 * out; that the file is whole is known only once the iteration has ended without an error.
 * @throws BackendError `damaged` naming the place, if the file is missing, cut short or anything in it is wrong.
 */
export async function* readRowFile(path: string, tables: readonly TableSpec[]): AsyncGenerator<RowChunk> {
  const damaged = (what: string, cause?: unknown) =>
    new BackendError('damaged', `${path} ${what}: restore another checkpoint`, cause === undefined ? undefined : { cause });
  const specs = numberedTables(tables);
  const file = await open(path).catch((cause: unknown) => {
    throw damaged('cannot be opened', cause);
  });
  try {
    let at = 0;
    const take = async (bytes: number): Promise<Buffer> => {
      const into = Buffer.allocUnsafeSlow(bytes);
      for (let got = 0; got < bytes; ) {
        const { bytesRead } = await file.read(into, got, bytes - got, at + got);
        if (bytesRead === 0) throw damaged(`ends at byte ${at + got}, amid a chunk`);
        got += bytesRead;
      }
      at += bytes;
      return into;
    };
    if (!MAGIC.equals(await take(MAGIC.length))) throw damaged(`does not begin with '${MAGIC.toString().trim()}'`);
    for (let rowsTotal = 0; ; ) {
      const chunkAt = at;
      const head = await take(HEAD_BYTES);
      const [table, count, bytes] = [head.readUInt32LE(0), head.readUInt32LE(4), head.readUInt32LE(8)];
      if (bytes > CHUNK_BYTES_MAX) throw damaged(`claims ${bytes} bytes in the chunk at byte ${chunkAt}`);
      const payload = await take(bytes);
      if (head.readUInt32LE(12) !== checksum(head, payload)) throw damaged(`has a wrong checksum in the chunk at byte ${chunkAt}`);
      if (table === END_TABLE) {
        if (bytes !== 8 || payload.readBigUInt64LE() !== BigInt(rowsTotal)) throw damaged('has lost or doubled chunks');
        if ((await file.stat()).size !== at) throw damaged(`goes on behind its end at byte ${at}`);
        return;
      }
      const spec = specs[table];
      const rows = spec && rowsOf(payload, spec);
      if (rows?.length !== count) throw damaged(`has rows that do not fit table ${table} in the chunk at byte ${chunkAt}`);
      rowsTotal += count;
      yield { table, rows };
    }
  } finally {
    await file.close();
  }
}

/** The rows in a chunk's payload, or undefined if they do not fill it exactly or break the table's widths. */
function rowsOf(payload: Buffer, spec: TableSpec): Row[] | undefined {
  const addressBytes = rowKeyBytes(spec);
  const rows: Row[] = [];
  let at = 0;
  while (at < payload.length) {
    const valueAt = at + LENGTH_BYTES + addressBytes;
    if (valueAt > payload.length) return undefined;
    const valueBytes = payload.readUInt32LE(at);
    if (valueBytes > spec.valueBytes || (spec.kind === 'list' && valueBytes < spec.valueBytes)) return undefined;
    const end = valueAt + valueBytes;
    if (end > payload.length) return undefined;
    rows.push({ address: payload.subarray(at + LENGTH_BYTES, valueAt), value: payload.subarray(valueAt, end) });
    at = end;
  }
  return rows;
}

function checksum(head: Buffer, payload: Buffer): number {
  return crc32(payload, crc32(head.subarray(0, 12)));
}
