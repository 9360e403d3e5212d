// Proves that A/A covers every metric that can decide something, that a metric whose twin differs decides nothing, and that the smallest
// effect a run decides comes from its own A/A.
import test from 'ava';
import type { CompletedTrial, Plan, Trial } from '../../harness/results.ts';
import { caveatsOf } from '../caveats.ts';
import { COMPARED_METRICS } from '../comparison/compared-metrics.ts';
import { decidedEffects } from '../decided-effects.ts';
import { inventResults, PROFILES, USUAL } from '../fixtures.ts';
import { contestOf, METRIC_OF } from '../recommend/contest-of.ts';
import { Evidence } from '../recommend/evidence.ts';
import { NO_NEEDS, withNeed } from '../recommend/needs.ts';
import { linesOf } from '../recommend/words.ts';
import { recommend } from '../recommend.ts';
import { summaryFile, summarySchema } from '../summary-file.ts';
import { summarise } from './summary.ts';
import { JUDGED_METRICS, twinFindings } from './twins.ts';

const results = inventResults({ ...USUAL, failing: [], wrong: [] });

/** The invented run as one that goes by its own A/A, its twin's trials changed by `change`. */
function twinnedRun(change: (trial: CompletedTrial) => CompletedTrial = (trial) => trial, profile: Partial<Plan['profile']> = {}) {
  const plan: Plan = {
    ...results.plan,
    profile: { ...results.plan.profile, smallestEffect: 'twins', ...profile },
    twins: [{ of: 'memory', name: 'memory@again' }],
  };
  const trials = results.trials.map((trial): Trial => {
    return trial.state === 'completed' && trial.backend.name === 'memory@again' ? change(trial) : trial;
  });
  return { ...results, plan, trials };
}

const slowRecovery = (trial: CompletedTrial): CompletedTrial => {
  const { recovery } = trial;
  if (recovery === null) return trial;
  const phases = Object.fromEntries(Object.entries(recovery.phases).map(([name, ms]) => [name, typeof ms === 'number' ? 3 * ms : ms]));
  return { ...trial, recovery: { ...recovery, restoreMs: 3 * recovery.restoreMs!, phases: phases as typeof recovery.phases } };
};

const slow = (trial: CompletedTrial): CompletedTrial => ({
  ...trial,
  throughput: {
    ...trial.throughput,
    eventsPerSecond: trial.throughput.eventsPerSecond / 2,
    perSecond: trial.throughput.perSecond.map((n) => n / 2),
  },
});

test('every metric of a criterion and every compared metric is covered', (t) => {
  const judged = new Set<string>(JUDGED_METRICS);
  t.deepEqual(
    Object.values(METRIC_OF).filter((name) => !judged.has(name)),
    [],
  );
  t.deepEqual(
    COMPARED_METRICS.filter(({ name }) => !judged.has(name)),
    [],
  );
});

test('a metric whose twin differs decides nothing: needs on it are undecided with the reason, and a warning says so', (t) => {
  const run = twinnedRun(slowRecovery);
  const summary = summarise(run.plan, run.trials);
  const [group] = summary.groups;
  t.like(group!.decides('restoreMs'), { smallestEffect: null, why: 'twin-differs' });
  t.is(group!.decides('eventsPerSecond').why, null);
  const contest = contestOf(group!, run.plan, summary);
  const found = recommend(contest, withNeed(NO_NEEDS, 'restore<=5min'));
  t.is(found.kind, 'undecided');
  const evidence = new Evidence(contest);
  const lines = linesOf(found, evidence).map(({ line }) => `${line.mark} ${line.detail}`);
  t.true(
    lines.some((line) => /undecided.*A\/A.*differed from itself/.test(line)),
    lines.join('\n'),
  );
  t.false(recommend(contest, NO_NEEDS).choice.weighed.includes('restore'), 'it breaks no ties');
  const warnings = caveatsOf(run, summary).filter(({ tone }) => tone === 'warning');
  t.true(warnings.some(({ text }) => /restore time came out at .* of itself: restore time decides nothing in this run/.test(text)));
  const file = summarySchema.parse(JSON.parse(JSON.stringify(summaryFile(run, summary))));
  const own = file.twins.filter(({ metric }) => metric === 'restoreMs');
  t.true(own.length === 1 && own[0]!.differs && !own[0]!.mayDecide && own[0]!.interval !== null);
  t.true(file.twins.some(({ metric, mayDecide }) => metric === 'eventsPerSecond' && mayDecide));
});

test('where throughput of a twin differs there are no tiers and no answer', (t) => {
  const run = twinnedRun(slow);
  const summary = summarise(run.plan, run.trials);
  t.is(summary.groups[0]!.tiers, null);
  t.is(recommend(contestOf(summary.groups[0]!, run.plan, summary), NO_NEEDS).kind, 'undecided');
  t.true(caveatsOf(run, summary).some(({ tone, text }) => tone === 'alarm' && text.includes('There are no tiers')));
  t.regex(decidedEffects(summary, run.plan), /decides nothing: a store measured twice/);
});

test('the smallest effect is what the twins leave open, whatever the profile is called', (t) => {
  const of = (noise: number) => {
    const found = inventResults({ ...USUAL, failing: [], wrong: [], noise });
    const plan: Plan = { ...found.plan, profile: { ...PROFILES.quick, blocks: 10, smallestEffect: 'twins' } };
    return summarise(plan, found.trials).groups[0]!.decides('eventsPerSecond');
  };
  const [quiet, loud] = [of(0.005), of(0.2)];
  t.is(quiet.smallestEffect, 0.05, 'never below the margin');
  t.true(loud.smallestEffect! > 0.08, `${loud.smallestEffect}`);
  t.is(quiet.from, 'twins');
});

test('without A/A a run decides nothing, but results of earlier versions keep what their profile said, marked', (t) => {
  const alone = { ...twinnedRun(), trials: results.trials.filter(({ backend }) => backend.name !== 'memory@again') };
  const plan: Plan = { ...alone.plan, twins: [], cells: alone.plan.cells.filter(({ backend }) => backend.name !== 'memory@again') };
  const summary = summarise(plan, alone.trials);
  t.like(summary.groups[0]!.decides('eventsPerSecond'), { smallestEffect: null, why: 'no-twin' });
  t.is(summary.groups[0]!.tiers, null);
  t.regex(decidedEffects(summary, plan), /decides nothing: it has no A\/A/);
  const older: Plan = { ...plan, profile: results.plan.profile };
  const before = summarise(older, alone.trials);
  t.like(before.groups[0]!.decides('eventsPerSecond'), { smallestEffect: 0.05, why: null, from: 'profile' });
  t.regex(decidedEffects(before, older), /decides effects of 5 % and more, by its profile: an earlier version/);
});

test('zero differs from nothing: a profile that only tries decides nothing, with or without twins', (t) => {
  const { plan } = twinnedRun(undefined, { smallestEffect: null });
  t.deepEqual(twinFindings([], plan).decides('any', 'eventsPerSecond'), { smallestEffect: null, why: 'profile', from: 'twins' });
});
