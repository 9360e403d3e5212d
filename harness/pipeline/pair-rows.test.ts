// Proves that a join's rows, with the hash of payloads or without, go on in pieces, each as it was even if its taker reads it later, one piece after the other.
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { PairRows } from './pair-rows.ts';
import type { FiredRows } from './sink.ts';
import { SCAN_SLOTS } from './stage.ts';

const ROWS = 2 * SCAN_SLOTS + 10;

function fill(rows: PairRows): void {
  for (let i = 0; i < ROWS; i++) rows.add(Uint32Array.of(0, i, 2 * i), 1, 10 * i, 10 * i + 1, i, -i, i + 0.5);
}

function textOf({ stage, count, keyWords, keyStrideWords, keyAtWord, startsMs, endsMs, numbers, width }: FiredRows): string[] {
  return Array.from({ length: count }, (_, row) => {
    const key = keyWords.slice(row * keyStrideWords + keyAtWord, row * keyStrideWords + keyAtWord + 2);
    return [stage, startsMs[row], endsMs[row], ...key, ...numbers.slice(row * width, (row + 1) * width)].join(' ');
  });
}

const WANTED = Array.from({ length: ROWS }, (_, i) => `3 ${10 * i} ${10 * i + 1} ${i} ${2 * i} ${i} ${-i}`);

test('taken at once, no promise is made', (t) => {
  const taken: string[] = [];
  const rows = new PairRows(3, 8, false, (piece) => {
    taken.push(...textOf(piece));
  });
  fill(rows);
  t.is(taken.length, 2 * SCAN_SLOTS);
  t.is(rows.flush(), undefined);
  t.deepEqual(taken, WANTED);
  t.is(rows.flush(), undefined);
  t.is(taken.length, ROWS);
});

test('taken later, rows are kept until then', async (t) => {
  const taken: string[] = [];
  let underWay = 0;
  const rows = new PairRows(3, 8, true, async (piece) => {
    t.is(underWay++, 0);
    await setTimeout(1);
    taken.push(...textOf(piece));
    underWay--;
  });
  fill(rows);
  await rows.flush();
  t.deepEqual(
    taken,
    WANTED.map((row, i) => `${row} ${i + 0.5}`),
  );
});
