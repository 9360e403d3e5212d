/** The memory of TaskManagers that holds state: where a budget goes, and whether it is there. */
import { StatebenchError } from '../errors.ts';
import type { Cell } from '../results.ts';
import { formatBytes } from '../units.ts';
import type { JobManager, TaskManagerMemory } from './job-manager.ts';

/** Of a TaskManager of one slot. */
export interface TaskMemory {
  readonly taskHeapBytes: number;
  readonly managedBytes: number;
}

type Settings = Cell['backend']['settings'];

/** What a backend's budget asks of a TaskManager of one slot; what it says nothing of is as usual. */
export function budgeted({ state, memoryBytes }: Settings, usual: TaskMemory): TaskMemory {
  if (typeof memoryBytes !== 'number') return usual;
  // Nothing else that the job has uses managed memory.
  return state === 'hashmap' ? { taskHeapBytes: memoryBytes, managedBytes: 0 } : { ...usual, managedBytes: memoryBytes };
}

export function hasMemory(has: TaskManagerMemory, wanted: TaskMemory): boolean {
  return has.taskHeapBytes === wanted.taskHeapBytes && has.managedBytes === wanted.managedBytes;
}

/**
 * Reads back what the TaskManagers of a job have for the state of a slot.
 * @throws StatebenchError `unavailable` if it is not the budget, with what to set
 */
export async function checkBudget(jobManager: JobManager, ids: readonly string[], { state, memoryBytes }: Settings): Promise<void> {
  if (typeof memoryBytes !== 'number') return;
  const isOnHeap = state === 'hashmap';
  for (const id of ids) {
    const { taskHeapBytes, managedBytes, slots } = await jobManager.memoryOf(id);
    const has = isOnHeap ? taskHeapBytes : managedBytes;
    if (has === memoryBytes * slots) continue;
    const [what, setting] = isOnHeap ? ['task heap', 'task.heap.size'] : ['managed memory', 'managed.size'];
    throw new StatebenchError(
      'unavailable',
      `the TaskManager ${id} has ${formatBytes(has)} of ${what} for ${slots} ${slots === 1 ? 'slot' : 'slots'}, and each was to have ${formatBytes(memoryBytes)}: start it with taskmanager.memory.${setting}: ${memoryBytes * slots}b, or give the backend the memoryBytes that there are`,
    );
  }
}
