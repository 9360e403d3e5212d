/**
 * Flink: not a store that our pipeline drives, but a cluster that runs the whole workload, with its state where its own state backend
 * keeps it. Trials of it are run by the harness's part for Flink (harness/flink); here is how it is named and configured.
 */
import { z } from 'zod';
import { BackendError, type StateBackend } from './contract.ts';
import { memoryOption } from './rows/memory-option.ts';

/** The kind of server that `url` has to name. Whoever has none to name may start one, and stop it afterwards. */
export const server = 'flink';

export const description =
  "Apache Flink itself, on the same events: state in its heap (hashmap), in RocksDB or, experimental, in ForSt. Measured by 'run' alone.";

const FULL = { full: false, incremental: true } as const;

export const options = z.strictObject({
  state: z
    .enum(['hashmap', 'rocksdb', 'forst'])
    .default('hashmap')
    .describe("Flink's state backend, state.backend.type: hashmap, rocksdb, or forst, which Flink calls experimental."),
  url: z.url({ protocol: /^https?$/ }).describe('Of the JobManager, http://HOST:PORT.'),
  gateway: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Of the SQL gateway, http://HOST:PORT: asked who it is before a trial. The job itself goes to the JobManager.'),
  checkpoints: z
    .enum(['full', 'incremental'])
    .default('incremental')
    .describe('rocksdb, forst: whether a checkpoint holds only files that are new, execution.checkpointing.incremental.'),
  interval: z
    .int()
    .min(10)
    .meta({ unit: 'ms' })
    .optional()
    .describe('From one checkpoint to the next, execution.checkpointing.interval. By default about a third of the measured time.'),
  timers: z
    .enum(['store', 'heap'])
    .default('store')
    .describe(
      'rocksdb, forst: where the timers of windows are kept, in the store or on the heap, which is faster as long as they fit and makes no incremental checkpoints of them.',
    ),
  chained: z
    .boolean()
    .default(false)
    .describe('Whether source and windows share one thread without the exchange between them: only with one slot.'),
  memoryBytes: memoryOption(
    'hashmap: heap of the tasks of a TaskManager, taskmanager.memory.task.heap.size; rocksdb, forst: managed memory, taskmanager.memory.managed.size; for each slot.',
  ),
  shared: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A folder that this machine and all TaskManagers see at the same path: for events, progress and checkpoints. By default a local one.',
    ),
});

export type FlinkOptions = z.input<typeof options>;

/** What is in force, for results: options that have no effect are left out. */
export default function flink(given: FlinkOptions): StateBackend {
  const { state, url, gateway, checkpoints, interval, timers, chained, memoryBytes, shared } = options.parse(given);
  const isOnDisk = state !== 'hashmap';
  const refuse = async (): Promise<never> => {
    throw new BackendError('refused', "flink runs whole workloads and is no store to be opened: measure it with 'statebench run'");
  };
  return {
    name: 'flink',
    settings: {
      state,
      url,
      ...(gateway !== undefined && { gateway }),
      ...(isOnDisk && { incremental: FULL[checkpoints], timers }),
      ...(interval !== undefined && { interval }),
      chained,
      ...(memoryBytes !== undefined && { memoryBytes }),
      ...(shared !== undefined && { shared }),
    },
    durability: 'volatile',
    open: refuse,
    restore: refuse,
  };
}
