// Proves what the job for Flink is told of every kind of stage, and that what it does not cover is refused by name, with what it does.
import test from 'ava';
import { loadWorkload } from '../modules.ts';
import { hasTypes, stageArguments } from './job-arguments.ts';

const workloadOf = async (spec: string) => (await loadWorkload(spec)).create();

for (const [spec, expected] of [
  ['flights-delays', '6;tumbling:3600000:0;count-sum-min-max;0|3;tumbling:86400000:0;merged-count-sum-min-max;0'],
  ['flights-delays:window=session', '6;session:3600000;count-sum-min-max;0|3;tumbling:86400000:0;merged-count-sum-min-max;0'],
  ['tumbling-incremental:aggregate=distinct,precision=12', '16;tumbling:10000:0;distinct:12;0'],
  ['tumbling-incremental:aggregate=top-k,k=3,lateness=500', '16;tumbling:10000:0;top-k:3;500'],
  ['sliding-incremental:aggregate=quantiles,sketchBits=4', '16;sliding:10000:2000:0;quantiles:4;0'],
  ['tumbling-holistic:offset=-3000', '16;tumbling:10000:7000;median;0'],
  ['tumbling-holistic:payload=constant', '16;tumbling:10000:0;median:payload;0'],
  ['session-holistic:aggregate=exact-distinct,keyed=false', '0;session:2000;exact-distinct;0'],
  ['continuous-aggregation:aggregate=average', '16;global;average;0'],
  ['window-join:payload=constant', '16;tumbling:2000:0;join;0'],
  ['window-join', '16;tumbling:2000:0;join;0'],
  ['window-join:window=sliding', '16;sliding:2000:1000:0;join;0'],
  ['interval-join:lower=-500,upper=250', '16;interval:-500:250;join;0'],
  ['continuous-join', '16;global;join;0'],
] as const) {
  test(spec, async (t) => {
    t.is(stageArguments(await workloadOf(spec), 1), expected);
  });
}

test('events say what they are where there is a join', async (t) => {
  for (const spec of ['window-join', 'interval-join', 'continuous-join']) t.true(hasTypes(await workloadOf(spec)), spec);
  t.false(hasTypes(await workloadOf('flights-delays')));
});

for (const spec of ['continuous-aggregation', 'continuous-join']) {
  test(`${spec} by several tasks, which would not keep the order of events, is refused`, async (t) => {
    const workload = await workloadOf(spec);
    t.throws(() => stageArguments(workload, 2), {
      code: 'impossible-settings',
      message: /^workload '\S+' .*, and 2 tasks on Flink do not keep their order: take --parallelism 1, or leave the flink backends out$/,
    });
  });
}

test('what is not covered is named, with what is', async (t) => {
  const workload = await workloadOf('synthetic');
  const [stage] = workload.stages;
  if (stage?.kind !== 'aggregate') return t.fail();
  const own = { ...workload, stages: [{ ...stage, aggregate: { ...stage.aggregate, name: 'variance' } as typeof stage.aggregate }] };
  t.throws(() => stageArguments(own, 1), {
    code: 'impossible-settings',
    message:
      /^workload 'synthetic' has the aggregate variance, for which there is no job on Flink: it covers .* with count-sum-min-max, average, distinct, top-k, quantiles, median, exact-distinct .*, and window, interval and continuous joins\. Leave the flink backends out$/,
  });
});
