/**
 * Starts Flink on loopback: a JobManager, a SQL gateway, and TaskManagers of one slot each. The latter may be killed: another then takes
 * the place. The JobManager's configuration says where they are described (`statebench.task-managers`), so that whoever has its
 * address knows which processes were started here.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TaskMemory } from '../../harness/flink/task-memory.ts';
import { identityOf } from '../../harness/process-identity.ts';
import { hadoopClient } from './hadoop-client.ts';
import { type JavaProcess, type JavaSession, startJavaServer } from './java-server.ts';
import type { ServerRequest, ServerStart } from './server.ts';

const GRACE_MS = 8_000;
const PORTS = ['rpc', 'rest', 'gateway'] as const;
type Port = (typeof PORTS)[number];

/** One for a job, and a spare that takes over: a new one would need longer to start than a job to recover. */
const TASK_MANAGERS = 2;

const EXPORTS = [
  'java.rmi/sun.rmi.registry',
  ...['api', 'file', 'parser', 'tree', 'util'].map((name) => `jdk.compiler/com.sun.tools.javac.${name}`),
  'java.security.jgss/sun.security.krb5',
];
const OPENS = [
  'java.lang',
  'java.net',
  'java.io',
  'java.nio',
  'sun.nio.ch',
  'java.lang.reflect',
  'java.text',
  'java.time',
  'java.util',
  'java.util.concurrent',
  'java.util.concurrent.atomic',
  'java.util.concurrent.locks',
];

/**
 * MiB of a TaskManager. Whichever backend holds the state has the same for it: hashmap the heap of the tasks, rocksdb and forst the
 * managed memory. `Xmx` and the direct memory are what Flink's own start script would make of it.
 */
const MEMORY_MIB = {
  frameworkHeap: 128,
  taskHeap: 1024,
  frameworkOffHeap: 128,
  network: 128,
  managed: 1024,
  metaspace: 256,
  overhead: 192,
};
type Memory = Readonly<typeof MEMORY_MIB>;
const MIB = 2 ** 20;
/** Where a run says what other memory the TaskManagers are to have that come from then on. */
const MEMORY_FILE = 'task-manager-memory.json';

/**
 * Ready when every TaskManager has registered and the gateway answers. The address is that of the JobManager, `http://HOST:PORT`.
 * Nothing is asked to survive by itself: a job's state lies in its checkpoints.
 */
export function startFlink(request: ServerRequest, memory: Partial<Memory> = {}): Promise<ServerStart> {
  const all = { ...MEMORY_MIB, ...memory };
  return startJavaServer({ name: 'flink', ports: PORTS, start: (session) => start(session, all) }, request);
}

async function start(session: JavaSession<Port>, memory: Memory): Promise<string> {
  const { home, ports } = session;
  const described = path.join(home, 'task-managers');
  for (const folder of ['checkpoints', 'savepoints', 'rocksdb', 'web', 'task-managers'])
    mkdirSync(path.join(home, folder), { recursive: true });
  // Of processes that are gone with an earlier start.
  for (const file of readdirSync(described)) rmSync(path.join(described, file));
  rmSync(path.join(home, MEMORY_FILE), { force: true });
  session.configure('config.yaml', configuration(session, memory));
  session.configure('log4j.properties', LOGGING);
  await session.run({
    ...shared(session, 'jobmanager'),
    flags: [...flagsOf(session, 'jobmanager'), '-Xms512m', '-Xmx512m', `-XX:MaxMetaspaceSize=${MEMORY_MIB.metaspace}m`],
    main: 'org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint',
    args: ['--configDir', path.join(home, 'conf')],
  });
  let made = 0;
  for (let i = 0; i < TASK_MANAGERS; i++) {
    await session.keep({
      make: () => taskManager(session, `task-manager-${++made}`, memory),
      started: (name, pid) => writeFileSync(path.join(described, `${name}.json`), JSON.stringify({ id: name, process: identityOf(pid) })),
      ended: (name) => rmSync(path.join(described, `${name}.json`), { force: true }),
    });
  }
  await session.run({
    ...shared(session, 'gateway'),
    flags: [...flagsOf(session, 'gateway'), '-Xmx512m'],
    main: 'org.apache.flink.table.gateway.SqlGateway',
  });
  const rest = `http://127.0.0.1:${ports.rest}`;
  await session.until(async () => (await numberOf(`${rest}/v1/overview`, 'taskmanagers')) === TASK_MANAGERS);
  await session.until(async () => (await answerOf(`http://127.0.0.1:${ports.gateway}/v3/info`)) !== null);
  return rest;
}

function shared({ home }: JavaSession<Port>, name: string): Pick<JavaProcess, 'name' | 'graceMs' | 'environment' | 'jars'> {
  return { name, graceMs: GRACE_MS, environment: { FLINK_CONF_DIR: path.join(home, 'conf') }, jars: hadoopClient() };
}

function flagsOf({ home }: JavaSession<Port>, name: string): readonly string[] {
  return [
    ...EXPORTS.map((module) => `--add-exports=${module}=ALL-UNNAMED`),
    ...OPENS.map((module) => `--add-opens=java.base/${module}=ALL-UNNAMED`),
    '-XX:+IgnoreUnrecognizedVMOptions',
    '-XX:+UseG1GC',
    `-Dlog.file=${path.join(home, `${name}.log`)}`,
    `-Dlog4j.configurationFile=${pathToFileURL(path.join(home, 'conf', 'log4j.properties')).href}`,
  ];
}

function taskManager(session: JavaSession<Port>, id: string, memory: Memory): JavaProcess {
  const { frameworkHeap, frameworkOffHeap, network, metaspace, overhead } = memory;
  const { taskHeapBytes, managedBytes } = memoryIn(session.home, memory);
  const heapKib = frameworkHeap * 2 ** 10 + Math.ceil(taskHeapBytes / 2 ** 10);
  const settings = {
    'taskmanager.memory.framework.heap.size': `${frameworkHeap}m`,
    'taskmanager.memory.framework.off-heap.size': `${frameworkOffHeap}m`,
    'taskmanager.memory.task.heap.size': `${taskHeapBytes}b`,
    'taskmanager.memory.task.off-heap.size': '0b',
    'taskmanager.memory.network.min': `${network}m`,
    'taskmanager.memory.network.max': `${network}m`,
    'taskmanager.memory.managed.size': `${managedBytes}b`,
    'taskmanager.memory.jvm-metaspace.size': `${metaspace}m`,
    'taskmanager.memory.jvm-overhead.min': `${overhead}m`,
    'taskmanager.memory.jvm-overhead.max': `${overhead}m`,
    'taskmanager.cpu.cores': '1.0',
    'taskmanager.numberOfTaskSlots': '1',
    'taskmanager.resource-id': id,
  };
  return {
    ...shared(session, id),
    flags: [
      ...flagsOf(session, id),
      `-Xms${heapKib}k`,
      `-Xmx${heapKib}k`,
      // Of one that is not heard of any more, what tells whether its heap was full.
      `-Xlog:gc:file=${path.join(session.home, `${id}.gc.log`)}:uptime:filecount=1,filesize=4m`,
      `-XX:MaxDirectMemorySize=${frameworkOffHeap + network}m`,
      `-XX:MaxMetaspaceSize=${metaspace}m`,
    ],
    main: 'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
    args: [
      '--configDir',
      path.join(session.home, 'conf'),
      ...Object.entries(settings).flatMap(([name, value]) => ['-D', `${name}=${value}`]),
    ],
  };
}

/** What a TaskManager that starts now is to have. */
function memoryIn(home: string, { taskHeap, managed }: Memory): TaskMemory {
  const file = path.join(home, MEMORY_FILE);
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as TaskMemory)
    : { taskHeapBytes: taskHeap * MIB, managedBytes: managed * MIB };
}

function configuration({ home, ports }: JavaSession<Port>, { taskHeap, managed }: Memory): string {
  const at = (folder: string): string => path.join(home, folder);
  const url = (folder: string): string => pathToFileURL(at(folder)).href;
  const settings: Readonly<Record<string, string | number>> = {
    'jobmanager.rpc.address': '127.0.0.1',
    'jobmanager.rpc.port': ports.rpc,
    'jobmanager.bind-host': '127.0.0.1',
    'jobmanager.memory.process.size': '1024m',
    'taskmanager.bind-host': '127.0.0.1',
    'taskmanager.host': '127.0.0.1',
    'rest.address': '127.0.0.1',
    // Without rest.bind-port: the gateway would take it for its own.
    'rest.port': ports.rest,
    'rest.bind-address': '127.0.0.1',
    'io.tmp.dirs': at('tmp'),
    'web.tmpdir': at('web'),
    'web.upload.dir': at('web'),
    'state.backend.rocksdb.localdir': at('rocksdb'),
    'execution.checkpointing.storage': 'filesystem',
    'execution.checkpointing.dir': url('checkpoints'),
    'execution.checkpointing.savepoint-dir': url('savepoints'),
    'web.checkpoints.history': 1000,
    'web.exception-history-size': 100,
    'metrics.fetcher.update-interval': 1000,
    // What the REST interface says of a job is cached for so long: states that are passed quickly would be missed.
    'web.refresh-interval': 100,
    'heartbeat.interval': 1000,
    'heartbeat.timeout': 6000,
    // For so long after its start the JobManager waits for slots that are missing: later it would give up at once, before another
    // TaskManager has taken the place of a killed one.
    'resourcemanager.standalone.start-up-time': 7 * 24 * 3_600_000,
    'restart-strategy.type': 'fixed-delay',
    'restart-strategy.fixed-delay.attempts': 3,
    'restart-strategy.fixed-delay.delay': '0 s',
    'sql-gateway.endpoint.rest.address': '127.0.0.1',
    'sql-gateway.endpoint.rest.bind-address': '127.0.0.1',
    'sql-gateway.endpoint.rest.port': ports.gateway,
    'statebench.gateway': `http://127.0.0.1:${ports.gateway}`,
    'statebench.task-managers': at('task-managers'),
    'statebench.task-manager-memory': at(MEMORY_FILE),
    'statebench.task-heap': taskHeap * MIB,
    'statebench.managed': managed * MIB,
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join('\n')}\n`;
}

const LOGGING = `rootLogger.level = INFO
rootLogger.appenderRef.file.ref = F
appender.file.name = F
appender.file.type = FILE
appender.file.append = true
appender.file.fileName = \${sys:log.file}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-40c{1} %x - %m%n
`;

/** What is at an address; null as long as nobody answers. */
async function answerOf(url: string): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return response.ok ? ((await response.json()) as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

async function numberOf(url: string, name: string): Promise<number | null> {
  const value = (await answerOf(url))?.[name];
  return typeof value === 'number' ? value : null;
}
