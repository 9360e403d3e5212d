// Proves that a stall counts for every event that it kept waiting, and for one micro-batch of service time (coordinated omission); that
// no event is taken before it is due; and that what is counted holds on a machine that is busy: delays of others only add.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import type { Workload } from '../../workloads/contract.ts';
import { Job } from '../job.ts';
import { builtInFile, create, loadStorage, loadWorkload } from '../modules.ts';
import { bucketFloor, type HistogramData } from '../results.ts';
import { lateDriver, OpenLoop } from './open-loop.ts';
import { WindowClock, WindowLatencySink } from './window-clock.ts';

const RATE = 5000;
const EVENTS = 5000;
const STALL_MS = 400;
const storage = await create<CheckpointStorage>(await loadStorage('filesystem'));

function atLeast({ counts, subBuckets }: HistogramData, ms: number): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i += 2) if (bucketFloor(counts[i]!, subBuckets) >= ms * 1e6) sum += counts[i + 1]!;
  return sum;
}

for (const arrivals of ['constant', 'poisson'] as const) {
  test(`a stall of ${STALL_MS} ms among ${arrivals} arrivals`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'statebench-open-loop-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    const workload = await create<Workload>(await loadWorkload('synthetic:keys=100,ratePerSecond=5000,size=20,watermarkEvery=50'));
    const stalled = { stallMs: STALL_MS, stallAtWrite: 60 };
    const clock = WindowClock.of(workload.stages)!;
    const sink = new WindowLatencySink(clock, workload.stages.length);
    const job = await Job.open({
      workload,
      source: await workload.source({ seed: 1, endless: true }),
      backend: await create<StateBackend>({ kind: 'backend', name: 'plain', file: builtInFile('backend', 'canaries'), options: stalled }),
      storage,
      directory,
      batchSize: 100,
      sink,
    });
    const pace = new OpenLoop({ arrivals, seed: 3, batchSize: 100, clock });
    pace.begin(job, RATE, EVENTS);
    sink.begin(0);
    await job.run(EVENTS, { firstEvent: 4000, everyEvents: 4000, exact: false }, undefined, pace);
    const stretch = pace.end();
    await job.finish();

    t.is(stretch.latency.total, EVENTS);
    t.true(stretch.latency.min >= 0, 'none before it was due');
    // Those due in the stall's first 300 ms waited for its last 100 ms and more.
    const waited = atLeast(stretch.latency, 100);
    const least = RATE * 0.3 * (arrivals === 'constant' ? 0.99 : 0.85);
    t.true(waited >= least, `${waited} events waited 100 ms, and ${least} had to`);
    t.true(atLeast(stretch.latency, STALL_MS * 0.98) >= 1);
    t.true(stretch.service.total < EVENTS, 'several at a time are taken where several are due');
    t.true(atLeast(stretch.service, STALL_MS * 0.98) >= 1);
    t.true(atLeast(stretch.service, STALL_MS * 0.98) < waited / 50, 'service time alone would have told of a few');
    t.true(sink.latency.total > 0 && sink.latency.save().max >= STALL_MS * 0.98e6, 'windows were late by it too');
    t.true(stretch.duringCheckpoint.total > 0 && stretch.duringCheckpoint.total < EVENTS);
    t.true(stretch.timeline.p99Ms.some((ms) => ms !== null && ms >= 100));
    t.true(stretch.seconds >= ((EVENTS - 1) / RATE) * 0.8);
  });
}

test('a driver that was late itself voids a figure, a little lag does not', (t) => {
  const stretch = { p99Ns: 1e6, lagP99Ns: 2e5 } as Parameters<typeof lateDriver>[0];
  t.regex(lateDriver(stretch)!, /lag at p99 \(200 µs\) is more than a tenth of the measured p99 \(1000 µs\)/);
  t.is(lateDriver({ ...stretch, lagP99Ns: 9e4 }), null);
  t.is(lateDriver({ ...stretch, lagP99Ns: 0 }), null, 'it never had to wait');
});
