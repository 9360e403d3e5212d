/** The machine a run was made on, as the results keep it. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { messageOf } from '../errors.ts';
import { type Environment, SCHEMA } from '../results.ts';
import { fileSystemOf, probeFsyncMs } from './file-system.ts';

/** @param folder where working state is kept; the disk under it is probed. */
export function readEnvironment(folder: string): Environment {
  const unavailable: Record<string, string> = {};
  const fileSystem = fileSystemOf(folder);
  if (fileSystem === null) unavailable.fileSystem = `${process.platform} has no /proc/mounts`;
  let fsyncMs: number | null = null;
  try {
    fsyncMs = probeFsyncMs(folder);
  } catch (error) {
    unavailable.fsyncMs = messageOf(error);
  }
  return {
    schema: SCHEMA,
    statebench: version(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    kernel: release(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: memoryBytes(),
    fileSystem,
    fsyncMs,
    unavailable,
  };
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
