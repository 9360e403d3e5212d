import { mkdir } from 'node:fs/promises';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import { Job, NO_CHECKPOINTS } from '../../harness/job.ts';
import { builtInFile, create, LOCAL_STORAGE } from '../../harness/modules.ts';
import { DigestSink } from '../../harness/pipeline/digest-sink.ts';
import type { SelfCheck } from '../../harness/survival/self-check.ts';
import { OpenLoop } from '../../harness/trial/open-loop.ts';
import { mergeHistograms, percentileNs } from '../../reports/statistics/percentile.ts';
import type { Workload } from '../../workloads/contract.ts';

const RATE = 2500;
const SECONDS = 4;
const STALL_MS = 1000;
/** Of events due in a stall of D, evenly spaced, (D − x) / T waited longer than x: 99.9 % of those in T waited at most D − 0.001 T. */
const THEORY_MS = STALL_MS - 0.001 * SECONDS * 1000;
/** The histogram's buckets are 0.8 % wide, and what waited has to be processed when the stall is over. */
const LEAST = 0.99;
const MOST = 1.1;
const STALL_AT_WRITE = 40;

/** Plants a stall of a second, and looks whether p99.9 is what it has to be. */
export const stallCheck: SelfCheck = {
  name: 'a stall of 1 s counts for every event that had to wait',
  async run({ directory }) {
    await mkdir(directory, { recursive: true });
    const options = { keys: 100, ratePerSecond: 2000, watermarkEvery: 50, size: 500 };
    const stalled = { stallMs: STALL_MS, stallAtWrite: STALL_AT_WRITE };
    const workload = await create<Workload>({ kind: 'workload', name: 'synthetic', file: builtInFile('workload', 'synthetic'), options });
    const job = await Job.open({
      workload,
      source: await workload.source({ seed: 1, endless: true }),
      backend: await create<StateBackend>({ kind: 'backend', name: 'plain', file: builtInFile('backend', 'canaries'), options: stalled }),
      storage: await create<CheckpointStorage>(LOCAL_STORAGE),
      directory,
      batchSize: 50,
      sink: new DigestSink(),
    });
    const events = RATE * SECONDS;
    const pace = new OpenLoop({ arrivals: 'constant', seed: 1, batchSize: 50, clock: null });
    pace.begin(job, RATE, events);
    await job.run(events, NO_CHECKPOINTS, undefined, pace);
    const { latency, service } = pace.end();
    await job.finish();
    const p999Ms = (histogram: typeof latency) => percentileNs(mergeHistograms([histogram]), 0.999)! / 1e6;
    const found = p999Ms(latency);
    return {
      passed: found >= LEAST * THEORY_MS && found <= MOST * THEORY_MS,
      seen: `p99.9 of ${events} events is ${Math.round(found)} ms, where theory says ${Math.round(THEORY_MS)}; of micro-batches, as a closed loop sees them, it is ${p999Ms(service).toFixed(1)} ms`,
    };
  },
};
