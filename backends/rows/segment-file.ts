/**
 * A segment: what changed between two checkpoints, or everything, in chunks that check themselves. All numbers are
 * little-endian:
 *
 *     file  = magic chunk* end
 *     chunk = part u32, first u32, bytes u32, crc u32, then `bytes` bytes
 *     end   = a chunk of part 0xffffffff without bytes; nothing behind it
 *
 * What `part`, `first` and the bytes mean is the backend's matter. `crc` is zlib's CRC-32 of all before it and of the
 * chunk's bytes, without the earlier crcs: so a chunk lost, doubled, moved or turned is noticed before it is used.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { BackendError } from '../contract.ts';
import type { FileCheck } from './checked-copy.ts';

const MAGIC = Buffer.from('SBSEG\0\0\x01', 'latin1');
const HEAD_BYTES = 16;
const CRC_AT = 12;
const END = 0xffff_ffff;

/** One chunk. The bytes begin at a multiple of 4 and belong to whoever got them. */
export interface Chunk {
  readonly part: number;
  readonly first: number;
  readonly bytes: Buffer;
}

/** Writes a segment chunk by chunk. */
export class SegmentWriter {
  readonly #file: FileHandle;
  #crc = crc32(MAGIC);
  #bytes = MAGIC.length;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Creates the file. @throws if it exists. */
  static async create(path: string): Promise<SegmentWriter> {
    const file = await open(path, 'wx');
    await file.writeFile(MAGIC);
    return new SegmentWriter(file);
  }

  /** Adds a chunk. The bytes may be reused when this has settled. */
  chunk(part: number, first: number, bytes: Uint8Array): Promise<void> {
    return this.chunks(part, [{ first, bytes }]);
  }

  /** Adds chunks with one call of the system, which a busy event loop waits for once. The bytes may be reused when this has settled. */
  async chunks(part: number, chunks: readonly { readonly first: number; readonly bytes: Uint8Array }[]): Promise<void> {
    const heads = Buffer.alloc(HEAD_BYTES * chunks.length);
    const parts: Uint8Array[] = [];
    let total = 0;
    for (const [i, { first, bytes }] of chunks.entries()) {
      const head = heads.subarray(i * HEAD_BYTES, (i + 1) * HEAD_BYTES);
      head.writeUInt32LE(part, 0);
      head.writeUInt32LE(first, 4);
      head.writeUInt32LE(bytes.length, 8);
      this.#crc = crc32(bytes, crc32(head.subarray(0, CRC_AT), this.#crc));
      head.writeUInt32LE(this.#crc, CRC_AT);
      parts.push(head, bytes);
      total += HEAD_BYTES + bytes.length;
    }
    const { bytesWritten } = await this.#file.writev(parts);
    // On a disk that fills up less may be written: what is left then says so.
    if (bytesWritten < total) await this.#file.writeFile(Buffer.concat(parts).subarray(bytesWritten));
    this.#bytes += total;
  }

  /** Ends the file, which is not synced. */
  async finish(): Promise<FileCheck> {
    await this.chunk(END, 0, new Uint8Array(0));
    return { bytes: this.#bytes, crc32: this.#crc };
  }

  /** To be called last, whether finished or not. */
  close(): Promise<void> {
    return this.#file.close();
  }
}

/**
 * Reads a segment from beginning to end. Each chunk is checked before it is handed out; that the file is whole is known
 * only once the iteration has ended without an error.
 * @throws BackendError `damaged` naming the place.
 */
export async function* readSegment(path: string, check: FileCheck): AsyncGenerator<Chunk> {
  const damaged = (what: string, cause?: unknown) => new BackendError('damaged', `${path} ${what}: restore another checkpoint`, { cause });
  const file = await open(path).catch((cause: unknown) => {
    throw damaged('cannot be opened', cause);
  });
  try {
    const { size } = await file.stat();
    if (size !== check.bytes) throw damaged(`has ${size} bytes, not ${check.bytes}`);
    let at = 0;
    const take = async (bytes: number): Promise<Buffer> => {
      if (at + bytes > size) throw damaged(`ends amid the chunk at byte ${at}`);
      const into = Buffer.allocUnsafeSlow(bytes);
      for (let got = 0; got < bytes; ) {
        const { bytesRead } = await file.read(into, got, bytes - got, at + got);
        if (bytesRead === 0) throw damaged(`ends at byte ${at + got}`);
        got += bytesRead;
      }
      at += bytes;
      return into;
    };
    if (!MAGIC.equals(await take(MAGIC.length))) throw damaged('is no segment');
    for (let crc = crc32(MAGIC); ; ) {
      const chunkAt = at;
      const head = await take(HEAD_BYTES);
      const bytes = await take(head.readUInt32LE(8));
      crc = crc32(bytes, crc32(head.subarray(0, CRC_AT), crc));
      if (crc !== head.readUInt32LE(CRC_AT)) throw damaged(`has a wrong checksum in the chunk at byte ${chunkAt}`);
      const part = head.readUInt32LE(0);
      if (part === END) break;
      yield { part, first: head.readUInt32LE(4), bytes };
    }
    if (at !== size) throw damaged(`goes on behind its end at byte ${at}`);
  } finally {
    await file.close();
  }
}
