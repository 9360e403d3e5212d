// Proves that a percentile takes 10 samples beyond it, in the metrics of a trial: p99 of 999 micro-batches is none, of 1,000 it is one.
import test from 'ava';
import { inventResults, USUAL } from '../../reports/fixtures.ts';
import { measure } from '../../reports/statistics/metrics.ts';
import type { CompletedTrial } from '../results.ts';
import { Histogram } from './histogram.ts';
import { samplesForPercentile } from './samples-for-percentile.ts';

test('the median takes 20 samples, p99 1,000 and p99.9 10,000', (t) => {
  t.deepEqual([0.5, 0.9, 0.99, 0.999].map(samplesForPercentile), [20, 100, 1_000, 10_000]);
});

test('a trial with fewer micro-batches has no such percentile of service time', (t) => {
  const trial = inventResults(USUAL).trials.find((one): one is CompletedTrial => one.state === 'completed' && one.batchTime !== null)!;
  const of = (batches: number): CompletedTrial => {
    const all = new Histogram();
    for (let i = 0; i < batches; i++) all.record(1e6 + i);
    return { ...trial, batchTime: { ...trial.batchTime!, all: all.save(), duringCheckpoint: all.save() } };
  };
  for (const [metric, fewest] of [
    ['batchP50Ms', 20],
    ['batchP99Ms', 1_000],
    ['batchP999Ms', 10_000],
    ['batchP99DuringCheckpointMs', 1_000],
  ] as const) {
    t.is(measure(metric, of(fewest - 1)), null, metric);
    t.true((measure(metric, of(fewest)) ?? 0) > 0, metric);
  }
});
