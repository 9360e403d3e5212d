/**
 * The work of the bare loops done by a whole pipeline: events of uniform keys into one window that never fires, so that each
 * micro-batch reads, changes and writes about as many slots as it has events. The events are made beforehand.
 */
import type { StateBackend } from '../../backends/contract.ts';
import { create, loadWorkload } from '../../harness/modules.ts';
import { DigestSink } from '../../harness/pipeline/digest-sink.ts';
import { workloadTables } from '../../harness/pipeline/operator.ts';
import { Pipeline } from '../../harness/pipeline/pipeline.ts';
import { EventBatch, type Workload } from '../../workloads/contract.ts';
import { type BareLoop, SLOTS } from './bare-loops.ts';

/** Batches that come again and again: twice as many events as keys touch nearly all of them. */
const LAPS = 2;

export function pipelineLoop(backend: StateBackend): BareLoop {
  return {
    name: backend.name,
    async open(directory, { keys }) {
      const spec = `synthetic:keys=${keys},size=${2 ** 31},watermarkEvery=${SLOTS}`;
      const workload = await create<Workload>(await loadWorkload(spec));
      const source = await workload.source({ seed: 1, endless: true });
      const batches = Array.from({ length: Math.ceil((LAPS * keys) / SLOTS) }, () => {
        const batch = new EventBatch(SLOTS, source);
        source.fill(batch, SLOTS);
        return batch;
      });
      const store = await backend.open({ directory, tables: workloadTables(workload) });
      const pipeline = new Pipeline({ workload, store, batchSize: SLOTS, sink: new DigestSink() });
      for (const batch of batches) await pipeline.process(batch);
      let next = 0;
      return {
        async run(count) {
          for (; count > 0; count--) await pipeline.process(batches[next++ % batches.length]!);
        },
        close: () => store.close(),
      };
    },
  };
}
