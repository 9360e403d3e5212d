import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend, StateStore } from '../../backends/contract.ts';
import type { Workload } from '../../workloads/contract.ts';
import { Job, NO_CHECKPOINTS } from '../job.ts';
import { version } from '../measure/environment.ts';
import { DigestSink } from '../pipeline/digest-sink.ts';
import { workloadTables } from '../pipeline/operator.ts';
import { RecordedStore } from './recorded-store.ts';
import type { TraceEnd } from './trace-format.ts';
import { TraceWriter } from './trace-writer.ts';

export interface RecordRequest {
  readonly workload: Workload;
  readonly backend: StateBackend;
  /** Takes no checkpoint: a job asks for one. */
  readonly storage: CheckpointStorage;
  readonly batchSize: number;
  /** Where to stop, with windows still open; null for the end of the stream, at which they fire. */
  readonly events: number | null;
  readonly seed: number;
  /** The job's own, empty. */
  readonly directory: string;
  /** The trace to write. */
  readonly to: string;
  /** Stops between two events; what was recorded until then is a whole trace. */
  readonly signal: AbortSignal;
}

export interface Recorded extends TraceEnd {
  /** Size of the file. */
  readonly bytes: number;
  readonly seconds: number;
}

/** Thrown through the pipeline where a recording is to stop: a job ends between two events, not between two batches of its choice. */
class Stopped extends Error {}

/**
 * Runs a workload on a backend and writes down every operation on its state.
 * @throws StatebenchError `bad-folder` or `disk-full` if the file cannot be written; whatever the backend throws
 */
export async function recordTrace(request: RecordRequest): Promise<Recorded> {
  const { workload, backend, storage, batchSize, events, seed, directory, to, signal } = request;
  const source = await workload.source({ seed, endless: false });
  const tables = workloadTables(workload);
  const writer = new TraceWriter(to, {
    tables,
    workload: { name: workload.name, settings: { ...workload.settings } },
    seed,
    batchSize,
    eventsAsked: events,
    provenance: { statebench: version(), backend: { name: backend.name, settings: { ...backend.settings } } },
  });
  try {
    const wrap = (store: StateStore) => new RecordedStore(store, writer, tables);
    const job = await Job.open({ workload, source, backend, storage, directory, batchSize, sink: new DigestSink(), wrap });
    const startMs = performance.now();
    const ended = await runUntil(job, events, signal);
    const seconds = (performance.now() - startMs) / 1000;
    const processed = job.pipeline.events;
    await job.close();
    return { ...writer.finish({ events: processed, ended }), seconds };
  } finally {
    writer.abandon();
  }
}

/** @returns whether the stream ended */
async function runUntil(job: Job, events: number | null, signal: AbortSignal): Promise<boolean> {
  try {
    await job.run(events ?? Number.POSITIVE_INFINITY, NO_CHECKPOINTS, () => {
      if (signal.aborted) throw new Stopped();
    });
    if (events !== null && job.pipeline.events >= events) return false;
    await job.end();
    return true;
  } catch (error) {
    if (error instanceof Stopped) return false;
    throw error;
  }
}
