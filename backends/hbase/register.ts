/**
 * The register of a namespace: one row that says in which epoch its only writer writes, and which checkpoints need what.
 *
 * Every change is one call that the server carries out only if the epoch is still the caller's. So a cut costs one round
 * trip, and a store from which another has taken over can change nothing any more.
 */
import { type Cut, parseCut } from '../epochs/cuts.ts';
import { Cell, FAMILY, readResult } from './cells.ts';
import type { Gateway } from './gateway.ts';
import { registerRow } from './rows.ts';
import { type ThriftWriter, TYPE } from './thrift-protocol.ts';

const EPOCH = 'epoch';
const CUT = 'cut-';
/** TCompareOperator. */
const EQUAL = 2;
/** TDeleteType: all versions of a column. */
const DELETE_COLUMNS = 1;

export interface Registered {
  /** The epoch that is written in. */
  readonly epoch: number;
  readonly cuts: readonly Cut[];
}

/** What is changed at once. */
export interface RegisterChange {
  /** The epoch that is written in from now on; unchanged if left out. */
  readonly epoch?: number;
  readonly put?: readonly Cut[];
  readonly strike?: readonly Cut[];
}

export class Register {
  readonly #gateway: Gateway;
  readonly #table: Buffer;
  readonly #row: Buffer;
  readonly #durability: number;

  constructor(gateway: Gateway, table: string, namespace: string, durability: number) {
    this.#gateway = gateway;
    this.#table = Buffer.from(table, 'latin1');
    this.#row = registerRow(namespace);
    this.#durability = durability;
  }

  /** Makes the row of a new namespace, in which nobody else can be interested. */
  create(epoch: number): Promise<void> {
    return this.#gateway.call(
      'put',
      (writer) => {
        this.#begin(writer);
        writer.field(TYPE.struct, 2);
        this.#put(writer, EPOCH, String(epoch));
      },
      () => {},
    );
  }

  /** @returns undefined if there is no such namespace, or no longer. */
  async read(): Promise<Registered | undefined> {
    const cell = new Cell();
    const cuts: Cut[] = [];
    let epoch: number | undefined;
    await this.#gateway.call(
      'get',
      (writer) => {
        this.#begin(writer);
        writer.field(TYPE.struct, 2);
        writer.field(TYPE.binary, 1);
        writer.binary(this.#row);
        writer.stop();
      },
      (reader) =>
        readResult(reader, cell, () => {
          const qualifier = cell.bytes.toString('latin1', cell.qualifierStart, cell.qualifierEnd);
          const value = cell.bytes.toString('utf8', cell.valueStart, cell.valueEnd);
          if (qualifier === EPOCH) epoch = Number(value);
          else if (qualifier.startsWith(CUT)) cuts.push(parseCut(value));
        }),
    );
    return epoch === undefined ? undefined : { epoch, cuts };
  }

  /** Changes the register if `epoch` is still the one that is written in. @returns whether it was. */
  change(epoch: number, { epoch: next, put = [], strike = [] }: RegisterChange): Promise<boolean> {
    const puts: [string, string][] = put.map((cut) => [columnOf(cut), JSON.stringify(cut)]);
    // A change has to change something: that the epoch is still the same, if nothing else.
    if (next !== undefined || puts.length + strike.length === 0) puts.push([EPOCH, String(next ?? epoch)]);
    return this.#ifEpoch(epoch, puts.length + strike.length, (writer) => {
      for (const [column, value] of puts) {
        writer.field(TYPE.struct, 1);
        this.#put(writer, column, value);
        writer.stop();
      }
      for (const cut of strike) this.#delete(writer, columnOf(cut));
    });
  }

  /** Removes the whole row if `epoch` is still the one that is written in. @returns whether it was. */
  remove(epoch: number): Promise<boolean> {
    return this.#ifEpoch(epoch, 1, (writer) => this.#delete(writer, undefined));
  }

  #ifEpoch(epoch: number, mutations: number, write: (writer: ThriftWriter) => void): Promise<boolean> {
    return this.#gateway.call(
      'checkAndMutate',
      (writer) => {
        this.#begin(writer);
        writer.field(TYPE.binary, 2);
        writer.binary(this.#row);
        writer.field(TYPE.binary, 3);
        writer.text(FAMILY);
        writer.field(TYPE.binary, 4);
        writer.text(EPOCH);
        writer.field(TYPE.i32, 5);
        writer.i32(EQUAL);
        writer.field(TYPE.binary, 6);
        writer.text(String(epoch));
        writer.field(TYPE.struct, 7);
        writer.field(TYPE.binary, 1);
        writer.binary(this.#row);
        writer.field(TYPE.list, 2);
        writer.list(TYPE.struct, mutations);
        write(writer);
        writer.stop();
      },
      (reader) => reader.u8() === 1,
    );
  }

  #begin(writer: ThriftWriter): void {
    writer.field(TYPE.binary, 1);
    writer.binary(this.#table);
  }

  /** A list of one column, whose struct is not ended. */
  #beginColumn(writer: ThriftWriter, column: string): void {
    writer.field(TYPE.list, 2);
    writer.list(TYPE.struct, 1);
    writer.field(TYPE.binary, 1);
    writer.text(FAMILY);
    writer.field(TYPE.binary, 2);
    writer.text(column);
  }

  /** The fields of a TPut, its end included. */
  #put(writer: ThriftWriter, column: string, value: string): void {
    writer.field(TYPE.binary, 1);
    writer.binary(this.#row);
    this.#beginColumn(writer, column);
    writer.field(TYPE.binary, 3);
    writer.text(value);
    writer.stop();
    writer.field(TYPE.i32, 6);
    writer.i32(this.#durability);
    writer.stop();
  }

  /** A TMutation that deletes a column, or the row. */
  #delete(writer: ThriftWriter, column: string | undefined): void {
    writer.field(TYPE.struct, 2);
    writer.field(TYPE.binary, 1);
    writer.binary(this.#row);
    if (column !== undefined) {
      this.#beginColumn(writer, column);
      writer.stop();
      writer.field(TYPE.i32, 4);
      writer.i32(DELETE_COLUMNS);
    }
    writer.field(TYPE.i32, 7);
    writer.i32(this.#durability);
    writer.stop();
    writer.stop();
  }
}

function columnOf({ epoch }: Cut): string {
  return `${CUT}${epoch}`;
}
