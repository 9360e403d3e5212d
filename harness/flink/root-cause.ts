/** Finds in a Java stack what went wrong in the first place, in words. */

const LONGEST = 400;
const CAUSE = /^\s*Caused by: (.+)$/;
const THROWN = /^(?:<Exception on server side:\s*)?((?:[a-z_]\w*\.)+[\w$]*(?:Exception|Error|Failure)\b.*)$/;
/** Class names without their packages: `java.lang.OutOfMemoryError` is OutOfMemoryError. */
const PACKAGE = /\b(?:[a-z_]\w*\.)+(?=[A-Z]\w*(?:Exception|Error)\b)/g;

/** What to do about causes that are met often. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /NoResourceAvailableException|Could not acquire the minimum required resources/,
    'no slot is free: end other jobs, or start more TaskManagers',
  ],
  [
    /OutOfMemoryError: Java heap space|GC overhead limit/,
    'the state is more than the heap of the tasks: give taskmanager.memory.task.heap.size more, or take rocksdb',
  ],
  [/OutOfMemoryError: Metaspace/, 'too many jobs were loaded one after the other: start the TaskManagers again'],
  [/OutOfMemoryError: Direct buffer memory/, 'give taskmanager.memory.task.off-heap.size more'],
  [
    /Exceeded checkpoint tolerable failure threshold|CheckpointException/,
    'see that every TaskManager can write to execution.checkpointing.dir',
  ],
  [/UnsupportedClassVersionError/, 'the cluster runs on an older Java than 17'],
  [
    /Could not find a file system implementation for scheme 'hdfs'/,
    'Flink has no Hadoop on its class path: set HADOOP_CLASSPATH for all its processes; a Flink started here takes that of statebench servers install hdfs, and has to be started again after it',
  ],
  [/No space left on device/, 'make space on the disk of the TaskManagers or of the checkpoints'],
];

/** The innermost cause of a stack, on one line, and what to do about it where that is known. */
export function rootCause(stack: string): string {
  const lines = stack.split('\n').map((line) => line.trim());
  const cause =
    lines.findLast((line) => CAUSE.test(line))?.replace(CAUSE, '$1') ??
    lines.map((line) => THROWN.exec(line)?.[1]).find((line) => line !== undefined) ??
    lines.find((line) => line !== '' && !/^(Internal server error\.|at )/.test(line)) ??
    'no reason was given';
  const text = cause
    .replace(PACKAGE, '')
    .replace(/\s+/g, ' ')
    .slice(0, LONGEST)
    .replace(/[.\s>]+$/, '');
  const remedy = REMEDIES.find(([pattern]) => pattern.test(stack))?.[1];
  return remedy === undefined ? text : `${text}; ${remedy}`;
}
