// Proves that stages which nothing can run, or which would put out wrong rows, are refused with the reason.
import test from 'ava';
import { average } from '../../workloads/aggregates/average.ts';
import { median } from '../../workloads/aggregates/median.ts';
import { windowed } from '../../workloads/windowed.ts';
import { tumbling } from '../../workloads/windows/tumbling.ts';
import { DigestSink } from './digest-sink.ts';
import { operatorOf } from './operator.ts';
import { Pipeline } from './pipeline.ts';
import type { StageRequest } from './stage.ts';

const GLOBAL = { kind: 'global' } as const;
const NO_STORE = {} as StageRequest['store'];

test('a global window takes an incremental aggregate and no lateness', (t) => {
  t.notThrows(() => operatorOf(windowed(4, GLOBAL, average(1))));
  t.throws(() => operatorOf(windowed(4, GLOBAL, median(1))), { message: /median over a global window would need all events ever seen/ });
  t.throws(() => operatorOf(windowed(4, GLOBAL, average(1), 5)), { message: /a global window has no end to be late for/ });
});

test('lateness is for the last stage, and a global window for the only one', (t) => {
  const open = (stages: ConstructorParameters<typeof Pipeline>[0]['workload']['stages']) => () =>
    new Pipeline({
      workload: { stages, watermark: { delayMs: 0, everyEvents: 1 } },
      store: NO_STORE,
      batchSize: 1,
      sink: new DigestSink(),
    });
  const last = windowed(4, tumbling(10), average(2));
  t.throws(open([windowed(4, tumbling(10), average(1), 5), last]), {
    message: /stage 1 of 2 has allowed lateness, which only the last stage may/,
  });
  t.throws(open([windowed(4, GLOBAL, average(1)), last]), { message: /stage 1 of 2 has a global window, which must be the only stage/ });
});
