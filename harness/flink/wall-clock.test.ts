// Proves that a trial on Flink is refused where the wall clock was set during it, and that a gradual adjustment is no step.
import test from 'ava';
import { watchWallClock } from '../measure/clock.ts';
import { checkWallClock } from './wall-clock.ts';

test.serial('a step of the wall clock is noticed, either way', (t) => {
  const now = Date.now;
  t.teardown(() => {
    Date.now = now;
  });
  for (const [byMs, message] of [
    [-3_600_000, /set back by 3600\.\d s/],
    [5_000, /set forward by 5\.\d s/],
  ] as const) {
    const movedMs = watchWallClock();
    Date.now = () => now() + byMs;
    t.throws(() => checkWallClock(movedMs()), { code: 'clock-stepped', message });
    Date.now = now;
  }
  t.notThrows(() => checkWallClock(30));
});
