// Proves that event i is the same however it is reached, that times, values, disorder and lateness are what the settings say, and that a
// source refuses what it cannot do. Statistics at alpha 0.001 with fixed seeds.
import test from 'ava';
import { EventBatch, WorkloadError } from '../contract.ts';
import { chiSquare, chiSquareLimit } from './chi-square.ts';
import { eventDigest } from './event-digest.ts';
import { BLOCK } from './random.ts';
import { SYNTHETIC_START_MS, type SyntheticSettings, syntheticSource } from './synthetic.ts';

const PLAIN: SyntheticSettings = {
  seed: 5,
  events: Infinity,
  keys: 1_000,
  keyBytes: 16,
  distribution: { kind: 'uniform' },
  regime: { kind: 'steady' },
  arrivals: { kind: 'constant', ratePerSecond: 7_000 },
  disorder: 0,
  disorderMs: 500,
  late: 0,
  lateMsMin: 20_000,
  lateMsMax: 30_000,
  lateFromEvent: 100,
  payload: { kind: 'none', bytes: 0, spreadBytes: 0, bytesMax: 0, compressibility: 0 },
  types: { right: 0, ends: 0 },
};
const MESSY: SyntheticSettings = { ...PLAIN, distribution: { kind: 'zipf', exponent: 1.1, scrambled: true }, disorder: 0.3, late: 0.1 };

const FULL: SyntheticSettings = {
  ...MESSY,
  arrivals: { kind: 'poisson', ratePerSecond: 7_000 },
  regime: { kind: 'growing', growOver: 5_000 },
  payload: { kind: 'normal', bytes: 40, spreadBytes: 10, bytesMax: 77, compressibility: 0.4 },
  types: { right: 0.4, ends: 0.1 },
};
const SORTS: readonly SyntheticSettings[] = [
  PLAIN,
  MESSY,
  FULL,
  {
    ...FULL,
    regime: { kind: 'expiring', turnover: 3_000 },
    arrivals: { kind: 'burst', ratePerSecond: 7_000, everyMs: 300, lengthMs: 70, factor: 8 },
  },
  { ...FULL, distribution: { kind: 'latest', exponent: 0.9 }, payload: { ...FULL.payload, kind: 'lognormal' } },
];

test('the same events, taken in pieces of any size', (t) => {
  for (const settings of SORTS) {
    const whole = eventDigest(syntheticSource(settings), 10_000, 10_000);
    for (const size of [1, 7, 1_000, 1_024, 4_099]) t.is(eventDigest(syntheticSource(settings), 10_000, size), whole);
  }
});

test('the same events after a seek, also across 2^32', (t) => {
  for (const settings of SORTS) {
    for (const start of [1, 1_023, 9_999, 2 ** 31 - 100, BLOCK - 3_000]) {
      const straight = syntheticSource(settings);
      straight.seek(start);
      t.is(straight.position, start);
      eventDigest(straight, 2_500, 333);
      const sought = syntheticSource(settings);
      sought.seek(start + 2_500);
      t.is(straight.position, sought.position);
      t.is(eventDigest(straight, 2_000, 100), eventDigest(sought, 2_000, 2_000), `after ${start}`);
    }
  }
});

test('another seed, other events', (t) => {
  t.not(eventDigest(syntheticSource({ ...PLAIN, seed: 6 }), 100, 100), eventDigest(syntheticSource(PLAIN), 100, 100));
});

test('events arrive evenly, floor(i × 1000 / rate) ms after the start', (t) => {
  const source = syntheticSource(PLAIN);
  const batch = new EventBatch(100, { keyBytes: 16, width: 1 });
  for (const start of [0, 6_950, 123_456_789_012]) {
    source.seek(start);
    source.fill(batch, 100);
    for (let i = 0; i < 100; i++) {
      t.is(batch.timestamps[i], SYNTHETIC_START_MS + Number((BigInt(start + i) * 1000n) / 7_000n));
    }
  }
});

test('values are uniform over 0 … 999 and do not go with the keys', (t) => {
  const draws = 2_000_000;
  const source = syntheticSource({ ...PLAIN, keys: 50, keyBytes: 4 });
  const batch = new EventBatch(1_000, { keyBytes: 4, width: 1 });
  const values = new Float64Array(1_000);
  const pairs = new Float64Array(50 * 50);
  for (let i = 0; i < draws; i += source.fill(batch, 1_000)) {
    if (i === 0) continue;
    count();
  }
  count();
  function count(): void {
    for (let i = 0; i < batch.length; i++) {
      const value = batch.values[i]!;
      values[value]!++;
      const key = Number.parseInt(Buffer.from(batch.keys.buffer, i * 4, 4).toString('latin1'), 16);
      pairs[key * 50 + Math.floor(value / 20)]!++;
    }
  }
  t.true(chiSquare(values, draws / 1_000) < chiSquareLimit(999), `values: ${chiSquare(values, draws / 1_000)}`);
  t.true(chiSquare(pairs, draws / 2_500) < chiSquareLimit(2_499), `keys and values: ${chiSquare(pairs, draws / 2_500)}`);
});

test('as many events as asked for are moved back, by as much as asked for', (t) => {
  const draws = 400_000;
  const plain = syntheticSource(PLAIN);
  const messy = syntheticSource(MESSY);
  const [plainBatch, messyBatch] = [new EventBatch(draws, { keyBytes: 16, width: 1 }), new EventBatch(draws, { keyBytes: 16, width: 1 })];
  plain.fill(plainBatch, draws);
  messy.fill(messyBatch, draws);
  const disorder = new Float64Array(501);
  let late = 0;
  for (let i = 0; i < draws; i++) {
    const movedMs = plainBatch.timestamps[i]! - messyBatch.timestamps[i]!;
    if (movedMs > 500) {
      t.true(movedMs >= 20_000 && movedMs <= 30_000 && i >= 100 && i % 16 !== 0, `event ${i} moved by ${movedMs}`);
      late++;
    } else {
      t.true(movedMs >= 0);
      if (movedMs > 0) disorder[movedMs]!++;
    }
  }
  // 3.3 standard deviations of a binomial count.
  t.true(Math.abs(late - 0.1 * draws) < 3.3 * Math.sqrt(draws * 0.1 * 0.9), `${late} late`);
  const wanted = (0.3 * draws) / 501;
  const statistic = chiSquare(disorder.subarray(1), wanted);
  t.true(statistic < chiSquareLimit(500), `disorder: ${statistic}`);
});

test('a finite source ends, and fills no more than asked', (t) => {
  const source = syntheticSource({ ...PLAIN, events: 25 });
  const batch = new EventBatch(10, { keyBytes: 16, width: 1 });
  const got: number[] = [];
  for (let i = 0; i < 5; i++) got.push(source.fill(batch, i === 0 ? 4 : 100));
  t.deepEqual(got, [4, 10, 10, 1, 0]);
  t.is(batch.length, 0);
  source.seek(25);
  t.throws(() => source.seek(26), { instanceOf: RangeError, message: /0 to 25/ });
  t.throws(() => source.seek(0.5), { instanceOf: RangeError });
  t.throws(() => source.fill(new EventBatch(10, { keyBytes: 8, width: 1 }), 1), { instanceOf: RangeError, message: /16 bytes/ });
});

test('events carry their payload behind the same values, times, keys', (t) => {
  const bare = new EventBatch(3_000, { keyBytes: 16, width: 1 });
  syntheticSource({ ...FULL, payload: PLAIN.payload, types: PLAIN.types }).fill(bare, 3_000);
  const source = syntheticSource(FULL);
  t.is(source.width, 12);
  const full = new EventBatch(3_000, source);
  source.fill(full, 3_000);
  t.deepEqual([full.keyWords, full.timestamps], [bare.keyWords, bare.timestamps]);
  t.deepEqual(
    bare.values.map((_, event) => full.values[event * 12]!),
    bare.values,
  );
  t.true(bare.types.every((type) => type === 0));
  t.deepEqual(new Set(full.types), new Set([0, 1, 2]));
});

test('shares that cannot be are refused', (t) => {
  for (const shares of [{ late: 0.95 }, { late: 0.5, disorder: 0.5 }, { disorder: -0.1 }, { late: Number.NaN }]) {
    t.throws(() => syntheticSource({ ...PLAIN, ...shares }), {
      instanceOf: WorkloadError,
      code: 'impossible-settings',
      message: /shares of the events/,
    });
  }
});
