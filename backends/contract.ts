/**
 * What a state backend is: keyed, windowed tables driven in micro-batches, and checkpoints over all of them.
 *
 * The shape follows one measurement: a call per batch over flat arenas instead of a promise per event. A table copies
 * from and into arenas that its caller owns and reuses, so neither side allocates per event. This file imports nothing:
 * it is all that a backend, ours or a stranger's, has to know.
 */

/** Already there for in-process stores, a promise for the others. Callers await only the latter. */
export type Pending<T = void> = T | Promise<T>;

/** What a table holds. Every width is in bytes and fixed for the life of the table. */
export interface TableSpec {
  readonly name: string;
  /** `value`: one value per (window, key). `list`: any number of elements per (window, key), in append order. */
  readonly kind: 'value' | 'list';
  /** Width of a key, a positive multiple of 4. Workloads pad shorter keys. Keys are bytes, never text. */
  readonly keyBytes: number;
  /** How many leading bytes of the key a scan may be limited to; 0 where no such scan is needed. */
  readonly groupBytes: number;
  /** `value`: the most one value takes (a value has 0 to this many bytes). `list`: the width of every element. */
  readonly valueBytes: number;
}

/** Bytes in front of the key in an address: the window, as {@link windowWords} writes it. */
export const WINDOW_BYTES = 8;

const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Order of the four bytes of a word turned round, so that a word stored natively reads as big-endian bytes. */
function bigEndianWord(word: number): number {
  if (!LITTLE_ENDIAN) return word >>> 0;
  return ((word << 24) | ((word << 8) & 0xff0000) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

/**
 * Mixes the words of a key to 32 bits; combined with a window by {@link slotHash}.
 * The mixing constants are those of MurmurHash3's finaliser (A. Appleby, public domain).
 */
export function keyHash(words: Uint32Array, at: number, count: number): number {
  let hash = 0x9e3779b9;
  for (let i = at; i < at + count; i++) {
    hash = Math.imul(hash ^ (words[i] as number), 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  return hash;
}

/** Hash of a whole window number, computed once per run of equal windows and handed to {@link slotHash}. */
export function windowHash(window: number): number {
  const high = Math.floor(window / 0x1_0000_0000);
  return Math.imul((window ^ Math.imul(high, 0x27d4eb2f)) | 0, 0x9e3779b1);
}

/** Hash of (window, key) from its two halves, as an unsigned 32-bit integer: what `StateBatch.hashes` holds. */
export function slotHash(hashOfKey: number, hashOfWindow: number): number {
  let hash = hashOfKey ^ hashOfWindow;
  hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
  return (hash ^ (hash >>> 15)) >>> 0;
}

let fills = 0;

/**
 * A reusable micro-batch of slots in flat arenas. Every view is made once: using a batch allocates nothing.
 *
 * A slot is one (window, key) with room for one value. A table may read a batch only until the call it was handed to
 * has settled; afterwards the caller refills it. Slots at and beyond `length` hold leftovers and mean nothing.
 */
export class StateBatch {
  readonly capacity: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Slots in use, from 0. */
  length = 0;
  /**
   * Changes whenever the batch is refilled, and is never shared by two batches: what a table learned in `read` (a row,
   * an older version) still holds in the `write` of the same fill.
   */
  fill = 0;
  /** The window of each slot: a window's start in ms since 1970, or any safe integer that names a namespace. */
  readonly windows: Float64Array;
  /** {@link slotHash} of each slot, set by whoever fills a batch for `read`, `write`, `append` or `remove`. A `scan` leaves it unset. */
  readonly hashes: Uint32Array;
  /** After `read` and in a scan: 1 if found. For `write`: 1 puts the value, 0 deletes the slot's entry. */
  readonly present: Uint8Array;
  /** Bytes of the value in use, 0 to `valueBytes`. */
  readonly lengths: Uint32Array;
  /** Bytes from one address to the next in {@link addressArena}: 8 for the window, then the key. */
  readonly addressStride: number;
  /** Bytes from one value to the next in {@link valueArena}: `valueBytes` rounded up to 8, so that numbers are aligned. */
  readonly valueStride: number;
  readonly addressArena: Buffer;
  readonly addressWords: Uint32Array;
  readonly valueArena: Buffer;
  readonly valueWords: Uint32Array;
  readonly valueDoubles: Float64Array;
  /**
   * One view a slot over window and key: the window as 8 bytes big-endian with the sign bit flipped, then the key, so
   * that addresses sort bytewise by window, before and after 1970, then by key.
   */
  readonly addresses: readonly Buffer[];
  /** One view a slot over the key alone. */
  readonly keys: readonly Buffer[];
  /** One view a slot over all `valueBytes`. For exactly the bytes in use see {@link value}. */
  readonly values: readonly Buffer[];

  #window = Number.NaN;
  #windowHigh = 0;
  #windowLow = 0;

  /** @throws RangeError if a width is not one that {@link TableSpec} allows, or `capacity` is not a positive integer. */
  constructor(capacity: number, { keyBytes, valueBytes }: Pick<TableSpec, 'keyBytes' | 'valueBytes'>) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw new RangeError(`capacity must be a positive integer, not ${capacity}`);
    checkWidths(keyBytes, valueBytes);
    this.capacity = capacity;
    this.keyBytes = keyBytes;
    this.valueBytes = valueBytes;
    this.windows = new Float64Array(capacity);
    this.hashes = new Uint32Array(capacity);
    this.present = new Uint8Array(capacity);
    this.lengths = new Uint32Array(capacity);
    this.addressStride = WINDOW_BYTES + keyBytes;
    this.valueStride = Math.ceil(valueBytes / 8) * 8;
    const addresses = new ArrayBuffer(capacity * this.addressStride);
    const values = new ArrayBuffer(capacity * this.valueStride);
    this.addressArena = Buffer.from(addresses);
    this.addressWords = new Uint32Array(addresses);
    this.valueArena = Buffer.from(values);
    this.valueWords = new Uint32Array(values);
    this.valueDoubles = new Float64Array(values);
    this.addresses = Array.from({ length: capacity }, (_, slot) => Buffer.from(addresses, slot * this.addressStride, this.addressStride));
    this.keys = Array.from({ length: capacity }, (_, slot) => Buffer.from(addresses, slot * this.addressStride + WINDOW_BYTES, keyBytes));
    this.values = Array.from({ length: capacity }, (_, slot) => Buffer.from(values, slot * this.valueStride, valueBytes));
  }

  /** Empties the batch for the next fill. */
  clear(): void {
    this.length = 0;
    this.fill = ++fills;
  }

  /**
   * Takes the next slot for `window` and returns it; the caller copies the key in (and sets the hash, unless scanning).
   * The slot starts absent and with all its value bytes in use.
   * @throws RangeError if the batch is full or `window` is not a safe integer.
   */
  push(window: number): number {
    const slot = this.length;
    if (slot === this.capacity) throw new RangeError(`a batch of ${this.capacity} slots is full`);
    if (window !== this.#window) this.#encode(window);
    const word = (slot * this.addressStride) >>> 2;
    this.addressWords[word] = this.#windowHigh;
    this.addressWords[word + 1] = this.#windowLow;
    this.windows[slot] = window + 0; // -0 becomes 0
    this.present[slot] = 0;
    this.lengths[slot] = this.valueBytes;
    this.length = slot + 1;
    return slot;
  }

  /** {@link push} for a scan that holds the stored address: takes window and key from its first bytes. */
  pushAddress(address: Uint8Array): number {
    const slot = this.length;
    if (slot === this.capacity) throw new RangeError(`a batch of ${this.capacity} slots is full`);
    const at = slot * this.addressStride;
    const { addressArena, addressStride } = this;
    if (address.length === addressStride) addressArena.set(address, at);
    else for (let i = 0; i < addressStride; i++) addressArena[at + i] = address[i] as number;
    this.windows[slot] = decodeWindow(addressArena, at);
    this.present[slot] = 1;
    this.lengths[slot] = this.valueBytes;
    this.length = slot + 1;
    return slot;
  }

  /** The bytes in use of a slot's value. The ready-made view where the value fills its slot. */
  value(slot: number): Buffer {
    const length = this.lengths[slot] as number;
    const view = this.values[slot] as Buffer;
    return length === this.valueBytes ? view : view.subarray(0, length);
  }

  /**
   * Copies a stored value into a slot and marks it present.
   * @throws RangeError if the value is wider than the table's `valueBytes`.
   */
  setValue(slot: number, value: Uint8Array, length = value.length): void {
    if (length > this.valueBytes) throw new RangeError(`a stored value of ${length} bytes does not fit in ${this.valueBytes}`);
    const at = slot * this.valueStride;
    if (length === value.length) this.valueArena.set(value, at);
    else for (let i = 0; i < length; i++) this.valueArena[at + i] = value[i] as number;
    this.lengths[slot] = length;
    this.present[slot] = 1;
  }

  #encode(window: number): void {
    if (!Number.isSafeInteger(window)) throw new RangeError(`a window must be a safe integer, not ${window}`);
    this.#window = window;
    this.#windowHigh = bigEndianWord(Math.floor(window / 0x1_0000_0000) ^ 0x8000_0000);
    this.#windowLow = bigEndianWord(window | 0);
  }
}

function checkWidths(keyBytes: number, valueBytes: number): void {
  if (!Number.isSafeInteger(keyBytes) || keyBytes < 4 || keyBytes % 4 !== 0) {
    throw new RangeError(`keyBytes must be a positive multiple of 4, not ${keyBytes}`);
  }
  if (!Number.isSafeInteger(valueBytes) || valueBytes < 0) throw new RangeError(`valueBytes must not be negative, got ${valueBytes}`);
}

/** The 8 bytes in front of every address of `window`, as described at `StateBatch.addresses`. */
export function encodeWindow(window: number): Buffer {
  const bytes = Buffer.allocUnsafe(WINDOW_BYTES);
  writeWindow(window, bytes);
  return bytes;
}

/** Puts what {@link encodeWindow} gives into the first 8 of `bytes`. */
export function writeWindow(window: number, bytes: Buffer): void {
  if (!Number.isSafeInteger(window)) throw new RangeError(`a window must be a safe integer, not ${window}`);
  bytes.writeUInt32BE((Math.floor(window / 0x1_0000_0000) ^ 0x8000_0000) >>> 0, 0);
  bytes.writeUInt32BE(window >>> 0, 4);
}

/** The window whose {@link encodeWindow} bytes stand at `at`. */
export function decodeWindow(bytes: Buffer, at = 0): number {
  return (bytes.readUInt32BE(at) ^ 0x8000_0000) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

/** Yields the caller's batch, refilled, until everything was seen once. */
export type Scan = Iterable<StateBatch> | AsyncIterable<StateBatch>;

/** One value per (window, key). A batch holds each (window, key) at most once. */
export interface ValueTable {
  /** Sets `present` of each slot, and copies value and length of those found. The length of an absent slot means nothing. */
  read(batch: StateBatch): Pending;
  /** Puts (`present` 1) or deletes (`present` 0) each slot. Deleting what is absent is no error. */
  write(batch: StateBatch): Pending;
  /**
   * Everything in `window`, once each, in any order; with `group`, only keys that start with those `groupBytes` bytes.
   * Between two yields the caller may use other tables of the store, but not write to this one.
   */
  scan(window: number, batch: StateBatch, group?: Uint8Array): Scan;
  /** Forgets a whole window. */
  drop(window: number): Pending;
}

/** A list of equal elements per (window, key). A batch may hold one key many times. */
export interface ListTable {
  /** Adds one element per slot, without reading first. Slots of one key are appended in slot order. */
  append(batch: StateBatch): Pending;
  /** Forgets the whole list of each slot's (window, key). */
  remove(batch: StateBatch): Pending;
  /** One element per slot: elements of a key come together, in the order appended. Otherwise as `ValueTable.scan`. */
  scan(window: number, batch: StateBatch, group?: Uint8Array): Scan;
  drop(window: number): Pending;
}

/** Names one checkpoint. Ids are positive, grow, and are never used twice. */
export interface CheckpointPlace {
  readonly id: number;
  /** A directory for this checkpoint's files: empty when made, left exactly as it was when restored from. */
  readonly directory: string;
}

/** A file of a checkpoint, relative to its directory, with `/` between folders. */
export interface CheckpointFile {
  readonly path: string;
  /** True if a file of this name never changes, in this checkpoint or a later one (an SST file). */
  readonly immutable: boolean;
}

/** The part of a persist that needs only files and plain data, so that a worker thread can do it. */
export interface PersistWork {
  /** URL of a module whose default export is a {@link PersistTask}. It must not load a native addon. */
  readonly module: string;
  /** The task's input, for `structuredClone`. */
  readonly input: unknown;
  /** Buffers that only the stream's thread can fill, pulled there a few at a time; each is given away. An empty one is a pause. */
  readonly feed?: Iterator<PersistPiece>;
}

/** One piece of a {@link PersistWork}'s feed. */
export interface PersistPiece {
  readonly part: number;
  /** Number of entries in the bytes. */
  readonly entries: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a {@link PersistTask} returns: the checkpoint's files, and what the store keeps for the next one. */
export interface Persisted<Kept = unknown> {
  readonly files: readonly CheckpointFile[];
  readonly kept: Kept;
}

/** The default export of a {@link PersistWork}'s module. */
export type PersistTask<Input, Kept> = (
  input: Input,
  feed: AsyncIterable<PersistPiece> | Iterable<PersistPiece>,
) => Promise<Persisted<Kept>>;

/** Runs a {@link PersistWork} in a worker thread. */
export type PersistElsewhere = (work: PersistWork) => Promise<Persisted>;

/** A consistent cut over all tables, fixed; its bytes need not be on disk yet. */
export interface CheckpointCut {
  /**
   * Writes the cut into the checkpoint's directory and says which files make it up. May overlap with further reads and writes.
   * @param elsewhere runs work in a worker thread. Once it has settled, the checkpoint may be published already: its files
   * are returned as they are. A store that does not use it persists in the stream's thread.
   */
  persist(elsewhere?: PersistElsewhere): Promise<readonly CheckpointFile[]>;
}

/** An open store. Any call after `close` fails with a {@link BackendError} of code `closed`. */
export interface StateStore {
  /** @throws BackendError `no-such-table` if the store was opened without a value table of this name. */
  value(name: string): ValueTable;
  /** @throws BackendError `no-such-table` if the store was opened without a list table of this name. */
  list(name: string): ListTable;
  /**
   * Fixes one consistent cut over all tables. Once settled, no later write enters it.
   * The next one is asked for only after this one was published or given up.
   */
  checkpoint(place: CheckpointPlace): Pending<CheckpointCut>;
  /** This checkpoint can no longer be lost: what only older ones needed may go, once those are released. */
  published(id: number): Pending;
  /** This checkpoint will never be restored again. */
  release(id: number): Pending;
  /** Frees everything the process holds. Never deletes what a checkpoint refers to. */
  close(): Promise<void>;
}

/** What of the working state survives without a checkpoint: nothing, the death of the process, or that of the machine. */
export type Durability = 'volatile' | 'process-crash' | 'os-crash';

export interface OpenRequest {
  /** A directory of the store's own; exists and is empty. */
  readonly directory: string;
  readonly tables: readonly TableSpec[];
}

export interface RestoreRequest extends OpenRequest {
  readonly checkpoint: CheckpointPlace;
}

/** A configured backend. A module exports `options` (a zod schema) and, by default, `(options) => StateBackend`. */
export interface StateBackend {
  readonly name: string;
  /**
   * What is really in force, after defaults. Copied into every result. What is named as an option is a value of it.
   * Two names mean the same with every backend: `memoryBytes` is what the store keeps in memory at most, where it limits that itself;
   * `pageCache: true` says that it reads files, which the system keeps in memory as long as it has room, whatever the store's own limit.
   * An option `memoryBytes` takes the budget of a run.
   */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly durability: Durability;
  /** @throws BackendError `unavailable` if a package or server is missing; the message says what to do. */
  open(request: OpenRequest): Promise<StateStore>;
  /**
   * Opens the state of a checkpoint, taking over from the store that made it, dead or alive. A checkpoint can be
   * restored any number of times.
   * @throws BackendError `wrong-layout` if the checkpoint was made with other tables, `damaged` if it is not whole.
   */
  restore(request: RestoreRequest): Promise<StateStore>;
}

export type BackendErrorCode = 'unavailable' | 'wrong-layout' | 'damaged' | 'closed' | 'no-such-table' | 'refused' | 'over-budget';

/** An error with a code that callers can rely on; the message says what was tried, what was got, and what to do. */
export class BackendError extends Error {
  readonly code: BackendErrorCode;

  constructor(code: BackendErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackendError';
    this.code = code;
  }
}

/** @throws RangeError if a specification breaks one of the rules written at {@link TableSpec}. Called once per store. */
export function checkTables(tables: readonly TableSpec[]): void {
  const names = new Set<string>();
  for (const { name, keyBytes, groupBytes, valueBytes, kind } of tables) {
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) throw new RangeError(`a table's name is lower-case letters, digits and '-', not '${name}'`);
    if (names.has(name)) throw new RangeError(`two tables are named '${name}'`);
    names.add(name);
    checkWidths(keyBytes, valueBytes);
    if (kind !== 'value' && kind !== 'list') throw new RangeError(`table '${name}': kind must be 'value' or 'list'`);
    if (!Number.isSafeInteger(groupBytes) || groupBytes < 0 || groupBytes > keyBytes) {
      throw new RangeError(`table '${name}': groupBytes must lie between 0 and keyBytes, got ${groupBytes}`);
    }
  }
}
