// Proves which trials a run still lacks: the first of a cell, one repetition of a disturbed one and no more, one three times as long where
// the throughput was still falling, of the reference and its twin alike; and that a run interrupted anywhere goes on with the same ones.
import test from 'ava';
import { Attempts } from './attempts.ts';
import { PROFILES } from './profiles.ts';
import type { CompletedTrial, Plan, Trial } from './results.ts';

const LEVEL = Array.from({ length: 16 }, (_, second) => 1000 + (second % 3));
const FALLING = Array.from({ length: 16 }, (_, second) => 1000 - 20 * second);

function planOf(profile: Plan['profile'], names: readonly string[], twin: string | null = null): Plan {
  const cells = names.map((name) => ({
    id: name,
    backend: { name, settings: {} },
    workload: { name: 'w', settings: {} },
    storage: { name: 's', settings: {} },
    batchSize: 1,
    parallelism: 1,
  }));
  return { cells, profile, reference: names[0], twins: twin === null ? [] : [{ of: names[0], name: twin }] } as unknown as Plan;
}

interface Made {
  readonly badge?: 'green' | 'red';
  readonly perSecond?: readonly number[];
  readonly basis?: CompletedTrial['throughput']['basis'];
  readonly state?: 'completed' | 'failed';
}

const trial = (cell: string, block: number, { badge = 'green', perSecond = LEVEL, basis = 'steady', state = 'completed' }: Made = {}) =>
  ({ cell, block, state, noise: { badge }, throughput: { perSecond, basis } }) as unknown as Trial;

const { smoke, quick, rigorous: standard } = PROFILES;

test('a disturbed trial is repeated once, whatever comes of it; one that failed is not', (t) => {
  const plan = planOf(quick, ['a']);
  const whole: Made = { basis: 'whole' };
  const red: Made = { ...whole, badge: 'red' };
  const due = (...made: readonly Made[]) =>
    new Attempts(
      plan,
      made.map((one) => trial('a', 2, one)),
    ).due({ id: 'a' }, 2);
  t.is(due(), 1);
  t.is(due(whole), null);
  t.is(due(red), 2);
  t.is(due(red, red), null);
  t.is(due({ state: 'failed' }), null);
  t.is(due(red, { state: 'failed' }), null);
  t.is(new Attempts(planOf(smoke, ['a']), [trial('a', 2, red)]).due({ id: 'a' }, 2), null, 'what decides nothing repeats nothing');
});

test('a throughput that still falls makes the trials of its cell longer, from the first block on', (t) => {
  const plan = planOf(standard, ['a', 'b']);
  const first = [trial('a', 1, { perSecond: FALLING }), trial('b', 1)];
  const attempts = new Attempts(plan, first);
  t.deepEqual([attempts.basisOf({ id: 'a' }), attempts.basisOf({ id: 'b' })], ['extended', 'steady']);
  t.deepEqual([attempts.due({ id: 'a' }, 1), attempts.due({ id: 'b' }, 1), attempts.due({ id: 'a' }, 2)], [2, null, 1]);
  const longer = trial('a', 1, { basis: 'extended', perSecond: FALLING });
  t.is(new Attempts(plan, [...first, longer]).due({ id: 'a' }, 1), null, 'once');
  const disturbed = trial('a', 1, { basis: 'extended', badge: 'red' });
  t.is(new Attempts(plan, [...first, disturbed]).due({ id: 'a' }, 1), 3);
  t.is(new Attempts(plan, [...first, disturbed, disturbed]).due({ id: 'a' }, 1), null);
  const later = trial('a', 2, { perSecond: FALLING, basis: 'extended' });
  t.is(new Attempts(plan, [...first, longer, later]).due({ id: 'a' }, 2), null);
  t.is(new Attempts(planOf(quick, ['a']), [trial('a', 1, { perSecond: FALLING, basis: 'whole' })]).due({ id: 'a' }, 1), null);
});

test('a disturbed first trial says nothing of the length: its repetition does', (t) => {
  const plan = planOf(standard, ['a']);
  const red = trial('a', 1, { perSecond: FALLING, badge: 'red' });
  t.is(new Attempts(plan, [red]).basisOf({ id: 'a' }), 'steady');
  t.is(new Attempts(plan, [red]).due({ id: 'a' }, 1), 2);
  t.is(new Attempts(plan, [red, trial('a', 1)]).basisOf({ id: 'a' }), 'steady');
  const both = [red, trial('a', 1, { perSecond: FALLING })];
  t.deepEqual([new Attempts(plan, both).basisOf({ id: 'a' }), new Attempts(plan, both).due({ id: 'a' }, 1)], ['extended', 3]);
});

test('the reference and its twin do the same work', (t) => {
  const plan = planOf(standard, ['a', 'b', 'a@again'], 'a@again');
  const attempts = new Attempts(plan, [trial('a', 1), trial('b', 1), trial('a@again', 1, { perSecond: FALLING })]);
  t.deepEqual(
    plan.cells.map((cell) => attempts.basisOf(cell)),
    ['extended', 'steady', 'extended'],
  );
});
