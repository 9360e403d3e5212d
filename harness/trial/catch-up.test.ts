// Proves that a job has caught up when, for a second, it was as before the kill, and not earlier: not while a backlog is left, not while
// more than one in a hundred events is late, not while nothing is heard of it; and that a stream has room for it.
import test from 'ava';
import { streamPlan } from '../run.ts';
import { Calm, catchUpRate, withCatchUp } from './catch-up.ts';

const LIMIT_NS = 2e6;
const START_NS = 50e9;

interface Played {
  readonly lateUntilMs?: number;
  readonly backlogUntilMs?: number;
  readonly silent?: readonly [number, number];
  /** Every nth event is late, for ever. */
  readonly everyNth?: number;
}

/** Plays 4 s with a micro-batch of ten events each 10 ms, and says after how many ms the calm began. */
function calmAfterMs({ lateUntilMs = 0, backlogUntilMs = 0, silent = [0, 0], everyNth = 0 }: Played): number | null {
  const calm = new Calm(LIMIT_NS);
  let seen = 0;
  for (let ms = 0; ms < 4000; ms += 10) {
    if (ms >= silent[0] && ms < silent[1]) continue;
    const now = START_NS + ms * 1e6;
    const due = Float64Array.from({ length: 10 }, () => {
      seen++;
      const isLate = ms < lateUntilMs || (everyNth > 0 && seen % everyNth === 0);
      return now - (isLate ? 3e6 : 1e6);
    });
    const found = calm.add(now, due, 10, now - (ms < backlogUntilMs ? 1.2e9 : 0));
    if (found !== null) return (found - START_NS) / 1e6;
  }
  return null;
}

test('calm begins when all is as before', (t) => {
  t.is(calmAfterMs({}), 0);
  t.is(calmAfterMs({ lateUntilMs: 500 }), 500);
  t.is(calmAfterMs({ backlogUntilMs: 750 }), 800);
  t.is(calmAfterMs({ silent: [300, 620] }), 600, 'what nothing is heard of was not calm');
});

test('one event in a hundred may be late, two may not', (t) => {
  t.is(calmAfterMs({ everyNth: 100 }), 0);
  t.is(calmAfterMs({ everyNth: 50 }), null);
});

test('a stream has room to catch up in, and is killed before it', (t) => {
  const stream = streamPlan(300_000);
  const longer = withCatchUp(stream, 3);
  t.is(longer.killSpan, stream.tail);
  // 100,000 events a second: twice two seconds and the replay of 1.3 checkpoint intervals, and two seconds, at half the rate.
  t.is(longer.tail, stream.tail + Math.ceil(50_000 * (2 * (2 + (1.3 * stream.checkpoints.everyEvents) / 100_000) + 2)));
  t.is(catchUpRate(longer, 100_000), 50_000);
  t.is(catchUpRate(longer, 200_000), 50_000, 'a trial that is faster than planned has as long');
  t.is(catchUpRate(longer, 40_000), 20_000);
});
