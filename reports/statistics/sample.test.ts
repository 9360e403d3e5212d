// Proves what stands for the values of a cell: the geometric mean, the plain one where a value is zero or below.
import test from 'ava';
import { sampleOf } from './sample.ts';

test('the geometric mean, with an interval on logarithms', (t) => {
  const { mean, interval, sdLog } = sampleOf([1, 10, 100])!;
  t.true(Math.abs(mean - 10) < 1e-9 && interval!.low > 0 && interval!.high > 100 && sdLog !== null);
  t.is(sampleOf([1000, 1000, 1000])!.mean, 1000, 'equal values have themselves as their mean');
});

test('the plain mean where a value is zero, with an interval that does not reach below zero unless a value does', (t) => {
  const zero = sampleOf([0, 3, 6])!;
  t.deepEqual([zero.mean, zero.interval!.low, zero.sdLog], [3, 0, null]);
  const below = sampleOf([-6, -3, 0])!;
  t.is(below.mean, -3);
  t.true(below.interval!.low < -6);
});
