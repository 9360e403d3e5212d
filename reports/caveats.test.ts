// Proves that a fallback to an older checkpoint is told as a warning, with its count, and that none is told where there was none; and that an order
// of tiers which looks wrong is explained.
import test from 'ava';
import { caveatsOf } from './caveats.ts';
import { inventResults, PROFILES, USUAL } from './fixtures.ts';
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

test('where a backend of wide trials stands in a tier above a faster one, the reason is told', (t) => {
  const whole = inventResults({ ...USUAL, backends: 3, profile: PROFILES.quick, failing: [], wrong: [] });
  const rates: Readonly<Record<string, readonly number[]>> = {
    memory: [1_000_000, 1_010_000, 990_000],
    lmdb: [500_000, 505_000, 495_000],
    rocksdb: [900_000, 40_000, 600_000],
  };
  const about = (wide: boolean) => {
    const trials = whole.trials.map((trial) => {
      const rate = rates[trial.backend.name]?.[trial.block - 1];
      if (trial.state !== 'completed' || rate === undefined) return trial;
      const eventsPerSecond = !wide && trial.backend.name === 'rocksdb' ? 200_000 + trial.block : rate;
      return { ...trial, throughput: { ...trial.throughput, eventsPerSecond } };
    });
    return caveatsOf({ ...whole, trials }, summarise(whole.plan, trials)).filter(({ text }) => text.includes('stands in tier'));
  };
  t.deepEqual(
    about(true).map(({ text }) => text),
    [
      'rocksdb stands in tier 1, above lmdb, whose figure is higher: the blocks of rocksdb differ so much that it is not shown to be slower than memory.',
    ],
  );
  t.deepEqual(about(false), []);
});
