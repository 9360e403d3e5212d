// Proves that the work of an open loop is fixed by how fast a cell is, and that cells have rates in common that they can take.
import test from 'ava';
import { streamPlan } from '../run.ts';
import { commonRates, latencyEnd, latencyPlan } from './latency-run.ts';

test('common rates are round, and within reach of the slowest, the middle and the fastest', (t) => {
  t.deepEqual(commonRates([2_700_000, 21_000, 300_000]), [10_000, 100_000, 1_000_000]);
  t.deepEqual(commonRates([900, 1000]), [200, 500]);
  t.deepEqual(commonRates([4]), [2]);
  t.deepEqual(commonRates([]), []);
});

test('a plan adds up, and leaves out the rates that a cell cannot take', (t) => {
  const stream = streamPlan(300_000);
  const plan = latencyPlan(stream, 3, [10_000, 90_000, 100_000]);
  t.is(plan.stepEvents, 100_000);
  t.deepEqual(
    plan.loads.map(({ events }) => events),
    [10_000, 30_000, 50_000, 70_000, 90_000, 10_000, 90_000],
  );
  t.is(latencyEnd(plan), stream.warmUp + 5 * 100_000 + 350_000);
});
