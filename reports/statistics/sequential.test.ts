// Proves where a run that may end early ends: at a look, not before the fewest blocks, when every two backends are known closely enough
// or the time is up, the same whatever came after; and that its intervals are at the level which the looks leave.
import test from 'ava';
import type { Trial } from '../../harness/results.ts';
import { inventResults, PROFILES, USUAL } from '../fixtures.ts';
import { isPartial, type Results } from '../read-results.ts';
import { blocksOf, levelOf } from './sequential.ts';
import { summarise } from './summary.ts';

const invented = (noise: number, failing: readonly string[] = []): Results =>
  inventResults({ ...USUAL, backends: 3, profile: PROFILES.rigorous, noise, failing, wrong: [], leftOut: [] });

const upTo = ({ trials }: Results, last: number): readonly Trial[] => trials.filter(({ block }) => block <= last);
const limited = ({ plan }: Results, timeLimitSeconds: number) => ({
  ...plan,
  profile: { ...plan.profile, sequential: { ...plan.profile.sequential!, timeLimitSeconds } },
});

test('little noise ends it at the fewest blocks, more at a later look, much at none', (t) => {
  const [little, more, much] = [invented(0.01), invented(0.05), invented(0.4)];
  t.is(blocksOf(little.plan, little.trials), 15);
  const ended = blocksOf(more.plan, more.trials);
  t.true([20, 30].includes(ended), String(ended));
  t.is(blocksOf(much.plan, much.trials), 40);
});

test('it ends at the first look that is enough, and what comes later changes nothing', (t) => {
  const { plan, trials } = invented(0.01);
  const whole = { plan, trials, environment: null, tornLines: 0 } as unknown as Results;
  for (let last = 1; last < 15; last++) t.is(blocksOf(plan, upTo(whole, last)), 40, `after ${last}`);
  for (let last = 15; last <= 40; last++) t.is(blocksOf(plan, upTo(whole, last)), 15, `after ${last}`);
  t.is(blocksOf(plan, upTo(whole, 15).slice(0, -1)), 40, 'a block that is not whole is no look');
});

test('a backend that failed holds nothing up', (t) => {
  const noisy = invented(0.01, ['lmdb']);
  const trials = noisy.trials.map((trial) => {
    if (trial.state === 'failed' || trial.backend.name !== 'lmdb') return trial;
    return { ...trial, throughput: { ...trial.throughput, eventsPerSecond: 10 ** trial.block } };
  });
  t.is(blocksOf(noisy.plan, trials), 15);
});

test('the time ends it after a block, at any block', (t) => {
  const results = invented(0.4);
  const perBlock = upTo(results, 1).reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
  t.is(blocksOf(limited(results, perBlock * 2.5), results.trials), 3);
  t.is(blocksOf(limited(results, perBlock * 2.5), upTo(results, 2)), 40);
  t.is(blocksOf(limited(results, perBlock * 1000), results.trials), 40);
});

test('a run that ended early is whole, and its intervals are wider than those of one look', (t) => {
  const results = invented(0.01);
  t.is(levelOf(results.plan.profile), 0.01);
  t.is(levelOf(PROFILES.standard), 0.05);
  const plan = { ...results.plan, profile: { ...results.plan.profile, blocks: 15 } };
  t.false(isPartial({ plan, trials: results.trials }));
  const trials = upTo(results, 15);
  const alphas = (of: typeof plan) =>
    summarise(of, trials).groups[0]!.candidates.flatMap(({ againstReference }) => againstReference?.ratio?.alpha ?? []);
  t.deepEqual(alphas(plan).toSorted(), [0.005, 0.01]);
  t.deepEqual(alphas({ ...plan, profile: { ...plan.profile, sequential: null } }).toSorted(), [0.025, 0.05]);
});
