/**
 * Which pages of an LMDB data file were written after a transaction. A page is never changed in place: a change writes a
 * copy of it, and of every page above it, each with its transaction's number. So a walk from the roots that leaves out
 * whatever is not newer sees every new page, and little else.
 *
 * The layouts are those of MDB_page, MDB_meta, MDB_db, MDB_node and MDB_ovpage in liblmdb's mdb.c, on a 64-bit
 * little-endian machine.
 */
import { readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

const PAGE_HEAD_BYTES = 24;
const TXNID_AT = 8;
const FLAGS_AT = 18;
const LOWER_AT = 20;
const BRANCH = 0x01;
const LEAF = 0x02;

const NODE_HEAD_BYTES = 8;
const BIG_DATA = 0x01;
const SUB_DATA = 0x02;

const META = { magic: 24, version: 28, freeRoot: 88, mainRoot: 136, lastPage: 144, txnid: 152 } as const;
const MAGIC = 0xbeefc0de;
/** The one whose pages carry the number of their transaction. */
const VERSION = 2;
const DB_ROOT_AT = 40;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/**
 * Pages read before events get their turn: half a millisecond. Fewer would take more turns, and whatever events write until a cut is
 * persisted goes to new pages of the file.
 */
const PAGES_PER_TURN = 256;

/** The state of a data file that its two meta pages tell. */
export interface LmdbMeta {
  /** Number of the newest transaction. */
  readonly txnid: bigint;
  readonly lastPage: number;
  readonly roots: readonly bigint[];
}

/**
 * @param metaPages the first two pages of the file.
 * @throws RangeError if they are of another format than this.
 */
export function metaOf(metaPages: Buffer, pageBytes: number): LmdbMeta {
  const [first, second] = [metaIn(metaPages.subarray(0, pageBytes)), metaIn(metaPages.subarray(pageBytes))];
  return first.txnid > second.txnid ? first : second;
}

function metaIn(page: Buffer): LmdbMeta {
  const [magic, version] = [page.readUInt32LE(META.magic), page.readUInt16LE(META.version)];
  if (magic !== MAGIC || version !== VERSION) {
    throw new RangeError(`LMDB's file is of format ${version}, not ${VERSION}: use the version of lmdb that package-lock.json names`);
  }
  return {
    txnid: page.readBigUInt64LE(META.txnid),
    lastPage: Number(page.readBigUInt64LE(META.lastPage)),
    roots: [page.readBigUInt64LE(META.freeRoot), page.readBigUInt64LE(META.mainRoot)],
  };
}

/**
 * Numbers of the pages in use that were written after transaction `since`. To be called while a read transaction keeps
 * what `meta` tells of; stops now and then for events.
 * @param file descriptor of the data file.
 */
export async function changedPages(file: number, pageBytes: number, { roots }: LmdbMeta, since: bigint): Promise<number[]> {
  const changed: number[] = [];
  const page = Buffer.alloc(pageBytes);
  const toVisit = [...roots];
  for (let reads = 1; ; reads++) {
    const number = toVisit.pop();
    if (number === undefined) return changed;
    if (number === NO_PAGE) continue;
    if (reads % PAGES_PER_TURN === 0) await nextTurn();
    const bytes = readSync(file, page, 0, pageBytes, Number(number) * pageBytes);
    if (bytes !== pageBytes || page.readBigUInt64LE(0) !== number) throw new Error(`LMDB's page ${number} is not where it should be`);
    if (page.readBigUInt64LE(TXNID_AT) <= since) continue;
    changed.push(Number(number));
    const flags = page.readUInt16LE(FLAGS_AT);
    const end = PAGE_HEAD_BYTES + page.readUInt16LE(LOWER_AT);
    for (let at = PAGE_HEAD_BYTES; at < end; at += 2) {
      const node = PAGE_HEAD_BYTES + page.readUInt16LE(at);
      const nodeFlags = page.readUInt16LE(node + 4);
      if (flags & BRANCH) {
        toVisit.push(BigInt(page.readUInt32LE(node) + nodeFlags * 0x1_0000_0000));
        continue;
      }
      if (!(flags & LEAF)) throw new Error(`LMDB's page ${number} has flags ${flags}, of neither a branch nor a leaf`);
      const data = node + NODE_HEAD_BYTES + page.readUInt16LE(node + 6);
      if (nodeFlags & SUB_DATA) toVisit.push(page.readBigUInt64LE(data + DB_ROOT_AT));
      else if (nodeFlags & BIG_DATA && page.readBigUInt64LE(data + 8) > since) {
        const first = Number(page.readBigUInt64LE(data));
        const count = Number(page.readBigUInt64LE(data + 16));
        for (let i = 0; i < count; i++) changed.push(first + i);
      }
    }
  }
}
