// Proves the facts about the flights that everything else leans on, and that both orders and the laps are right by a computation of
// their own.
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { EventBatch, type Source, WorkloadError } from '../contract.ts';
import { flightsFile, flightsSource, replay } from './flights.ts';
import { type FlightColumns, readFlights } from './flights-parquet.ts';

const ALL = 3_000_000;
const DAY_MS = 86_400_000;

interface Flight {
  readonly key: string;
  readonly time: number;
  readonly delay: number;
}

function take(source: Source, count: number, size = 1_000): Flight[] {
  const batch = new EventBatch(size, { keyBytes: 8, width: 1 });
  const flights: Flight[] = [];
  while (flights.length < count && source.fill(batch, count - flights.length) > 0) {
    for (let i = 0; i < batch.length; i++) {
      const key = Buffer.from(batch.keys.buffer, i * 8, 8).toString('latin1');
      flights.push({ key, time: batch.timestamps[i]!, delay: batch.values[i]! });
    }
  }
  return flights;
}

/** Six flights on one route each way, over a day and a half. */
const FEW: FlightColumns = {
  minutes: Int32Array.of(100, 100, 160, 200, 2_000, 2_260),
  delays: Int16Array.of(60, 0, 0, -100, 5, -2_160),
  routes: Uint16Array.of(0, 1, 0, 1, 0, 1),
  routeKeys: Buffer.from('ATLBOS\0\0BOSATL\0\0', 'latin1'),
};

test('3,000,000 flights by scheduled departure, from 2001-01-01 00:01 to 2001-07-01 00:00', async (t) => {
  const source = await flightsSource({ limit: ALL, repeat: 1, arrivals: 'scheduled' });
  t.is(source.events, ALL);
  const batch = new EventBatch(4_096, { keyBytes: 8, width: 1 });
  const routes = new Set<string>();
  let events = 0;
  let descents = 0;
  let first = Number.NaN;
  let last = -Infinity;
  let delaySum = 0;
  while (source.fill(batch, 4_096) > 0) {
    for (let i = 0; i < batch.length; i++) {
      const time = batch.timestamps[i]!;
      if (events++ === 0) first = time;
      if (time < last) descents++;
      last = time;
      delaySum += batch.values[i]!;
      routes.add(Buffer.from(batch.keys.buffer, i * 8, 8).toString('latin1'));
    }
  }
  t.deepEqual([events, descents, routes.size], [ALL, 0, 3_399]);
  t.is(new Date(first).toISOString(), '2001-01-01T00:01:00.000Z');
  t.is(new Date(last).toISOString(), '2001-07-01T00:00:00.000Z');
  t.true([...routes].every((route) => /^[A-Z0-9]{6}\0\0$/.test(route)));
  t.true(Number.isInteger(delaySum));
});

test('300,000 flights by actual departure: 557 come too late for their hour under a watermark 3 hours behind, every 1,000 events', async (t) => {
  const source = await flightsSource({ limit: 300_000, repeat: 1, arrivals: 'actual' });
  let greatest = -Infinity;
  let watermark = -Infinity;
  let late = 0;
  for (const [i, { time }] of take(source, 300_000).entries()) {
    if ((Math.floor(time / 3_600_000) + 1) * 3_600_000 - 1 <= watermark) late++;
    greatest = Math.max(greatest, time);
    if ((i + 1) % 1_000 === 0) watermark = greatest - 3 * 3_600_000;
  }
  t.is(late, 557);
});

test('actual order is a stable sort of the first rows by departure and delay', async (t) => {
  const limit = 50_000;
  const scheduled = take(await flightsSource({ limit, repeat: 1, arrivals: 'scheduled' }), limit);
  const actual = take(await flightsSource({ limit, repeat: 1, arrivals: 'actual' }), limit);
  t.deepEqual(
    actual,
    scheduled.toSorted((a, b) => a.time + a.delay * 60_000 - (b.time + b.delay * 60_000)),
  );
});

test('by hand: ties keep the order of the file, delays may be negative', (t) => {
  const order = (settings: { limit: number; arrivals: 'scheduled' | 'actual' }): string[] =>
    take(replay(FEW, { repeat: 1, ...settings }), 10, 4).map(({ key, time, delay }) => `${key.slice(0, 3)} ${time / 60_000} ${delay}`);
  t.deepEqual(order({ limit: 3, arrivals: 'scheduled' }), ['ATL 100 60', 'BOS 100 0', 'ATL 160 0']);
  t.deepEqual(order({ limit: 99, arrivals: 'actual' }), [
    'BOS 100 0',
    'BOS 200 -100',
    'BOS 2260 -2160',
    'ATL 100 60',
    'ATL 160 0',
    'ATL 2000 5',
  ]);
});

test('each lap is later by the whole days that hold the flights, and a seek lands in any lap', (t) => {
  const source = replay(FEW, { limit: 6, repeat: 3, arrivals: 'scheduled' });
  t.is(source.events, 18);
  const flights = take(source, 99, 4);
  t.is(flights.length, 18);
  for (const [i, flight] of flights.entries()) {
    t.deepEqual(flight, { ...flights[i % 6]!, time: flights[i % 6]!.time + Math.floor(i / 6) * 2 * DAY_MS });
  }
  for (let start = 0; start <= 18; start++) {
    source.seek(start);
    t.deepEqual(take(source, 99, 5), flights.slice(start));
  }
  const endless = replay(FEW, { limit: 6, repeat: Infinity, arrivals: 'scheduled' });
  t.is(endless.events, Infinity);
  endless.seek(6_000_001);
  t.deepEqual(take(endless, 1), [{ ...flights[1]!, time: flights[1]!.time + 1_000_000 * 2 * DAY_MS }]);
  const single = replay(FEW, { limit: 1, repeat: 2, arrivals: 'actual' });
  t.deepEqual(
    take(single, 2).map(({ time }) => time),
    [100 * 60_000, 100 * 60_000 + DAY_MS],
  );
});

test('no file is missing data, and the message says what to install', async (t) => {
  const error = await t.throwsAsync(flightsSource({ limit: 1, repeat: 1, arrivals: 'actual' }, '/nowhere/flights-3m.parquet'), {
    instanceOf: WorkloadError,
    code: 'missing-data',
  });
  t.regex(error!.message, /\/nowhere\/flights-3m\.parquet.*`npm install vega-datasets@3\.2\.1`/);
});

test('a file that is no parquet, or other parquet, is bad data', async (t) => {
  const error = await t.throwsAsync(readFlights(Buffer.from('PAR1 not really'), 'some.parquet'), { instanceOf: WorkloadError });
  t.is((error as WorkloadError).code, 'bad-data');
  t.regex(error!.message, /some\.parquet .*`npm install vega-datasets@3\.2\.1/s);
  const cut = (await readFile(flightsFile())).subarray(0, 1_000_000);
  await t.throwsAsync(readFlights(cut, 'cut.parquet'), { instanceOf: WorkloadError, code: 'bad-data' });
});
