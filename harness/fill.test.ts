// Proves that a fill comes before all else of a trial's stream, checkpoints included, and that one the machine has no memory for is refused.
import test from 'ava';
import { checkFill, filledStream, fillNeeds, fillOf } from './fill.ts';
import { streamPlan } from './run.ts';

const cellOf = (settings: Readonly<Record<string, string | number | boolean>>) => ({ workload: { name: 'w', settings } });

test('a fill lengthens the warm-up, puts checkpoints off, and changes nothing else', (t) => {
  const stream = streamPlan(3_000);
  t.deepEqual(filledStream(stream, 10_000_000), {
    ...stream,
    warmUp: 10_000_000 + stream.warmUp,
    checkpoints: { ...stream.checkpoints, firstEvent: 10_000_000 + stream.checkpoints.firstEvent },
  });
  t.deepEqual(filledStream(stream, 0), stream);
});

test('checkpoints that never come stay whole numbers that never come', (t) => {
  const stream = streamPlan(3_000);
  const never = { ...stream, checkpoints: { ...stream.checkpoints, firstEvent: Number.MAX_SAFE_INTEGER } };
  t.is(filledStream(never, 10_000_000).checkpoints.firstEvent, Number.MAX_SAFE_INTEGER);
});

test('the largest fill decides what is needed, and too large a one is refused with the reason', (t) => {
  const cells = [cellOf({}), cellOf({ fill: 1_000 }), cellOf({ fill: 10_000_000 })];
  t.is(fillOf(cells[0]!.workload), 0);
  const { memoryBytes } = fillNeeds(cells);
  t.true(memoryBytes > 6e9);
  t.notThrows(() => checkFill(cells, memoryBytes));
  t.notThrows(() => checkFill([cells[0]!], 1));
  t.throws(() => checkFill(cells, memoryBytes - 1), { code: 'bad-value', message: /most of it to compute the right output.*smaller fill/ });
});
