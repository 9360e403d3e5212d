// Proves the sketch of quantiles against buckets and ranks worked out by hand.
import test from 'ava';
import { DdSketch } from './dd-sketch.ts';

function resultOf(subBits: number, values: readonly number[]): number[] {
  const sketch = new DdSketch(subBits);
  for (const value of values) sketch.add([value]);
  return sketch.result();
}

test('a value is represented by the middle of its bucket', (t) => {
  for (const [value, middle] of [
    [1, 1.25],
    [1.49, 1.25],
    [1.5, 1.75],
    [2, 2.5],
    [3.99, 3.5],
    [0.75, 0.875],
    [-1.5, -1.75],
    [0, 0],
    [-0, 0],
    [2 ** -20, 1.25 * 2 ** -20],
    [2 ** -20 * (1 - Number.EPSILON), 0],
    [-(2 ** -21), 0],
    [2 ** 20 - 1, 1.75 * 2 ** 19],
    [2 ** 20, 1.75 * 2 ** 19],
    [1e300, 1.75 * 2 ** 19],
    [-1e300, -1.75 * 2 ** 19],
  ] as const) {
    t.deepEqual(resultOf(1, [value]), [1, middle, middle, middle], `${value}`);
  }
  t.deepEqual(resultOf(0, [3]), [1, 3, 3, 3]);
  t.deepEqual(resultOf(3, [1.13]), [1, 1.1875, 1.1875, 1.1875]);
});

test('a quantile is the value at floor(q × (count − 1)), from 0, of those ascending', (t) => {
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1).reverse();
  // With 2^10 buckets a power of two, integers up to 1023 begin theirs, which are 2^(exponent − 10) wide.
  t.deepEqual(resultOf(10, upTo(11)), [11, 6 + 2 ** -9, 10 + 2 ** -8, 10 + 2 ** -8]);
  t.deepEqual(resultOf(10, upTo(10)), [10, 5 + 2 ** -9, 9 + 2 ** -8, 9 + 2 ** -8]);
  t.deepEqual(resultOf(10, upTo(101)), [101, 51 + 2 ** -6, 91 + 2 ** -5, 100 + 2 ** -5]);
  t.deepEqual(resultOf(1, [-4, 5, 0, -1, 5]), [5, 0, 5, 5]);
});
