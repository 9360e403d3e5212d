// Proves where a budget goes on Flink, and that a TaskManager that has something else is named with what to set.
import test from 'ava';
import type { JobManager, TaskManagerMemory } from './job-manager.ts';
import { budgeted, checkBudget } from './task-memory.ts';

const MIB = 2 ** 20;
const USUAL = { taskHeapBytes: 1024 * MIB, managedBytes: 512 * MIB };

test('the state has the budget, and the rest is as usual', (t) => {
  t.deepEqual(budgeted({ state: 'rocksdb' }, USUAL), USUAL);
  t.deepEqual(budgeted({ state: 'rocksdb', memoryBytes: 64 * MIB }, USUAL), { taskHeapBytes: 1024 * MIB, managedBytes: 64 * MIB });
  t.deepEqual(budgeted({ state: 'forst', memoryBytes: 64 * MIB }, USUAL), { taskHeapBytes: 1024 * MIB, managedBytes: 64 * MIB });
  t.deepEqual(budgeted({ state: 'hashmap', memoryBytes: 64 * MIB }, USUAL), { taskHeapBytes: 64 * MIB, managedBytes: 0 });
});

/** What the JobManager would tell of any TaskManager. */
function telling(memory: Partial<TaskManagerMemory>): JobManager {
  const all = { taskHeapBytes: 0, jvmHeapBytes: 0, managedBytes: 0, processBytes: 0, slots: 1, ...memory };
  return { memoryOf: async () => all } as unknown as JobManager;
}

test('a TaskManager with something else is named, by slots', async (t) => {
  const given = { state: 'rocksdb', memoryBytes: 64 * MIB };
  await t.notThrowsAsync(checkBudget(telling({ managedBytes: 128 * MIB, slots: 2 }), ['tm-1'], given));
  await t.notThrowsAsync(checkBudget(telling({}), ['tm-1'], { state: 'rocksdb' }));
  await t.throwsAsync(checkBudget(telling({ managedBytes: 64 * MIB, slots: 2 }), ['tm-1'], given), {
    code: 'unavailable',
    message:
      'the TaskManager tm-1 has 64 MiB of managed memory for 2 slots, and each was to have 64 MiB: start it with taskmanager.memory.managed.size: 134217728b, or give the backend the memoryBytes that there are',
  });
  await t.throwsAsync(checkBudget(telling({ taskHeapBytes: 8 * MIB }), ['tm-1'], { state: 'hashmap', memoryBytes: 64 * MIB }), {
    message: /^the TaskManager tm-1 has 8 MiB of task heap for 1 slot, .*: start it with taskmanager\.memory\.task\.heap\.size: 67108864b,/,
  });
});
