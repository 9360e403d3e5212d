// Proves that a TaskManager is killed at the wished fraction of the interval after a trigger, and at once where nothing is triggered.
import test from 'ava';
import { momentAfter } from './recovery.ts';

test('a kill waits for the next moment that lies at the fraction of the interval after a trigger', (t) => {
  const at = (nowMs: number, fraction: number) => momentAfter(nowMs, 10_000, { fraction, everyMs: 1000 });
  t.is(at(10_100, 0.25), 10_250);
  t.is(at(10_250, 0.25), 10_250);
  t.is(at(10_300, 0.25), 11_250, 'a moment that has passed comes again an interval later');
  t.is(at(13_300, 0.9), 13_900, 'triggers keep to their interval also where the last ones are not listed yet');
});

test('without checkpoints by the clock there is nothing to wait for', (t) => {
  t.is(momentAfter(10_100, null, { fraction: 0.5, everyMs: 1000 }), 10_100);
  t.is(momentAfter(10_100, 10_000, { fraction: 0.5, everyMs: null }), 10_100);
});
