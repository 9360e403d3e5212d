// Proves that what is measured at other sizes of the state reaches the decision: where a backend overtakes the answer, by entries.
import test from 'ava';
import { decide } from '../decision.ts';
import { inventResults, PROFILES, USUAL } from '../fixtures.ts';
import { summarise } from '../statistics/summary.ts';
import { contestOf } from './contest-of.ts';
import { NO_NEEDS, withNeed } from './needs.ts';
import { asText } from './phrase.ts';

test('a backend that overtakes the answer at a larger state is among what would change it, with the size', (t) => {
  const { plan, trials } = inventResults({
    ...USUAL,
    backends: 3,
    keys: [1_000, 1_000_000],
    noise: 0.01,
    profile: PROFILES.standard,
    failing: [],
    wrong: [],
    leftOut: [],
  });
  const turned = trials.map((trial) =>
    trial.state === 'completed' && trial.backend.name === 'lmdb' && trial.workload.settings.keys === 1_000_000
      ? { ...trial, throughput: { ...trial.throughput, eventsPerSecond: trial.throughput.eventsPerSecond * 40 } }
      : trial,
  );
  const run = summarise(plan, turned);
  const [small, large] = run.groups;
  const { entries, crossings } = contestOf(small!, plan, run);
  t.is(entries, 1_000);
  t.is(crossings.length, 1, JSON.stringify(crossings));
  const [{ below, above, n, low, high }] = crossings as [(typeof crossings)[number]];
  t.regex(below, /^memory\//);
  t.regex(above, /^lmdb\//);
  t.true(low <= n && n <= high && low > 1_000 && high < 1_000_000, `${low} ${n} ${high}`);
  const flips = (group: typeof small) => decide(group!, plan, run).flip.map(asText);
  t.true(
    flips(small).some((flip) =>
      /^If the state has more than about [\d,]+ entries .*; here 1,000\): lmdb, which is faster there\.$/.test(flip),
    ),
    flips(small).join('\n'),
  );
  t.true(
    flips(large).some((flip) => /^If the state has less than about [\d,]+ entries .*: memory, which is faster there\.$/.test(flip)),
    flips(large).join('\n'),
  );
});

test('closed-loop service times answer no need on latency', (t) => {
  const { plan, trials } = inventResults({ ...USUAL, backends: 2, failing: [], wrong: [], leftOut: [] });
  const closed = trials.map((trial) => ({ ...trial, latency: null }));
  const run = summarise({ ...plan, measures: ['throughput'] }, closed as typeof trials);
  t.not(run.groups[0]!.candidates[0]!.metrics.batchP99Ms, null);
  const { recommendation, why } = decide(run.groups[0]!, { ...plan, measures: ['throughput'] }, run, withNeed(NO_NEEDS, 'p99<=1s'));
  t.is(recommendation.kind, 'undecided');
  t.true(
    recommendation.choice.checked.every(({ checks }) =>
      checks.every(({ estimate, doubt }) => estimate === null && doubt === 'not-measured'),
    ),
  );
  t.true(asText(why).endsWith(`To decide it, run: ${plan.command} --measure latency`), asText(why));
});
