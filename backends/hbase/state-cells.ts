/** The rows of one store in HBase's table: read, written, scanned and deleted by the page. */
import {
  Cell,
  type PutTail,
  type RowRange,
  readResults,
  type ScanSelection,
  writePutColumn,
  writeRowDelete,
  writeScan,
  writeVersionDelete,
} from './cells.ts';
import type { Gateway } from './gateway.ts';
import { VERSIONS } from './state-table.ts';
import { ThriftReader, type ThriftWriter, TYPE } from './thrift-protocol.ts';

/** A row that `write` gives, and its value. */
export interface RowSource {
  /** Writes the length and the bytes of row `index`. */
  row(writer: ThriftWriter, index: number): void;
  /** Writes the length and the bytes of its value. */
  value(writer: ThriftWriter, index: number): void;
}

/** One cell to delete, or with `upTo` a whole row. */
export interface Doomed {
  readonly row: Uint8Array;
  readonly timestamp: number;
}

/** Some results of a scan, held until they are read. */
export class Page {
  readonly #reader = new ThriftReader();
  readonly #bytes: Buffer;
  /** Rows in it. */
  rows = 0;
  /** The last row, undefined if there is none. */
  last: Buffer | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Reads the cells, row by row, newest first. `index` is the row's place in the page. */
  read(cell: Cell, found: (index: number) => void): void {
    this.#reader.set(this.#bytes, 0, this.#bytes.length);
    this.rows = readResults(this.#reader, cell, found);
    if (this.rows > 0) this.last = cell.row();
  }
}

export class StateCells {
  readonly #gateway: Gateway;
  readonly #table: Buffer;
  readonly #tail: PutTail;
  readonly #durability: number;

  /** @param tail the end of every put: its timestamp is what {@link write} writes at. */
  constructor(gateway: Gateway, table: string, tail: PutTail, durability: number) {
    this.#gateway = gateway;
    this.#table = Buffer.from(table, 'latin1');
    this.#tail = tail;
    this.#durability = durability;
  }

  /** Reads the newest cell of each row, or with `versions` all of them, newest first. Nothing is found of a row without cells. */
  read(count: number, row: RowSource['row'], found: (index: number, cell: Cell) => void, versions = false): Promise<void> {
    const cell = new Cell();
    return this.#gateway.rows(this.#table, count, {
      method: 'getMultiple',
      write(writer, index) {
        writer.field(TYPE.binary, 1);
        row(writer, index);
        if (versions) {
          writer.field(TYPE.i32, 5);
          writer.i32(VERSIONS);
        }
        writer.stop();
      },
      read(reader, _type, first) {
        readResults(reader, cell, (index) => found(first + index, cell));
      },
    });
  }

  write(count: number, source: RowSource): Promise<void> {
    const tail = this.#tail;
    return this.#gateway.rows(this.#table, count, {
      method: 'putMultiple',
      write(writer, index) {
        writer.field(TYPE.binary, 1);
        source.row(writer, index);
        writePutColumn(writer);
        source.value(writer, index);
        tail.write(writer);
      },
      read() {},
    });
  }

  /** Deletes exactly these versions of their rows. */
  deleteVersions(cells: readonly Doomed[]): Promise<void> {
    return this.#delete(cells.length, (writer, index) => {
      const { row, timestamp } = cells[index]!;
      writeVersionDelete(writer, row, timestamp, this.#durability);
    });
  }

  /** Deletes whole rows up to and including a timestamp. */
  deleteRows(rows: readonly Uint8Array[], upTo: number): Promise<void> {
    return this.#delete(rows.length, (writer, index) => writeRowDelete(writer, rows[index]!, upTo, this.#durability));
  }

  /** One page of rows. */
  async page(range: RowRange, selection: ScanSelection): Promise<Page> {
    return this.#gateway.call(
      'getScannerResults',
      (writer) => {
        writer.field(TYPE.binary, 1);
        writer.binary(this.#table);
        writer.field(TYPE.struct, 2);
        writeScan(writer, range, selection);
        writer.field(TYPE.i32, 3);
        writer.i32(selection.rows);
      },
      (reader) => new Page(reader.rest()),
    );
  }

  /** All rows of a range, page by page; the next one is on its way while one is used. */
  async *pages(range: RowRange, selection: ScanSelection, cell: Cell, found: (index: number) => void): AsyncGenerator<Page> {
    for (let next: Promise<Page> | undefined = this.page(range, selection); next !== undefined; ) {
      const page: Page = await next;
      page.read(cell, found);
      const { last, rows } = page;
      next = rows < selection.rows || last === undefined ? undefined : this.page({ ...range, first: rowAfter(last) }, selection);
      next?.catch(() => {}); // whoever stops early waits for none
      if (rows > 0) yield page;
    }
  }

  /** The last row of a range. */
  async lastRow({ first, stop }: RowRange): Promise<Buffer | undefined> {
    const page = await this.page({ first, stop }, { rows: 1, versions: 1, keysOnly: true, reversed: true });
    page.read(new Cell(), () => {});
    return page.last;
  }

  /** Deletes every row of a range, a page at a time. */
  async deleteRange(range: RowRange, upTo: number, rowsPerPage = 1000): Promise<void> {
    const cell = new Cell();
    let rows: Buffer[] = [];
    for await (const _ of this.pages(range, { rows: rowsPerPage, versions: 1, keysOnly: true }, cell, () => rows.push(cell.row()))) {
      const doomed = rows;
      rows = [];
      await this.deleteRows(doomed, upTo);
    }
  }

  #delete(count: number, write: (writer: ThriftWriter, index: number) => void): Promise<void> {
    return this.#gateway.rows(this.#table, count, { method: 'deleteMultiple', write, read() {} });
  }
}

/** The first row that can come behind a row. */
export function rowAfter(row: Uint8Array): Buffer {
  const after = Buffer.alloc(row.length + 1);
  after.set(row);
  return after;
}
