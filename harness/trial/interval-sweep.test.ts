// Proves that the intervals of a sweep are spread over the stretch, each block has them in another order, and one is none.
import test from 'ava';
import { sweepIntervals } from './interval-sweep.ts';

test('five intervals from a quarter of a second to the whole stretch, and none', (t) => {
  const rate = 100_000;
  const [a, b] = [sweepIntervals(3 * rate, rate, 1), sweepIntervals(3 * rate, rate, 2)];
  t.is(a.filter((every) => every === null).length, 1);
  const sorted = a.filter((every) => every !== null).sort((x, y) => x - y);
  t.deepEqual([sorted.length, sorted[0], sorted.at(-1)], [5, 0.25 * rate, 3 * rate]);
  for (let i = 2; i < 5; i++) t.true(Math.abs(sorted[i]! / sorted[i - 1]! / (sorted[1]! / sorted[0]!) - 1) < 1e-3);
  t.notDeepEqual(a, b);
  t.deepEqual([...a].sort(), [...b].sort());
  // A stretch shorter than that still has five.
  t.is(new Set(sweepIntervals(1000, rate, 1)).size, 6);
});
