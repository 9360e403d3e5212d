/**
 * Keeps parsed flights in a binary file, so that a fresh process has them in tens of milliseconds instead of seconds.
 *
 * The file: a header of {@link HEADER_BYTES} bytes (magic, version, rows, routes as 32-bit words, then the SHA-256 of the file they were
 * parsed from, then that of the body), then the body: route keys, minutes, delays, routes, each a whole typed array. Words have this
 * machine's byte order; the magic number of another's is not recognised. A cache that is not exactly right is made anew.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FlightColumns, ROUTE_KEY_BYTES } from './flights-parquet.ts';

const MAGIC = 0x53424631;
const VERSION = 1;
const DIGEST_BYTES = 32;
const HEADER_BYTES = 16 + 2 * DIGEST_BYTES;
const ROW_BYTES = 8;
const FILE = `flights-3m-v${VERSION}.bin`;

/** Folders to keep the cache in, the best first: the package's own, then the system's for temporary files. */
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
 * The flights parsed from `source`, from the first of `directories` that has them whole; else `parse` is called, and what it gives is
 * kept in the first that can be written to.
 */
export async function cachedFlights(
  source: Uint8Array,
  directories: readonly string[],
  parse: () => Promise<FlightColumns>,
): Promise<FlightColumns> {
  const sourceDigest = sha256(source);
  for (const directory of directories) {
    const found = await load(join(directory, FILE), sourceDigest);
    if (found !== null) return found;
  }
  const columns = await parse();
  for (const directory of directories) if (await save(directory, columns, sourceDigest)) break;
  return columns;
}

async function load(file: string, sourceDigest: Buffer): Promise<FlightColumns | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch {
    return null; // none there, or not readable: as good as none
  }
  if (bytes.length < HEADER_BYTES) return null;
  const buffer = bytes.buffer as ArrayBuffer;
  const [magic, version, rows, routes] = new Uint32Array(buffer.slice(bytes.byteOffset, bytes.byteOffset + 16));
  if (magic !== MAGIC || version !== VERSION) return null;
  if (bytes.length !== HEADER_BYTES + routes! * ROUTE_KEY_BYTES + rows! * ROW_BYTES) return null;
  if (!bytes.subarray(16, 16 + DIGEST_BYTES).equals(sourceDigest)) return null;
  if (!bytes.subarray(16 + DIGEST_BYTES, HEADER_BYTES).equals(sha256(bytes.subarray(HEADER_BYTES)))) return null;
  let at = bytes.byteOffset + HEADER_BYTES;
  const next = (length: number): number => {
    const start = at;
    at += length;
    return start;
  };
  return {
    rows: rows!,
    routeKeys: new Uint8Array(buffer, next(routes! * ROUTE_KEY_BYTES), routes! * ROUTE_KEY_BYTES),
    minutes: new Int32Array(buffer, next(rows! * 4), rows!),
    delays: new Int16Array(buffer, next(rows! * 2), rows!),
    routes: new Uint16Array(buffer, next(rows! * 2), rows!),
  };
}

/** Writes under a name of its own and renames, so that another process sees the whole file or none. */
async function save(directory: string, columns: FlightColumns, sourceDigest: Buffer): Promise<boolean> {
  const { rows, minutes, delays, routes, routeKeys } = columns;
  const body = [routeKeys, minutes, delays, routes].map(
    (array) => new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength),
  );
  const words = new Uint32Array([MAGIC, VERSION, rows, routeKeys.length / ROUTE_KEY_BYTES]);
  const draft = join(directory, `${FILE}.${randomUUID()}`);
  try {
    await mkdir(directory, { recursive: true });
    const handle = await open(draft, 'wx');
    try {
      await handle.writev([new Uint8Array(words.buffer), sourceDigest, sha256(...body), ...body]);
    } finally {
      await handle.close();
    }
    await rename(draft, join(directory, FILE));
    return true;
  } catch {
    await rm(draft, { force: true }).catch(() => {});
    return false; // read-only or full: only time is lost
  }
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
