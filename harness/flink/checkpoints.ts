/** A job's checkpoints, from what Flink tells of them to how results have them. */
import { StatebenchError } from '../errors.ts';
import type { Checkpoint } from '../results.ts';
import type { FlinkCheckpoint, JobDetails, JobManager, SubtaskCheckpoints } from './job-manager.ts';
import { eventsAtTime, type Position } from './progress.ts';

interface Clock {
  /** Where the source was. */
  readonly positions: readonly Position[];
  /** When the measured part began and ended, in ms since 1970. */
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The completed ones, oldest first. A task's sync phase is what stops it: the longest of all tasks is the pause, and the rest until
 * the JobManager has every part counts as persisting. Bytes are as Flink counts them: what was written, and what is only referred to.
 * @param url where they have to be
 * @throws StatebenchError `backend-failed` if one is elsewhere
 */
export async function checkpointsOf(jobManager: JobManager, job: JobDetails, url: string, clock: Clock): Promise<Checkpoint[]> {
  const { history } = await jobManager.checkpoints(job.jid);
  // Those of a source that has ended are of a job that is emptying itself.
  const completed = history.filter(
    ({ status, is_savepoint: isSavepoint, trigger_timestamp: triggeredMs }) =>
      status === 'COMPLETED' && !isSavepoint && triggeredMs <= clock.endMs,
  );
  const elsewhere = completed.find(({ external_path: place }) => !isWithin(place, url));
  if (elsewhere !== undefined) {
    const place = elsewhere.external_path ?? 'a place that Flink does not tell';
    throw new StatebenchError(
      'backend-failed',
      `the job's checkpoints are in ${place} instead of ${url}: the cluster does not take what a job asks for`,
    );
  }
  const made: Checkpoint[] = [];
  for (const checkpoint of completed.toSorted((a, b) => a.id - b.id)) {
    const vertices = await Promise.all(
      job.vertices.map(async ({ id, name }) => ({ name, ...(await jobManager.subtaskCheckpoints(job.jid, checkpoint.id, id)) })),
    );
    made.push(checkpointOf(checkpoint, vertices, clock));
  }
  return made;
}

/** Flink writes a local folder with one slash or with three. */
function isWithin(place: string | null | undefined, url: string): boolean {
  const plain = (text: string): string => text.replace(/^file:\/+/, 'file:/');
  return typeof place === 'string' && plain(place).startsWith(`${plain(url)}/`);
}

type VertexCheckpoint = SubtaskCheckpoints & { readonly name: string };
type Subtask = SubtaskCheckpoints['subtasks'][number];

function checkpointOf(checkpoint: FlinkCheckpoint, vertices: readonly VertexCheckpoint[], { positions, startMs }: Clock): Checkpoint {
  const longest = (of: (subtask: Subtask) => number | undefined, among = vertices): number =>
    Math.max(0, ...among.flatMap(({ subtasks }) => subtasks.map((subtask) => of(subtask) ?? 0)));
  const sum = (of: (subtask: Subtask) => number | undefined, { subtasks }: VertexCheckpoint): number =>
    subtasks.reduce((total, subtask) => total + (of(subtask) ?? 0), 0);
  const written = (subtask: Subtask) => subtask.checkpointed_size ?? subtask.state_size;
  const pauseMs = longest((subtask) => subtask.checkpoint?.sync);
  const { id, trigger_timestamp: triggeredMs, state_size: stateBytes, end_to_end_duration: endToEndMs } = checkpoint;
  const bytesWritten = checkpoint.checkpointed_size ?? stateBytes;
  return {
    part: 1,
    id,
    atEvent: Math.floor(eventsAtTime(positions, triggeredMs)),
    atSeconds: (triggeredMs - startMs) / 1000,
    pauseMs,
    persistMs: Math.max(0, endToEndMs - pauseMs),
    bytesWritten,
    bytesReferenced: Math.max(0, stateBytes - bytesWritten),
    files: null,
    flink: {
      asyncMs: longest((subtask) => subtask.checkpoint?.async),
      endToEndMs,
      startDelayMs: Math.max(
        0,
        longest((subtask) => subtask.start_delay),
      ),
      alignmentMs: Math.max(
        0,
        longest((subtask) => subtask.alignment?.duration),
      ),
      vertices: vertices
        .map((vertex) => ({
          name: vertex.name,
          syncMs: longest((subtask) => subtask.checkpoint?.sync, [vertex]),
          asyncMs: longest((subtask) => subtask.checkpoint?.async, [vertex]),
          bytesWritten: sum(written, vertex),
          stateBytes: sum((subtask) => subtask.state_size, vertex),
        }))
        .filter((vertex) => vertex.stateBytes > 0),
    },
  };
}
