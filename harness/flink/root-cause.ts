/** Finds in a Java stack what went wrong in the first place, in words. */

const LONGEST = 400;
/** Of the failure itself: the causes of what was suppressed on the way are indented. */
const CAUSE = /^Caused by: (.+)$/;
const THROWN = /^(?:<Exception on server side:\s*)?((?:[a-z_]\w*\.)+[\w$]*(?:Exception|Error|Failure|Throwable)\b.*)$/;
/** Class names without their packages: `java.lang.OutOfMemoryError` is OutOfMemoryError. */
const PACKAGE = /\b(?:[a-z_]\w*\.)+(?=(?:[A-Z]\w*)?(?:Exception|Error|Throwable)\b)/g;
/** What travelled between processes names itself, then what it was. */
const TRAVELLED = /^(?:SerializedThrowable: )+/;
const CHECKPOINT = /^.*Exceeded checkpoint tolerable failure threshold\.(?: The latest checkpoint failed due to (.*?)\.?, view the .*)?$/;

/** Of a TaskManager: Flink's JobManager cannot know more than that it is not heard of. */
export const SEE_ITS_LOG = 'its own log says why, or see that it answers within heartbeat.timeout';
export const REMEDY_OF_HEAP = 'the state is more than the heap of the tasks: give taskmanager.memory.task.heap.size more, or take rocksdb';

/** What to do about causes that are met often. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /NoResourceAvailableException|Could not acquire the minimum required resources/,
    'no slot is free: end other jobs, or start more TaskManagers',
  ],
  [/OutOfMemoryError: Java heap space|GC overhead limit/, REMEDY_OF_HEAP],
  [/OutOfMemoryError: Metaspace/, 'too many jobs were loaded one after the other: start the TaskManagers again'],
  [/OutOfMemoryError: Direct buffer memory/, 'give taskmanager.memory.task.off-heap.size more'],
  [
    /Could not find a file system implementation for scheme 'hdfs'/,
    'Flink has no Hadoop on its class path: set HADOOP_CLASSPATH for all its processes; a Flink started here takes that of statebench servers install hdfs, and has to be started again after it',
  ],
  [/No space left on device/, 'make space on the disk of the TaskManagers or of the checkpoints'],
  [
    /Checkpoint expired before completing/,
    'checkpoints take longer than execution.checkpointing.timeout: give it more, or checkpoint less often',
  ],
  [
    /Exceeded checkpoint tolerable failure threshold|CheckpointException|Failed to create checkpoint storage/,
    'see that every TaskManager and the JobManager can write to execution.checkpointing.dir',
  ],
  [/NoSuchFileException|FileNotFoundException/, 'see that the TaskManagers see the shared folder at the same path as this machine'],
  [/UnsupportedClassVersionError/, 'the cluster runs on an older Java than 17'],
  [/TaskManager with id \S+ (?:is no longer reachable|timed out)/, SEE_ITS_LOG],
];

/**
 * The innermost cause of a stack, on one line, and what to do about it where that is known.
 * @param within what the failure is part of, where the stack does not say it and the remedy depends on it
 */
export function rootCause(stack: string, within = ''): string {
  const text = innermost(stack);
  const remedy = REMEDIES.find(([pattern]) => pattern.test(stack) || pattern.test(within))?.[1];
  return remedy === undefined ? text : `${text}; ${remedy}`;
}

/** Whether a job failed for a checkpoint: the stack of the job does not tell what became of that, but the JobManager's log does. */
export function isOfCheckpoint(stack: string): boolean {
  return stack.includes('Exceeded checkpoint tolerable failure threshold');
}

function innermost(stack: string): string {
  const lines = stack.split('\n').map((line) => line.trimEnd());
  const cause =
    lines.findLast((line) => CAUSE.test(line))?.replace(CAUSE, '$1') ??
    lines.map((line) => THROWN.exec(line.trimStart())?.[1]).find((line) => line !== undefined) ??
    lines.map((line) => line.trim()).find((line) => line !== '' && !/^(Internal server error\.|at )/.test(line)) ??
    'no reason was given';
  return cause
    .replace(PACKAGE, '')
    .replace(TRAVELLED, '')
    .replace(/\s+/g, ' ')
    .replace(CHECKPOINT, (whole, why: string | undefined) => (why === undefined ? whole : `a checkpoint failed: ${why}`))
    .slice(0, LONGEST)
    .replace(/[.\s>]+$/, '');
}

/** A line of a log that is no part of a stack: it begins with a date or a time. */
const ENTRY = /^\W?\d{2,4}[-/:.]\d{2}/;
/** Why a checkpoint was given up, or why a task declined it. */
const GIVEN_UP = /Failed to trigger or complete checkpoint \d+ for job |Decline checkpoint \d+ by task /;

/** In a JobManager's log, the stack of why the last checkpoint of a job failed that has a cause of its own; null if there is none. */
export function checkpointFailureIn(log: string, job: string): string | null {
  const lines = log.split('\n');
  const stacks = lines.flatMap((line, index) => {
    if (!GIVEN_UP.test(line) || !line.includes(job)) return [];
    const end = lines.findIndex((next, place) => place > index && ENTRY.test(next));
    return [lines.slice(index + 1, end === -1 ? undefined : end).join('\n')];
  });
  return stacks.findLast((stack) => /^Caused by: /m.test(stack)) ?? null;
}
