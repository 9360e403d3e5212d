// Proves that the checkpoint interval and the input rate are read with their units, and that what is neither is refused with the remedy.
import test from 'ava';
import { USUAL_CIRCUMSTANCES } from '../recovery-model.ts';
import { circumstancesOfTexts, inputRateOf, intervalOf, intervalText } from './circumstances.ts';

test('intervals and rates are read with their units', (t) => {
  for (const [text, ms] of [
    ['1min', 60_000],
    ['30s', 30_000],
    ['500ms', 500],
    ['1.5 min', 90_000],
    ['2h', 7_200_000],
  ] as const) {
    t.is(intervalOf(text), ms);
    t.is(intervalOf(intervalText({ intervalMs: ms, inputRate: null })), ms);
  }
  for (const [text, rate] of [
    ['50k', 50_000],
    ['50000', 50_000],
    ['1.5M/s', 1_500_000],
    ['50_000/s', 50_000],
  ] as const)
    t.is(inputRateOf(text), rate);
});

test('what is no interval and no rate is refused, with what to give', (t) => {
  for (const text of ['', '0s', '-1s', '60', '1 fortnight', 'min', '1e3s', 'constructor'])
    t.throws(() => intervalOf(text), { message: /is no checkpoint interval: give a number above 0 with its unit/ }, text);
  for (const text of ['', '0', '-5', '50q', 'k', '5 constructor', 'Infinity'])
    t.throws(() => inputRateOf(text), { message: /is no input rate: give events per second/ }, text);
});

test('a link with values that cannot be read falls back to the usual ones and reports them', (t) => {
  t.deepEqual(circumstancesOfTexts(USUAL_CIRCUMSTANCES, { interval: 'soon', input: '5k' }), {
    circumstances: { intervalMs: 60_000, inputRate: 5000 },
    unread: ['soon'],
  });
});
