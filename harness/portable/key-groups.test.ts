// Proves that a chain is refused whose last key cannot be told from every earlier one, with the stage that is in the way.
import test from 'ava';
import type { Stage } from '../../workloads/contract.ts';
import { windowed } from '../../workloads/windowed.ts';
import { tumbling } from '../../workloads/windows/tumbling.ts';
import { checkDividable, KEY_GROUPS } from './key-groups.ts';
import { testWorkload } from './test-workload.ts';

test('what would need an exchange is refused, with the way out', async (t) => {
  const { workload } = await testWorkload('values', 10);
  const { aggregate } = workload.stages[0] as Extract<Stage, { kind: 'aggregate' }>;
  const chain = (...keyed: readonly number[]) => ({
    name: 'chain',
    stages: keyed.map((bytes) => windowed(bytes, tumbling(1000), aggregate)),
  });
  for (const keyed of [[8], [8, 8], [8, 4], [8, 6, 1]]) t.notThrows(() => checkDividable(chain(...keyed), 3), keyed.join());
  const refused = (keyed: readonly number[], message: RegExp) => {
    t.notThrows(() => checkDividable(chain(...keyed), 1), 'one process takes any');
    t.throws(() => checkDividable(chain(...keyed), 2), { code: 'impossible-settings', message }, keyed.join());
  };
  refused([0], /stage 1 has all events under one key.*--parallelism 1, or on a Flink cluster/);
  refused([8, 0], /stage 2 has all events under one key/);
  refused([4, 8], /stage 2 is keyed by 8 bytes, which the 4 of stage 1 do not tell/);
  refused([8, 4, 6], /stage 3 is keyed by 6 bytes, which the 4 of stage 2 do not tell/);
  t.throws(() => checkDividable(chain(8), KEY_GROUPS + 1), { code: 'bad-value' });
});
