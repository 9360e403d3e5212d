// Proves that the slope is the median of all pairs', and that points astray do not move it.
import test from 'ava';
import { theilSenSlope } from './theil-sen.ts';

test('the slope is the median of the slopes of all pairs', (t) => {
  t.is(theilSenSlope([0, 1, 2, 3, 4], [1, 3, 5, 7, 9]), 2);
  // The eighth of 15: (8.8 - 3.1) / 11.
  t.true(Math.abs(theilSenSlope([0, 1, 2, 4, 7, 11], [3.1, 0.4, 9.2, 5.5, 6.1, 8.8]) - 5.7 / 11) < 1e-12);
});

test('a quarter of the points astray do not move it; points at one place have none', (t) => {
  const x = Array.from({ length: 40 }, (_, i) => i);
  const y = x.map((at) => (at % 4 === 0 ? 1e6 : 0.25 * at));
  t.true(Math.abs(theilSenSlope(x, y) - 0.25) < 0.2);
  t.true(Number.isNaN(theilSenSlope([1, 1], [2, 3])));
  t.is(theilSenSlope([0, 1, 99], [0, 1, -50], 2), 1);
});
