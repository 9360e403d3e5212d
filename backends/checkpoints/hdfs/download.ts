/** Fetches a checkpoint's files out of their packs, and compares every byte's sum with the manifest's. */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open as openFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../contract.ts';
import { type PackedFile, type Stretch, stretchesOf } from './pack.ts';
import { readStretch } from './read-stretch.ts';
import type { WebHdfs } from './web-hdfs.ts';

export interface Download {
  readonly hdfs: WebHdfs;
  readonly files: readonly PackedFile[];
  /** Where a pack lies. */
  readonly pathOf: (pack: string) => string;
  /** A piece of one pack that was read before; null if none was. */
  readonly known: { readonly pack: string; readonly offset: number; readonly bytes: Buffer } | null;
  /** A local directory, which is there and empty. */
  readonly directory: string;
  /** Stretches read at once. */
  readonly parallel: number;
}

/** @throws CheckpointError `damaged` if a byte is missing or not what it was, HdfsFailure if nobody can be asked. */
export async function download({ hdfs, files, pathOf, known, directory, parallel }: Download): Promise<void> {
  for (const folder of new Set(files.map(({ path }) => dirname(join(directory, path))))) await mkdir(folder, { recursive: true });
  for (const { path, bytes, sha256 } of files.filter((file) => file.bytes === 0)) {
    const writer = await FileWriter.open(directory, { path, bytes, sha256 }, '');
    await writer.end();
  }
  const queue = stretchesOf(files);
  const fetchNext = async (): Promise<void> => {
    for (let stretch = queue.shift(); stretch !== undefined; stretch = queue.shift()) {
      const path = pathOf(stretch.pack);
      if (known !== null && known.pack === stretch.pack && known.offset <= stretch.offset)
        await unpack(stretch, pieceOf(known.bytes, stretch.offset - known.offset), directory, path);
      else await readStretch(hdfs, path, stretch, (content) => unpack(stretch, content, directory, path));
    }
  };
  const workers = Array.from({ length: Math.min(parallel, queue.length) }, fetchNext);
  try {
    await Promise.all(workers);
  } finally {
    // Nobody writes into the directory any more when this has settled.
    queue.length = 0;
    await Promise.allSettled(workers);
  }
}

async function* pieceOf(bytes: Buffer, offset: number): AsyncGenerator<Buffer> {
  yield bytes.subarray(offset);
}

/** Writes the files of a stretch from its bytes. */
async function unpack(stretch: Stretch, content: AsyncIterable<Buffer>, directory: string, path: string): Promise<void> {
  const files = stretch.files.values();
  let file = files.next().value;
  let writer: FileWriter | null = null;
  let at = stretch.offset;
  try {
    for await (const chunk of content) {
      let rest = chunk;
      while (file !== undefined && rest.length > 0) {
        const before = file.offset - at;
        if (before > 0) {
          const passed = Math.min(before, rest.length);
          rest = rest.subarray(passed);
          at += passed;
          continue;
        }
        writer ??= await FileWriter.open(directory, file, path);
        const piece = rest.subarray(0, file.offset + file.bytes - at);
        await writer.write(piece);
        rest = rest.subarray(piece.length);
        at += piece.length;
        if (at < file.offset + file.bytes) continue;
        await writer.end();
        writer = null;
        file = files.next().value;
      }
      if (file === undefined) return;
    }
  } finally {
    await writer?.close();
  }
  if (file !== undefined) throw new CheckpointError('damaged', `${path} ended before '${file.path}' did`);
}

/** Writes one file and sums it. */
class FileWriter {
  readonly #file: FileHandle;
  readonly #expected: Pick<PackedFile, 'path' | 'bytes' | 'sha256'>;
  readonly #where: string;
  readonly #hash = createHash('sha256');

  private constructor(file: FileHandle, expected: Pick<PackedFile, 'path' | 'bytes' | 'sha256'>, where: string) {
    this.#file = file;
    this.#expected = expected;
    this.#where = where;
  }

  static async open(directory: string, expected: Pick<PackedFile, 'path' | 'bytes' | 'sha256'>, where: string): Promise<FileWriter> {
    // Over what an attempt that broke off has written.
    return new FileWriter(await openFile(join(directory, expected.path), 'w'), expected, where);
  }

  async write(piece: Buffer): Promise<void> {
    this.#hash.update(piece);
    for (let at = 0; at < piece.length; ) at += (await this.#file.write(piece, at)).bytesWritten;
  }

  /** @throws CheckpointError `damaged` if what was written is not what was published. */
  async end(): Promise<void> {
    await this.#file.close();
    const { path, sha256 } = this.#expected;
    if (this.#hash.digest('hex') !== sha256)
      throw new CheckpointError('damaged', `'${path}' in ${this.#where} differs from what was published`);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
