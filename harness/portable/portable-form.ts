/**
 * The portable form of a checkpoint, which every backend can restore and none has made.
 *
 * It is published and checked as any other checkpoint: its manifest names the backend `portable` with
 * `settings: { format: 1 }`, its position names the tables with their widths, and its one file, `state.rows`, holds every
 * entry of every table in the row file's format 1 (see backends/rows/row-file.ts): streamed, a CRC-32 a chunk, ended by
 * the number of rows. A list's elements come in the order appended, numbered from 0 over the whole file. The file is
 * covered by the manifest's SHA-256 as well.
 */
import { join } from 'node:path';
import { CheckpointError, type StoredCheckpoint } from '../../backends/checkpoints/contract.ts';
import { StateBatch, type TableSpec, WINDOW_BYTES } from '../../backends/contract.ts';
import { RowFileWriter, readRowFile } from '../../backends/rows/row-file.ts';
import { type Carried, ENTRY_SLOTS, type Entries, EntryCounter } from './entries.ts';

const FORMAT = 1;
const FILE = 'state.rows';
const SEQUENCE_BYTES = 8;

/** What stands in a portable checkpoint's manifest where others name the backend that made them. */
export const PORTABLE = { name: 'portable', settings: { format: FORMAT } } as const;

/** The files of a portable checkpoint, as its storage has to publish them. */
export const PORTABLE_FILES = [{ path: FILE, immutable: false }] as const;

/** Writes entries as the file of a portable checkpoint into `directory`. */
export async function writePortable(directory: string, tables: readonly TableSpec[], entries: AsyncIterable<Entries>): Promise<Carried> {
  const numbers = numbersOf(tables);
  const counter = new EntryCounter();
  const writer = await RowFileWriter.create(join(directory, FILE));
  let sequence = 0n;
  try {
    for await (const each of entries) {
      counter.count(each);
      const { table, batch } = each;
      const number = numbers.get(table.name)!;
      const row = Buffer.alloc(batch.addressStride + SEQUENCE_BYTES);
      for (let slot = 0; slot < batch.length; slot++) {
        const address = batch.addresses[slot]!;
        if (table.kind === 'list') {
          row.set(address);
          row.writeBigUInt64BE(sequence++, batch.addressStride);
        }
        const pending = writer.add(number, table.kind === 'list' ? row : address, batch.values[slot]!, batch.lengths[slot]!);
        if (pending) await pending;
      }
    }
  } catch (cause) {
    await writer.abandon();
    throw cause;
  }
  await writer.close();
  return counter.carried;
}

/**
 * Reads the entries of a portable checkpoint.
 * @throws CheckpointError `foreign` if its format is a later one; BackendError `damaged` if the file is not whole.
 */
export async function* portableEntries(
  { backend, directory }: Pick<StoredCheckpoint, 'backend' | 'directory'>,
  tables: readonly TableSpec[],
): AsyncGenerator<Entries> {
  if (backend.settings.format !== FORMAT) {
    throw new CheckpointError(
      'foreign',
      `${directory} is a portable checkpoint of format ${String(backend.settings.format)}, and this Statebench reads format ${FORMAT}: use the Statebench that made it`,
    );
  }
  const numbers = numbersOf(tables);
  const batches = tables
    .map((table) => ({ table, batch: new StateBatch(ENTRY_SLOTS, table) }))
    .sort((a, b) => numbers.get(a.table.name)! - numbers.get(b.table.name)!);
  for await (const { table: number, rows } of readRowFile(join(directory, FILE), tables)) {
    const { table, batch } = batches[number]!;
    for (let from = 0; from < rows.length; from += ENTRY_SLOTS) {
      batch.clear();
      for (let i = from; i < Math.min(rows.length, from + ENTRY_SLOTS); i++) {
        const { address, value } = rows[i]!;
        batch.setValue(batch.pushAddress(address.subarray(0, WINDOW_BYTES + table.keyBytes)), value);
      }
      yield { table, batch };
    }
  }
}

/** A table's number in a row file: its place among all, sorted by name. */
function numbersOf(tables: readonly TableSpec[]): ReadonlyMap<string, number> {
  return new Map(
    tables
      .map(({ name }) => name)
      .sort()
      .map((name, number) => [name, number]),
  );
}
