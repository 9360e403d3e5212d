// Proves the global window against rows worked out by hand: a row an event, nothing late, nothing at the end.
import test from 'ava';
import { after, type Event, incremental, rowsOf, stageOf, workloadOf } from './by-hand.ts';

test('each event gives a row with what came of its key so far', async (t) => {
  const events: Event[] = [
    ['aaaa', 5, 2],
    ['bbbb', 9, 7],
    ['aaaa', 3, 4], // before the watermark, and not late
    ['aaaa', -1, 0],
  ];
  const workload = workloadOf([stageOf({ kind: 'global' }, incremental('average', ['count', 'average']))], 0, 1);
  const rows = ['1 5 6 aaaa 1 2', '1 9 10 bbbb 1 7', '1 3 4 aaaa 2 3', '1 -1 0 aaaa 3 2'];
  t.deepEqual(after(workload, events), { rows, held: ['1 0 0 aaaa 3 2', '1 0 0 bbbb 1 7'], late: [0] });
  t.deepEqual(await rowsOf(workload, events), rows);
});
