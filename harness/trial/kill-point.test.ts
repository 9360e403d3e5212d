// Proves that all cells of a block are killed at the same fraction of their own checkpoint interval, whatever they are called and however
// long their streams are; that the blocks of a run cover the interval evenly; and that every kill lies in the tail.
import test from 'ava';
import { streamPlan } from '../run.ts';
import { fractionAt, killFractions, killOf, lastDueAt, withKillSpan } from './kill-point.ts';

test('the blocks of a run cover the checkpoint interval evenly, in an order that the seed decides', (t) => {
  for (const blocks of [1, 3, 10, 15, 40]) {
    for (let seed = 0; seed < 20; seed++) {
      const strata = killFractions(seed, blocks).map((fraction) => Math.floor(fraction * blocks));
      t.deepEqual(
        strata.toSorted((a, b) => a - b),
        Array.from({ length: blocks }, (_, i) => i),
      );
    }
  }
  t.deepEqual(killFractions(7, 10), killFractions(7, 10));
  t.notDeepEqual(killFractions(7, 10), killFractions(8, 10));
});

test('every cell of a block is killed at the same fraction of its own interval', (t) => {
  const cell = { parallelism: 3 };
  for (let block = 1; block <= 5; block++) {
    const parts = new Set<number>();
    for (let events = 100; events < 1e9; events *= 1.7) {
      const stream = streamPlan(events);
      const { atEvent, part, fraction } = killOf(7, cell, block, 5, stream);
      t.true(Math.abs(fractionAt(atEvent, stream)! - killFractions(7, 5)[block - 1]!) <= 1 / stream.checkpoints.everyEvents);
      t.is(fraction, killFractions(7, 5)[block - 1]!);
      parts.add(part);
      t.is(killOf(7, { parallelism: 1 }, block, 5, stream).part, 0);
    }
    t.is(parts.size, 1, 'the same process is killed in every cell');
  }
});

test('a kill lies in the tail, after a checkpoint that is due there, also where a trial is extended', (t) => {
  for (let events = 100; events < 1e9; events *= 1.7) {
    const usual = streamPlan(events);
    const extended = withKillSpan({ ...usual, measured: 3 * usual.measured }, usual.swept / 6);
    for (const stream of [usual, extended]) {
      const end = stream.warmUp + stream.measured;
      for (let block = 1; block <= 40; block++) {
        const { atEvent } = killOf(1, { parallelism: 1 }, block, 40, stream);
        const due = lastDueAt(atEvent, stream.checkpoints)!;
        t.true(due >= end && due <= atEvent && atEvent <= end + stream.killSpan && stream.killSpan <= stream.tail);
      }
      t.is(stream.tail % (usual.swept / 6), 0, 'the end of the stream lies on the coarse grid');
    }
  }
});

test('room to catch up in stays where the kill span changes', (t) => {
  const usual = streamPlan(30_000);
  const longer = { ...usual, tail: usual.tail + 1234 };
  t.is(withKillSpan(longer, usual.swept / 6).tail, longer.tail);
});
