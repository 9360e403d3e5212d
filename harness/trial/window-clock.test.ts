// Proves that the last event of a window is found by event time, out of order too, and is forgotten only when it is of no use.
import test from 'ava';
import type { Stage } from '../../workloads/contract.ts';
import { WindowClock } from './window-clock.ts';

function stage(window: object): Stage {
  return { kind: 'aggregate', keyPrefixBytes: 4, window, aggregate: {}, allowedLatenessMs: 0 } as unknown as Stage;
}
const clockOf = (...windows: object[]) => WindowClock.of(windows.map(stage));
const note = (clock: WindowClock, events: readonly (readonly [number, number])[]) =>
  clock.note(
    Float64Array.from(events, ([ms]) => ms),
    Float64Array.from(events, ([, ns]) => ns),
    events.length,
  );

test('the last to be due counts, wherever in the window it is', (t) => {
  const clock = clockOf({ kind: 'sliding', sizeMs: 100, slideMs: 20, offsetMs: 0 })!;
  note(clock, [
    [-5, 1],
    [10, 2],
    [95, 3],
    [130, 4],
    [15, 5],
  ]);
  t.is(clock.lastNs(0, 100), 5, 'an event out of order');
  t.is(clock.lastNs(20, 120), 3);
  t.is(clock.lastNs(-100, 0), 1, 'before 1970');
  t.is(clock.lastNs(200, 300), null);
});

test('what was overwritten by later time is not taken for earlier', (t) => {
  const clock = clockOf({ kind: 'tumbling', sizeMs: 10, offsetMs: 0 }, { kind: 'tumbling', sizeMs: 40, offsetMs: 0 })!;
  note(clock, [
    [0, 1],
    [160, 2],
  ]);
  t.is(clock.lastNs(0, 10), null);
  t.is(clock.lastNs(160, 200), 2);
});

test('windows without fixed bounds have no last event', (t) => {
  t.is(clockOf({ kind: 'session', gapMs: 10 }), null);
  t.is(clockOf({ kind: 'global' }), null);
  t.is(clockOf({ kind: 'tumbling', sizeMs: 1e9, offsetMs: 1 }), null, 'too many buckets');
});
