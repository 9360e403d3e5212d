// Proves that a fallback to an older checkpoint is told as a warning, with its count, and that none is told where there was none.
import test from 'ava';
import { caveatsOf } from './caveats.ts';
import { inventResults, USUAL } from './fixtures.ts';
import { summarise } from './statistics/summary.ts';

test('checkpoints that were passed over are counted in a warning', (t) => {
  const whole = inventResults(USUAL);
  const about = (results: typeof whole) =>
    caveatsOf(results, summarise(results.plan, results.trials)).filter(({ text }) => text.includes('damaged'));
  t.deepEqual(about(whole), []);
  let left = 2;
  const trials = whole.trials.map((trial) => {
    if (trial.state !== 'completed' || trial.recovery === null || left-- <= 0) return trial;
    return { ...trial, recovery: { ...trial.recovery, checkpointsSkipped: 1 } };
  });
  const [caveat, ...more] = about({ ...whole, trials });
  t.deepEqual(more, []);
  t.is(caveat?.tone, 'warning');
  t.regex(caveat?.text ?? '', /2 recoveries.*the newest checkpoint was damaged; the one before was used.*memory, lmdb/);
});
