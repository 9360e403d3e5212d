// Proves, with a clock that the test sets, that micro-batches which take their time are timed one and all, without the making of events;
// that short ones are timed by an even sample with the same quantiles, and none of their events is lost or counted in another second.
import test from 'ava';
import { StreamMeter } from './stream-meter.ts';

/** A meter whose micro-batches take as long as they are said to. */
function meterOf(busy = () => false) {
  const clock = { ns: 1e9 };
  const source = { ns: 0 };
  const meter = new StreamMeter(source, () => clock.ns);
  meter.watch({
    get busy() {
      return busy();
    },
  });
  const run = (count: number, lasts: (i: number) => number, { events = 1, sourceNs = 0 } = {}) => {
    for (let i = 0; i < count; i++) {
      source.ns += sourceNs;
      meter.batchStarts();
      clock.ns += lasts(i) + sourceNs;
      meter.batchEnds(events);
    }
  };
  return { meter, run };
}

const sum = (events: readonly number[]) => events.reduce((all, one) => all + one, 0);

test('those that take their time are all timed, without the making of events', (t) => {
  const { meter, run } = meterOf();
  run(2000, () => 50_000);
  t.is(meter.start(), 1e9 + 2000 * 50_000);
  run(1000, () => 3_000_000, { events: 100, sourceNs: 1_000_000 });
  t.is(meter.all.total, 1000);
  t.true(Math.abs(meter.all.quantile(0.5) - 3_000_000) < 30_000);
  t.is(meter.events, 100_000);
  t.is(meter.batches, 1000);
  t.deepEqual(meter.perSecond, [25_000, 25_000, 25_000, 25_000]);
  t.is(meter.p99MsPerSecond.length, 4);
});

test('too few in the warm-up: all are timed', (t) => {
  const { meter, run } = meterOf();
  run(999, () => 500);
  meter.start();
  run(999, () => 500);
  t.is(meter.all.total, 999);
});

test('short ones are timed one in 61, evenly, and every event is counted in its second', (t) => {
  let checkpoints = false;
  const { meter, run } = meterOf(() => checkpoints);
  run(5000, () => 500);
  meter.start();
  // Every thousandth takes 40 times as long, and within the last tenth a checkpoint is made.
  const lasts = (i: number) => (i % 1000 === 0 ? 20_000 : 500);
  const batches = 61 * 300_000;
  run(batches * 0.9, lasts);
  checkpoints = true;
  run(batches * 0.1, lasts);
  t.is(meter.all.total, 300_000);
  t.is(meter.duringCheckpoint.total, 30_000);
  t.true(Math.abs(meter.all.quantile(0.5) - 500) < 5);
  t.true(Math.abs(meter.all.quantile(0.998) - 500) < 5);
  t.true(Math.abs(meter.all.quantile(0.9995) - 20_000) < 200, 'the rare ones are met as often as they are there');
  t.is(meter.events, batches);
  t.is(meter.batches, batches, 'those that are not timed count too');
  const seconds = (batches * 500 + (batches / 1000) * 19_500) / 1e9;
  t.is(meter.perSecond.length, Math.floor(seconds));
  for (const events of meter.perSecond) t.true(Math.abs(events - batches / seconds) < batches / seconds / 1000, `${events} events`);
  run(5, () => 500);
  t.is(meter.events, batches + 5, 'those after the last that was timed');
});

test('the warm-up is in no figure', (t) => {
  const { meter, run } = meterOf();
  run(61_003, () => 1000);
  meter.start();
  t.is(meter.events, 0);
  t.is(meter.all.total, 0);
  t.deepEqual(meter.perSecond, []);
  run(61, () => 1000);
  t.is(meter.events, 61);
  t.is(sum(meter.perSecond), 0);
});
