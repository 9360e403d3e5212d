// Proves what units say, that they are refused where they count something else, and how quantities are shown.
import test from 'ava';
import { formatBytes, formatSeconds, parseQuantity, unitOfName } from './units.ts';

for (const [text, option, number] of [
  ['64mb', 'cache', 64e6],
  ['1gib', 'cache', 2 ** 30],
  ['1.1MB', 'cacheBytes', 1_100_000],
  ['64mib', 'cacheMib', 64],
  ['10s', 'gap', 10_000],
  ['500ms', 'gapMs', 500],
  ['500ms', 'gapSeconds', 0.5],
  ['1h', 'size', 3_600_000],
  ['2 d', 'size', 172_800_000],
  ['1_000_000', 'keys', 1_000_000],
  ['1e6', 'keys', 1_000_000],
  ['-5', 'offset', -5],
  ['.5', 'share', 0.5],
  ['10s', 'cacheBytes', null],
  ['64mb', 'gapMs', null],
  ['64 parsecs', 'cache', null],
  ['', 'cache', null],
  ['mb', 'cache', null],
  ['1e999', 'cache', null],
  ['0x10', 'cache', null],
  ['1__proto__', 'cache', null],
] as const) {
  test(`${option}=${text} → ${number}`, (t) => t.is(parseQuantity(text, unitOfName(option)), number));
}

test('shown', (t) => {
  t.deepEqual([12, 1536, 512 * 2 ** 20, 1.5 * 2 ** 30].map(formatBytes), ['12 B', '1.5 KiB', '512 MiB', '1.5 GiB']);
  t.deepEqual([0.4, 45, 60, 200, 3900].map(formatSeconds), ['0 s', '45 s', '1 min', '3 min 20 s', '1 h 5 min']);
});
