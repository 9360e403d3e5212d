import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateBackend, StateStore } from '../../backends/contract.ts';
import { nowNs } from '../../harness/measure/clock.ts';
import { MeasuredStore } from '../../harness/measure/measured-store.ts';
import { DigestSink } from '../../harness/pipeline/digest-sink.ts';
import { workloadTables } from '../../harness/pipeline/operator.ts';
import { Pipeline } from '../../harness/pipeline/pipeline.ts';
import { StreamMeter } from '../../harness/trial/stream-meter.ts';
import { EventBatch, type Workload } from '../../workloads/contract.ts';

export interface PipelineRate {
  /** CPU time of this process per event, without the making of events, in ns. */
  readonly nsPerEvent: number;
  /** Time that passed per event, without the making of events, in ns. */
  readonly wallNsPerEvent: number;
  readonly sourceNsPerEvent: number;
  /** Digest of all rows, those of the warm-up too. */
  readonly output: string;
}

/** How much is run, in whole watermarks: `warmUp` events, then `events` that are measured, or as many of each as come within the time. */
export interface Shape {
  readonly events: number;
  readonly warmUp: number;
  readonly secondsMax: number;
  readonly batchSize: number;
  /** Whether calls and micro-batches are timed, as in a trial. */
  readonly isTimed?: boolean;
}

const SEED = 1;
/** Watermarks' worth of events made at a time: reading the CPU clock takes microseconds. */
const BATCHES_AHEAD = 16;

/** Runs a workload over a backend in this process, and tells what an event cost. */
export async function pipelineRate(backend: StateBackend, workload: Workload, shape: Shape): Promise<PipelineRate> {
  return withStore(backend, workload, (store) => rateOver(store, workload, shape));
}

/** Calls `use` with a store for this workload, which is gone afterwards. */
export async function withStore<T>(backend: StateBackend, workload: Workload, use: (store: StateStore) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-bench-'));
  const store = await backend.open({ directory, tables: workloadTables(workload) });
  try {
    return await use(store);
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
}

/** Runs a workload over an open store. @param warm is called when the events that are measured begin */
export async function rateOver(
  store: StateStore,
  workload: Workload,
  { events, warmUp, secondsMax, batchSize, isTimed = false }: Shape,
  warm?: () => void,
): Promise<PipelineRate> {
  const source = await workload.source({ seed: SEED, endless: true });
  const sink = new DigestSink();
  const measured = isTimed ? new MeasuredStore(store) : null;
  const meter = new StreamMeter({ ns: 0 });
  const pipeline = measured
    ? new Pipeline({ workload, store: measured, batchSize, sink, probe: meter })
    : new Pipeline({ workload, store, batchSize, sink });
  const { everyEvents } = workload.watermark;
  const batches = Array.from({ length: BATCHES_AHEAD }, () => new EventBatch(everyEvents, source));
  const sourceSpent = { cpuNs: 0, wallNs: 0 };
  let ready = 0;
  const run = async (count: number) => {
    const [from, endNs] = [pipeline.events, nowNs() + secondsMax * 1e9];
    while (pipeline.events < from + count && nowNs() < endNs) {
      if (ready === 0) {
        const filling = stopwatch();
        for (const batch of batches) source.fill(batch, everyEvents);
        const { cpuNs, wallNs } = filling();
        sourceSpent.cpuNs += cpuNs;
        sourceSpent.wallNs += wallNs;
        ready = BATCHES_AHEAD;
      }
      await pipeline.process(batches[BATCHES_AHEAD - ready]!);
      ready--;
    }
    return pipeline.events - from;
  };
  await run(warmUp / 2);
  measured?.clear();
  meter.clear();
  await run(warmUp / 2);
  sourceSpent.cpuNs = 0;
  sourceSpent.wallNs = 0;
  measured?.clear();
  meter.start();
  warm?.();
  const running = stopwatch();
  const done = await run(events);
  const { cpuNs, wallNs } = running();
  return {
    nsPerEvent: (cpuNs - sourceSpent.cpuNs) / done,
    wallNsPerEvent: (wallNs - sourceSpent.wallNs) / done,
    sourceNsPerEvent: sourceSpent.cpuNs / done,
    output: sink.hex(),
  };
}

/** CPU time of this process, and time that passed, from now until the call of what it returns. */
function stopwatch(): () => { readonly cpuNs: number; readonly wallNs: number } {
  const cpu = process.cpuUsage();
  const startNs = nowNs();
  return () => {
    const wallNs = nowNs() - startNs;
    const { user, system } = process.cpuUsage(cpu);
    return { cpuNs: (user + system) * 1000, wallNs };
  };
}
