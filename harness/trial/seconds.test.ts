// Proves that every event is in one second, that a micro-batch which goes on into the next second has its part in both, and that a slow
// store's seconds are not told in steps of whole micro-batches.
import test from 'ava';
import { Seconds } from './seconds.ts';

test('a micro-batch is spread over the time it took', (t) => {
  const seconds = new Seconds();
  seconds.begin(5e9);
  t.is(seconds.add(5.4e9, 100), 0);
  t.is(seconds.add(6.4e9, 1000), 1);
  t.deepEqual(seconds.events, [100 + 600]);
  t.is(seconds.add(9e9, 1300), 3, 'one that stood still for seconds');
  t.deepEqual(seconds.events, [700, 400 + 300, 500, 500]);
});

test('no event is lost or counted twice', (t) => {
  const seconds = new Seconds();
  seconds.begin(0);
  let now = 0;
  let all = 0;
  for (let i = 1; i <= 3000; i++) {
    now += 1e6 * ((i * 37) % 101);
    seconds.add(now, i % 7);
    all += i % 7;
  }
  const whole = Math.floor(now / 1e9);
  t.is(seconds.events.length, whole);
  seconds.add((whole + 1) * 1e9, 0);
  t.is(
    seconds.events.reduce((sum, events) => sum + events, 0),
    all,
  );
});

test('six micro-batches of a thousand and a little more a second', (t) => {
  const seconds = new Seconds();
  seconds.begin(0);
  for (let i = 1; i <= 100; i++) seconds.add(i * 0.15e9, 1000);
  t.true(
    seconds.events.every((events) => Math.abs(events - 6667) <= 1),
    seconds.events.join(', '),
  );
});
