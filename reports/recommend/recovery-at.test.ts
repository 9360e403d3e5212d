// Proves that a need on recovery is evaluated for the user's checkpoint interval and input rate, that it is undecided with the reason and
// the remedy where it cannot be, and that measured totals of older results decide nothing.
import test from 'ava';
import type { CompletedTrial, Trial } from '../../harness/results.ts';
import { decide } from '../decision.ts';
import { inventResults, PROFILES, USUAL } from '../fixtures.ts';
import type { Circumstances } from '../recovery-model.ts';
import { summarise } from '../statistics/summary.ts';
import { NO_NEEDS, withNeed } from './needs.ts';
import { linesOf } from './words.ts';

const { plan, trials } = inventResults({ ...USUAL, backends: 2, profile: { ...PROFILES.standard, blocks: 5 }, failing: [], wrong: [] });
const MINUTE = { intervalMs: 60_000 };

/** What is said of each backend for a need and the circumstances. */
function said(need: string, circumstances: Circumstances, change: (trial: CompletedTrial) => CompletedTrial = (trial) => trial) {
  const changed = trials.map((trial): Trial => (trial.state === 'completed' ? change(trial) : trial));
  const run = summarise(plan, changed);
  const { recommendation, evidence } = decide(run.groups[0]!, plan, run, withNeed(NO_NEEDS, need), circumstances);
  return new Map(linesOf(recommendation, evidence).map(({ contender, line }) => [contender.name, `${line.mark}: ${line.detail}`]));
}

test('a need on recovery is evaluated at the interval and the input rate', (t) => {
  // lmdb replays about 530,000 events/s; at 100,000 events/s of input the worst case of a minute takes about 15 s.
  t.regex(said('recovery<=30s', { ...MINUTE, inputRate: 100_000 }).get('lmdb') ?? '', /^✓/);
  t.regex(said('recovery<=5s', { ...MINUTE, inputRate: 100_000 }).get('lmdb') ?? '', /^✕ misses: recovery 1\d/);
  t.regex(said('recovery<=5s', { intervalMs: 5000, inputRate: 100_000 }).get('lmdb') ?? '', /^✓/);
});

test('an input rate at or above the replay rate cannot be caught up with, and is a miss', (t) => {
  t.regex(said('recovery<=30s', { ...MINUTE, inputRate: 1e6 }).get('lmdb') ?? '', /^✕ misses: cannot catch up: the input rate of/);
});

test('without an input rate the need is undecided, with the flags to give', (t) => {
  t.regex(
    said('recovery<=30s', { ...MINUTE, inputRate: null }).get('lmdb') ?? '',
    /^\? undecided: .*--input-rate, and --checkpoint-interval/,
  );
});

test('recovery that was not measured is undecided, with the command to run', (t) => {
  const without = (trial: CompletedTrial) => ({ ...trial, recovery: null });
  t.regex(
    said('recovery<=30s', { ...MINUTE, inputRate: 1000 }, without).get('lmdb') ?? '',
    /^\? undecided: recovery was not measured: run '.*--measure recovery'/,
  );
});

test('totals of older results decide no need', (t) => {
  const older = (trial: CompletedTrial): CompletedTrial => {
    if (trial.recovery === null) return trial;
    const { killFraction: _, restoreMs: __, restoredBytes: ___, replayRate: ____, replayShare: _____, ...recovery } = trial.recovery;
    return { ...trial, recovery };
  };
  t.regex(
    said('recovery<=300s', { ...MINUTE, inputRate: 1000 }, older).get('lmdb') ?? '',
    /^\? undecided: .*older version, which did not record where the kill fell/,
  );
});
