// Proves that a level course is flat, also with noise, that one that rises or falls is told as that, and that few windows tell nothing.
import test from 'ava';
import { courseOf } from './steady-state.ts';

const windows = (of: (second: number) => number, count = 16) => Array.from({ length: count }, (_, second) => 1000 * of(second));
const wobble = (second: number) => 1 + 0.01 * Math.sin(second * 2.4);

test('courses', (t) => {
  t.is(courseOf(windows(wobble)), 'flat');
  t.is(courseOf(windows((second) => wobble(second) * Math.min(1, 0.5 + second / 10))), 'flat', 'a rise that is over by half');
  t.is(courseOf(windows((second) => wobble(second) * (1 + 0.02 * second))), 'warm-up');
  t.is(courseOf(windows((second) => wobble(second) * (1 - 0.02 * second))), 'slowdown');
  t.is(courseOf(windows((second) => (second < 12 ? [1, 1.2, 0.8, 1.1][second % 4]! : [1.05, 0.7, 1.3, 0.6][second % 4]!))), 'none');
  t.is(courseOf(windows(wobble, 7)), null);
});
