// Proves that the median is that of the sorted numbers, for odd and even counts and for orders that are hard on a quickselect.
import test from 'ava';
import { median as medianOfEvents } from './median.ts';

const median = medianOfEvents(1);

function medianOf(numbers: readonly number[]): readonly number[] {
  // What lies behind the counted elements must not be looked at.
  const elements = Float64Array.from([...numbers, -1e9, 1e9]);
  const results = new Float64Array(4);
  median.reduce(elements, numbers.length, results, 1);
  return [...results];
}

test('the middle one, or the mean of the two middle ones', (t) => {
  t.deepEqual(medianOf([7]), [0, 1, 7, 0]);
  t.deepEqual(medianOf([9, 2]), [0, 2, 5.5, 0]);
  t.deepEqual(medianOf([9, 1, 5]), [0, 3, 5, 0]);
  t.deepEqual(medianOf([4, 1, 3, 2]), [0, 4, 2.5, 0]);
  t.deepEqual(medianOf([0, -5, -5, -5]), [0, 4, -5, 0]);
});

test('any order gives what sorting gives', (t) => {
  const seed = 11;
  let state = seed;
  const random = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  for (let round = 0; round < 3_000; round++) {
    const count = 1 + random(60);
    const numbers = Array.from({ length: count }, () => random(1 + random(100)) - 20);
    if (round % 5 === 1) numbers.sort((a, b) => a - b);
    if (round % 5 === 2) numbers.sort((a, b) => b - a);
    const sorted = numbers.toSorted((a, b) => a - b);
    const expected = (sorted[(count - 1) >> 1]! + sorted[count >> 1]!) / 2;
    t.is(medianOf(numbers)[2], expected, `seed ${seed}, round ${round}: ${numbers}`);
  }
});

test('a window already in order does not cost the square', (t) => {
  const elements = Float64Array.from({ length: 2_000_000 }, (_, i) => i);
  const results = new Float64Array(2);
  const start = process.cpuUsage();
  median.reduce(elements, elements.length, results, 0);
  t.is(results[1], 999_999.5);
  t.true(process.cpuUsage(start).user < 5e6, 'more than 5 s of CPU');
});
