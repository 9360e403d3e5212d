/** The machine a run was made on, as the results keep it. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { messageOf } from '../errors.ts';
import { type Environment, SCHEMA } from '../results.ts';
import { formatBytes } from '../units.ts';
import { cpuQuota } from './cpu-quota.ts';
import { fileSystemOf, probeFsyncMs } from './file-system.ts';

/** What of an {@link Environment} is known without measuring. */
export type Machine = Omit<Environment, 'fsyncMs' | 'unavailable'>;

/** @param folder where working state is kept */
export function machineOf(folder: string): Machine {
  return {
    schema: SCHEMA,
    statebench: version(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    kernel: release(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: memoryBytes(),
    fileSystem: fileSystemOf(folder),
    cpuQuota: cpuQuota().cpus,
  };
}

/** @param folder where working state is kept; the disk under it is probed. */
export function readEnvironment(folder: string): Environment {
  const unavailable: Record<string, string> = {};
  const machine = machineOf(folder);
  if (machine.fileSystem === null) unavailable.fileSystem = `${process.platform} has no /proc/mounts`;
  const { reason } = cpuQuota();
  if (reason !== null) unavailable.cpuQuota = reason;
  let fsyncMs: number | null = null;
  try {
    fsyncMs = probeFsyncMs(folder);
  } catch (error) {
    unavailable.fsyncMs = messageOf(error);
  }
  return { ...machine, fsyncMs, unavailable };
}

/** A kernel keeps a little more or less of the memory for itself from one start to the next. */
const SAME_MEMORY = 0.05;

/** What differs so much that trials of the one and of the other cannot be compared, in words; empty if nothing does. */
export function machineDifferences(was: Machine, is: Machine): readonly string[] {
  const differing = (name: string, of: (machine: Machine) => string | number | null) =>
    of(was) === of(is) ? [] : [`${name} (${of(was)}; here: ${of(is)})`];
  const memory = Math.abs(was.memoryBytes / is.memoryBytes - 1) > SAME_MEMORY;
  return [
    ...differing('version of statebench', ({ statebench }) => statebench),
    ...differing('major version of Node', ({ node }) => node.split('.')[0]!),
    ...differing('platform', ({ platform }) => platform),
    ...differing('CPU', ({ cpu }) => cpu),
    ...differing('number of cores', ({ cores }) => cores),
    ...(memory ? differing('size of memory', ({ memoryBytes: bytes }) => formatBytes(bytes)) : []),
    ...(was.cpuQuota === undefined ? [] : differing('CPU quota', ({ cpuQuota: cpus }) => cpus ?? 'none')),
    ...differing('file system', ({ fileSystem }) => fileSystem),
  ];
}

/** Version of this package. */
export function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** Memory that this process may use: the machine's, or a container's limit where that is less. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

/** How the first core's frequency is governed (`performance`, `powersave` …); null where the system does not tell. */
export function cpuGovernor(): string | null {
  try {
    return readFileSync('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'utf8').trim();
  } catch {
    return null;
  }
}
