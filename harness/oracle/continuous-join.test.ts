// Proves the continuous join against rows worked out by hand: who waits, who is served, what `end` forgets; time plays no part.
import test from 'ava';
import { after, type Event, rowsOf, workloadOf } from './by-hand.ts';

const workload = workloadOf([{ kind: 'continuous-join', keyPrefixBytes: 4, inputWidth: 1 }], 0, 1);

const EVENTS: readonly Event[] = [
  ['aaaa', 1, 10, 'right'], // waits
  ['bbbb', 1, 11, 'right'], // of another key
  ['aaaa', 2, 20, 'right'], // waits
  ['aaaa', 3, 0, 'left'], // serves both; 0 is a value
  ['aaaa', 3, 25, 'right'],
  ['aaaa', 4, 2, 'left'], // nobody waits any more
  ['aaaa', 5, 30, 'right'],
  ['aaaa', 6, 9, 'end'],
  ['aaaa', 7, 40, 'right'], // waits
  ['aaaa', 8, 9, 'end'], // and goes on waiting
  ['cccc', 9, 9, 'end'], // forgets nothing
  ['aaaa', 0, 3, 'left'], // before the watermark, and not late
];
const ROWS = ['1 3 4 aaaa 0 10', '1 3 4 aaaa 0 20', '1 3 4 aaaa 0 25', '1 5 6 aaaa 2 30', '1 0 1 aaaa 3 40'];

test('left serves who waits, right is joined with the value or waits, end forgets the value', async (t) => {
  t.deepEqual(after(workload, EVENTS).rows, ROWS);
  t.deepEqual(after(workload, EVENTS).late, [0]);
  t.deepEqual(await rowsOf(workload, EVENTS), ROWS, 'the end of the stream adds none');
});

test('held are the value and who waits', (t) => {
  t.deepEqual(after(workload, EVENTS.slice(0, 3)).held, ['1 0 0 aaaa 1 10 20', '1 0 0 bbbb 1 11']);
  t.deepEqual(after(workload, EVENTS.slice(0, 4)).held, ['1 0 0 aaaa 0 0', '1 0 0 bbbb 1 11']);
  t.deepEqual(after(workload, EVENTS.slice(0, 8)).held, ['1 0 0 bbbb 1 11']);
  t.deepEqual(after(workload, EVENTS.slice(0, 11)).held, ['1 0 0 aaaa 1 40', '1 0 0 bbbb 1 11']);
  t.deepEqual(after(workload, EVENTS).held, ['1 0 0 aaaa 0 3', '1 0 0 bbbb 1 11']);
});
