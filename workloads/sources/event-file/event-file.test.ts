// Proves what becomes of a data file's rows, CSV and Parquet alike: the events, by hand; what is wrong with a bad row, by line and column; what
// is passed over and counted; laps; the cache; and that a file which changed is refused. The flights as any Parquet file are the flights.
// The fixtures were written by pyarrow 26.
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { EventBatch, type Source, WorkloadError } from '../../contract.ts';
import { eventDigest } from '../event-digest.ts';
import { flightsFile, flightsSource } from '../flights.ts';
import { type EventFileRequest, readEventFile } from './event-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'statebench-event-file-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

const PLAIN: Omit<EventFileRequest, 'file'> = {
  time: 'ts',
  timeUnit: 'ms',
  key: 'user',
  value: 'amount',
  decimals: 0,
  separator: 'comma',
  keyBytes: 0,
  skipBad: false,
  limit: 1_000,
  sha256: '',
};

let files = 0;

function fileOf(content: string | Buffer, extension = 'csv'): string {
  const file = join(folder, `${files++}.${extension}`);
  writeFileSync(file, content);
  return file;
}

const read = (file: string, more: Partial<EventFileRequest> = {}, directories: readonly string[] = []) =>
  readEventFile({ ...PLAIN, file, ...more }, directories);

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../../workloads/sources/event-file/fixtures/${name}`, import.meta.url));

/** `time key value` of each event. */
function eventsOf(source: Source, count = 100, size = 3): string[] {
  const batch = new EventBatch(size, source);
  const events: string[] = [];
  while (events.length < count && source.fill(batch, count - events.length) > 0) {
    for (let i = 0; i < batch.length; i++) {
      const key = Buffer.from(batch.keys.buffer, i * source.keyBytes, source.keyBytes)
        .toString('latin1')
        .replace(/\0+$/, '');
      events.push(`${batch.timestamps[i]} ${key} ${batch.values[i]}`);
    }
  }
  return events;
}

test('rows become events in their order, keys padded to the longest', async (t) => {
  const file = fileOf('ts,page,user,amount\n5,"a,b",ann,1.5\n3,,Zoë,-2\n2023-11-14 22:13:20,x,bob-and-cleo,1e3\n');
  const found = await read(file);
  t.like(found, {
    events: 3,
    skipped: 0,
    keyBytes: 12,
    firstTimeMs: 3,
    lastTimeMs: 1_700_000_000_000,
    addsExactly: false,
    decimalsNeeded: 1,
  });
  t.deepEqual(eventsOf(found.play(1)), ['5 ann 1.5', '3 Zo\u00c3\u00ab -2', '1700000000000 bob-and-cleo 1000']);
  t.regex(found.sha256, /^[0-9a-f]{64}$/);
  t.deepEqual(eventsOf((await read(file, { keyBytes: 20 })).play(1)), eventsOf(found.play(1)));
  t.is((await read(file, { keyBytes: 20 })).play(1).keyBytes, 20);
});

test('a byte order mark, CRLF, quotes in the header, another separator, values without a column', async (t) => {
  const file = fileOf('\ufeff"ts";"us""er"\r\n\r\n1;"a;""b"""\r\n2;c\r\n');
  const found = await read(file, { separator: 'semicolon', key: 'us"er', value: '' });
  t.deepEqual(eventsOf(found.play(1)), ['1 a;"b" 1', '2 c 1']);
  t.true(found.addsExactly);
});

test('decimals make values whole, exactly', async (t) => {
  const file = fileOf('ts,user,amount\n1,a,0.07\n2,a,1.15\n3,a,-8.2\n4,a,90071992547409.91\n5,a,3\n');
  t.deepEqual(eventsOf((await read(file, { decimals: 2 })).play(1)), ['1 a 7', '2 a 115', '3 a -820', '4 a 9007199254740991', '5 a 300']);
  t.like(await read(file, { decimals: 2 }), { addsExactly: false, decimalsNeeded: 0 }, 'the sum is beyond 2^53');
  t.like(await read(file, { decimals: 2, limit: 3 }), { events: 3, addsExactly: true });
  t.is((await read(file)).decimalsNeeded, 2);
  t.is((await read(fileOf('ts,user,amount\n1,a,0.12345678901\n'))).decimalsNeeded, 10);
});

test('the first so many events, whatever comes then', async (t) => {
  const file = fileOf('ts,user,amount\n1,a,1\n2,b,2\nx,c,3\n');
  t.is((await read(file, { limit: 2 })).events, 2);
  await t.throwsAsync(read(file, { limit: 3 }), { message: /line 4/ });
});

const ROWS = 'ts,user,amount\n1,a,1\n';
for (const [what, content, message, more] of [
  [
    'no number',
    `${ROWS}2,b,x\n`,
    /\.csv, line 3: column 'amount' should be a number that a double can hold, and is 'x'\. Mend it, or set skipBad/,
  ],
  ['no value', `${ROWS}2,b,\n`, /line 3: column 'amount' should be .* and is empty/],
  ['no time', `${ROWS}soon,b,1\n`, /line 3: column 'ts' should be a whole number of ms since 1970 .*, and is 'soon'/],
  ['no key', `${ROWS}2,,1\n`, /line 3: column 'user' should be a key, and is empty/],
  ['a zero byte', `${ROWS}2,a\0b,1\n`, /line 3: column 'user' should be a key without zero bytes.* 'a\?b'/],
  ['escapes', `${ROWS}2,b,\u001b[31m\n`, /line 3: .* is '\?\[31m'/],
  [
    'a long key',
    `${ROWS}2,abcdefghi,1\n`,
    /line 3: column 'user' has a key of 9 bytes, 'abcdefghi'; keyBytes is 4: choose at least 12/,
    { keyBytes: 4 },
  ],
  ['a longer key', `${ROWS}2,${'k'.repeat(1025)},1\n`, /line 3: .* a key of 1025 bytes, .* the longest that can be is 1024/],
  [
    'too many decimals',
    `${ROWS}2,b,1.005\n`,
    /line 3: column 'amount' should be a number of at most 2 decimals.* '1\.005'/,
    { decimals: 2 },
  ],
  ['few fields', `${ROWS}2,b\n`, /line 3: it has 2 fields, and the header 3/],
  ['many fields', `${ROWS}2,b,1,1\n`, /line 3: it has 4 fields/],
  ['an open quote', `${ROWS}2,"b,1\n`, /line 3: a quote is opened and never closed/],
  ['text after a quote', `${ROWS}2,"b"c,1\n`, /line 3: a field goes on after its closing quote/],
  ['lines in quotes before', 'ts,"us\ner",user,amount\n1,"\r\n\n",a,1\n2,x,b,y\n', /line 6: column 'amount'/],
] as const) {
  test(`a bad row (${what}) names line and column, and is passed over and counted if that is wanted`, async (t) => {
    const file = fileOf(content);
    const error = await t.throwsAsync(read(file, more), { instanceOf: WorkloadError, message });
    t.is((error as WorkloadError).code, 'bad-data');
    t.true(error!.message.startsWith(file));
    const { events, skipped } = await read(file, { ...more, skipBad: true });
    t.deepEqual([events, skipped], [1, 1]);
  });
}

for (const [what, content, message, more] of [
  ['empty', '', /is empty$/],
  ['only a header', 'ts,user,amount\n', /has no events: it has no rows/],
  ['only bad rows', 'ts,user,amount\nx,a,1\ny,a,1\n', /has no events: none of its 2 rows is good/, { skipBad: true }],
  ['no such column', ROWS, /has no column 'usr' for key; it has: ts, user, amount\. Did you mean key=user\?$/, { key: 'usr' }],
  ['no such column and none like it', ROWS, /has no column 'page' for key; it has: ts, user, amount\.$/, { key: 'page' }],
  ['case', ROWS, /Did you mean time=ts\?/, { time: 'TS' }],
  ['another separator', 'ts;user;amount\n1;a;1\n', /it has: ts;user;amount\..*separated by a comma: separator=/],
  ['a column twice', 'ts,user,user,amount\n1,a,b,1\n', /has two columns 'user'/],
  ['UTF-16', Buffer.from('\ufeffts,user,amount\n', 'utf16le'), /is in UTF-16: save it as UTF-8/],
  ['packed', gzipSync(ROWS), /is packed: unpack it/],
  ['a header that is none', '"ts,user\n', /line 1: a quote is opened and never closed; a header/, { skipBad: true }],
] as const) {
  test(`a file that cannot be (${what}) is refused`, async (t) => {
    const error = await t.throwsAsync(read(fileOf(content), more), { instanceOf: WorkloadError, message });
    t.is((error as WorkloadError).code, 'bad-data');
  });
}

test('what is no file is told from what is missing', async (t) => {
  await t.throwsAsync(read(folder), { instanceOf: WorkloadError, message: /is a folder: name a CSV or Parquet file in it/ });
  await t.throwsAsync(read('/dev/zero'), { instanceOf: WorkloadError, message: /is no file that can be read again/ });
  const error = await t.throwsAsync(read(join(folder, 'nowhere.csv')), {
    instanceOf: WorkloadError,
    message: /nowhere\.csv, which file=… names/,
  });
  t.is((error as WorkloadError).code, 'missing-data');
});

test('each lap is later by the whole days that hold the events, and a seek lands in any lap', async (t) => {
  const found = await read(fileOf('ts,user,amount\n90000000,a,1\n-1,bcdefg,2\n7,a,3\n'));
  const source = found.play(3);
  t.is(source.events, 9);
  const events = eventsOf(source);
  t.deepEqual(
    events,
    [0, 1, 2].flatMap((lap) => [90_000_000, -1, 7].map((time, i) => `${time + lap * 2 * 86_400_000} ${i === 1 ? 'bcdefg' : 'a'} ${i + 1}`)),
  );
  for (let from = 0; from <= 9; from++) {
    source.seek(from);
    t.deepEqual(eventsOf(source, 100, 2), events.slice(from));
  }
  t.is(found.play(Infinity).events, Infinity);
});

test('what was read is found again, under the settings that it was read with, and the oldest goes', async (t) => {
  const cache = join(folder, 'cache');
  const file = fileOf('ts,user,amount\n1,a,1\n2,b,x\n');
  const first = await read(file, { skipBad: true }, [cache]);
  const [kept] = await readdir(cache);
  const before = statSync(join(cache, kept!));
  const again = await read(file, { skipBad: true }, [cache]);
  t.deepEqual(eventsOf(again.play(2)), eventsOf(first.play(2)));
  t.is(again.skipped, 1);
  t.is(statSync(join(cache, kept!)).ino, before.ino);
  await t.throwsAsync(read(file, {}, [cache]), { message: /line 3/ }, 'what was passed over with skipBad is not without');
  t.is((await read(file, { skipBad: true, value: '' }, [cache])).events, 2);
  utimesSync(join(cache, kept!), 1, 1);
  for (let i = 0; i < 9; i++) await read(fileOf(`ts,user,amount\n${i},a,1\n`), {}, [cache]);
  const left = await readdir(cache);
  t.is(left.length, 8);
  t.false(left.includes(kept!));
});

test('a file that changed is refused', async (t) => {
  const file = fileOf(ROWS);
  const { sha256 } = await read(file);
  t.is((await read(file, { sha256 })).events, 1);
  writeFileSync(file, ROWS.replace('a', 'b'));
  const error = await t.throwsAsync(read(file, { sha256 }), { instanceOf: WorkloadError, message: /is not what it was: its SHA-256 is/ });
  t.is((error as WorkloadError).code, 'bad-data');
});

const PARQUET = { time: 'at', key: 'id', value: 'price', decimals: 2 } as const;
const EVENTS = ['-2 1 115', '-1 2 -200', '0 1 10', '1700000000123 -4 400', '1700000001000 5 501', '1700000000500 1 12345678999'];

test('Parquet: timestamps of any unit, whole numbers and texts are the same times', async (t) => {
  for (const time of ['at', 'ns', 'ms', 'text']) {
    t.deepEqual(eventsOf((await read(fixture('events.parquet'), { ...PARQUET, time })).play(1)), EVENTS, time);
  }
  const days = eventsOf((await read(fixture('events.parquet'), { ...PARQUET, time: 'day' })).play(1));
  t.deepEqual(
    days.map((event) => Number(event.split(' ')[0]) / 86_400_000),
    [-1, 0, 1, 2, 3, 4],
  );
});

test('Parquet: keys are the bytes of texts and binaries, and a column may be used twice', async (t) => {
  const keys = async (key: string) =>
    eventsOf((await read(fixture('events.parquet'), { ...PARQUET, key, skipBad: true })).play(1)).map((event) => event.split(' ')[1]);
  t.deepEqual(await keys('user'), ['ann', 'Zo\u00c3\u00ab', 'ann', 'a,b', 'ann']);
  t.deepEqual(await keys('maybe'), ['ann', 'Zo\u00c3\u00ab', 'ann', 'bob', 'ann']);
  t.deepEqual(await keys('raw'), ['\u0080', '\u0081', '\u0080', 'x', 'y', 'z']);
  t.deepEqual(await keys('price'), ['1.15', '-2', '0.1', '4', '5.01', '123456789.99']);
});

test('Parquet: bad cells are told by row and column, across row groups', async (t) => {
  for (const [more, message] of [
    [{ key: 'user' }, /events\.parquet, row 5: column 'user' should be a key, and is empty/],
    [{ key: 'maybe' }, /row 4: column 'maybe'/],
    [{ value: 'holes', decimals: 0 }, /row 2: column 'holes' should be a number.*, and is empty/],
    [{ value: 'count', decimals: 0 }, /row 4: column 'count' .* is '9007199254740993'/],
    [{ value: 'user' }, /row 1: column 'user' .* is 'ann'/],
    [{ time: 'amount' }, /row 1: column 'amount' should be a whole number of ms/],
    [{ key: 'tags' }, /column 'tags' for key holds other columns/],
    [{ key: 'usr' }, /has no column 'usr' for key; it has: at, ns, .*Did you mean key=user\?/],
  ] as const) {
    await t.throwsAsync(read(fixture('events.parquet'), { ...PARQUET, ...more }), { instanceOf: WorkloadError, message });
  }
  t.like(await read(fixture('events.parquet'), { ...PARQUET, value: 'holes', decimals: 0, skipBad: true }), { events: 3, skipped: 3 });
  t.is((await read(fixture('events.parquet'), { ...PARQUET, limit: 2 })).events, 2);
});

test('Parquet: compressed in the usual ways; one that is not read is named', async (t) => {
  const few = { time: 'at', key: 'user', value: 'amount', skipBad: true };
  const plain = eventsOf((await read(fixture('none.parquet'), few)).play(1));
  t.is(plain.length, 5);
  for (const name of ['gzip', 'brotli', 'zstd', 'events'])
    t.deepEqual(eventsOf((await read(fixture(`${name}.parquet`), few)).play(1)), plain, name);
  await t.throwsAsync(read(fixture('lz4.parquet'), few), {
    instanceOf: WorkloadError,
    message: /cannot be read as Parquet: .*LZ4_RAW.*Zstandard/,
  });
});

test('Parquet that is cut off, or none at all, is bad data', async (t) => {
  const { readFileSync } = await import('node:fs');
  const whole = readFileSync(fixture('none.parquet'));
  for (const bytes of [
    whole.subarray(0, 4),
    whole.subarray(0, 700),
    Buffer.from('PAR1 not really PAR1'),
    Buffer.concat([whole.subarray(0, 40), whole.subarray(200)]),
  ]) {
    const error = await t.throwsAsync(read(fileOf(bytes, 'parquet'), { ...PARQUET, key: 'user', value: 'amount' }), {
      instanceOf: WorkloadError,
    });
    t.is((error as WorkloadError).code, 'bad-data');
    t.regex(error!.message, /cannot be read as Parquet/);
  }
  await t.throwsAsync(read(fileOf(ROWS, 'parquet')), { message: /cannot be read as Parquet/ });
  t.is(
    (await read(fileOf(whole, 'dat'), { ...PARQUET, key: 'user', value: 'amount', skipBad: true })).events,
    5,
    'known by its first bytes',
  );
});

test('the flights as any Parquet file are the flights', async (t) => {
  const limit = 20_000;
  const flights = await flightsSource({ limit, repeat: 1, arrivals: 'scheduled' });
  const found = await read(flightsFile(), { time: 'date', key: 'origin', value: 'delay', limit, keyBytes: 8 });
  const origins = eventDigest(flights, limit, 1_000, (batch) => {
    for (let event = 0; event < batch.length; event++) batch.keys.fill(0, event * 8 + 3, event * 8 + 8);
  });
  t.is(eventDigest(found.play(1), limit, 1_000), origins);
});
