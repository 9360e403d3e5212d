// Proves that progress is one changing line on a terminal, drawn at most twice a second, and plain lines elsewhere.
import test from 'ava';
import type { Plan, Trial } from '../harness/results.ts';
import type { RunEvent } from '../harness/run-events.ts';
import { drawProgress } from './progress.ts';

const trial = (state: 'failed' | 'completed'): Trial =>
  ({
    state,
    cell: 'lmdb/w/filesystem/1000',
    block: 1,
    phase: 'open',
    message: 'no space\nleft',
    throughput: { eventsPerSecond: 1234567 },
    correctness: { uninterrupted: { equal: true, expected: { rows: 10 } }, recovered: null, rescaled: null },
  }) as unknown as Trial;
const started: RunEvent = { type: 'trial-started', cell: 'lmdb/w/filesystem/1000', block: 1, index: 1, trials: 4 };
const finished = (index: number, state: 'failed' | 'completed' = 'completed'): RunEvent => ({
  type: 'trial-finished',
  trial: trial(state),
  index,
  trials: 4,
});

/** One cell in four blocks. */
const plan = {
  cells: [{ id: 'lmdb/w/filesystem/1000' }],
  profile: { blocks: 4, smallestEffect: null, sequential: null },
} as unknown as Plan;

function screen(isTTY: boolean) {
  const written: string[] = [];
  let ms = 0;
  return {
    written,
    screen: { isTTY, columns: 60, write: (text: string) => void written.push(text) },
    now: () => ms,
    wait: (passedMs: number) => {
      ms += passedMs;
    },
  };
}

test('a terminal gets one line, at most twice a second, no wider than it is', (t) => {
  const { written, screen: at, now, wait } = screen(true);
  const progress = drawProgress({ screen: at, style: 'line', plan, expectedSeconds: 40, alreadyFinished: [], now });
  progress.onEvent(started);
  for (let i = 0; i < 100; i++) {
    wait(10);
    progress.onEvent({ type: 'progress', cell: 'a cell with a long name/that goes on/filesystem/1000', phase: 'measure', done: i / 100 });
  }
  t.is(written.length, 3, 'at 0, 500 and 1000 ms');
  for (const line of written) {
    t.true(line.startsWith('\r\u{1b}[2K'));
    t.true(line.length - 5 < 60);
    t.false(line.includes('\n'));
  }
  t.is(written[0], '\r\u{1b}[2K0/4  lmdb/w/filesystem/1000, block 1  about 40 s left');
  progress.end();
  t.is(written.at(-1), '\r\u{1b}[2K');
});

test('the time left follows the trials', (t) => {
  const { written, screen: at, now, wait } = screen(true);
  const progress = drawProgress({ screen: { ...at, columns: 200 }, style: 'line', plan, expectedSeconds: 40, alreadyFinished: [], now });
  for (const block of [1, 2]) {
    progress.onEvent({ ...started, block } as RunEvent);
    wait(5000);
    progress.onEvent({ ...finished(block), trial: { ...trial('completed'), block } } as RunEvent);
  }
  t.regex(written.at(-1)!, /2\/4 .*about 10 s left/);
});

test('elsewhere a line per finished trial, and quiet only failures', (t) => {
  for (const [style, lines] of [
    ['line', 2],
    ['plain', 2],
    ['quiet', 1],
  ] as const) {
    const { written, screen: at, now, wait } = screen(false);
    const progress = drawProgress({ screen: at, style, plan, expectedSeconds: 40, alreadyFinished: [], now });
    progress.onEvent(started);
    wait(10_000);
    progress.onEvent(finished(1));
    progress.onEvent(finished(2, 'failed'));
    progress.end();
    t.is(written.length, lines, style);
    t.false(written.join('').includes('\u{1b}'));
    t.is(written.at(-1), '2/4  lmdb/w/filesystem/1000, block 1: did not finish (open): no space\n');
    if (style !== 'quiet') t.is(written[0], '1/4  lmdb/w/filesystem/1000, block 1: 1,234,567 events/s, output right, about 30 s left\n');
  }
});
