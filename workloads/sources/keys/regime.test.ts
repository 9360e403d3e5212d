// Proves that growing keys come evenly and are drawn by their distribution at every moment, that expiring keys leave in time, never
// return and are as popular all their life as their place is, and that what cannot grow or expire is refused. Chi-square at alpha
// 0.001 a case with fixed seeds.
import test from 'ava';
import { WorkloadError } from '../../contract.ts';
import { chiSquare, chiSquareLimit } from '../chi-square.ts';
import { counted, eachKey, pooled, zipfExpected } from './key-counts.ts';
import { type KeyDistribution, type KeySampler, keySampler } from './key-sampler.ts';
import { growth, type Regime } from './regime.ts';

const GROW_OVER = 200_000;
const DRAWS = 300_000;
const KEYS = 700;
const GROWING: Regime = { kind: 'growing', growOver: GROW_OVER };

/** How many of 700 keys there are at an event, in integers. */
function keysAt(position: number): number {
  return position >= GROW_OVER ? KEYS : 7 + Number((BigInt(KEYS - 7) * BigInt(position)) / BigInt(GROW_OVER));
}

/** Calls `each` with every number of keys and of the events, among the first `DRAWS`, that find so many. */
function eachSize(each: (keys: number, events: number) => void): void {
  let since = 0;
  for (let position = 1; position <= DRAWS; position++) {
    if (position < DRAWS && keysAt(position) === keysAt(since)) continue;
    each(keysAt(since), position - since);
    since = position;
  }
}

test('growing: keys come evenly, from 1 % to all', (t) => {
  const { keysAt: at, firstWithMore } = growth(KEYS, GROW_OVER);
  for (let position = 0; position < DRAWS; position += 7)
    if (at(position) !== keysAt(position)) t.fail(`event ${position}: ${at(position)} keys`);
  for (const keys of [7, 8, 100, 699]) {
    const first = firstWithMore(keys);
    t.true(at(first) > keys && at(first - 1) <= keys, `${keys} keys until event ${first}`);
  }
  t.is(firstWithMore(KEYS), Infinity);
  t.is(growth(1, 10).keysAt(0), 1);
  t.is(growth(10_000_000, 1).keysAt(0), 100_000);
});

test('growing: at every moment the keys that there are get what their distribution says', (t) => {
  const flat = new Float64Array(KEYS);
  const hot = new Float64Array(KEYS);
  const ranks = new Float64Array(KEYS);
  eachSize((keys, events) => {
    const hotKeys = Math.ceil(0.2 * keys);
    const zipf = zipfExpected(keys, 1.1, events);
    for (let key = 0; key < keys; key++) {
      flat[key]! += events / keys;
      hot[key]! += events * (key < hotKeys ? 0.6 / hotKeys : 0.4 / (keys - hotKeys));
      ranks[key]! += zipf[key]!;
    }
  });
  const cases: readonly (readonly [KeyDistribution, Float64Array])[] = [
    [{ kind: 'uniform' }, flat],
    [{ kind: 'hotspot', hotFraction: 0.2, hotShare: 0.6 }, hot],
    [{ kind: 'zipf', exponent: 1.1, scrambled: false }, ranks],
  ];
  for (const [distribution, expected] of cases) {
    const cells = pooled(counted(keySampler(1, KEYS, distribution, GROWING), KEYS, DRAWS), expected);
    const statistic = chiSquare(cells.counts, cells.expected);
    t.true(statistic < chiSquareLimit(cells.counts.length - 1), `${distribution.kind}: ${statistic}`);
  }
  const ages = new Float64Array(KEYS);
  eachKey(keySampler(1, KEYS, { kind: 'latest', exponent: 1.1 }, GROWING), 0, DRAWS, (key, position) => {
    ages[keysAt(position) - 1 - key]!++;
  });
  const cells = pooled(ages, ranks);
  const statistic = chiSquare(cells.counts, cells.expected);
  t.true(statistic < chiSquareLimit(cells.counts.length - 1), `latest: ${statistic}`);
  // The test can fail: the keys of a steady stream are not those of a growing one.
  const steady = pooled(counted(keySampler(1, KEYS, { kind: 'uniform' }), KEYS, DRAWS), flat);
  t.true(chiSquare(steady.counts, steady.expected) > chiSquareLimit(KEYS));
});

test('growing: scrambled ranks give as many keys as there are', (t) => {
  const sample = keySampler(2, KEYS, { kind: 'zipf', exponent: 0, scrambled: true }, GROWING);
  const seen = new Set<number>();
  eachKey(sample, 0, 2_000, (key) => seen.add(key));
  t.is(seen.size, keysAt(1_999));
  t.true([...seen].some((key) => key >= 100));
});

test('expiring: at any time there are as many keys; old ones leave in time and never return', (t) => {
  const turnover = 90_000;
  for (const distribution of [
    { kind: 'uniform' },
    { kind: 'zipf', exponent: 0.8, scrambled: true },
    { kind: 'hotspot', hotFraction: 0.1, hotShare: 0.7 },
    { kind: 'latest', exponent: 0.8 },
    { kind: 'sequential' },
  ] satisfies KeyDistribution[]) {
    const sample = keySampler(3, KEYS, distribution, { kind: 'expiring', turnover });
    const seen = new Set<number>();
    let wrong = 0;
    eachKey(sample, 0, DRAWS, (key, position) => {
      const oldest = Number((BigInt(position) * BigInt(KEYS)) / BigInt(turnover));
      if (key < oldest || key >= oldest + KEYS) wrong++;
      seen.add(key);
    });
    t.is(wrong, 0, distribution.kind);
    const all = KEYS + Math.floor(((DRAWS - 1) * KEYS) / turnover);
    t.true(seen.size > 0.98 * all && seen.size <= all, `${distribution.kind}: ${seen.size} keys of ${all}`);
  }
});

test('expiring: a key is as popular as its place, all its life; latest goes by age', (t) => {
  const regime: Regime = { kind: 'expiring', turnover: 1_234 };
  const places = new Float64Array(KEYS);
  eachKey(keySampler(4, KEYS, { kind: 'zipf', exponent: 1.1, scrambled: false }, regime), 0, DRAWS, (key) => {
    places[key % KEYS]!++;
  });
  const ages = new Float64Array(KEYS);
  eachKey(keySampler(4, KEYS, { kind: 'latest', exponent: 1.1 }, regime), 0, DRAWS, (key, position) => {
    ages[Math.floor((position * KEYS) / 1_234) + KEYS - 1 - key]!++;
  });
  for (const [name, counts] of [
    ['zipf', places],
    ['latest', ages],
  ] as const) {
    const cells = pooled(counts, zipfExpected(KEYS, 1.1, DRAWS));
    const statistic = chiSquare(cells.counts, cells.expected);
    t.true(statistic < chiSquareLimit(cells.counts.length - 1), `${name}: ${statistic}`);
  }
});

test('expiring: numbers go on past 2^32 from 0', (t) => {
  const position = 2 ** 33 - 1_000;
  const numbers = new Uint32Array(1_000);
  keySampler(5, 1, { kind: 'uniform' }, { kind: 'expiring', turnover: 1 })(numbers, position, 1_000);
  t.deepEqual([numbers[0], numbers[999]], [2 ** 32 - 1_000, 2 ** 32 - 1]);
});

test('the same keys in pieces of any size', (t) => {
  for (const distribution of [
    { kind: 'zipf', exponent: 1, scrambled: true },
    { kind: 'latest', exponent: 1 },
  ] satisfies KeyDistribution[]) {
    const sample = keySampler(6, KEYS, distribution, { kind: 'growing', growOver: 5_000 });
    const whole = new Uint32Array(6_000);
    sample(whole, 0, 6_000);
    const pieces = new Uint32Array(6_000);
    for (let at = 0; at < 6_000; at += 37) {
      const count = Math.min(37, 6_000 - at);
      sample(pieces.subarray(at, at + count), at, count);
    }
    t.deepEqual(pieces, whole, distribution.kind);
  }
});

test('what cannot grow or expire is refused, with the reason', (t) => {
  const refused = (distribution: KeyDistribution, regime: Regime, message: RegExp): void => {
    const make = (): KeySampler => keySampler(1, KEYS, distribution, regime);
    t.throws(make, { instanceOf: WorkloadError, code: 'impossible-settings', message });
  };
  for (const distribution of [
    { kind: 'sequential' },
    { kind: 'constant' },
    { kind: 'ecdf', points: [{ keyFraction: 1, share: 1 }] },
  ] satisfies KeyDistribution[]) {
    refused(distribution, GROWING, new RegExp(`distribution=${distribution.kind} cannot be growing, since it goes by a fixed set`));
  }
  refused({ kind: 'constant' }, { kind: 'expiring', turnover: 10 }, /cannot be expiring, since it has one key/);
  refused({ kind: 'uniform' }, { kind: 'growing', growOver: 0 }, /growOver is a number of events/);
  refused({ kind: 'uniform' }, { kind: 'expiring', turnover: 1.5 }, /turnover is a number of events/);
  refused({ kind: 'hotspot', hotFraction: 0.9, hotShare: 0.5 }, GROWING, /of 7 keys makes 7 hot ones/);
});
