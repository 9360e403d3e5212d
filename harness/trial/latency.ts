import { Job, NO_CHECKPOINTS } from '../job.ts';
import { nowNs } from '../measure/clock.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import type { LatencyFigures, Load } from '../results.ts';
import { cellParts } from './cell-parts.ts';
import { lateDriver, OpenLoop, type Stretch } from './open-loop.ts';
import { RateSearch } from './rate-search.ts';
import type { LatencyResult, LatencyTask, Tell } from './tasks.ts';
import { WindowClock, WindowLatencySink } from './window-clock.ts';

/** Checkpoints of a stretch. */
const CHECKPOINTS = 2;

/**
 * Warms up, searches the rate that is sustained, then measures the latency at parts of it and at rates that other cells are measured
 * at too.
 */
export async function latency({ cell, plan, eventsPerSecond, limitMs, arrivals }: LatencyTask, tell: Tell): Promise<LatencyResult> {
  await tell({ type: 'phase', phase: 'latency' });
  const parts = await cellParts(cell, true);
  const { stages } = parts.workload;
  const clock = WindowClock.of(stages);
  const windows = clock === null ? null : new WindowLatencySink(clock, stages.length);
  const sink = windows ?? new DigestSink();
  const job = await Job.open({ ...parts, directory: cell.directory, batchSize: cell.batchSize, sink });
  const pace = new OpenLoop({ arrivals, seed: cell.seed, batchSize: cell.batchSize, clock });
  // The first checkpoint is a full one where later ones are not, and is no part of any stretch.
  await job.run(plan.warmUp, NO_CHECKPOINTS);
  await job.checkpoint();
  await job.checkpointer.settled();

  const drive = async (ratePerSecond: number, events: number): Promise<Stretch> => {
    const from = job.pipeline.events;
    const everyEvents = Math.max(1, Math.round((ratePerSecond * plan.stretchSeconds) / CHECKPOINTS));
    const startNs = nowNs();
    pace.begin(job, ratePerSecond, events, startNs);
    windows?.begin(startNs);
    await job.run(from + events, { firstEvent: from + Math.ceil(everyEvents / 2), everyEvents, exact: false }, undefined, pace);
    return pace.end();
  };

  const search = new RateSearch(eventsPerSecond, limitMs, plan.steps);
  while (search.nextPerSecond !== null) {
    search.add(await drive(search.nextPerSecond, plan.stepEvents), cell.batchSize);
    await job.checkpointer.settled();
  }
  const { passedPerSecond } = search.found;
  const loads: Load[] = [];
  for (const load of plan.loads) {
    const fraction = 'fraction' in load ? load.fraction : null;
    const ratePerSecond = 'fraction' in load ? load.fraction * (passedPerSecond ?? search.lowestPerSecond) : load.ratePerSecond;
    const before = job.checkpointer.records.length;
    const stretch = await drive(ratePerSecond, load.events);
    await job.checkpointer.settled();
    const unsustained = fraction !== null && passedPerSecond === null ? 'no rate was sustained that this could be a part of' : null;
    loads.push({
      ...loadOf(stretch, fraction),
      window: windows === null ? null : windows.latency.save(),
      void: unsustained ?? lateDriver(stretch),
      checkpoints: job.checkpointer.records.slice(before).map(({ startNs, pauseMs, persistMs }) => {
        return { atSeconds: (startNs - stretch.startNs) / 1e9, pauseMs, persistMs };
      }),
    });
  }
  await job.finish();
  const figures: LatencyFigures = { sustainable: search.found, loads };
  return { latency: figures, output: { atEvent: job.pipeline.events, ended: false, rows: sink.rows, digest: sink.hex() } };
}

function loadOf({ p99Ns: _, lagP99Ns: __, startNs: ___, ...stretch }: Stretch, fraction: number | null) {
  return { fraction, ...stretch };
}
