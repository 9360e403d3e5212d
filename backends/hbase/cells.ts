/**
 * HBase's cells in Thrift2's structs: what a row's put, get and delete look like, and how results are read.
 *
 * Every row has one column. Its cells are versions, told apart by timestamps that are the writer's own.
 */
import { type ThriftReader, type ThriftWriter, TYPE } from './thrift-protocol.ts';

export const FAMILY = 's';
export const QUALIFIER = 'v';

/** A write's durability, as TDurability has it. */
export const DURABILITY = { skipWal: 1, asyncWal: 2, syncWal: 3, fsyncWal: 4 } as const;
/** TDeleteType: one version of a column, or all cells of a family up to a timestamp. */
const DELETE_VERSION = 0;

const text = (value: string) => [0, 0, 0, value.length, ...Buffer.from(value, 'latin1')];
const field = (type: number, id: number) => [type, 0, id];

/** From a row's end to what comes behind its column's name: field 2, a list of one column with family and qualifier, and the next field. */
const columnBefore = (next: readonly number[]) =>
  Buffer.from([
    ...field(TYPE.list, 2),
    TYPE.struct,
    ...[0, 0, 0, 1],
    ...field(TYPE.binary, 1),
    ...text(FAMILY),
    ...field(TYPE.binary, 2),
    ...text(QUALIFIER),
    ...next,
  ]);

/** Of a TColumnValue: to the value's length. */
const PUT_COLUMN = columnBefore(field(TYPE.binary, 3));
/** Of a TColumn: to the timestamp, which says which version of it goes. */
const DELETE_COLUMN = columnBefore(field(TYPE.i64, 3));

/** The fixed part of every put of one store: all behind the value. */
export class PutTail {
  readonly #bytes: Buffer;

  constructor(durability: number) {
    const prefix = [TYPE.stop, ...field(TYPE.i64, 3)];
    this.#bytes = Buffer.from([...prefix, ...new Array(8).fill(0), ...field(TYPE.i32, 6), 0, 0, 0, durability, TYPE.stop]);
  }

  setTimestamp(timestamp: number): void {
    this.#bytes.writeUInt32BE(Math.floor(timestamp / 0x1_0000_0000), 4);
    this.#bytes.writeUInt32BE(timestamp >>> 0, 8);
  }

  write(writer: ThriftWriter): void {
    writer.put(this.#bytes, 0, this.#bytes.length);
  }
}

/** Between a row and its value in a TPut, whose first field is the row and whose end is a {@link PutTail}. */
export function writePutColumn(writer: ThriftWriter): void {
  writer.put(PUT_COLUMN, 0, PUT_COLUMN.length);
}

/** A TDelete of the version of a row's column that has this timestamp. */
export function writeVersionDelete(writer: ThriftWriter, row: Uint8Array, timestamp: number, durability: number): void {
  writer.field(TYPE.binary, 1);
  writer.binary(row);
  writer.put(DELETE_COLUMN, 0, DELETE_COLUMN.length);
  writer.i64(timestamp);
  writer.stop();
  writer.field(TYPE.i32, 4);
  writer.i32(DELETE_VERSION);
  writeDurability(writer, durability);
}

/** A TDelete of all that a row holds up to and including a timestamp. */
export function writeRowDelete(writer: ThriftWriter, row: Uint8Array, upTo: number, durability: number): void {
  writer.field(TYPE.binary, 1);
  writer.binary(row);
  writer.field(TYPE.i64, 3);
  writer.i64(upTo);
  writeDurability(writer, durability);
}

function writeDurability(writer: ThriftWriter, durability: number): void {
  writer.field(TYPE.i32, 7);
  writer.i32(durability);
  writer.stop();
}

/** Rows to scan, from the first to before the stop. */
export interface RowRange {
  readonly first: Uint8Array;
  readonly stop: Uint8Array;
}

/** What of the rows in a range is wanted. */
export interface ScanSelection {
  /** Rows of one page. */
  readonly rows: number;
  /** Newest cells of a row. */
  readonly versions: number;
  /** Only cells of at least this timestamp; 0 for all. */
  readonly since?: number;
  /** Without the values. */
  readonly keysOnly?: boolean;
  /** From the stop of the range back to its first row. */
  readonly reversed?: boolean;
}

const FOREVER = Number.MAX_SAFE_INTEGER;

/** The fields of a TScan. */
export function writeScan(
  writer: ThriftWriter,
  { first, stop }: RowRange,
  { rows, versions, since = 0, keysOnly = false, reversed = false }: ScanSelection,
): void {
  writer.field(TYPE.binary, 1);
  writer.binary(reversed ? stop : first);
  writer.field(TYPE.binary, 2);
  writer.binary(reversed ? first : stop);
  writer.field(TYPE.i32, 4);
  writer.i32(rows);
  writer.field(TYPE.i32, 5);
  writer.i32(versions);
  if (since > 0) {
    writer.field(TYPE.struct, 6);
    writer.field(TYPE.i64, 1);
    writer.i64(since);
    writer.field(TYPE.i64, 2);
    writer.i64(FOREVER);
    writer.stop();
  }
  if (keysOnly) {
    writer.field(TYPE.binary, 7);
    writer.text('KeyOnlyFilter()');
  }
  if (reversed) {
    writer.field(TYPE.bool, 11);
    writer.bool(true);
  }
  writer.field(TYPE.i32, 15);
  writer.i32(rows);
  writer.stop();
}

/** A place in a message at which a cell stands: valid while the message is read. */
export class Cell {
  bytes: Buffer = Buffer.alloc(0);
  rowStart = 0;
  rowEnd = 0;
  qualifierStart = 0;
  qualifierEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  timestamp = 0;

  /** A copy. */
  row(): Buffer {
    return Buffer.from(this.bytes.subarray(this.rowStart, this.rowEnd));
  }

  get valueLength(): number {
    return this.valueEnd - this.valueStart;
  }

  get rowLength(): number {
    return this.rowEnd - this.rowStart;
  }
}

/**
 * Reads a list of TResult.
 * @param cell is set before each call of `found`.
 * @param found is told the place of the result in the list; a row's cells come newest first.
 * @returns the number of results, empty ones included.
 */
export function readResults(reader: ThriftReader, cell: Cell, found: (index: number) => void): number {
  reader.u8();
  const count = reader.i32();
  for (let index = 0; index < count; index++) readResult(reader, cell, found, index);
  return count;
}

/** Reads one TResult, empty if there is no such row. */
export function readResult(reader: ThriftReader, cell: Cell, found: (index: number) => void, index = 0): void {
  cell.bytes = reader.bytes;
  for (let type = reader.u8(); type !== TYPE.stop; type = reader.u8()) {
    const id = reader.i16();
    if (id === 1 && type === TYPE.binary) {
      reader.binary();
      cell.rowStart = reader.start;
      cell.rowEnd = reader.at;
    } else if (id === 2 && type === TYPE.list) {
      reader.u8();
      for (let left = reader.i32(); left > 0; left--) {
        readCell(reader, cell);
        found(index);
      }
    } else reader.skip(type);
  }
}

function readCell(reader: ThriftReader, cell: Cell): void {
  for (let type = reader.u8(); type !== TYPE.stop; type = reader.u8()) {
    const id = reader.i16();
    if (id === 2 && type === TYPE.binary) {
      reader.binary();
      cell.qualifierStart = reader.start;
      cell.qualifierEnd = reader.at;
    } else if (id === 3 && type === TYPE.binary) {
      reader.binary();
      cell.valueStart = reader.start;
      cell.valueEnd = reader.at;
    } else if (id === 4 && type === TYPE.i64) cell.timestamp = reader.i64();
    else reader.skip(type);
  }
}
