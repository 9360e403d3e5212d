/** The one HBase table that stores keep their rows in, each below a prefix of its own: made if absent, and known as ours. */
import { BackendError } from '../contract.ts';
import { FAMILY } from './cells.ts';
import type { Gateway } from './gateway.ts';
import { type ThriftReader, type ThriftWriter, TYPE } from './thrift-protocol.ts';

/**
 * Cells that HBase keeps of a row. In one line of checkpoints four are needed at most: one for each of three cuts that
 * are not released, and the newest. The others are room for cuts that were given up and stores that died, until they
 * are swept.
 */
export const VERSIONS = 16;

/**
 * A line in the configuration of the family: what has it is ours. (Of a table's own attributes the gateways of HBase 2
 * store the whole request instead.)
 */
const MARK = 'statebench';
const FORMAT = '1';

/** On a busy cluster a table takes its time. */
const CREATE_MS_MAX = 60_000;

/** A table's name as HBase writes it. */
export interface TableName {
  readonly namespace: string;
  readonly qualifier: string;
}

/** @param name `NAME` or `NAMESPACE:NAME`. */
export function tableName(name: string): TableName {
  const [first = '', second] = name.split(':', 2);
  return second === undefined ? { namespace: 'default', qualifier: first } : { namespace: first, qualifier: second };
}

/**
 * Makes sure that the table is there, is ours and is enabled.
 * @throws BackendError `refused` if it is somebody else's or of another format; what a call throws.
 */
export async function ensureTable(gateway: Gateway, name: TableName): Promise<void> {
  if (!(await tableCall(gateway, 'tableExists', name))) {
    gateway.setLimit(CREATE_MS_MAX);
    await createTable(gateway, name);
    gateway.setLimit();
  }
  await checkTable(gateway, name);
  if (await tableCall(gateway, 'isTableEnabled', name)) return;
  throw new BackendError('refused', `table ${shown(name)} of the HBase at ${gateway.shown} is disabled: enable it in the HBase shell`);
}

function shown({ namespace, qualifier }: TableName): string {
  return namespace === 'default' ? `'${qualifier}'` : `'${namespace}:${qualifier}'`;
}

/** A method that takes a table's name and says yes or no. */
function tableCall(gateway: Gateway, method: string, name: TableName): Promise<boolean> {
  return gateway.call(
    method,
    (writer) => {
      writer.field(TYPE.struct, 1);
      writeName(writer, name);
    },
    (reader) => reader.u8() === 1,
  );
}

function writeName(writer: ThriftWriter, { namespace, qualifier }: TableName): void {
  writer.field(TYPE.binary, 1);
  writer.text(namespace);
  writer.field(TYPE.binary, 2);
  writer.text(qualifier);
  writer.stop();
}

/** Two stores that open at once may both find no table: the later one finds it made. */
async function createTable(gateway: Gateway, name: TableName): Promise<void> {
  const create = (writer: ThriftWriter) => {
    writer.field(TYPE.struct, 1);
    writer.field(TYPE.struct, 1);
    writeName(writer, name);
    writer.field(TYPE.list, 2);
    writer.list(TYPE.struct, 1);
    writer.field(TYPE.binary, 1);
    writer.text(FAMILY);
    writer.field(TYPE.map, 3);
    writer.put(Uint8Array.of(TYPE.binary, TYPE.binary), 0, 2);
    writer.i32(1);
    writer.text(MARK);
    writer.text(FORMAT);
    writer.field(TYPE.i32, 10);
    writer.i32(VERSIONS);
    writer.stop();
    writer.stop();
  };
  try {
    await gateway.call('createTable', create, () => {});
  } catch (error) {
    if (!/TableExists/.test(String((error as Error).cause)) && !(await tableCall(gateway, 'tableExists', name))) throw error;
  }
}

async function checkTable(gateway: Gateway, name: TableName): Promise<void> {
  const table = await gateway.call(
    'getTableDescriptor',
    (writer) => {
      writer.field(TYPE.struct, 1);
      writeName(writer, name);
    },
    readDescriptor,
  );
  const whose =
    table.mark === undefined
      ? "somebody else's"
      : `of format ${table.mark} with ${table.versions} versions, not ${FORMAT} with ${VERSIONS}`;
  if (table.mark === FORMAT && table.versions >= VERSIONS) return;
  throw new BackendError(
    'refused',
    `table ${shown(name)} of the HBase at ${gateway.shown} is ${whose}, and is left alone: give another name as table=NAME`,
  );
}

interface Descriptor {
  readonly mark: string | undefined;
  /** Cells kept of a row in our family; 0 if there is none. */
  readonly versions: number;
}

function readDescriptor(reader: ThriftReader): Descriptor {
  let found: Descriptor = { mark: undefined, versions: 0 };
  for (let type = reader.u8(); type !== TYPE.stop; type = reader.u8()) {
    if (reader.i16() === 2 && type === TYPE.list) {
      reader.u8();
      for (let left = reader.i32(); left > 0; left--) found = readFamily(reader) ?? found;
    } else reader.skip(type);
  }
  return found;
}

function readFamily(reader: ThriftReader): Descriptor | undefined {
  let ours = false;
  let mark: string | undefined;
  let versions = 0;
  for (let type = reader.u8(); type !== TYPE.stop; type = reader.u8()) {
    const id = reader.i16();
    if (id === 1 && type === TYPE.binary) ours = reader.text() === FAMILY;
    else if (id === 3 && type === TYPE.map) {
      reader.u8();
      reader.u8();
      for (let left = reader.i32(); left > 0; left--) {
        const key = reader.text();
        const value = reader.text();
        if (key === MARK) mark = value;
      }
    } else if (id === 10 && type === TYPE.i32) versions = reader.i32();
    else reader.skip(type);
  }
  return ours ? { mark, versions } : undefined;
}

/** Who holds the regions of a table, and since when each of them runs: another answer means that one restarted or a region moved. */
export async function regionServers(gateway: Gateway, table: string): Promise<string> {
  const servers = await gateway.call(
    'getAllRegionLocations',
    (writer) => {
      writer.field(TYPE.binary, 1);
      writer.text(table);
    },
    (reader) => {
      const found = new Set<string>();
      reader.u8();
      for (let left = reader.i32(); left > 0; left--) {
        for (let type = reader.u8(); type !== TYPE.stop; type = reader.u8()) {
          if (reader.i16() === 1 && type === TYPE.struct) found.add(readServer(reader));
          else reader.skip(type);
        }
      }
      return found;
    },
  );
  return [...servers].sort().join(' ');
}

/** `HOST:PORT:START`, where the start is when the server came up, in ms since 1970. */
function readServer(reader: ThriftReader): string {
  const parts = ['', '', ''];
  for (let type = reader.u8(); type !== TYPE.stop; type = reader.u8()) {
    const id = reader.i16();
    if (id === 1 && type === TYPE.binary) parts[0] = reader.text();
    else if (id === 2 && type === TYPE.i32) parts[1] = String(reader.i32());
    else if (id === 3 && type === TYPE.i64) parts[2] = String(reader.i64());
    else reader.skip(type);
  }
  return parts.join(':');
}
