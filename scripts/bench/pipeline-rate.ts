import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateBackend } from '../../backends/contract.ts';
import { DigestSink } from '../../harness/pipeline/digest-sink.ts';
import { workloadTables } from '../../harness/pipeline/operator.ts';
import { Pipeline } from '../../harness/pipeline/pipeline.ts';
import { EventBatch, type Workload } from '../../workloads/contract.ts';

export interface PipelineRate {
  /** CPU time of this process per event, without the making of events, in ns. */
  readonly nsPerEvent: number;
  readonly sourceNsPerEvent: number;
}

/** Runs `events` events of a workload over a backend in this process, after `warmUp` others, and tells what one cost. */
export async function pipelineRate(
  backend: StateBackend,
  workload: Workload,
  {
    events,
    warmUp,
    batchSize,
    seed = 1,
  }: { readonly events: number; readonly warmUp: number; readonly batchSize: number; readonly seed?: number },
): Promise<PipelineRate> {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-bench-'));
  const store = await backend.open({ directory, tables: workloadTables(workload) });
  const source = await workload.source({ seed, endless: true });
  const pipeline = new Pipeline({ workload, store, batchSize, sink: new DigestSink() });
  const batch = new EventBatch(workload.watermark.everyEvents, source);
  let sourceNs = 0;
  const run = async (until: number) => {
    while (pipeline.events < until) {
      const start = process.hrtime.bigint();
      source.fill(batch, Math.min(until - pipeline.events, pipeline.untilWatermark));
      sourceNs += Number(process.hrtime.bigint() - start);
      await pipeline.process(batch);
    }
  };
  await run(warmUp);
  sourceNs = 0;
  const cpu = process.cpuUsage();
  await run(warmUp + events);
  const { user, system } = process.cpuUsage(cpu);
  await store.close();
  await rm(directory, { recursive: true });
  return { nsPerEvent: ((user + system) * 1000 - sourceNs) / events, sourceNsPerEvent: sourceNs / events };
}
