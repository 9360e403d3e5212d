// Proves the weighing of checkpoint intervals: a cost put into invented sweeps is found again, Young's optimum is where the
// expected loss is least, and what was not measured or is noise is not given as a figure.
import test from 'ava';
import type { CompletedTrial } from '../../harness/results.ts';
import { inventResults, USUAL } from '../fixtures.ts';
import { intervalSummary } from './checkpoint-interval.ts';

const [invented] = inventResults(USUAL).trials.filter(
  (trial): trial is CompletedTrial => trial.state === 'completed' && trial.interval !== null && trial.recovery !== null,
);

/** Trials that lose `costSeconds` of throughput a checkpoint, with that much noise in the rate. */
function trials(costSeconds: number, noise: number, intervals = [0.25, 1, 4, 16, 64]): readonly CompletedTrial[] {
  return [1, 2, 3, 4].map((block) => ({
    ...invented!,
    block,
    interval: {
      baselineEventsPerSecond: 1e6,
      points: intervals.map((intervalSeconds, i) => ({
        intervalSeconds: intervalSeconds * 0.9,
        checkpoints: Math.round(64 / intervalSeconds),
        measuredSeconds: 64,
        eventsPerSecond: 1e6 * (1 - costSeconds / intervalSeconds) * (1 + noise * Math.sin(block * 7 + i * 3)),
      })),
    },
  }));
}

test('the cost is found, and the best interval is the nearest to Young', (t) => {
  for (const crashesPerDay of [1, 500, 20_000]) {
    const found = intervalSummary(trials(0.05, 0), crashesPerDay)!;
    t.true(Math.abs(found.costSeconds! / 0.05 - 1) < 1e-9);
    const young = Math.sqrt((2 * 0.05 * 86_400) / crashesPerDay);
    t.true(Math.abs(found.youngSeconds! / young - 1) < 1e-9);
    const expectedLost = (seconds: number) => 0.05 / seconds + (crashesPerDay / 86_400) * (seconds / 2);
    const best = [0.25, 1, 4, 16, 64].reduce((least, each) => (expectedLost(each) < expectedLost(least) ? each : least));
    t.is(found.best?.intervalSeconds, best);
    t.true(expectedLost(young) < Math.min(expectedLost(young * 1.2), expectedLost(young / 1.2)));
    t.true(found.points.every(({ intervalSeconds, replaySeconds }) => replaySeconds > intervalSeconds / 2));
  }
});

test('a loss comes with its interval over blocks, and what is no cost is not given as one', (t) => {
  const found = intervalSummary(trials(0.05, 0.01), 1)!;
  for (const { intervalSeconds, lost, lostInterval } of found.points) {
    t.true(Math.abs(lost - 0.05 / intervalSeconds) < 0.01);
    t.true(lostInterval !== null && lostInterval.low < lost && lost < lostInterval.high && lostInterval.high - lostInterval.low < 0.05);
  }
  const gained = intervalSummary(trials(-0.001, 0), 1)!;
  t.is(gained.costSeconds, null);
  t.is(gained.youngSeconds, null);
  t.is(gained.best, null);
  const noisy = intervalSummary(trials(0.0001, 0.05), 1)!;
  t.deepEqual([noisy.best, noisy.costSeconds, noisy.youngSeconds], [null, null, null], 'noise has no best interval');
  t.is(intervalSummary(trials(0.05, 0).slice(0, 2), 1)!.best, null, 'two blocks have none either');
});

test('nothing is made of what was not measured', (t) => {
  t.is(intervalSummary([], 1), null);
  t.is(intervalSummary([{ ...invented!, interval: null }], 1), null);
  t.is(intervalSummary([{ ...trials(0.05, 0)[0]!, recovery: null }], 1), null);
  const [swept] = trials(0.05, 0);
  const none = {
    ...swept!,
    interval: { ...swept!.interval!, points: swept!.interval!.points.map((point) => ({ ...point, checkpoints: 0 })) },
  };
  t.is(intervalSummary([none], 1), null);
});
