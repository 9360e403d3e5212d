// Proves what the printed throughput is of: all of a short trial, the steady seconds of a long one, the last third of an extended one; and
// that results of before, which do not say, are told as they were.
import test from 'ava';
import type { CompletedTrial } from '../../harness/results.ts';
import { headlineOf } from './headline.ts';

type Throughput = CompletedTrial['throughput'];
const of = (perSecond: number[], basis?: Throughput['basis']) =>
  headlineOf({
    throughput: { eventsPerSecond: 777, measuredSeconds: 16.5, cpuSeconds: null, perSecond, ...(basis !== undefined && { basis }) },
  });
const seconds = (of: (second: number) => number, count = 16) => Array.from({ length: count }, (_, second) => of(second));

test('short trials and older results: events over time', (t) => {
  const level = seconds(() => 1000);
  t.is(of(level), 777);
  t.is(of(level, 'whole'), 777);
  t.is(of([1000, 1000], 'steady'), 777, 'too few seconds for a median');
  t.is(
    of(
      seconds(() => 0),
      'steady',
    ),
    777,
    'a rate is not 0',
  );
});

test('the median of the steady seconds: not the warm-up, and not the few that a checkpoint is in', (t) => {
  t.is(
    of(
      seconds((second) => (second < 5 ? 500 + 50 * second : second === 9 ? 400 : 1000)),
      'steady',
    ),
    1000,
  );
});

test('what comes to no rest: the median of the second half', (t) => {
  t.is(
    of(
      seconds((second) => 100 * (16 - second)),
      'steady',
    ),
    450,
  );
});

test('an extended trial: the median of its last third', (t) => {
  t.is(
    of(
      seconds((second) => 4800 - 100 * second, 48),
      'last-third',
    ),
    850,
  );
});
