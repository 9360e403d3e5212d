import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { checkTables, keyHash, type TableSpec, WINDOW_BYTES } from '../../backends/contract.ts';
import { messageOf, StatebenchError } from '../errors.ts';
import { ByteReader, DamagedBlock } from './byte-reader.ts';
import { RecentWindows } from './recent-windows.ts';
import { CallBatch, hashSlots, type Trace, type TraceCall } from './trace.ts';
import {
  ALL_PRESENT,
  BLOCK_BYTES_MAX,
  BLOCK_HEAD_BYTES,
  CALL_KINDS,
  endSchema,
  FULL_LENGTHS,
  HEADER_HEAD_BYTES,
  headerSchema,
  KIND_MASK,
  MAGIC,
  MAGIC_BEGINNING,
  NUMBERED_KEYS,
  SAME_SLOTS,
  STOPPED,
  TRACE_VERSION,
  type TraceEnd,
  type TraceHeader,
  WITH_GROUP,
} from './trace-format.ts';
import { WordDictionary } from './word-dictionary.ts';

/** One block of the file, checked. */
interface Block {
  /** From 1. */
  readonly number: number;
  /** Byte of the file at which it starts. */
  readonly offset: number;
  /** Calls in it; 0 for the end. */
  readonly calls: number;
  /** Valid until the next block. */
  readonly content: Buffer;
}

/** True if a file begins as a trace of this or another version does. */
export function looksLikeTrace(beginning: Buffer): boolean {
  return beginning.subarray(0, MAGIC_BEGINNING.length).equals(Buffer.from(MAGIC_BEGINNING));
}

/**
 * Opens a trace, having read all of it and checked every block: what is torn or damaged is refused before anything is done with it.
 * @throws StatebenchError `bad-data` naming the block and its place
 */
export async function openTrace(file: string): Promise<Trace> {
  const { header, begin } = await withFile(file, (handle) => readHeader(handle, file));
  let end: TraceEnd | null = null;
  let calls = 0;
  for await (const block of blocksOf(file, begin)) {
    if (block.calls === 0) end = endOf(block, file);
    else calls += block.calls;
  }
  if (end === null || end.calls !== calls) throw damaged(file, `has ${calls} calls and an end that does not count them`);
  return {
    file,
    tables: header.tables,
    header,
    end,
    knowsFound: true,
    skippedLines: 0,
    async *pieces() {
      const decoder = new CallDecoder(header.tables);
      for await (const block of blocksOf(file, begin)) if (block.calls > 0) yield checked(decoder.calls(block), block, file);
    },
  };
}

function* checked(calls: Iterable<TraceCall>, { number, offset }: Block, file: string): Generator<TraceCall> {
  try {
    yield* calls;
  } catch (cause) {
    if (!(cause instanceof DamagedBlock)) throw cause;
    throw damaged(file, `is wrong in block ${number} at byte ${offset}, which ${cause.message}`, cause);
  }
}

async function withFile<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new StatebenchError('missing-data', `cannot read the trace ${file}: ${messageOf(cause)}`, { cause });
  });
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

function damaged(file: string, what: string, cause?: unknown): StatebenchError {
  return new StatebenchError('bad-data', `the trace ${file} ${what}: record it again`, cause === undefined ? undefined : { cause });
}

async function readHeader(handle: FileHandle, file: string): Promise<{ readonly header: TraceHeader; readonly begin: number }> {
  const magic = await take(handle, 0, Buffer.alloc(MAGIC.length));
  if (looksLikeTrace(magic) && !magic.equals(MAGIC)) {
    const version = magic.toString('latin1').slice(MAGIC_BEGINNING.length).trim();
    throw new StatebenchError('bad-data', `the trace ${file} is of version ${version}; this statebench reads version ${TRACE_VERSION}`);
  }
  if (!magic.equals(MAGIC)) throw damaged(file, 'is none: it does not begin as one');
  const head = await take(handle, MAGIC.length, Buffer.alloc(HEADER_HEAD_BYTES));
  const bytes = head.length === HEADER_HEAD_BYTES ? head.readUInt32LE(0) : BLOCK_BYTES_MAX;
  if (bytes >= BLOCK_BYTES_MAX) throw damaged(file, 'ends amid its header');
  const begin = MAGIC.length + HEADER_HEAD_BYTES;
  const json = await take(handle, begin, Buffer.alloc(bytes));
  if (json.length < bytes) throw damaged(file, 'ends amid its header');
  if (crc32(json) !== head.readUInt32LE(4)) throw damaged(file, 'has a wrong checksum in its header');
  try {
    const header = headerSchema.parse(JSON.parse(json.toString()));
    checkTables(header.tables);
    return { header, begin: begin + bytes };
  } catch (cause) {
    throw damaged(file, `has a header that is none: ${messageOf(cause)}`, cause);
  }
}

/** Every block from byte `begin`, the end among them, behind which there is nothing. */
async function* blocksOf(file: string, begin: number): AsyncGenerator<Block> {
  const handle = await open(file);
  try {
    let offset = begin;
    let crc = crc32(MAGIC);
    const head = Buffer.alloc(BLOCK_HEAD_BYTES);
    let buffer: Buffer = Buffer.alloc(0);
    for (let number = 1; ; number++) {
      const torn = () => damaged(file, `is torn: it ends amid block ${number} at byte ${offset}`);
      if ((await take(handle, offset, head)).length < BLOCK_HEAD_BYTES) throw torn();
      const calls = head.readUInt32LE(0);
      const bytes = head.readUInt32LE(4);
      if (bytes > BLOCK_BYTES_MAX) throw damaged(file, `is damaged in block ${number} at byte ${offset}, which claims ${bytes} bytes`);
      if (buffer.length < bytes) buffer = Buffer.allocUnsafe(bytes);
      const content = await take(handle, offset + BLOCK_HEAD_BYTES, buffer.subarray(0, bytes));
      if (content.length < bytes) throw torn();
      crc = crc32(content, crc32(head.subarray(0, 8), crc));
      if (crc !== head.readUInt32LE(8)) throw damaged(file, `is damaged: block ${number} at byte ${offset} has a wrong checksum`);
      yield { number, offset, calls, content };
      offset += BLOCK_HEAD_BYTES + bytes;
      if (calls > 0) continue;
      if ((await handle.stat()).size !== offset) throw damaged(file, `goes on behind its end at byte ${offset}`);
      return;
    }
  } finally {
    await handle.close();
  }
}

/** What is there of the wanted bytes: all of `into`, or less at the end of the file. */
async function take(handle: FileHandle, at: number, into: Buffer): Promise<Buffer> {
  let got = 0;
  while (got < into.length) {
    const { bytesRead } = await handle.read(into, got, into.length - got, at + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return into.subarray(0, got);
}

function endOf({ number, offset, content }: Block, file: string): TraceEnd {
  try {
    return endSchema.parse(JSON.parse(content.toString()));
  } catch (cause) {
    throw damaged(file, `has an end in block ${number} at byte ${offset} that is none`, cause);
  }
}

/** No batch that a scan fills is larger: a size beyond it is damage, not a reason to allocate. */
const SCAN_SLOTS_MAX = 1 << 24;

interface TableState {
  readonly spec: TableSpec;
  readonly keys: WordDictionary;
  readonly windows: RecentWindows;
  readonly slots: CallBatch;
}

/** Makes calls of the contents of blocks, in their order. */
class CallDecoder {
  readonly #tables: readonly TableState[];
  readonly #reader = new ByteReader();
  /** Made once: an object a call is what decoding would spend most of its time on. */
  readonly #call: { -readonly [Field in keyof TraceCall]: TraceCall[Field] };

  constructor(tables: readonly TableSpec[]) {
    this.#tables = tables.map((spec) => {
      return { spec, keys: new WordDictionary(spec.keyBytes / 4), windows: new RecentWindows(), slots: new CallBatch(spec) };
    });
    const { batch, present, lengths } = this.#tables[0]!.slots;
    const ofBatch = { number: 0, kind: 'read', table: 0, batch, refilled: true, present, lengths } as const;
    this.#call = { ...ofBatch, window: Number.NaN, group: null, capacity: 0, slots: 0, bytes: 0, stopped: false };
  }

  *calls(block: Block): Generator<TraceCall> {
    const reader = this.#reader;
    reader.begin(block.content);
    for (let call = 0; call < block.calls; call++) yield this.#next();
    reader.check(reader.left === 0, 'has bytes behind its last call');
  }

  #next(): TraceCall {
    const reader = this.#reader;
    const flags = reader.byte();
    const kind = CALL_KINDS[flags & KIND_MASK];
    const table = reader.varint();
    const state = this.#tables[table];
    reader.check(kind !== undefined && state !== undefined, 'has a call of no known kind or table');
    const { spec, slots } = state!;
    const call = this.#call;
    call.number++;
    call.kind = kind!;
    call.table = table;
    call.refilled = true;
    call.window = Number.NaN;
    call.group = null;
    call.stopped = false;
    const isOfList = kind === 'append' || kind === 'remove';
    if (kind === 'scan' || kind === 'drop') {
      call.window = state!.windows.read(reader);
      if (kind === 'scan') {
        if (flags & WITH_GROUP) {
          const at = reader.skip(spec.groupBytes);
          call.group = reader.bytes.subarray(at, at + spec.groupBytes);
        }
        call.capacity = reader.varint();
        call.slots = reader.varint();
        call.bytes = reader.varint();
        call.stopped = (flags & STOPPED) !== 0;
        reader.check(call.capacity >= 1 && call.capacity <= SCAN_SLOTS_MAX, 'has a scan into a batch of an impossible size');
      }
    } else {
      reader.check((spec.kind === 'list') === isOfList, 'has a call that a table of this kind does not take');
      const length = reader.varint();
      call.refilled = (flags & SAME_SLOTS) === 0;
      if (call.refilled) this.#slots(state!, length);
      else reader.check(length === slots.batch.length, 'refers to a batch that there was not');
      if (isOfList) {
        slots.present.fill(1, 0, length);
        slots.lengths.fill(spec.valueBytes, 0, length);
      } else this.#values(state!, flags, length);
    }
    call.batch = slots.batch;
    call.present = slots.present;
    call.lengths = slots.lengths;
    return call;
  }

  #slots({ spec, keys, windows, slots }: TableState, length: number): void {
    const reader = this.#reader;
    // A slot takes at least a byte, so that no length makes more room than the block is large.
    reader.check(length <= reader.left, 'ends amid a batch');
    slots.begin(length);
    const { batch } = slots;
    while (batch.length < length) {
      const window = windows.read(reader);
      const run = reader.varint();
      reader.check(run >= 1 && batch.length + run <= length, 'has a run of windows that does not fit its batch');
      for (let i = 0; i < run; i++) batch.push(window);
    }
    const { addressWords, addressArena, addressStride } = batch;
    const { width } = keys;
    for (let slot = 0; slot < length; slot++) {
      const at = (slot * addressStride + WINDOW_BYTES) >>> 2;
      const id = reader.varint() - 1;
      if (id >= 0) {
        reader.check(id < keys.count, 'refers to a key that was not written out');
        const { words } = keys;
        for (let word = 0; word < width; word++) addressWords[at + word] = words[id * width + word]!;
        continue;
      }
      const from = reader.skip(spec.keyBytes);
      for (let byte = 0; byte < spec.keyBytes; byte++) addressArena[at * 4 + byte] = reader.bytes[from + byte]!;
      if (keys.count < NUMBERED_KEYS) keys.add(addressWords, at, keyHash(addressWords, at, width));
    }
    hashSlots(batch, 0);
  }

  #values({ spec, slots: { present, lengths } }: TableState, flags: number, length: number): void {
    const reader = this.#reader;
    if (flags & ALL_PRESENT) present.fill(1, 0, length);
    else {
      const at = reader.skip(Math.ceil(length / 8));
      for (let slot = 0; slot < length; slot++) present[slot] = (reader.bytes[at + (slot >>> 3)]! >>> (slot & 7)) & 1;
    }
    if (flags & FULL_LENGTHS) lengths.fill(spec.valueBytes, 0, length);
    else {
      for (let slot = 0; slot < length; slot++) {
        if (present[slot] !== 1) continue;
        lengths[slot] = reader.varint();
        reader.check(lengths[slot]! <= spec.valueBytes, 'has a value that is too wide for its table');
      }
    }
  }
}
