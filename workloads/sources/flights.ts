/** 3,000,000 flights in the United States from January to June 2001: the real events, from the npm package vega-datasets. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Source, WorkloadError } from '../contract.ts';
import { type FlightColumns, ROUTE_KEY_BYTES, readFlights } from './flights-parquet.ts';
import { playedInLaps, type Recording, wholeDaysMs } from './laps.ts';
import { cacheDirectories, cachedColumns } from './parsed-cache.ts';

export const FLIGHTS = 3_000_000;
const MS_PER_MINUTE = 60_000;
/** Its number goes up with any change of what is parsed from the file. */
const CACHE_FILE = 'flights-3m-v2.bin';

export interface FlightsSettings {
  /** The first so many rows of the file. */
  readonly limit: number;
  /** How often they are played, each time moved on by whole days; Infinity for an endless stream. */
  readonly repeat: number;
  /** `scheduled`: in the file's order, by scheduled departure. `actual`: by that plus delay, so that events are truly out of order. */
  readonly arrivals: 'scheduled' | 'actual';
}

/**
 * Key: origin and destination, three letters each, and two zero bytes. Event time: the scheduled departure. Value: the delay in minutes.
 * @throws WorkloadError `missing-data` if the package is not installed, `bad-data` if its file is not what it should be
 */
export async function flightsSource(settings: FlightsSettings, file = flightsFile()): Promise<Source> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw missing(file, cause);
  });
  const digest = createHash('sha256').update(bytes).digest();
  return replay(await cachedColumns(CACHE_FILE, digest, cacheDirectories(), () => readFlights(bytes, file)), settings);
}

/** Where vega-datasets keeps the flights. @throws WorkloadError `missing-data` */
export function flightsFile(): string {
  const path = 'data/flights-3m.parquet';
  try {
    return fileURLToPath(new URL(`../${path}`, import.meta.resolve('vega-datasets')));
  } catch (cause) {
    throw missing(`vega-datasets/${path}`, cause);
  }
}

function missing(file: string, cause: unknown): WorkloadError {
  return new WorkloadError('missing-data', `the flights are not there: cannot read ${file}. Run \`npm install vega-datasets@3.2.1\`.`, {
    cause,
  });
}

/** Plays packed flights as a source. */
export function replay(columns: FlightColumns, { limit, repeat, arrivals }: FlightsSettings): Source {
  const rows = Math.min(limit, columns.minutes.length);
  const first = {
    minutes: columns.minutes.subarray(0, rows),
    delays: columns.delays.subarray(0, rows),
    routes: columns.routes.subarray(0, rows),
  };
  const { minutes, delays, routes } = arrivals === 'actual' ? byArrival(first) : first;
  // Copied, so that the words are aligned wherever the bytes lay.
  const routeWords = new Uint32Array(new Uint8Array(columns.routeKeys).buffer);
  const write: Recording['write'] = ({ keyWords, timestamps, values }, from, row, count, movedMs) => {
    for (let i = 0; i < count; i++) {
      const route = routes[row + i]!;
      const event = from + i;
      keyWords[2 * event] = routeWords[2 * route]!;
      keyWords[2 * event + 1] = routeWords[2 * route + 1]!;
      timestamps[event] = minutes[row + i]! * MS_PER_MINUTE + movedMs;
      values[event] = delays[row + i]!;
    }
  };
  return playedInLaps({ keyBytes: ROUTE_KEY_BYTES, rows, lapMs: lapMs(minutes), write }, repeat);
}

type Rows = Pick<FlightColumns, 'minutes' | 'delays' | 'routes'>;

/** The rows by minute of arrival, equal ones in their old order: a counting sort, since all arrivals lie within half a year. */
function byArrival({ minutes, delays, routes }: Rows): Rows {
  let earliest = Infinity;
  let latest = -Infinity;
  for (let i = 0; i < minutes.length; i++) {
    const arrival = minutes[i]! + delays[i]!;
    if (arrival < earliest) earliest = arrival;
    if (arrival > latest) latest = arrival;
  }
  const placeOf = new Uint32Array(latest - earliest + 2);
  for (let i = 0; i < minutes.length; i++) placeOf[minutes[i]! + delays[i]! - earliest + 1]!++;
  for (let i = 1; i < placeOf.length; i++) placeOf[i]! += placeOf[i - 1]!;
  const sorted = {
    minutes: new Int32Array(minutes.length),
    delays: new Int16Array(minutes.length),
    routes: new Uint16Array(minutes.length),
  };
  for (let i = 0; i < minutes.length; i++) {
    const place = placeOf[minutes[i]! + delays[i]! - earliest]!++;
    sorted.minutes[place] = minutes[i]!;
    sorted.delays[place] = delays[i]!;
    sorted.routes[place] = routes[i]!;
  }
  return sorted;
}

function lapMs(minutes: Int32Array): number {
  let first = Infinity;
  let last = -Infinity;
  for (const minute of minutes) {
    if (minute < first) first = minute;
    if (minute > last) last = minute;
  }
  return wholeDaysMs(first * MS_PER_MINUTE, last * MS_PER_MINUTE);
}
