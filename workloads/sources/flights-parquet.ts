/** Reads the columns of vega-datasets' `flights-3m.parquet` that the flights source needs, packed. Takes about two seconds. */
import { WorkloadError } from '../contract.ts';

/** Flights in the file's order. A type, so that it is one of named arrays. */
export type FlightColumns = {
  /** Scheduled departure, in minutes since 1970 (the file's times have no zone: they are taken as UTC). */
  readonly minutes: Int32Array;
  /** Arrival delay in minutes. */
  readonly delays: Int16Array;
  /** Which entry of `routeKeys` each flight has. */
  readonly routes: Uint16Array;
  /** Each route's key, {@link ROUTE_KEY_BYTES} bytes: origin and destination, three letters each, and two zero bytes. */
  readonly routeKeys: Uint8Array;
};

export const ROUTE_KEY_BYTES = 8;
const COLUMNS = ['date', 'delay', 'origin', 'destination'];
const MS_PER_MINUTE = 60_000;

/**
 * @param bytes the whole file
 * @param file what to call it in an error
 * @throws WorkloadError `bad-data`
 */
export async function readFlights(bytes: Uint8Array<ArrayBuffer>, file: string): Promise<FlightColumns> {
  // Loaded only when there is something to parse: most processes find the columns in the cache.
  const [{ decompress }, { parquetMetadata, parquetRead }] = await Promise.all([import('fzstd'), import('hyparquet')]);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  try {
    const metadata = parquetMetadata(buffer);
    const packer = new Packer(Number(metadata.num_rows));
    let row = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = row + Number(group.num_rows);
      const columns = new Map<string, ArrayLike<unknown>>();
      await parquetRead({
        file: buffer,
        metadata,
        columns: COLUMNS,
        rowStart: row,
        rowEnd,
        compressors: { ZSTD: (input, length) => decompress(input, new Uint8Array(length)) },
        onChunk: ({ columnName, columnData, rowStart }) => {
          if (rowStart !== row || columns.has(columnName)) throw new Error(`column ${columnName} came in pieces at row ${rowStart}`);
          columns.set(columnName, columnData);
        },
      });
      packer.add(columns, row, rowEnd - row);
      row = rowEnd;
    }
    return packer.columns();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WorkloadError(
      'bad-data',
      `${file} is not the flights it should hold: ${reason}. Run \`npm install vega-datasets@3.2.1\` again.`,
      {
        cause,
      },
    );
  }
}

class Packer {
  readonly #minutes: Int32Array;
  readonly #delays: Int16Array;
  readonly #routes: Uint16Array;
  readonly #routeOf = new Map<string, number>();

  constructor(rows: number) {
    if (rows < 1) throw new Error('it has no rows');
    this.#minutes = new Int32Array(rows);
    this.#delays = new Int16Array(rows);
    this.#routes = new Uint16Array(rows);
  }

  add(columns: ReadonlyMap<string, ArrayLike<unknown>>, from: number, count: number): void {
    const [dates, delays, origins, destinations] = COLUMNS.map((name) => {
      const column = columns.get(name);
      if (column?.length !== count) throw new Error(`column ${name} has ${column?.length ?? 'no'} values for ${count} rows`);
      return column;
    });
    for (let i = 0; i < count; i++) {
      this.#minutes[from + i] = minute(dates![i]);
      this.#delays[from + i] = smallInteger(delays![i]);
      this.#routes[from + i] = this.#route(origins![i], destinations![i]);
    }
  }

  columns(): FlightColumns {
    const routeKeys = new Uint8Array(this.#routeOf.size * ROUTE_KEY_BYTES);
    for (const [text, route] of this.#routeOf) routeKeys.set(Buffer.from(text, 'latin1'), route * ROUTE_KEY_BYTES);
    return { minutes: this.#minutes, delays: this.#delays, routes: this.#routes, routeKeys };
  }

  #route(origin: unknown, destination: unknown): number {
    const text = `${origin}${destination}`;
    const known = this.#routeOf.get(text);
    if (known !== undefined) return known;
    for (const airport of [origin, destination]) {
      if (typeof airport !== 'string' || !/^[!-~]{3}$/.test(airport)) throw new Error(`airport ${airport} is not three letters`);
    }
    const route = this.#routeOf.size;
    if (route > 0xffff) throw new Error('there are more than 65,536 routes');
    this.#routeOf.set(text, route);
    return route;
  }
}

function minute(date: unknown): number {
  const value = date instanceof Date ? date.getTime() / MS_PER_MINUTE : Number.NaN;
  if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 31) throw new Error(`date ${date} is not a whole minute`);
  return value;
}

function smallInteger(delay: unknown): number {
  const value = typeof delay === 'bigint' ? Number(delay) : Number.NaN;
  if (!(Math.abs(value) < 2 ** 15)) throw new Error(`delay ${delay} is not an integer of a few days of minutes`);
  return value;
}
