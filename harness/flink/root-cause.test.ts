// Proves that of what Flink says the innermost cause is told, on one line and with a remedy. The texts are Flink 2.3.0's own, each made to
// come by the fault that it is named for; of every part of a stack the first frame is kept.
import test from 'ava';
import { whyLost } from './lost-task-manager.ts';
import { checkpointFailureIn, isOfCheckpoint, rootCause } from './root-cause.ts';

const FAILURES: readonly (readonly [name: string, said: string, told: string])[] = [
  [
    'no slot',
    `org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
	at org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:213)
Caused by: java.util.concurrent.CompletionException: java.util.concurrent.CompletionException: org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException: Could not acquire the minimum required resources.
	at org.apache.flink.runtime.scheduler.DefaultExecutionDeployer.lambda$assignResource$4(DefaultExecutionDeployer.java:226)
Caused by: java.util.concurrent.CompletionException: org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException: Could not acquire the minimum required resources.
	at java.base/java.util.concurrent.CompletableFuture.encodeThrowable(CompletableFuture.java:332)
Caused by: org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException: Could not acquire the minimum required resources.`,
    'NoResourceAvailableException: Could not acquire the minimum required resources; no slot is free: end other jobs, or start more TaskManagers',
  ],
  [
    'events that a TaskManager does not see',
    `org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
	at org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:213)
Caused by: java.nio.file.NoSuchFileException: /nonexistent/events
	at java.base/sun.nio.fs.UnixException.translateToIOException(UnixException.java:92)`,
    'NoSuchFileException: /nonexistent/events; see that the TaskManagers see the shared folder at the same path as this machine',
  ],
  [
    'a TaskManager that gives no sign',
    `org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
	at org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:213)
Caused by: java.util.concurrent.TimeoutException: The heartbeat of TaskManager with id task-manager-1 timed out.
	at org.apache.flink.runtime.resourcemanager.ResourceManager$TaskManagerHeartbeatListener.notifyHeartbeatTimeout(ResourceManager.java:1478)`,
    'TimeoutException: The heartbeat of TaskManager with id task-manager-1 timed out; its own log says why, or see that it answers within heartbeat.timeout',
  ],
  [
    'a TaskManager that was killed',
    `org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
	at org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:213)
Caused by: org.apache.flink.runtime.resourcemanager.exceptions.ResourceManagerException: TaskManager with id task-manager-2 is no longer reachable.
	at org.apache.flink.runtime.resourcemanager.ResourceManager$TaskManagerHeartbeatListener.notifyTargetUnreachable(ResourceManager.java:1495)`,
    'ResourceManagerException: TaskManager with id task-manager-2 is no longer reachable; its own log says why, or see that it answers within heartbeat.timeout',
  ],
  [
    'a heap that is full',
    `org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
	at org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:213)
Caused by: java.lang.OutOfMemoryError: Java heap space
	at statebench.EventFile.numbers(EventFile.java:53)`,
    'OutOfMemoryError: Java heap space; the state is more than the heap of the tasks: give taskmanager.memory.task.heap.size more, or take rocksdb',
  ],
  [
    'a checkpoint that took too long',
    `org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
	at org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:213)
Caused by: org.apache.flink.util.FlinkRuntimeException: Exceeded checkpoint tolerable failure threshold. The latest checkpoint failed due to Checkpoint expired before completing., view the Checkpoint History tab or the Job Manager log to find out why continuous checkpoints failed.
	at org.apache.flink.runtime.checkpoint.CheckpointFailureManager.checkFailureAgainstCounter(CheckpointFailureManager.java:212)`,
    'a checkpoint failed: Checkpoint expired before completing; checkpoints take longer than execution.checkpointing.timeout: give it more, or checkpoint less often',
  ],
  [
    'a checkpoint that a task declined',
    `org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
	at org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:213)
Caused by: org.apache.flink.util.FlinkRuntimeException: Exceeded checkpoint tolerable failure threshold. The latest checkpoint failed due to Asynchronous task checkpoint failed., view the Checkpoint History tab or the Job Manager log to find out why continuous checkpoints failed.
	at org.apache.flink.runtime.checkpoint.CheckpointFailureManager.checkFailureAgainstCounter(CheckpointFailureManager.java:212)`,
    'a checkpoint failed: Asynchronous task checkpoint failed; see that every TaskManager and the JobManager can write to execution.checkpointing.dir',
  ],
  [
    'a folder of checkpoints that is none',
    `org.apache.flink.runtime.rest.handler.RestHandlerException: Could not execute application.
	at org.apache.flink.runtime.webmonitor.handlers.JarRunHandler.lambda$handleRequest$1(JarRunHandler.java:114)
Caused by: java.util.concurrent.CompletionException: org.apache.flink.util.FlinkRuntimeException: Could not execute application.
	at java.base/java.util.concurrent.CompletableFuture.encodeThrowable(CompletableFuture.java:315)
Caused by: org.apache.flink.util.FlinkRuntimeException: Could not execute application.
	at org.apache.flink.client.deployment.application.DetachedApplicationRunner.tryExecuteJobs(DetachedApplicationRunner.java:88)
Caused by: org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: Failed to execute job 'statebench 1'.
	at org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:376)
Caused by: org.apache.flink.util.FlinkException: Failed to execute job 'statebench 1'.
	at org.apache.flink.streaming.api.environment.StreamExecutionEnvironment.executeAsync(StreamExecutionEnvironment.java:2008)
Caused by: java.lang.RuntimeException: org.apache.flink.runtime.client.JobInitializationException: Could not start the JobMaster.
	at org.apache.flink.util.ExceptionUtils.rethrow(ExceptionUtils.java:321)
Caused by: org.apache.flink.runtime.client.JobInitializationException: Could not start the JobMaster.
	at org.apache.flink.runtime.jobmaster.DefaultJobMasterServiceProcess.lambda$new$0(DefaultJobMasterServiceProcess.java:97)
Caused by: java.util.concurrent.CompletionException: org.apache.flink.util.FlinkRuntimeException: Failed to create checkpoint storage at checkpoint coordinator side.
	at java.base/java.util.concurrent.CompletableFuture.encodeThrowable(CompletableFuture.java:315)
Caused by: org.apache.flink.util.FlinkRuntimeException: Failed to create checkpoint storage at checkpoint coordinator side.
	at org.apache.flink.runtime.checkpoint.CheckpointCoordinator.<init>(CheckpointCoordinator.java:358)
Caused by: java.nio.file.FileAlreadyExistsException: /shared/file
	at org.apache.flink.core.fs.local.LocalFileSystem.mkdirsInternal(LocalFileSystem.java:242)`,
    'FileAlreadyExistsException: /shared/file; see that every TaskManager and the JobManager can write to execution.checkpointing.dir',
  ],
  [
    'an older Java',
    `Internal server error.
<Exception on server side:
java.util.concurrent.CompletionException: org.apache.flink.client.program.ProgramInvocationException: The program's entry point class 'statebench.WorkloadJob' could not be loaded due to a linkage failure.
	at org.apache.flink.runtime.webmonitor.handlers.utils.JarHandlerUtils$JarHandlerContext.toPackagedProgram(JarHandlerUtils.java:204)
Caused by: org.apache.flink.client.program.ProgramInvocationException: The program's entry point class 'statebench.WorkloadJob' could not be loaded due to a linkage failure.
	at org.apache.flink.client.program.PackagedProgram.loadMainClass(PackagedProgram.java:497)
Caused by: java.lang.UnsupportedClassVersionError: statebench/WorkloadJob has been compiled by a more recent version of the Java Runtime (class file version 65.0), this version of the Java Runtime only recognizes class file versions up to 61.0
	at java.base/java.lang.ClassLoader.defineClass1(Native Method)

End of exception on server side>`,
    'UnsupportedClassVersionError: statebench/WorkloadJob has been compiled by a more recent version of the Java Runtime (class file version 65.0), this version of the Java Runtime only recognizes class file versions up to 61.0; the cluster runs on an older Java than 17',
  ],
  [
    'a statement that is none',
    `Internal server error.
<Exception on server side:
org.apache.flink.table.gateway.api.utils.SqlGatewayException: org.apache.flink.table.gateway.api.utils.SqlGatewayException: Failed to fetchResults.
	at org.apache.flink.table.gateway.rest.handler.statement.FetchResultsHandler.handleRequest(FetchResultsHandler.java:91)
Caused by: org.apache.flink.table.gateway.api.utils.SqlGatewayException: Failed to fetchResults.
	at org.apache.flink.table.gateway.service.SqlGatewayServiceImpl.fetchResults(SqlGatewayServiceImpl.java:238)
Caused by: org.apache.flink.table.gateway.service.utils.SqlExecutionException: Failed to execute the operation dfc6f724-a9ae-4226-892c-374a78cbba62.
	at org.apache.flink.table.gateway.service.operation.OperationManager$Operation.processThrowable(OperationManager.java:415)
Caused by: org.apache.flink.table.api.SqlParserException: SQL parse failed. Non-query expression encountered in illegal context
	at org.apache.flink.table.planner.parse.CalciteParser.parseSqlList(CalciteParser.java:81)
Caused by: org.apache.calcite.sql.parser.SqlParseException: Non-query expression encountered in illegal context
	at org.apache.flink.sql.parser.impl.FlinkSqlParserImpl.convertException(FlinkSqlParserImpl.java:580)
Caused by: org.apache.calcite.runtime.CalciteException: Non-query expression encountered in illegal context
	at java.base/jdk.internal.reflect.NativeConstructorAccessorImpl.newInstance0(Native Method)

End of exception on server side>`,
    'CalciteException: Non-query expression encountered in illegal context',
  ],
  [
    'a table that is not there',
    `Internal server error.
<Exception on server side:
org.apache.flink.table.gateway.api.utils.SqlGatewayException: org.apache.flink.table.gateway.api.utils.SqlGatewayException: Failed to fetchResults.
	at org.apache.flink.table.gateway.rest.handler.statement.FetchResultsHandler.handleRequest(FetchResultsHandler.java:91)
Caused by: org.apache.flink.table.gateway.api.utils.SqlGatewayException: Failed to fetchResults.
	at org.apache.flink.table.gateway.service.SqlGatewayServiceImpl.fetchResults(SqlGatewayServiceImpl.java:238)
Caused by: org.apache.flink.table.gateway.service.utils.SqlExecutionException: Failed to execute the operation fbb980ac-0e18-454b-82fd-21868be6cb96.
	at org.apache.flink.table.gateway.service.operation.OperationManager$Operation.processThrowable(OperationManager.java:415)
Caused by: org.apache.flink.table.api.ValidationException: SQL validation failed. From line 1, column 15 to line 1, column 21: Object 'nothere' not found
	at org.apache.flink.table.planner.calcite.FlinkPlannerImpl.org$apache$flink$table$planner$calcite$FlinkPlannerImpl$$validate(FlinkPlannerImpl.scala:205)
Caused by: org.apache.calcite.runtime.CalciteContextException: From line 1, column 15 to line 1, column 21: Object 'nothere' not found
	at java.base/jdk.internal.reflect.NativeConstructorAccessorImpl.newInstance0(Native Method)
Caused by: org.apache.calcite.sql.validate.SqlValidatorException: Object 'nothere' not found
	at java.base/jdk.internal.reflect.NativeConstructorAccessorImpl.newInstance0(Native Method)

End of exception on server side>`,
    "SqlValidatorException: Object 'nothere' not found",
  ],
  [
    'a session of a gateway that was started again',
    `Internal server error.
<Exception on server side:
org.apache.flink.table.gateway.api.utils.SqlGatewayException: Failed to execute statement.
	at org.apache.flink.table.gateway.service.SqlGatewayServiceImpl.executeStatement(SqlGatewayServiceImpl.java:224)
Caused by: org.apache.flink.table.gateway.api.utils.SqlGatewayException: Session '954a07fe-3ac9-42c3-abab-50a49ec84010' does not exist.
	at org.apache.flink.table.gateway.service.session.SessionManagerImpl.getSession(SessionManagerImpl.java:135)

End of exception on server side>`,
    "SqlGatewayException: Session '954a07fe-3ac9-42c3-abab-50a49ec84010' does not exist",
  ],
];

for (const [name, said, told] of FAILURES) {
  test(name, (t) => {
    t.is(rootCause(said), told);
    t.is(isOfCheckpoint(said), told.startsWith('a checkpoint failed'));
  });
}

const LOG = `2026-11-27 20:56:23,587 INFO  CheckpointCoordinator                    [] - Triggering checkpoint 3 (type=CheckpointType{name='Checkpoint', sharingFilesStrategy=FORWARD_BACKWARD}) @ 1795812983587 for job 1920def44fc9294f5cde8ad6fb0852fd.
2026-11-27 20:56:24,060 INFO  CheckpointCoordinator                    [] - Decline checkpoint 3 by task eb653e16cf34067f60a512a3a4778103_594a021f0825c632a7f2a4022c6da5c2_0_0 of job 1920def44fc9294f5cde8ad6fb0852fd at task-manager-4 @ localhost (dataPort=46849).
org.apache.flink.util.SerializedThrowable: org.apache.flink.runtime.checkpoint.CheckpointException: Asynchronous task checkpoint failed.
	at org.apache.flink.streaming.runtime.tasks.AsyncCheckpointRunnable.handleExecutionException(AsyncCheckpointRunnable.java:320)
Caused by: org.apache.flink.util.SerializedThrowable: java.lang.Exception: Could not materialize checkpoint 3 for operator stage-1 -> (late-1, digest-1) (1/1)#0.
	at org.apache.flink.streaming.runtime.tasks.AsyncCheckpointRunnable.handleExecutionException(AsyncCheckpointRunnable.java:298)
Caused by: org.apache.flink.util.SerializedThrowable: java.util.concurrent.ExecutionException: java.io.IOException: No space left on device
	at java.base/java.util.concurrent.FutureTask.report(FutureTask.java:122)
Caused by: org.apache.flink.util.SerializedThrowable: java.io.IOException: No space left on device
	at java.base/java.io.FileOutputStream.writeBytes(Native Method)
2026-11-27 20:56:24,060 WARN  CheckpointFailureManager                 [] - Failed to trigger or complete checkpoint 3 for job 1920def44fc9294f5cde8ad6fb0852fd. (0 consecutive failed attempts so far)
2026-11-27 20:55:15,556 INFO  SourceCoordinator                        [] - Marking checkpoint 1 as completed for source Source: source.
2026-11-27 20:55:15,559 WARN  CheckpointFailureManager                 [] - Failed to trigger or complete checkpoint 2 for job f73bd537d253ca841c4efb79ac834dec. (0 consecutive failed attempts so far)
org.apache.flink.runtime.checkpoint.CheckpointException: An Exception occurred while triggering the checkpoint. IO-problem detected.
	at org.apache.flink.runtime.checkpoint.CheckpointCoordinator.getCheckpointException(CheckpointCoordinator.java:2356)
Caused by: java.nio.file.FileAlreadyExistsException: /shared/chk
	at org.apache.flink.core.fs.local.LocalFileSystem.mkdirsInternal(LocalFileSystem.java:242)
2026-11-27 20:55:15,560 INFO  CheckpointRequestDecider                 [] - checkpoint request time in queue: 759`;
const DECLINED = '1920def44fc9294f5cde8ad6fb0852fd';
const NOT_WRITTEN = 'f73bd537d253ca841c4efb79ac834dec';

test("the JobManager's log tells why a checkpoint failed, of the right job", (t) => {
  const within = 'Exceeded checkpoint tolerable failure threshold.';
  const causeOf = (job: string): string => rootCause(checkpointFailureIn(LOG, job) ?? '', within);
  t.is(causeOf(DECLINED), 'IOException: No space left on device; make space on the disk of the TaskManagers or of the checkpoints');
  t.is(
    causeOf(NOT_WRITTEN),
    'FileAlreadyExistsException: /shared/chk; see that every TaskManager and the JobManager can write to execution.checkpointing.dir',
  );
  t.is(checkpointFailureIn(LOG, '00000000000000000000000000000000'), null);
});

test('the causes of what was suppressed on the way are not the cause', (t) => {
  const stack = [
    'java.lang.Exception: outer',
    '\tat a.B.c(B.java:1)',
    '\tSuppressed: java.io.IOException: on closing',
    '\t\tat a.B.d(B.java:2)',
    '\tCaused by: java.io.IOException: of the closing',
  ].join('\n');
  t.is(rootCause(stack), 'Exception: outer');
  t.is(rootCause(''), 'no reason was given');
});

const FULL_HEAP = `[147.010s] GC(98) Pause Young (Concurrent Start) (G1 Evacuation Pause) 142M->142M(144M) 15.705ms
[147.011s] GC(100) Concurrent Mark Cycle
[148.790s] GC(99) Pause Full (G1 Compaction Pause) 142M->141M(144M) 1780.434ms
[148.845s] GC(101) To-space exhausted
[148.845s] GC(101) Pause Young (Normal) (G1 Evacuation Pause) 142M->142M(144M) 6.140ms
`;

test('a TaskManager that is not heard of: full heap, killed, or nothing known', (t) => {
  t.regex(
    whyLost({ log: '', collections: FULL_HEAP, isThere: true }) ?? '',
    /^its heap was full, 141 of 144 MiB after garbage was collected/,
  );
  t.regex(
    whyLost({ log: 'java.lang.OutOfMemoryError: Java heap space\n', collections: '', isThere: true }) ?? '',
    /^OutOfMemoryError: Java heap/,
  );
  t.is(whyLost({ log: '', collections: FULL_HEAP.replaceAll('->141M', '->20M'), isThere: false }), 'its process was killed');
  t.is(whyLost({ log: '', collections: '', isThere: true }), null);
});
