import type { Job } from '../job.ts';
import type { DigestSink } from '../pipeline/digest-sink.ts';
import type { Ended } from './tasks.ts';

/** Ends a job's stream, which fires every open window, and closes the job. */
export async function endOf(job: Job, sink: DigestSink): Promise<Ended> {
  await job.end();
  const output = { atEvent: job.pipeline.events, ended: true, rows: sink.rows, digest: sink.hex() };
  await job.close();
  return { lateByStage: job.pipeline.lateByStage, output };
}
