/**
 * Which files a LevelDB or RocksDB database needs, read from its MANIFEST. Asking the database instead would race with a
 * compaction: between the MANIFEST having grown and the database saying so lies a flush to the disk.
 *
 * The format is that of LevelDB's doc/log_format.md and of VersionEdit in db/version_edit.cc, and of RocksDB's
 * db/version_edit.h: records in blocks of 32 KiB, each record a list of tagged fields.
 */
const BLOCK_BYTES = 32 * 1024;
const HEAD_BYTES = 7;
const FULL = 1;
const LAST = 4;

/** What the MANIFEST says last. */
export interface ManifestFiles {
  /** Numbers of the live table files. */
  readonly tables: ReadonlySet<number>;
  /** Logs of this number and above hold what no table file of LevelDB has. */
  readonly firstLog: number;
}

/** What stands in a field, by its tag: numbers as `n`, bytes with their length in front as `b`. */
const FIELDS: Readonly<Record<number, string>> = {
  1: 'b', // comparator
  2: 'n', // log number
  3: 'n', // next file
  4: 'n', // last sequence
  5: 'nb', // where the next compaction of a level starts
  6: 'nn', // file deleted from a level
  7: 'nnnbb', // file added to a level: level, number, length, smallest key, largest
  9: 'n', // log of the memtable before
  // RocksDB's alone:
  10: 'n', // logs to keep
  100: 'nnnbbnn', // file added, with its smallest and largest sequence number
  103: 'nnnbbnn', // the same, and properties follow
  200: 'n', // column family
  201: 'b', // column family added
  202: '', // column family dropped
  203: 'n', // highest column family
  300: 'n', // edits left that take effect together
};
const FIRST_LOG = 2;
const DELETED = 6;
const ADDED = new Set([7, 100, 103]);
const WITH_PROPERTIES = 103;
const LAST_PROPERTY = 1;
/** Tags with this bit are bytes that a reader may pass over. */
const IGNORABLE = 1 << 13;

/**
 * @param bytes a MANIFEST, or its beginning; a last record that is not whole does not count.
 * @throws RangeError if it is none.
 */
export function manifestFiles(bytes: Buffer): ManifestFiles {
  const tables = new Set<number>();
  let firstLog = 0;
  for (const record of recordsOf(bytes)) {
    const fields = new Fields(record);
    while (!fields.atEnd) {
      const tag = fields.number();
      const layout = tag & IGNORABLE ? 'b' : FIELDS[tag];
      if (layout === undefined) throw new RangeError(`a MANIFEST with a field of tag ${tag} is of a later version than known here`);
      const numbers: number[] = [];
      for (const kind of layout) {
        if (kind === 'n') numbers.push(fields.number());
        else fields.skip();
      }
      if (tag === FIRST_LOG) firstLog = numbers[0] as number;
      else if (tag === DELETED) tables.delete(numbers[1] as number);
      else if (ADDED.has(tag)) tables.add(numbers[1] as number);
      if (tag === WITH_PROPERTIES) while (fields.number() !== LAST_PROPERTY) fields.skip();
    }
  }
  return { tables, firstLog };
}

/** Records may be cut into fragments, the first, some in the middle, and the last. */
function* recordsOf(bytes: Buffer): Iterable<Buffer> {
  let parts: Buffer[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEAD_BYTES) {
      at += left;
      continue;
    }
    const end = at + HEAD_BYTES + bytes.readUInt16LE(at + 4);
    const type = bytes.readUInt8(at + 6);
    if (end > bytes.length) return;
    if (type < FULL || type > LAST) throw new RangeError(`no record stands at byte ${at} of the MANIFEST`);
    parts.push(bytes.subarray(at + HEAD_BYTES, end));
    at = end;
    if (type !== FULL && type !== LAST) continue;
    yield Buffer.concat(parts);
    parts = [];
  }
}

class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A varint: seven bits a byte, the lowest first. */
  number(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Passes over bytes with their length in front. */
  skip(): void {
    const bytes = this.number();
    this.#at += bytes;
  }
}
