/** Events from a Parquet file. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { WorkloadError } from '../../contract.ts';
import { bytesAsText, keyOf } from './cells.ts';
import { columnPlace } from './csv-events.ts';
import { type EventColumns, type EventFileFormat, EventPacker } from './event-packer.ts';

/** @throws WorkloadError `bad-data` naming file, row and column */
export async function readParquetEvents(file: string, format: EventFileFormat): Promise<EventColumns> {
  // Loaded only when there is something to parse: most processes find the columns in the cache.
  const [{ decompress }, { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema }] = await Promise.all([
    import('fzstd'),
    import('hyparquet'),
  ]);
  const packer = new EventPacker(file, format);
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    const fields = parquetSchema(metadata).children;
    const names = fields.map(({ element }) => element.name);
    // A column may be named twice, such as a value that is the key too.
    const columns = [...new Set([format.time, format.key, format.value])].filter((name) => name !== '');
    const cellOf = (option: 'time' | 'key' | 'value'): Cell => {
      const name = format[option];
      const { children, element } = fields[columnPlace(file, option, name, names)]!;
      if (children.length > 0) throw notPlain(file, option, name);
      const place = columns.indexOf(name);
      return element.converted_type === 'DECIMAL' ? (row) => decimal(row[place], element.scale ?? 0) : (row) => row[place];
    };
    const [time, key] = [cellOf('time'), cellOf('key')];
    const value = format.value === '' ? () => undefined : cellOf('value');
    let row = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = row + Number(group.num_rows);
      let rows: unknown[][] = [];
      await parquetRead({
        file: buffer,
        metadata,
        columns,
        rowStart: row,
        rowEnd,
        compressors: {
          ZSTD: (input, length) => decompress(input, new Uint8Array(length)),
          GZIP: (input) => gunzipSync(input),
          BROTLI: (input) => brotliDecompressSync(input),
        },
        parsers: {
          stringFromBytes: (bytes) => bytes && bytesAsText(bytes),
          timestampFromMicroseconds: (us) => dateOf(us, 1_000n),
          timestampFromNanoseconds: (ns) => dateOf(ns, 1_000_000n),
        },
        onComplete: (read) => {
          rows = read;
        },
      });
      if (rows.length !== rowEnd - row) throw new Error(`rows ${row + 1} to ${rowEnd} should be ${rowEnd - row}, and are ${rows.length}`);
      for (const cells of rows) {
        row++;
        if (!packer.add(`row ${row}`, time(cells), keyOf(key(cells)), value(cells))) return packer.columns();
      }
    }
  } catch (cause) {
    if (cause instanceof WorkloadError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WorkloadError(
      'bad-data',
      `${file} cannot be read as Parquet: ${reason}. Write it again, whole, compressed with Snappy, Zstandard, Gzip or Brotli, or as CSV.`,
      { cause },
    );
  }
  return packer.columns();
}

type Cell = (row: readonly unknown[]) => unknown;

/** The number that a decimal is nearest to, which hyparquet misses where it multiplies by 0.01. */
function decimal(cell: unknown, scale: number): unknown {
  return typeof cell === 'number' ? Number(cell.toFixed(scale)) : cell;
}

/** What is finer than a millisecond is cut off towards the past, before 1970 too. */
function dateOf(units: bigint, unitsPerMs: bigint): Date {
  const ms = units / unitsPerMs;
  return new Date(Number(units < 0n && ms * unitsPerMs !== units ? ms - 1n : ms));
}

function notPlain(file: string, option: string, name: string): WorkloadError {
  return new WorkloadError('bad-data', `${file}: column '${name}' for ${option} holds other columns: name one that holds plain values`);
}
