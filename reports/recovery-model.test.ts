// Proves that time to caught up is computed as the formula has it, that an input rate which is not below the replay rate is said to make
// catching up impossible, that the model is checked against recoveries it has not seen, and that it is withheld where it misses them.
import test from 'ava';
import { answerRecovery, checkModel, type MeasuredRecovery, predict, replayRateOf } from './recovery-model.ts';

const USUAL: MeasuredRecovery = { block: 1, restoreMs: 500, replayedEvents: 100_000, replayMs: 1000, detectionMs: 0, persistMs: 200 };

/** Ten blocks that were killed at ten places of an interval of 1 s, with restores of 500 ms and a replay rate of 100,000 events/s. */
function blocks(count: number, change: (block: number) => Partial<MeasuredRecovery> = () => ({})): readonly MeasuredRecovery[] {
  return Array.from({ length: count }, (_, i) => {
    const replayMs = (1000 * (i + 0.5)) / count;
    return { ...USUAL, block: i + 1, replayMs, replayedEvents: 100 * replayMs, ...change(i + 1) };
  });
}

test('time to caught up is the formula, on average and at worst over the checkpoint interval', (t) => {
  // 50,000 events/s come in, 100,000 are replayed: every second of backlog takes a second.
  t.deepEqual(predict(USUAL, 10_000, 50_000), { meanMs: 500 + (200 + 5000 + 500), worstMs: 500 + (200 + 10_000 + 500) });
  const detected = predict({ ...USUAL, detectionMs: 6000 }, 10_000, 50_000);
  t.deepEqual(
    detected,
    { meanMs: 6500 + (200 + 5000 + 6500), worstMs: 6500 + (200 + 10_000 + 6500) },
    'detection counts twice: it adds to the backlog',
  );
  t.is(replayRateOf(USUAL), 100_000);
});

test('an input rate at or above the replay rate is said to make catching up impossible', (t) => {
  t.is(predict(USUAL, 10_000, 100_000), null);
  const all = blocks(5);
  t.like(answerRecovery(all, 5, { intervalMs: 10_000, inputRate: 100_001 }), { kind: 'cannot-catch-up' });
  const mixed = blocks(5, (block) => (block === 3 ? { replayMs: 600, replayedEvents: 54_000 } : {}));
  t.like(answerRecovery(mixed, 5, { intervalMs: 10_000, inputRate: 95_000 }), { kind: 'may-not-catch-up' });
});

test('where the kill fell does not change what is predicted', (t) => {
  const circumstances = { intervalMs: 60_000, inputRate: 20_000 };
  const [early, late] = [
    blocks(5, () => ({ replayMs: 100, replayedEvents: 10_000 })),
    blocks(5, () => ({ replayMs: 900, replayedEvents: 90_000 })),
  ];
  t.deepEqual(answerRecovery(early, 5, circumstances), answerRecovery(late, 5, circumstances));
});

test('the check predicts every block from the others', (t) => {
  t.is(checkModel(blocks(10)).error! < 1e-12, true, 'an exact model has no error');
  t.is(checkModel(blocks(10)).withheld, null);
  // The restore of the odd one is never among those it is predicted from.
  const odd = checkModel([
    { ...USUAL, restoreMs: 1000 },
    { ...USUAL, block: 2 },
    { ...USUAL, block: 3 },
  ]);
  t.is(odd.error, 250 / 1500);
});

test('a prediction is withheld where the model misses by more than 20 %, and below 3 blocks', (t) => {
  const circumstances = { intervalMs: 60_000, inputRate: 20_000 };
  const unsteady = blocks(10, (block) => ({ restoreMs: block % 2 === 0 ? 100 : 3000 }));
  t.is(checkModel(unsteady).withheld, 'error');
  t.is(answerRecovery(unsteady, 10, circumstances).kind, 'withheld');
  t.is(answerRecovery(blocks(2), 2, circumstances).kind, 'withheld');
  t.is(checkModel(blocks(2)).withheld, 'too-few-blocks');
});

test('without a measurement, a record of the kill or an input rate nothing is predicted', (t) => {
  const circumstances = { intervalMs: 60_000, inputRate: 20_000 };
  t.is(answerRecovery([], 3, circumstances).kind, 'not-measured');
  t.is(answerRecovery(null, 3, circumstances).kind, 'not-recorded');
  t.is(answerRecovery(blocks(3), 3, { ...circumstances, inputRate: null }).kind, 'no-input-rate');
});
