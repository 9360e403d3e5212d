// Proves that checkpoint figures relative to the state's size are derived from the trial, and are null where no size was recorded.
import test from 'ava';
import { inventResults, USUAL } from '../fixtures.ts';
import { measure } from './metrics.ts';

const trial = inventResults(USUAL).trials.find((found) => found.state === 'completed' && found.checkpoints.length > 0);
if (trial?.state !== 'completed') throw new Error('the fixture has no completed trial with a checkpoint');

test('gives pause, persist and bytes written per MiB of live state', (t) => {
  const sized = { ...trial, liveState: { entries: 10, bytes: 4 * 2 ** 20 } };
  t.is(measure('pauseMsPerMib', sized), measure('pauseMs', trial)! / 4);
  t.is(measure('persistMsPerMib', sized), measure('persistMs', trial)! / 4);
  t.is(measure('bytesWrittenPerMib', sized), measure('bytesWritten', trial)! / 4);
});

test('records no figure per MiB where the live state is unknown or empty', (t) => {
  for (const liveState of [null, { entries: 0, bytes: 0 }]) {
    t.is(measure('pauseMsPerMib', { ...trial, liveState }), null);
    t.is(measure('persistMsPerMib', { ...trial, liveState }), null);
    t.is(measure('bytesWrittenPerMib', { ...trial, liveState }), null);
  }
});
