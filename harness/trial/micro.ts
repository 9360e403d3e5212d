import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Bench } from 'tinybench';
import type { StateBackend, StateStore } from '../../backends/contract.ts';
import { messageOf } from '../errors.ts';
import { samplesForPercentile } from '../measure/samples-for-percentile.ts';
import { KeyOrder } from '../micro/key-order.ts';
import { isReading, type MicroOperation, OPERATIONS, RESCALES, type RescaleName } from '../micro/operations.ts';
import { timeRescale } from '../micro/rescale-state.ts';
import { StateLayout } from '../micro/state-layout.ts';
import { SLOTS_PER_ITERATION, timedCalls } from '../micro/timed-calls.ts';
import { emptyState, fillState, problemOf } from '../micro/verify.ts';
import { create } from '../modules.ts';
import { ENTRY_SLOTS } from '../portable/entries.ts';

import type { MicroResult, MicroTask, Tell } from './tasks.ts';

const WINDOW = 0;
/** Of a hundred entries, those that have expired in states with time to live. */
const EXPIRED_IN_100 = 3;

type Failure = MicroResult['failures'][number];
type Measurement = MicroResult['measurements'][number];

/** Times operations of the micro-suite on one store, those that read first, each checked before. */
export async function micro(task: MicroTask, tell: Tell): Promise<MicroResult> {
  await tell({ type: 'phase', phase: 'open' });
  await mkdir(task.directory, { recursive: true });
  const backend = await create<StateBackend>(task.backend);
  const rescales = RESCALES.map(({ name }) => name).filter((name) => task.operations.includes(name));
  return rescales.length > 0 ? rescaleState(task, backend, rescales, tell) : timeState(task, backend, tell);
}

async function timeState(task: MicroTask, backend: StateBackend, tell: Tell): Promise<MicroResult> {
  const asked = OPERATIONS.filter(({ name }) => task.operations.includes(name));
  const operations = [...asked.filter(isReading), ...asked.filter((operation) => !isReading(operation))];
  const [{ state, ttl }] = operations as [MicroOperation];
  const layout = new StateLayout(state, ttl, task);
  const failures: Failure[] = [];
  const open = async (name: string): Promise<StateStore> => {
    const directory = join(task.directory, name);
    await mkdir(directory);
    return backend.open({ directory, tables: [layout.table] });
  };
  // In a store of its own, so that the measured one has seen nothing of it.
  const checked = await open('checked');
  const refused = new Set<string>();
  for (const batchSize of task.batchSizes) {
    for (const operation of operations) {
      if (refused.has(operation.name)) continue;
      const problem = await tried(() => problemOf({ operation, layout, store: checked, batchSize, seed: task.seed }));
      if (problem === null) continue;
      refused.add(operation.name);
      const { code, message } = typeof problem === 'string' ? { code: 'wrong', message: problem } : problem;
      failures.push({ operations: [operation.name], code, message: `at batch size ${batchSize}: ${message}` });
      await tried(async () => emptyState(checked, layout));
    }
  }
  await checked.close();
  const rest = operations.filter(({ name }) => !refused.has(name));
  const store = await open('measured');
  const measurements: Measurement[] = [];
  if (rest.length > 0) {
    await tell({ type: 'phase', phase: 'warm-up' });
    await fillState({ layout, store, window: WINDOW, keys: task.keys, isExpired: (entry) => entry % 100 < EXPIRED_IN_100 });
    await tell({ type: 'phase', phase: 'measure' });
    const order = new KeyOrder(task.keys, task.seed);
    const [reading, writing] = [rest.filter(isReading), rest.filter((operation) => !isReading(operation))];
    // What reads at any batch size comes before what writes at any: it finds the state as it was filled.
    for (const group of [reading, writing]) {
      for (const batchSize of task.batchSizes) {
        for (const operation of group) {
          const done = await tried(() => timeOperation(task, { operation, layout, store, batchSize, order }));
          if ('operationsPerSecond' in done) measurements.push(done);
          else failures.push({ operations: [operation.name], code: done.code, message: `at batch size ${batchSize}: ${done.message}` });
        }
      }
    }
  }
  await store.close();
  return { settings: backend.settings, measurements, failures };
}

/** What the backend throws is a failure of the operation, and the others are tried. */
async function tried<T>(act: () => Promise<T>): Promise<T | { readonly code: string; readonly message: string }> {
  try {
    return await act();
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error';
    return { code, message: messageOf(error) };
  }
}

interface Timing {
  readonly operation: MicroOperation;
  readonly layout: StateLayout;
  readonly store: StateStore;
  readonly batchSize: number;
  readonly order: KeyOrder;
}

async function timeOperation({ keys, timeMs, warmUpMs }: MicroTask, timing: Timing): Promise<Measurement> {
  const { operation, batchSize } = timing;
  const timed = timedCalls({ ...timing, window: WINDOW, keys, slotsPerIteration: SLOTS_PER_ITERATION });
  const bench = new Bench({
    time: timeMs,
    iterations: 1,
    warmupTime: warmUpMs,
    warmupIterations: 1,
    throws: true,
    timestampProvider: 'hrtimeNow',
  });
  // Told that it is asynchronous, tinybench does not call it once to find out.
  bench.add(operation.name, () => timed.run(), { async: true, beforeEach: () => timed.fill(), afterEach: () => timed.undo() });
  const [task] = await bench.run();
  const result = task!.result;
  if (result.state !== 'completed') throw new Error(`tinybench ended ${result.state}`);
  const { samplesCount, mean, p50 } = result.latency;
  return {
    operation: operation.name,
    batchSize,
    operationsPerBatch: timed.operationsPerBatch,
    operations: samplesCount * timed.operations,
    measuredSeconds: (samplesCount * mean) / 1000,
    operationsPerSecond: (timed.operations * 1000) / mean,
    batchP50Ms: samplesCount < samplesForPercentile(0.5) ? null : (p50 * timed.operationsPerBatch) / timed.operations,
  };
}

async function rescaleState(task: MicroTask, backend: StateBackend, names: readonly RescaleName[], tell: Tell): Promise<MicroResult> {
  const { keys, timeMs, directory } = task;
  await tell({ type: 'phase', phase: 'rescale' });
  const measurements: Measurement[] = [];
  const failures: Failure[] = [];
  for (const name of names) {
    const done = await tried(async () => {
      const own = join(directory, name);
      await mkdir(own);
      const timing = await timeRescale({ name, backend, directory: own, keys, widths: task, timeMs });
      return typeof timing === 'string' ? { code: 'wrong', message: timing } : timing;
    });
    if ('code' in done) {
      failures.push({ operations: [name], ...done });
      continue;
    }
    measurements.push({
      operation: name,
      batchSize: ENTRY_SLOTS,
      operationsPerBatch: ENTRY_SLOTS,
      operations: done.iterations * keys,
      measuredSeconds: (done.iterations * done.ms) / 1000,
      operationsPerSecond: (keys * 1000) / done.ms,
      batchP50Ms: done.iterations < samplesForPercentile(0.5) ? null : done.p50Ms / Math.ceil(keys / ENTRY_SLOTS),
    });
  }
  return { settings: backend.settings, measurements, failures };
}
