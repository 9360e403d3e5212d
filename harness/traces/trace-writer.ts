import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { keyHash, type StateBatch, type TableSpec, WINDOW_BYTES } from '../../backends/contract.ts';
import { cannotWrite } from '../atomic-file.ts';
import { ByteWriter } from './byte-writer.ts';
import { RecentWindows } from './recent-windows.ts';
import {
  ALL_PRESENT,
  BLOCK_BYTES,
  BLOCK_HEAD_BYTES,
  CALL_KINDS,
  type CallKind,
  FULL_LENGTHS,
  HEADER_HEAD_BYTES,
  MAGIC,
  NUMBERED_KEYS,
  SAME_SLOTS,
  STOPPED,
  type TraceEnd,
  type TraceHeader,
  WITH_GROUP,
} from './trace-format.ts';
import { WordDictionary } from './word-dictionary.ts';

const KEY_WORD = WINDOW_BYTES / 4;
/** The most that a call takes beside its slots: kind, table, count, window, group apart. */
const CALL_BYTES = 64;
/** The most that a slot takes beside its key: window and run, number of the key, length, presence. */
const SLOT_BYTES = 32;

/** What the writer knows of a table. */
interface TableState {
  readonly spec: TableSpec;
  readonly keys: WordDictionary;
  readonly windows: RecentWindows;
  /** The last batch, by the number of its fill; 0 for none. */
  fill: number;
  length: number;
}

export interface ScanRecord {
  readonly window: number;
  readonly group: Uint8Array | null;
  /** Slots of the batch it was to fill. */
  readonly capacity: number;
  /** What it gave: slots, and bytes of their values. */
  readonly slots: number;
  readonly bytes: number;
  readonly stopped: boolean;
}

/** Writes a trace, block by block. The file has its name only once it is whole; until then it is `FILE.draft`. */
export class TraceWriter {
  readonly #file: string;
  readonly #draft: string;
  #descriptor: number;
  readonly #tables: readonly TableState[];
  readonly #block = new ByteWriter(BLOCK_BYTES + BLOCK_HEAD_BYTES, BLOCK_HEAD_BYTES);
  #crc = crc32(MAGIC);
  #blockCalls = 0;
  #calls = 0;
  #operations = 0;
  #bytes = 0;

  /** @throws StatebenchError `bad-folder` or `disk-full`; so do all others that write */
  constructor(file: string, header: TraceHeader) {
    this.#file = file;
    this.#draft = `${file}.draft`;
    this.#tables = header.tables.map((spec) => {
      return { spec, keys: new WordDictionary(spec.keyBytes / 4), windows: new RecentWindows(), fill: 0, length: 0 };
    });
    const json = Buffer.from(JSON.stringify(header));
    const head = Buffer.alloc(HEADER_HEAD_BYTES);
    head.writeUInt32LE(json.length, 0);
    head.writeUInt32LE(crc32(json), 4);
    try {
      this.#descriptor = openSync(this.#draft, 'w');
    } catch (cause) {
      throw cannotWrite(file, cause);
    }
    this.#write(Buffer.concat([MAGIC, head, json]));
  }

  /** Operations so far: slots of batches, and one for each scan and drop. */
  get operations(): number {
    return this.#operations;
  }

  /** A call with a batch, after it has settled: what a read found is in the batch. @param table its place in the header */
  batch(kind: Exclude<CallKind, 'scan' | 'drop'>, table: number, batch: StateBatch): void {
    const state = this.#tables[table]!;
    const { length, fill, keyBytes } = batch;
    const { bytes } = this.#begin(CALL_BYTES + length * (SLOT_BYTES + keyBytes));
    const flagsAt = this.#block.at++;
    let flags = CALL_KINDS.indexOf(kind);
    this.#block.varint(table);
    this.#block.varint(length);
    if (fill !== 0 && fill === state.fill && length === state.length) flags |= SAME_SLOTS;
    else this.#slots(state, batch);
    state.fill = fill;
    state.length = length;
    if (kind === 'read' || kind === 'write') flags |= this.#values(batch);
    bytes[flagsAt] = flags;
    this.#end(length);
  }

  scan(table: number, { window, group, capacity, slots, bytes, stopped }: ScanRecord): void {
    const block = this.#begin(CALL_BYTES + (group?.length ?? 0));
    block.bytes[block.at++] = CALL_KINDS.indexOf('scan') | (group === null ? 0 : WITH_GROUP) | (stopped ? STOPPED : 0);
    block.varint(table);
    this.#tables[table]!.windows.write(block, window);
    if (group !== null) {
      block.bytes.set(group, block.at);
      block.at += group.length;
    }
    block.varint(capacity);
    block.varint(slots);
    block.varint(bytes);
    this.#end(1);
  }

  drop(table: number, window: number): void {
    const block = this.#begin(CALL_BYTES);
    block.bytes[block.at++] = CALL_KINDS.indexOf('drop');
    block.varint(table);
    this.#tables[table]!.windows.write(block, window);
    this.#end(1);
  }

  /** Writes the end, and gives the file its name. @returns what the end says, and the file's size */
  finish({ events, ended }: Pick<TraceEnd, 'events' | 'ended'>): TraceEnd & { readonly bytes: number } {
    if (this.#blockCalls > 0) this.#flush();
    const end: TraceEnd = { calls: this.#calls, operations: this.#operations, events, ended };
    const json = Buffer.from(JSON.stringify(end));
    this.#block.room(json.length);
    json.copy(this.#block.bytes, this.#block.at);
    this.#block.at += json.length;
    this.#flush();
    try {
      fsyncSync(this.#descriptor);
      this.#close();
      renameSync(this.#draft, this.#file);
    } catch (cause) {
      throw cannotWrite(this.#file, cause);
    }
    return { ...end, bytes: this.#bytes };
  }

  /** Removes what was written, unless it was finished. */
  abandon(): void {
    if (this.#descriptor < 0) return;
    this.#close();
    rmSync(this.#draft, { force: true });
  }

  /** Windows in runs, then keys. */
  #slots({ windows: recent, keys, spec }: TableState, batch: StateBatch): void {
    const block = this.#block;
    const { length, windows, addressWords, addressStride } = batch;
    for (let slot = 0; slot < length; ) {
      const window = windows[slot]!;
      const from = slot++;
      while (slot < length && windows[slot] === window) slot++;
      recent.write(block, window);
      block.varint(slot - from);
    }
    const strideWords = addressStride >>> 2;
    const { width } = keys;
    for (let slot = 0, at = KEY_WORD; slot < length; slot++, at += strideWords) {
      const hash = keyHash(addressWords, at, width);
      const id = keys.find(addressWords, at, hash);
      block.varint(id + 1);
      if (id >= 0) continue;
      const { addressArena } = batch;
      for (let byte = at * 4; byte < at * 4 + spec.keyBytes; byte++) block.bytes[block.at++] = addressArena[byte]!;
      if (keys.count < NUMBERED_KEYS) keys.add(addressWords, at, hash);
    }
  }

  /** Which slots are present, and how long their values are. @returns flags for what need not be written */
  #values({ length, present, lengths, valueBytes }: StateBatch): number {
    const block = this.#block;
    let flags = ALL_PRESENT | FULL_LENGTHS;
    for (let slot = 0; slot < length; slot++) {
      if (present[slot] !== 1) flags &= ~ALL_PRESENT;
      else if (lengths[slot] !== valueBytes) flags &= ~FULL_LENGTHS;
    }
    if (!(flags & ALL_PRESENT)) {
      for (let slot = 0; slot < length; slot += 8) {
        let bits = 0;
        for (let bit = 0; bit < 8 && slot + bit < length; bit++) if (present[slot + bit] === 1) bits |= 1 << bit;
        block.bytes[block.at++] = bits;
      }
    }
    if (!(flags & FULL_LENGTHS)) {
      for (let slot = 0; slot < length; slot++) if (present[slot] === 1) block.varint(lengths[slot]!);
    }
    return flags;
  }

  #begin(most: number): ByteWriter {
    if (this.#blockCalls > 0 && this.#block.at + most > BLOCK_BYTES + BLOCK_HEAD_BYTES) this.#flush();
    this.#block.room(most);
    return this.#block;
  }

  #end(operations: number): void {
    this.#blockCalls++;
    this.#calls++;
    this.#operations += operations;
  }

  #flush(): void {
    const { bytes, at } = this.#block;
    bytes.writeUInt32LE(this.#blockCalls, 0);
    bytes.writeUInt32LE(at - BLOCK_HEAD_BYTES, 4);
    this.#crc = crc32(bytes.subarray(BLOCK_HEAD_BYTES, at), crc32(bytes.subarray(0, 8), this.#crc));
    bytes.writeUInt32LE(this.#crc, 8);
    this.#write(bytes.subarray(0, at));
    this.#blockCalls = 0;
    this.#block.at = BLOCK_HEAD_BYTES;
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
    } catch (cause) {
      throw cannotWrite(this.#file, cause);
    }
    this.#bytes += bytes.length;
  }

  #close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    closeSync(descriptor);
  }
}
