// Proves that a fill comes before all else of a trial's stream, checkpoints included, that what it needs grows with what the operator keeps
// of it, and that one the machine has no memory for is refused.
import test from 'ava';
import type { Workload } from '../workloads/contract.ts';
import { checkFill, filledStream, fillNeeds, fillOf, fillSeconds } from './fill.ts';
import { loadWorkload } from './modules.ts';
import { streamPlan } from './run.ts';

const needsOf = async (...specs: readonly string[]) => {
  const workloads: Workload[] = await Promise.all(specs.map(async (spec) => (await loadWorkload(spec)).create()));
  return fillNeeds(workloads);
};

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

test('the largest fill decides what is needed, and too large a one is refused with the reason', async (t) => {
  const workloads = await Promise.all(
    ['flights-delays', 'synthetic:fill=1000', 'synthetic:keys=10000000,fill=10000000'].map(async (spec) =>
      (await loadWorkload(spec)).create(),
    ),
  );
  t.is(fillOf(workloads[0]!), 0);
  t.is(fillOf(workloads[1]!), 1000);
  const { memoryBytes } = fillNeeds(workloads);
  t.true(memoryBytes > 6e9);
  t.notThrows(() => checkFill(workloads, memoryBytes));
  t.notThrows(() => checkFill([workloads[0]!], 1));
  t.throws(() => checkFill(workloads, memoryBytes - 1), {
    code: 'bad-value',
    message: /most of it to compute the right output.*smaller fill/,
  });
  t.true(fillSeconds(workloads[2]!).store > 20);
  t.deepEqual(fillSeconds(workloads[0]!), { store: 0, oracle: 0 });
});

test('keys that come again take nothing more, unless others took their places', async (t) => {
  const once = await needsOf('synthetic:keys=1000000,fill=1000000');
  t.deepEqual(await needsOf('synthetic:keys=1000000,fill=5000000'), once);
  const expiring = await needsOf('synthetic:keys=1000000,fill=5000000,regime=expiring');
  t.is(expiring.memoryBytes, 5 * once.memoryBytes);
  const { stages } = (await loadWorkload('synthetic')).create();
  const strangers = { stages, settings: { fill: 1000, keys: 'of a column' } };
  t.is(fillNeeds([strangers]).memoryBytes, 1000 * 700, 'who says nothing of keys may have one an event');
});

test('lists, payloads and windows that overlap are counted', async (t) => {
  const fill = 'keys=1000,fill=1000000';
  const values = await needsOf(`tumbling-incremental:${fill}`);
  const lists = await needsOf(`tumbling-holistic:${fill}`);
  t.true(lists.memoryBytes > values.memoryBytes + 100e6, 'an event is kept as long as its window');
  t.true(lists.diskBytes > values.diskBytes + 100e6);
  const payload = await needsOf(`window-join:${fill},payload=constant,payloadBytes=800`);
  const bare = await needsOf(`window-join:${fill}`);
  // Both sides may have all events; 800 bytes and their length are 101 numbers.
  t.is(payload.memoryBytes - bare.memoryBytes, 1_000_000 * 101 * 8);
  t.true(payload.diskBytes >= bare.diskBytes + 4 * 1_000_000 * 800);
  const sessions = await needsOf(`session-incremental:${fill}`);
  t.true(sessions.memoryBytes > values.memoryBytes + 100e6, 'the oracle keeps the events of sessions');
  const sliding = await needsOf(`sliding-incremental:${fill},size=10s,slide=1s`);
  t.is(sliding.memoryBytes, 10 * values.memoryBytes);
  const panes = await needsOf(`sliding-incremental:${fill},size=10s,slide=1s,panes=true`);
  t.is(panes.diskBytes, values.diskBytes);
});
