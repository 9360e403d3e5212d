import { type FileHandle, open } from 'node:fs/promises';
import { BackendError, decodeWindow, keyHash, slotHash, type TableSpec, WINDOW_BYTES, windowHash } from '../contract.ts';
import { NAME_WORD } from './keyed-records.ts';
import type { ListRecords } from './list-records.ts';
import { ValueRecords } from './value-records.ts';

/**
 * A checkpoint is one file, numbers little-endian:
 *
 *     8 bytes  magic and version
 *     u32      bytes of the layout, then the layout: the table specifications as JSON
 *     tables, in the layout's order, each: records, then u32 0
 *       record of a value table: u32 bytes of the value + 1 · address · value, padded to 4
 *       record of a list table:  u32 number of elements · address · elements, each padded to 4
 *     8 bytes  magic again: without it the file was cut short
 */
const MAGIC = Buffer.from('SBMEM\0\0\x01', 'latin1');
export const CHECKPOINT_FILE = 'state.bin';

const CHUNK_BYTES = 1 << 20;

export type Table = ValueRecords | ListRecords;
/** Writes one page after the other of what a table held at the cut. */
type TableCut = (file: RecordWriter) => Promise<void>;

/** Fixes what the tables hold. The pages are shared until someone writes to them. */
export function cutTables(tables: readonly Table[]): (path: string) => Promise<void> {
  const cuts = tables.map((table) => (table instanceof ValueRecords ? cutValues(table) : cutLists(table)));
  const layout = layoutOf(tables.map(({ spec }) => spec));
  return async (path) => {
    const handle = await open(path, 'wx');
    try {
      const file = new RecordWriter(handle);
      file.bytes(MAGIC);
      file.number(layout.length);
      file.bytes(layout);
      for (const cut of cuts) {
        await cut(file);
        file.number(0);
      }
      file.bytes(MAGIC);
      await file.flush();
    } finally {
      await handle.close();
    }
  };
}

function cutValues({ keyed: { records }, spec }: ValueRecords): TableCut {
  const pages = records.snapshot();
  const { recordWords } = records;
  const addressWords = (WINDOW_BYTES + spec.keyBytes) / 4;
  return async (file) => {
    for (const page of pages) {
      for (let base = 0; base < page.length; base += recordWords) {
        const stored = page[base] as number;
        if (stored === 0) continue;
        file.number(stored);
        file.words(page, base + NAME_WORD, addressWords + ((stored + 2) >>> 2));
      }
      await file.drain();
    }
  };
}

function cutLists({ keyed: { records }, chunks, elementWords, elementsPerChunk, firstWord }: ListRecords): TableCut {
  const pages = records.snapshot();
  const chunkPages = chunks.snapshot();
  const { recordWords } = records;
  return async (file) => {
    for (const page of pages) {
      for (let base = 0; base < page.length; base += recordWords) {
        const count = page[base] as number;
        if (count === 0) continue;
        file.number(count);
        file.words(page, base + NAME_WORD, firstWord - NAME_WORD);
        let chunk = page[base + firstWord] as number;
        for (let left = count; left > 0; left -= elementsPerChunk) {
          const words = chunkPages[chunk >>> chunks.shift] as Uint32Array;
          const at = (chunk & chunks.mask) * chunks.recordWords;
          file.words(words, at + 1, Math.min(left, elementsPerChunk) * elementWords);
          chunk = (words[at] as number) - 1;
          if (file.full) await file.drain();
        }
      }
      await file.drain();
    }
  };
}

function layoutOf(tables: readonly TableSpec[]): Buffer {
  const text = JSON.stringify(
    tables.map(({ name, kind, keyBytes, groupBytes, valueBytes }) => ({ name, kind, keyBytes, groupBytes, valueBytes })),
  );
  return Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4));
}

/** Collects words in a chunk that grows with what is put in, and writes it where the caller can wait. */
class RecordWriter {
  readonly #handle: FileHandle;
  #words = new Uint32Array(CHUNK_BYTES / 2);
  #length = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  get full(): boolean {
    return this.#length * 4 >= CHUNK_BYTES;
  }

  number(value: number): void {
    this.#reserve(1);
    Buffer.from(this.#words.buffer).writeUInt32LE(value, this.#length++ * 4);
  }

  /** @param bytes a multiple of 4. */
  bytes(bytes: Buffer): void {
    this.#reserve(bytes.length / 4);
    Buffer.from(this.#words.buffer).set(bytes, this.#length * 4);
    this.#length += bytes.length / 4;
  }

  words(from: Uint32Array, at: number, count: number): void {
    this.#reserve(count);
    const words = this.#words;
    const length = this.#length;
    for (let i = 0; i < count; i++) words[length + i] = from[at + i] as number;
    this.#length = length + count;
  }

  async drain(): Promise<void> {
    if (this.full) await this.flush();
  }

  async flush(): Promise<void> {
    const bytes = new Uint8Array(this.#words.buffer, 0, this.#length * 4);
    for (let at = 0; at < bytes.length; ) at += (await this.#handle.write(bytes, at)).bytesWritten;
    this.#length = 0;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#words.length) return;
    const words = new Uint32Array(Math.max(2 * this.#words.length, this.#length + count));
    words.set(this.#words);
    this.#words = words;
  }
}

/** Fills empty tables from a checkpoint's file. */
export async function restoreTables(path: string, tables: readonly Table[]): Promise<void> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw new BackendError('damaged', `the checkpoint's file ${path} cannot be opened; restore an older checkpoint`, { cause });
  });
  try {
    const file = new RecordReader(handle, path);
    await file.magic();
    const layout = await file.bytes(await file.number());
    const expected = layoutOf(tables.map(({ spec }) => spec));
    if (!layout.equals(expected)) {
      throw new BackendError(
        'wrong-layout',
        `the checkpoint ${path} was made with tables ${layout}, not ${expected}; restore it with the tables it was made with`,
      );
    }
    for (const table of tables) await (table instanceof ValueRecords ? restoreValues(file, table) : restoreLists(file, table));
    await file.magic();
  } finally {
    await handle.close();
  }
}

async function restoreValues(file: RecordReader, table: ValueRecords): Promise<void> {
  const addressWords = (WINDOW_BYTES + table.spec.keyBytes) / 4;
  for (let stored = await file.number(); stored !== 0; ) {
    if (stored - 1 > table.spec.valueBytes) throw file.damaged(`a value of ${stored - 1} bytes in table '${table.spec.name}'`);
    const words = addressWords + ((stored + 2) >>> 2);
    if (!file.has(words + 1)) await file.fill(words + 1);
    table.putNew(file.words, file.at, file.hash(addressWords), stored - 1);
    file.at += words;
    stored = file.next();
  }
}

async function restoreLists(file: RecordReader, table: ListRecords): Promise<void> {
  const addressWords = (WINDOW_BYTES + table.spec.keyBytes) / 4;
  const { elementWords } = table;
  for (let count = await file.number(); count !== 0; count = await file.number()) {
    if (!file.has(addressWords)) await file.fill(addressWords);
    const record = table.addList(file.words, file.at, file.hash(addressWords));
    file.at += addressWords;
    for (; count > 0; count--) {
      if (!file.has(elementWords)) await file.fill(elementWords);
      table.appendTo(record, file.words, file.at);
      file.at += elementWords;
    }
  }
}

/** Reads words ahead, so that only every few thousandth record has to be waited for. */
class RecordReader {
  /** What was read ahead; `at` is the next word of it. */
  words = new Uint32Array(CHUNK_BYTES);
  at = 0;
  #end = 0;
  #bytes = Buffer.from(this.words.buffer);
  #window = 0;
  #windowWords = [0, 0];
  readonly #handle: FileHandle;
  readonly #path: string;

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
    this.#window = windowHash(decodeWindow(this.#bytes));
  }

  has(words: number): boolean {
    return this.at + words <= this.#end;
  }

  /** Reads on until `words` more are there. */
  async fill(words: number): Promise<void> {
    const kept = this.words.subarray(this.at, this.#end);
    if (words > this.words.length) {
      this.words = new Uint32Array(2 * words);
      this.#bytes = Buffer.from(this.words.buffer);
    }
    this.words.set(kept);
    this.at = 0;
    let end = kept.length * 4;
    while (end < words * 4) {
      const { bytesRead } = await this.#handle.read(this.#bytes, end, this.#bytes.length - end);
      if (bytesRead === 0) throw this.damaged('its end is missing');
      end += bytesRead;
    }
    // A read may end amid a word.
    while (end % 4 !== 0) {
      const { bytesRead } = await this.#handle.read(this.#bytes, end, 4 - (end % 4));
      if (bytesRead === 0) throw this.damaged('its end is missing');
      end += bytesRead;
    }
    this.#end = end / 4;
  }

  async number(): Promise<number> {
    if (!this.has(1)) await this.fill(1);
    return this.next();
  }

  /** {@link number} where the word is known to be there. */
  next(): number {
    return this.#bytes.readUInt32LE(4 * this.at++);
  }

  /** @param length in bytes, a multiple of 4 unless the file is damaged. */
  async bytes(length: number): Promise<Buffer> {
    if (length % 4 !== 0 || length > CHUNK_BYTES) throw this.damaged(`a part of ${length} bytes`);
    if (!this.has(length / 4)) await this.fill(length / 4);
    const bytes = Buffer.from(this.#bytes.subarray(4 * this.at, 4 * this.at + length));
    this.at += length / 4;
    return bytes;
  }

  async magic(): Promise<void> {
    const found = await this.bytes(MAGIC.length);
    if (!found.equals(MAGIC)) throw this.damaged(`'${found.toString('latin1')}' stands where '${MAGIC.toString('latin1')}' should`);
  }

  /** Of the address that stands next. */
  hash(addressWords: number): number {
    const { words, at } = this;
    if (words[at] !== this.#windowWords[0] || words[at + 1] !== this.#windowWords[1]) {
      this.#windowWords = [words[at] as number, words[at + 1] as number];
      this.#window = windowHash(decodeWindow(this.#bytes, 4 * at));
    }
    return slotHash(keyHash(words, at + WINDOW_BYTES / 4, addressWords - WINDOW_BYTES / 4), this.#window) | 0;
  }

  damaged(what: string): BackendError {
    return new BackendError('damaged', `the checkpoint's file ${this.#path} is damaged: ${what}; restore an older checkpoint`);
  }
}
