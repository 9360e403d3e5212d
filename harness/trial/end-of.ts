import type { Job } from '../job.ts';
import type { DigestSink } from '../pipeline/digest-sink.ts';
import type { Ended } from './tasks.ts';

/**
 * Ends a job's stream, which fires every open window, and closes the job.
 * @param goesOn whether somebody goes on from its checkpoints.
 */
export async function endOf(job: Job, sink: DigestSink, goesOn: boolean): Promise<Ended> {
  await job.end();
  const output = { atEvent: job.pipeline.events, ended: true, rows: sink.rows, digest: sink.hex() };
  await (goesOn ? job.close() : job.finish());
  return { lateByStage: job.pipeline.lateByStage, output };
}
