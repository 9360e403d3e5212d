// Proves that needs are read with their units, written back as they were, and refused with what is wrong.
import test from 'ava';
import { limitWords, NeedError, NO_NEEDS, needTexts, withNeed } from './needs.ts';

test('needs are read with their units and written back so that they read the same', (t) => {
  const texts = [
    'throughput>=50k',
    'p99<=0.5ms',
    'p99.9 <= 20us',
    'recovery<=2min',
    'memory<=1.5GiB',
    'disk<=300 mb',
    'server=no',
    'durability>=os-crash',
  ];
  const needs = texts.reduce(withNeed, NO_NEEDS);
  t.deepEqual(
    needs.limits.map(({ criterion, limit }) => [criterion, limit]),
    [
      ['throughput', 50_000],
      ['p99', 0.5],
      ['p99.9', 0.02],
      ['recovery', 120_000],
      ['rss', 1.5 * 2 ** 30],
      ['disk', 300e6],
    ],
  );
  t.deepEqual(needTexts(needs), [
    'throughput>=50000',
    'p99<=500us',
    'p99.9<=20us',
    'recovery<=120s',
    'rss<=1.610612736GB',
    'disk<=300MB',
    'durability>=os-crash',
    'servers=no',
  ]);
  t.deepEqual(needTexts(needs).reduce(withNeed, NO_NEEDS), needs);
  t.is(limitWords(needs.limits[0]!), 'throughput ≥ 50,000 events/s');
  t.is(limitWords(needs.limits[1]!), 'p99 ≤ 500 µs');
});

for (const [text, says, word] of [
  ['p99', /not of the form/, null],
  ['p9<=20ms', /names no figure/, 'p9'],
  ['__proto__<=1', /names no figure/, '__proto__'],
  ['p99>=20ms', /better when less, so write p99<=20ms/, null],
  ['throughput<=5', /better when more, so write throughput>=5/, null],
  ['p99<=20', /with its unit \(ns, us, ms, s, min\)/, null],
  ['p99<=20MB', /with its unit/, null],
  ['rss<=-1GB', /a number above 0/, null],
  ['rss<=0GB', /a number above 0/, null],
  ['p99<=constructor', /a number above 0/, null],
  ['durability>=disk', /no durability class/, 'disk'],
  ['durability<=os-crash', /write durability>=os-crash/, null],
  ['servers<=2', /servers=yes or servers=no/, null],
] as const) {
  test(`refused: ${text}`, (t) => {
    const error = t.throws(() => withNeed(NO_NEEDS, text), { instanceOf: NeedError, message: says });
    t.is(error?.word ?? null, word);
  });
}
