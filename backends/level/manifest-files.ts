/**
 * Which files a LevelDB database needs, read from its MANIFEST. Asking the database instead would race with a compaction:
 * between the MANIFEST having grown and the database saying so lies a flush to the disk.
 *
 * The format is that of LevelDB's doc/log_format.md and of VersionEdit in db/version_edit.cc: records in blocks of 32 KiB,
 * each record a list of tagged fields.
 */
const BLOCK_BYTES = 32 * 1024;
const HEAD_BYTES = 7;
const FULL = 1;
const LAST = 4;

/** What the MANIFEST says last. */
export interface ManifestFiles {
  /** Numbers of the live table files. */
  readonly tables: ReadonlySet<number>;
  /** Logs of this number and above hold what no table file has. */
  readonly firstLog: number;
}

/**
 * @param bytes a MANIFEST, or its beginning up to where a record ends.
 * @throws RangeError if it is none.
 */
export function manifestFiles(bytes: Buffer): ManifestFiles {
  const tables = new Set<number>();
  let firstLog = 0;
  for (const record of recordsOf(bytes)) {
    const fields = new Fields(record);
    while (!fields.atEnd) {
      const tag = fields.number();
      if (tag === 1)
        fields.skip(); // comparator
      else if (tag === 2) firstLog = fields.number();
      else if (tag === 3 || tag === 4 || tag === 9)
        fields.number(); // next file, last sequence, log of the memtable before
      else if (tag === 5) {
        fields.number(); // level
        fields.skip(); // where the next compaction starts
      } else if (tag === 6) {
        fields.number();
        tables.delete(fields.number());
      } else if (tag === 7) {
        fields.number();
        tables.add(fields.number());
        fields.number(); // length
        fields.skip(); // smallest key
        fields.skip(); // largest
      } else throw new RangeError(`no MANIFEST of LevelDB has a field of tag ${tag}`);
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
    if (type < FULL || type > LAST || end > bytes.length) throw new RangeError(`no record stands at byte ${at} of the MANIFEST`);
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
