import { type StateStore, WINDOW_BYTES } from '../../backends/contract.ts';
import type { Source, Workload } from '../../workloads/contract.ts';
import { Job, NO_CHECKPOINTS } from '../job.ts';
import { nowNs } from '../measure/clock.ts';
import { allocatedBytes } from '../measure/disk.ts';
import { InterruptionWatch } from '../measure/interruptions.ts';
import { MeasuredStore } from '../measure/measured-store.ts';
import { anonymousBytes, heapBytes, residentBytes } from '../measure/resident-memory.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import { workloadTables } from '../pipeline/operator.ts';
import type { StreamPart } from '../pipeline/pipeline.ts';
import { EntryCounter, storedEntries } from '../portable/entries.ts';
import { catchUpRate } from './catch-up.ts';
import { cellParts } from './cell-parts.ts';
import { endOf } from './end-of.ts';
import { OpenLoop } from './open-loop.ts';
import { StreamMeter } from './stream-meter.ts';
import type { MeasureResult, MeasureTask, Meet, Tell } from './tasks.ts';

/**
 * Warms up, measures at the same time as the processes beside it, and tells the result; then works on in the tail, with checkpoints,
 * to the end of the stream or until the parent's SIGKILL comes.
 */
export async function measure({ cell, stream, afterwards, goesOn }: MeasureTask, tell: Tell, meet: Meet): Promise<MeasureResult> {
  await tell({ type: 'phase', phase: 'open' });
  const parts = await cellParts(cell, true);
  const source = new TimedSource(parts.source);
  const sink = new DigestSink();
  const meter = new StreamMeter(source);
  const rssBytesBefore = residentBytes();
  const anonymousBytesBefore = await anonymousBytes();
  let store: MeasuredStore | null = null;
  const job = await Job.open({
    ...parts,
    source,
    directory: cell.directory,
    batchSize: cell.batchSize,
    sink,
    probe: meter,
    wrapPart: source.timePart,
    wrap: (opened) => {
      store = new MeasuredStore(opened);
      return store;
    },
  });
  const measured = store as unknown as MeasuredStore;
  meter.watch(job.checkpointer);

  await tell({ type: 'phase', phase: 'warm-up' });
  await job.run(Math.floor(stream.warmUp / 2), stream.checkpoints);
  // What is found to be short is sampled from now on, so that the code which does that is warm when it is measured.
  measured.clear();
  meter.clear();
  await job.run(stream.warmUp, stream.checkpoints);

  await meet();
  await tell({ type: 'phase', phase: 'measure' });
  measured.clear();
  source.ns = 0;
  const turnsBeforeNs = job.turnsNs;
  const interruptions = new InterruptionWatch();
  const cpuBefore = process.cpuUsage();
  const faultsBefore = majorFaults();
  const startNs = meter.start();
  await job.run(stream.warmUp + stream.measured, stream.checkpoints);
  const endNs = nowNs();
  const cpu = process.cpuUsage(cpuBefore);
  const faults = majorFaults();
  const { heap, external } = heapBytes();
  const interrupted = interruptions.stop();
  const storeNs = measured.ns;
  const sourceNs = source.ns;
  const turnsNs = job.turnsNs - turnsBeforeNs;
  const calls = measured.save();
  const output = { atEvent: job.pipeline.events, ended: false, rows: sink.rows, digest: sink.hex() };
  // The checkpoint that the end of the measured part cut short is waited for, outside the measured time.
  await job.checkpointer.settled();
  // Whoever is done first does nothing that the others could feel.
  await meet();
  const records = job.checkpointer.records;
  // A cut made in the warm-up may have been published since: its pause is not of the measured part.
  const pausesNs = records.filter((record) => record.startNs >= startNs).reduce((sum, { pauseMs }) => sum + pauseMs * 1e6, 0);
  const totalNs = endNs - startNs;
  const allocated = await allocatedBytes(job.stateDirectory);
  // Nothing in the directory says nothing of what the state takes elsewhere.
  const workingBytes = allocated === 0 ? null : allocated;
  const checkpointBytes = await job.space.allocatedBytes();
  const liveState = await liveStateOf(measured, job, parts.workload);
  const result: MeasureResult = {
    startNs,
    endNs,
    events: meter.events,
    batches: meter.batches,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    perSecond: meter.perSecond,
    time: {
      storeSeconds: storeNs / 1e9,
      sourceSeconds: sourceNs / 1e9,
      checkpointSeconds: (pausesNs + turnsNs) / 1e9,
      pipelineSeconds: Math.max(0, totalNs - storeNs - sourceNs - pausesNs - turnsNs) / 1e9,
    },
    batchTime: {
      all: meter.all.save(),
      duringCheckpoint: meter.duringCheckpoint.save(),
      p99MsPerSecond: meter.p99MsPerSecond,
    },
    calls,
    checkpoints: records.slice(),
    liveState,
    disk: { workingBytes, checkpointBytes, stateBytesWritten: stateBytesWritten(calls, parts.workload) },
    unavailable: {
      ...(allocated === null && { 'disk.workingBytes': 'this platform does not tell allocated blocks' }),
      ...(allocated === 0 && { 'disk.workingBytes': 'this backend keeps its working state in memory, or with a server' }),
      ...(checkpointBytes === null && { 'disk.checkpointBytes': 'this checkpoint storage does not tell what it takes' }),
    },
    settings: { ...parts.backend.settings },
    lateByStage: job.pipeline.lateByStage,
    rssBytesBefore,
    anonymousBytesBefore,
    heapBytes: heap,
    externalBytes: external,
    interruptions: interrupted,
    majorFaults: faults === null || faultsBefore === null ? null : faults - faultsBefore,
    output,
    ended: null,
  };
  const end = stream.warmUp + stream.measured + stream.tail;
  if ('endAt' in afterwards) {
    await job.run(afterwards.endAt, stream.checkpoints);
    const ended = await endOf(job, sink, goesOn);
    return { ...result, ended };
  }
  await tell({ type: 'result', result });
  await tell({ type: 'phase', phase: 'kill' });
  const { killAt, isPaced } = afterwards;
  // Cut exactly where they are due, so that the kill falls at the same fraction of the interval for every backend; and none between the
  // request for SIGKILL and its arrival.
  const inTail = { ...stream.checkpoints, exact: true };
  if (!isPaced) {
    await job.run(killAt, inTail);
    await tell({ type: 'kill-me', event: killAt });
    await job.run(end, NO_CHECKPOINTS);
  } else {
    const ratePerSecond = catchUpRate(stream, meter.events / (totalNs / 1e9));
    const pace = new OpenLoop({ arrivals: 'constant', seed: cell.seed, batchSize: cell.batchSize, clock: null });
    pace.begin(job, ratePerSecond, end - job.pipeline.events);
    await job.run(killAt, inTail, undefined, pace);
    await tell({ type: 'kill-me', event: killAt, pace: { ratePerSecond, dueNs: pace.nextNs, p99Ns: pace.p99Ns } });
    await job.run(end, NO_CHECKPOINTS, undefined, pace);
  }
  // The whole stream is done and nobody came: wait for the end without touching what it will find.
  return new Promise(() => setInterval(() => {}, 1000));
}

/** Of all entries that were written or appended: their windows, keys and values. */
function stateBytesWritten(calls: MeasureResult['calls'], workload: Workload): number {
  const keyBytes = new Map(workloadTables(workload).map((table) => [table.name, table.keyBytes]));
  return calls
    .filter(({ operation }) => operation === 'write' || operation === 'append')
    .reduce((sum, { table, slots, bytes }) => sum + bytes + slots * (WINDOW_BYTES + (keyBytes.get(table) ?? 0)), 0);
}

/** Windows counts no page faults by their kind. */
function majorFaults(): number | null {
  return process.platform === 'win32' ? null : process.resourceUsage().majorPageFault;
}

/** Reads everything that the store holds. */
async function liveStateOf(store: StateStore, { pipeline }: Job, workload: Workload): Promise<MeasureResult['liveState']> {
  const counter = new EntryCounter();
  const held = { tables: workloadTables(workload), pipeline: pipeline.save() };
  for await (const entries of storedEntries(store, held)) counter.count(entries);
  const { entries, bytes } = counter.carried;
  return { entries, bytes };
}

/** A source that adds up the time of making events, and of taking out those of other processes. */
class TimedSource implements Source {
  ns = 0;
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  get keyBytes(): number {
    return this.#source.keyBytes;
  }

  get width(): number {
    return this.#source.width;
  }

  get events(): number {
    return this.#source.events;
  }

  get position(): number {
    return this.#source.position;
  }

  seek(position: number): void {
    this.#source.seek(position);
  }

  fill(...request: Parameters<Source['fill']>): number {
    const start = nowNs();
    const filled = this.#source.fill(...request);
    this.ns += nowNs() - start;
    return filled;
  }

  readonly timePart = (part: StreamPart): StreamPart => ({
    keep: (events) => {
      const start = nowNs();
      const gone = part.keep(events);
      this.ns += nowNs() - start;
      return gone;
    },
  });
}
