// Proves that options make the events they name: pinned for each kind, late whatever the arrivals where they should be and nowhere
// else, with room for the payload they ask for; and that what is missing or cannot be is refused at once.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { z } from 'zod';
import { EventBatch, type Source, WorkloadError } from '../contract.ts';
import { eventDigest } from './event-digest.ts';
import { eventWidth, payloadOf, syntheticEvents, syntheticOptions, twoStreamOptions } from './synthetic-options.ts';

type Settings = Readonly<Record<string, string | number | boolean>>;

const schema = z.strictObject(syntheticOptions);
const joinSchema = z.strictObject({ ...syntheticOptions, ...twoStreamOptions });
const folder = mkdtempSync(path.join(tmpdir(), 'statebench-options-'));
const keyFile = path.join(folder, 'keys.txt');
const pointFile = path.join(folder, 'points.csv');
writeFileSync(keyFile, 'JFK\nLAX\nORD\nJFK\n');
writeFileSync(pointFile, '0.01,0.5\n0.2,0.9\n1,1\n');
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const source = (settings: Settings): Promise<Source> => syntheticEvents(schema.parse(settings), 10_000).source({ seed: 1, endless: true });

for (const [settings, pinned] of [
  [{ distribution: 'latest' }, 'bd2f555d4934f696'],
  [{ distribution: 'sequential' }, 'e69fc8c145316dd0'],
  [{ distribution: 'constant' }, '144fb62fa6a6bcfc'],
  [{ distribution: 'ecdf', ecdf: '0.01:0.5;0.2:0.9;1:1' }, '547eae8dcc16c122'],
  [{ distribution: 'ecdf', file: pointFile }, '547eae8dcc16c122'],
  [{ distribution: 'file', file: keyFile, keyBytes: 4 }, '9e552a3445eab3c6'],
  [{ regime: 'growing', growOver: 20_000 }, 'bf8bd72633476481'],
  [{ distribution: 'zipf', regime: 'growing', growOver: 20_000 }, 'd40669fa32154cff'],
  [{ distribution: 'hotspot', regime: 'growing', growOver: 20_000 }, 'e46e439eec3a35ab'],
  [{ distribution: 'latest', regime: 'growing', growOver: 20_000 }, 'ebf08fa028c208f2'],
  [{ regime: 'expiring', turnover: 5_000 }, '03a25c2b7cf66ce2'],
  [{ distribution: 'latest', regime: 'expiring', turnover: 5_000 }, 'eaca408439540ce9'],
  [{ arrivals: 'poisson' }, 'a1406578aaf3c95e'],
  [{ arrivals: 'burst', burstEvery: 100, burstLength: 20 }, '6c5da0074f500667'],
  [{ payload: 'constant', compressibility: 0.3 }, 'f65776302d0bae38'],
  [{ payload: 'uniform' }, '5e76e575f6280de6'],
  [{ payload: 'normal' }, '8388cb623c8aa8eb'],
  [{ payload: 'lognormal', payloadSpread: 60 }, 'efcf3e3c2d4a42f3'],
] as const) {
  test(`the first events of ${JSON.stringify(settings).replaceAll(folder, '')} are pinned`, async (t) => {
    t.is(await eventDigest(await source(settings), 30_000, 1_000), pinned);
  });
}

test('a join has two sides, half and half if not said otherwise', async (t) => {
  const options = joinSchema.parse({ ends: 0.1 });
  t.is(options.right, 0.5);
  const stream = await syntheticEvents(options, 0, options).source({ seed: 1, endless: true });
  t.is(await eventDigest(stream, 30_000, 1_000), 'bcd8cdb1d4ffec2e');
});

test('a list and a file of the same points give the same keys', async (t) => {
  const [list, file] = [{ ecdf: '0.01:0.5;0.2:0.9;1:1' }, { file: pointFile }];
  const digest = async (settings: Settings): Promise<string> =>
    eventDigest(await source({ ...settings, distribution: 'ecdf' }), 1_000, 100);
  t.is(await digest(list), await digest(file));
});

test('events made to be late are late and no others, also when events come at random or in bursts', async (t) => {
  const events = 100_000;
  const windowMs = 1_000;
  for (const settings of [
    { arrivals: 'poisson', ratePerSecond: 5_000 },
    { arrivals: 'poisson', ratePerSecond: 50, watermarkEvery: 1 },
    { arrivals: 'burst', ratePerSecond: 5_000, burstEvery: 5_000, burstLength: 1_000, burstFactor: 50 },
    { arrivals: 'burst', ratePerSecond: 300, burstEvery: 900, burstLength: 899, burstFactor: 3, watermarkEvery: 7 },
  ]) {
    const disordered = { ...settings, late: 0.03, delay: 400, disorder: 0.3, disorderMs: 400 };
    const [plain, late] = [new EventBatch(events, { keyBytes: 16, width: 1 }), new EventBatch(events, { keyBytes: 16, width: 1 })];
    const { watermark, source: make } = syntheticEvents(schema.parse(disordered), windowMs);
    (await make({ seed: 3, endless: true })).fill(late, events);
    const untouched = await syntheticEvents(schema.parse(settings), windowMs).source({ seed: 3, endless: true });
    untouched.fill(plain, events);
    let greatest = -Infinity;
    let watermarkMs = -Infinity;
    let lateEvents = 0;
    let wrong = 0;
    for (let i = 0; i < events; i++) {
      const time = late.timestamps[i]!;
      const windowEnd = (Math.floor(time / windowMs) + 1) * windowMs;
      const isLate = windowEnd - 1 <= watermarkMs;
      if (isLate) lateEvents++;
      if (isLate !== plain.timestamps[i]! - time > 400) wrong++;
      greatest = Math.max(greatest, time);
      if ((i + 1) % watermark.everyEvents === 0) watermarkMs = greatest - watermark.delayMs;
    }
    t.is(wrong, 0, JSON.stringify(settings));
    t.true(Math.abs(lateEvents - 0.03 * events) < 3.3 * Math.sqrt(0.03 * events) + 40, `${lateEvents} late`);
  }
});

test('a payload has the room it needs, or what is asked for', async (t) => {
  for (const [settings, bytesMax] of [
    [{}, 100],
    [{ payload: 'constant' }, 100],
    [{ payload: 'uniform' }, 125],
    [{ payload: 'normal' }, 200],
    [{ payload: 'lognormal' }, 300],
    [{ payload: 'lognormal', payloadBytes: 60_000, payloadSpread: 60_000 }, 65_536],
    [{ payload: 'normal', payloadMax: 120 }, 120],
  ] as const) {
    t.is(payloadOf(schema.parse(settings)).bytesMax, bytesMax);
    t.is((await source(settings)).width, eventWidth(schema.parse(settings)));
  }
  t.is(eventWidth(schema.parse({})), 1);
  t.is(eventWidth(schema.parse({ payload: 'constant' })), 15);
});

test('what is missing or cannot be is refused at once', (t) => {
  const refused = (settings: Settings, code: string, message: RegExp): void => {
    t.throws(() => syntheticEvents(schema.parse(settings), 1_000), { instanceOf: WorkloadError, code, message });
  };
  const impossible = 'impossible-settings';
  refused({ distribution: 'file' }, impossible, /needs file/);
  refused({ distribution: 'file', file: path.join(folder, 'none') }, 'missing-data', /cannot read/);
  refused({ distribution: 'file', file: pointFile, keyBytes: 4 }, 'bad-data', /points\.csv, line 1: a key of 8 bytes/);
  refused({ distribution: 'file', file: keyFile, regime: 'growing' }, impossible, /distribution=file cannot be growing/);
  refused({ distribution: 'ecdf' }, impossible, /needs either ecdf, a list/);
  refused({ distribution: 'ecdf', ecdf: '1:1', file: pointFile }, impossible, /needs either/);
  refused({ distribution: 'ecdf', ecdf: '0.5:0.5' }, impossible, /the last point must be 1,1/);
  refused({ distribution: 'ecdf', file: keyFile }, 'bad-data', /keys\.txt, line 1: 'JFK' is no point/);
  refused({ regime: 'expiring', keys: 100, keyBytes: 4 }, impossible, /4294967296 keys do not fit 4 hexadecimal digits/);
  refused({ arrivals: 'burst', burstEvery: 10, burstLength: 10 }, impossible, /leaves no time between bursts/);
  refused({ payload: 'constant', payloadMax: 50 }, impossible, /does not fit payloadMax 50/);
  t.throws(() => syntheticEvents(schema.parse({}), 0, { right: 0.9, ends: 0.2 }), { code: impossible, message: /together at most 1/ });
});
