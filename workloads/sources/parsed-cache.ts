/**
 * Keeps what was parsed from a file as typed arrays, so that a fresh process has it in tens of milliseconds instead of seconds.
 *
 * A cache file: four 32-bit words (magic, version, bytes of the list, 0), the SHA-256 of what it was parsed from, that of all that
 * follows; then a list of the arrays (JSON: name, type, length), and the arrays, each padded to 8 bytes. Words have this machine's byte
 * order; the magic number of another's is not recognised. A cache that is not exactly right is made anew.
 */
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = { Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float64Array } as const;
type TypeName = keyof typeof TYPES;
type Column = Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float64Array;

/** Arrays by name. */
export type Columns = Readonly<Record<string, Column>>;

const MAGIC = 0x53425043;
const VERSION = 1;
const DIGEST_BYTES = 32;
const HEADER_BYTES = 16 + 2 * DIGEST_BYTES;
/** More cannot be a list of some arrays. */
const LIST_BYTES_MAX = 65_536;
/** Read at a time: no array is too large for that. */
const PIECE_BYTES = 2 ** 26;

/** Folders to keep caches in, the best first: the package's own, then the system's for temporary files. */
export function cacheDirectories(): readonly string[] {
  const temporary = join(tmpdir(), 'statebench-cache');
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) return [temporary];
    folder = parent;
  }
  return [join(folder, 'node_modules', '.cache', 'statebench'), temporary];
}

/**
 * The arrays under `name`, from the first of `directories` that has them whole; else `parse` is called, and what it gives is kept in
 * the first that can be written to.
 * @param name of the cache file
 * @param source SHA-256 of all that decides what `parse` gives
 */
export async function cachedColumns<T extends Columns>(
  name: string,
  source: Buffer,
  directories: readonly string[],
  parse: () => Promise<T>,
): Promise<T> {
  for (const directory of directories) {
    const found = await load(join(directory, name), source);
    // The same source was parsed to the same arrays.
    if (found !== null) return found as T;
  }
  const columns = await parse();
  for (const directory of directories) {
    if (!(await save(directory, name, columns, source))) continue;
    if (familyOf(name) !== null) await removeOldest(directory, familyOf(name)!);
    break;
  }
  return columns;
}

/** The name of a cache that is one of many: there is one for each source, and only the newest are kept. */
export function oneOfMany(family: string, source: Buffer): string {
  return `${family}-of-${source.toString('hex').slice(0, 16)}.bin`;
}

const KEPT_OF_MANY = 8;

function familyOf(name: string): string | null {
  return /^(.+-of-)[0-9a-f]{16}\.bin$/.exec(name)?.[1] ?? null;
}

async function removeOldest(directory: string, family: string): Promise<void> {
  try {
    const names = (await readdir(directory)).filter((name) => familyOf(name) === family);
    const ages = await Promise.all(names.map(async (name) => ({ name, writtenMs: (await stat(join(directory, name))).mtimeMs })));
    const old = ages.sort((a, b) => b.writtenMs - a.writtenMs).slice(KEPT_OF_MANY);
    for (const { name } of old) await rm(join(directory, name), { force: true });
  } catch {
    // Another process tidied up before, or the folder is not ours to tidy.
  }
}

async function load(file: string, source: Buffer): Promise<Columns | null> {
  let handle: FileHandle;
  try {
    handle = await open(file);
  } catch {
    return null; // none there, or not readable: as good as none
  }
  try {
    return await read(handle, source);
  } catch {
    return null; // not what it should be
  } finally {
    await handle.close();
  }
}

async function read(handle: FileHandle, source: Buffer): Promise<Columns | null> {
  const header = Buffer.alloc(HEADER_BYTES);
  await readWhole(handle, header, 0);
  const [magic, version, listBytes, zero] = new Uint32Array(new Uint8Array(header.subarray(0, 16)).buffer);
  if (magic !== MAGIC || version !== VERSION || zero !== 0 || listBytes! > LIST_BYTES_MAX) return null;
  if (!header.subarray(16, 16 + DIGEST_BYTES).equals(source)) return null;
  const list = Buffer.alloc(listBytes!);
  await readWhole(handle, list, HEADER_BYTES);
  const hash = createHash('sha256').update(list);
  const { size } = await handle.stat();
  const columns: Record<string, Column> = {};
  let at = HEADER_BYTES + list.length;
  for (const [name, type, length] of JSON.parse(list.toString()) as readonly (readonly [string, TypeName, number])[]) {
    const bytes = length * TYPES[type].BYTES_PER_ELEMENT;
    if (at + padded(bytes) > size) return null;
    const whole = new Uint8Array(padded(bytes));
    await readWhole(handle, whole, at);
    updateInPieces(hash, whole);
    columns[name] = new TYPES[type](whole.buffer, 0, length);
    at += whole.length;
  }
  return at === size && hash.digest().equals(header.subarray(16 + DIGEST_BYTES)) ? columns : null;
}

/** @throws Error if the file ends before */
async function readWhole(handle: FileHandle, into: Uint8Array, from: number): Promise<void> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await handle.read(into, at, Math.min(PIECE_BYTES, into.length - at), from + at);
    if (bytesRead === 0) throw new Error('the file is cut off');
    at += bytesRead;
  }
}

/** Writes under a name of its own and renames, so that another process sees the whole file or none. */
async function save(directory: string, name: string, columns: Columns, source: Buffer): Promise<boolean> {
  const draft = join(directory, `${name}.${randomUUID()}`);
  try {
    await mkdir(directory, { recursive: true });
    const handle = await open(draft, 'wx');
    try {
      await write(handle, columns, source);
    } finally {
      await handle.close();
    }
    await rename(draft, join(directory, name));
    return true;
  } catch {
    await rm(draft, { force: true }).catch(() => {});
    return false; // read-only or full: only time is lost
  }
}

async function write(handle: FileHandle, columns: Columns, source: Buffer): Promise<void> {
  const listed = Object.entries(columns).map(([name, column]) => [name, column.constructor.name, column.length]);
  const text = JSON.stringify(listed);
  const list = Buffer.from(text.padEnd(padded(Buffer.byteLength(text))));
  const hash = createHash('sha256').update(list);
  let at = HEADER_BYTES;
  const put = async (bytes: Uint8Array): Promise<void> => {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, Math.min(PIECE_BYTES, bytes.length - done), at);
      done += bytesWritten;
      at += bytesWritten;
    }
  };
  await put(list);
  for (const { buffer, byteOffset, byteLength } of Object.values(columns)) {
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    const rest = new Uint8Array(padded(byteLength) - byteLength);
    updateInPieces(hash, bytes);
    hash.update(rest);
    await put(bytes);
    await put(rest);
  }
  const words = new Uint32Array([MAGIC, VERSION, list.length, 0]);
  at = 0;
  await put(Buffer.concat([new Uint8Array(words.buffer), source, hash.digest()]));
}

/** OpenSSL takes less than 2 GiB at once. */
function updateInPieces(hash: Hash, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) hash.update(bytes.subarray(at, at + PIECE_BYTES));
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
