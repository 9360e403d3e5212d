import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';
const PERIOD_US = 100_000;
/** Longest that the busy process lives if nothing ends it. */
const BUSY_MS_MAX = 20_000;

/** A control group with a CPU quota that was made here, for checks that plant one. */
export interface QuotaGroup extends Disposable {
  readonly version: 1 | 2;
  /** Moves a process into the group. */
  add(pid: number): void;
}

/** Makes a group that may use `cpus` CPUs. @returns why none can be made here, as a text */
export function makeQuotaGroup(cpus: number): QuotaGroup | string {
  if (process.platform !== 'linux') return `${process.platform} has no control groups`;
  const version = existsSync(path.join(V1, 'cpu.cfs_quota_us')) ? 1 : 2;
  const directory = path.join(version === 1 ? V1 : V2, `statebench-quota-${process.pid}`);
  try {
    mkdirSync(directory);
  } catch (error) {
    return `no control group can be made here (${(error as NodeJS.ErrnoException).code}): that takes root and a writable ${path.dirname(directory)}`;
  }
  try {
    const quotaUs = Math.round(cpus * PERIOD_US);
    if (version === 1) {
      writeFileSync(path.join(directory, 'cpu.cfs_period_us'), String(PERIOD_US));
      writeFileSync(path.join(directory, 'cpu.cfs_quota_us'), String(quotaUs));
    } else writeFileSync(path.join(directory, 'cpu.max'), `${quotaUs} ${PERIOD_US}`);
  } catch (error) {
    rmdirSync(directory);
    return `the CPU controller of control groups cannot be set here (${(error as NodeJS.ErrnoException).code})`;
  }
  return {
    version,
    add: (pid) => writeFileSync(path.join(directory, 'cgroup.procs'), String(pid)),
    [Symbol.dispose]: () => {
      try {
        rmdirSync(directory);
      } catch {
        // A process that is ending is still in it.
      }
    },
  };
}

/**
 * Runs a program of Node in a group, beside a process that keeps the group busy. The program begins once it is in the group.
 * @returns what it wrote to stdout
 */
export async function runInGroup(group: QuotaGroup, program: string): Promise<string> {
  const waits = `process.stdin.once('data', async () => { process.stdin.destroy(); ${program} });`;
  const busy = spawn(process.execPath, ['-e', `const end = performance.now() + ${BUSY_MS_MAX}; while (performance.now() < end);`], {
    stdio: 'ignore',
  });
  const child = spawn(process.execPath, ['--input-type=module', '-e', waits], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    group.add(busy.pid!);
    group.add(child.pid!);
    child.stdin.end('go\n');
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await new Promise((resolve) => child.once('close', resolve));
    return text;
  } finally {
    const gone = new Promise((resolve) =>
      busy.exitCode === null && busy.signalCode === null ? busy.once('exit', resolve) : resolve(null),
    );
    busy.kill('SIGKILL');
    child.kill('SIGKILL');
    await gone;
  }
}
