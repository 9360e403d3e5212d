// Proves that different values are counted once, whatever their order, of events of any width, and that −0 is 0.
import test from 'ava';
import { exactDistinct } from './exact-distinct.ts';
import { median } from './median.ts';

function distinctOf(values: readonly number[], width = 1): readonly number[] {
  const elements = new Float64Array((values.length + 1) * width).fill(-1e9);
  for (const [i, value] of values.entries()) elements[i * width] = value;
  const results = new Float64Array(4);
  exactDistinct(width).reduce(elements, values.length, results, 1);
  return [...results];
}

test('each value counts once', (t) => {
  t.deepEqual(distinctOf([7]), [0, 1, 1, 0]);
  t.deepEqual(distinctOf([3, 1, 3, 2, 1]), [0, 5, 3, 0]);
  t.deepEqual(distinctOf([0, -0, -1, 0]), [0, 4, 2, 0]);
  t.deepEqual(distinctOf([10, 9, 10, 9], 3).slice(0, 3), [0, 4, 2]);
});

test('any order gives what a set gives', (t) => {
  for (let round = 0; round < 200; round++) {
    const values = Array.from({ length: 1 + round }, (_, i) => ((i * 7919 + round) % (1 + (round % 37))) - 5);
    t.is(distinctOf(values, 1 + (round % 3))[2], new Set(values).size, `round ${round}`);
  }
});

test('the median looks at the value of wider events alone', (t) => {
  const results = new Float64Array(3);
  median(2).reduce(Float64Array.of(5, 100, 1, 200, 3, -300, 1e9), 3, results, 0);
  t.deepEqual([...results.subarray(0, 2)], [3, 3]);
});
