/**
 * Row keys. A namespace has one row of its own, which says who writes in it and which checkpoints need what, and below
 * another letter the rows of its tables: `r`, namespace, table, window id, key, and for a list's element its number.
 */
import { randomBytes } from 'node:crypto';

const REGISTER = 0x6e; // n
const ROWS = 0x72; // r
const NAMESPACE_BYTES = 8;
const TABLE_AT = 1 + NAMESPACE_BYTES;
const ID_AT = TABLE_AT + 1;

/** In front of a key: letter, namespace, number of the table, window id. */
export const PREFIX_BYTES = ID_AT + 4;

/** A name for a namespace that nobody else has. */
export function newNamespace(): string {
  return randomBytes(NAMESPACE_BYTES).toString('hex');
}

export function registerRow(namespace: string): Buffer {
  return Buffer.concat([Buffer.of(REGISTER), Buffer.from(namespace, 'hex')]);
}

/** The prefix of one table's rows, with an id that is to be set. */
export function tablePrefix(namespace: string, table: number): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix[0] = ROWS;
  prefix.write(namespace, 1, 'hex');
  prefix[TABLE_AT] = table;
  return prefix;
}

export function setId(prefix: Buffer, id: number): void {
  prefix.writeUInt32BE(id, ID_AT);
}

/** The window id in a row of a table. */
export function idOf(row: Uint8Array): number {
  return ((row[ID_AT]! << 24) | (row[ID_AT + 1]! << 16) | (row[ID_AT + 2]! << 8) | row[ID_AT + 3]!) >>> 0;
}

/** What comes behind all rows that start so. */
export function afterPrefix(prefix: Uint8Array): Buffer {
  const after = Buffer.from(prefix);
  for (let at = after.length - 1; at >= 0; at--) {
    if (after[at]! < 0xff) {
      after[at]! += 1;
      return after.subarray(0, at + 1);
    }
  }
  throw new RangeError('nothing comes behind a prefix of 0xff alone');
}

/** The rows of some window ids in a row of one table. */
export function idRange(prefix: Buffer, from: number, to: number): { readonly first: Buffer; readonly stop: Buffer } {
  const first = Buffer.from(prefix);
  const last = Buffer.from(prefix);
  setId(first, from);
  setId(last, to - 1);
  return { first, stop: afterPrefix(last) };
}

/** Every row of a namespace's tables. */
export function namespaceRange(namespace: string): { readonly first: Buffer; readonly stop: Buffer } {
  const first = tablePrefix(namespace, 0).subarray(0, TABLE_AT);
  return { first, stop: afterPrefix(first) };
}

/** Every row of one table. */
export function tableRange(namespace: string, table: number): { readonly first: Buffer; readonly stop: Buffer } {
  const first = tablePrefix(namespace, table).subarray(0, ID_AT);
  return { first, stop: afterPrefix(first) };
}
