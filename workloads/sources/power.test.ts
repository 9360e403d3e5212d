// Proves that the power of our own is as good as Math.pow over the range that key distributions ask of it, and the same to the last bit
// as the same arithmetic gave elsewhere (the pinned bits come from Python).
import test from 'ava';
import { power } from './power.ts';

test('within 1e-13 of Math.pow', (t) => {
  for (let base = 1; base < 2 ** 40; base = Math.ceil(base * 1.37)) {
    for (const exponent of [0, -0.1, -0.5, -0.99, -1, -1.2, -2, -7.5, -16, 0.7, 2]) {
      const expected = base ** exponent;
      t.true(Math.abs(power(base, exponent) / expected - 1) < 1e-13, `${base}^${exponent}: ${power(base, exponent)} for ${expected}`);
    }
  }
});

test('pinned to the last bit, so that another engine cannot draw other keys unnoticed', (t) => {
  t.deepEqual(
    [power(3, -0.99), power(123_456, -1.2), power(10_000_000, -0.5)].map((value) =>
      new BigUint64Array(Float64Array.of(value).buffer)[0]!.toString(16),
    ),
    ['3fd591a9ba622d6e', '3eaa0ec229b8eb2a', '3f34b96be9c2da2a'],
  );
});
