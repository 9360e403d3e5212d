// Proves that the printed throughput is the mean over all measured time, whatever release measured it; what the steady median is of; and
// that a cell without a steady state says so.
import test from 'ava';
import type { CompletedTrial } from '../../harness/results.ts';
import { headlineOf, steadyOf, unsteadyWords } from './headline.ts';

type Throughput = CompletedTrial['throughput'];
const trial = (perSecond: number[], basis?: Throughput['basis']) => ({
  throughput: { eventsPerSecond: 777, measuredSeconds: 16.5, cpuSeconds: null, perSecond, ...(basis !== undefined && { basis }) },
});
const seconds = (of: (second: number) => number, count = 16) => Array.from({ length: count }, (_, second) => of(second));
const LEVEL = seconds(() => 1000);

test('the headline is all events over all measured time, also in results that have another basis', (t) => {
  for (const basis of [undefined, 'whole', 'steady', 'last-third', 'extended'] as const) t.is(headlineOf(trial(LEVEL, basis)), 777);
});

test('the steady median leaves out the warm-up and the few seconds of a checkpoint', (t) => {
  t.is(steadyOf(trial(seconds((second) => (second < 5 ? 500 + 50 * second : second === 9 ? 400 : 1000)))), 1000);
  t.is(steadyOf(trial(seconds((second) => 100 * (16 - second)))), 450, 'the second half, where nothing is steady');
  t.is(
    steadyOf(
      trial(
        seconds((second) => 4800 - 100 * second, 48),
        'last-third',
      ),
    ),
    850,
    'an extended trial of an earlier release',
  );
  t.is(steadyOf(trial([1000, 1000])), null, 'too few seconds');
});

test('a cell of which half of the trials reach no steady state says so, with what they did', (t) => {
  const falling = trial(
    seconds((second) => 1000 - 20 * second),
    'extended',
  );
  const level = trial(seconds((second) => 1000 + (second % 3)));
  t.is(unsteadyWords({ trials: [falling, falling, level] }), 'No steady state reached: throughput was still falling in 2 of 3 trials');
  t.is(unsteadyWords({ trials: [falling, level, level] }), null);
  t.is(unsteadyWords({ trials: [trial([5, 9])] }), null);
});
