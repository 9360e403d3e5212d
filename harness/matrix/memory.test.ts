// Proves every operator on memory against the oracle, with and without a crash, at batch 1 and 1,024, and under SIGKILL; and that a
// store which loses a single write is caught, whatever the operator.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { StateStore } from '../../backends/contract.ts';
import { loadBackend, loadWorkload } from '../modules.ts';
import { OPERATOR_CASES } from './operator-cases.ts';
import { operatorAnswer, operatorProblems } from './operator-run.ts';
import { provesOperators } from './proves-operators.ts';

provesOperators(test.serial, () => loadBackend('memory'));

/** Does not do the `nth` of the writes and appends of one store: the one that is opened first, or the one restored from its checkpoint. */
function losing(nth: number, where: 'opened' | 'restored'): (store: StateStore) => StateStore {
  let stores = 0;
  return (store) => {
    let calls = (++stores === 1) === (where === 'opened') ? 0 : Number.NaN;
    return {
      value(name) {
        const table = store.value(name);
        return {
          read: (batch) => table.read(batch),
          write: (batch) => (++calls === nth ? undefined : table.write(batch)),
          scan: (...at) => table.scan(...at),
          drop: (window) => table.drop(window),
        };
      },
      list(name) {
        const table = store.list(name);
        return {
          append: (batch) => (++calls === nth ? undefined : table.append(batch)),
          remove: (batch) => table.remove(batch),
          scan: (...at) => table.scan(...at),
          drop: (window) => table.drop(window),
        };
      },
      checkpoint: (place) => store.checkpoint(place),
      published: (id) => store.published(id),
      release: (id) => store.release(id),
      close: () => store.close(),
    };
  };
}

for (const { operator, workload } of OPERATOR_CASES) {
  test.serial(`a single lost write is caught: ${operator}`, async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'statebench-lost-write-'));
    t.teardown(() => rm(root, { recursive: true, force: true }));
    const answer = await operatorAnswer((await loadWorkload(workload)).create(), 1);
    const problemsWithout = async (nth: number, where: 'opened' | 'restored') => {
      const backend = (await loadBackend('memory')).create();
      return operatorProblems({ answer, backend, batchSize: 1, directory: join(root, where), wrap: losing(nth, where) });
    };
    t.deepEqual(await problemsWithout(0, 'opened'), []);
    for (const where of ['opened', 'restored'] as const) {
      const found: (readonly string[])[] = [];
      for (const nth of [1, 40, 80, 120]) found.push(await problemsWithout(nth, where));
      const caught = found.filter(({ length }) => length > 0);
      // Not every write matters: some put what is there already, or an event that meets no other.
      t.true(caught.length > 0, `${caught.length} of ${found.length} caught, ${where}`);
      for (const [problem] of caught) t.regex(problem!, /seed 1, cut at \d+: .* instead of /);
    }
  });
}
