/** `statebench doctor`: is this machine fit to measure on, and what to do where it is not. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { EXIT, messageOf } from '../../harness/errors.ts';
import { cpuQuota } from '../../harness/measure/cpu-quota.ts';
import { cpuGovernor, memoryBytes } from '../../harness/measure/environment.ts';
import { CACHED_FSYNC_MS, fileSystemOf, freeBytes, probeFsyncMs } from '../../harness/measure/file-system.ts';
import { NoiseWatch } from '../../harness/measure/noise.ts';
import { builtIns, type Configured, type LoadedModule, loadBackend, loadStorage, refOf } from '../../harness/modules.ts';
import type { Noise } from '../../harness/results.ts';
import { formatBytes } from '../../harness/units.ts';
import { percent } from '../../reports/quantity.ts';
import { columns, printJson, say, wrapped } from '../console.ts';
import type { Finish } from '../finish.ts';
import { needsServer, startServerFor } from '../servers/for-backend.ts';

interface Finding {
  readonly what: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it; empty where nothing is to be done. */
  readonly remedy: string;
}

const OLDEST_NODE = [20, 19] as const;
const LEAST_FREE_BYTES = 2 * 2 ** 30;
const LEAST_MEMORY_BYTES = 2 * 2 ** 30;
const OPEN_TIMEOUT_MS = 30_000;
/** How often, and how long each time, the machine is watched while nothing is done. */
const LOOKS = 8;
const LOOK_MS = 300;
/** Under a CPU quota everything takes longer: by then, counted from the start of the process, the machine has been watched and modules opened. */
const QUIET_UNTIL_MS = 4_000;
const OPENED_UNTIL_MS = 8_000;
/** A quota from this on leaves the time to start servers, too. */
const AMPLE_CPUS = 2;

export function doctorCommand(finish: Finish): Command {
  return new Command('doctor')
    .description('is this machine fit to measure on? Exit 1 where it is not')
    .argument('[folder]', 'where results would be written', '.')
    .option('--json', 'one JSON document on stdout')
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const findings = [node(), cores(), governor(), quota(), memory(), await quiet(), ...disk(folder), ...(await modules())];
      if (json) printJson(findings);
      else {
        const indent = columns(findings.map(({ status, what }) => [status, what, '|'])).indexOf('|');
        const text = ({ found, remedy }: Finding) => wrapped(remedy === '' ? found : `${found}. ${remedy}`, indent);
        say(columns(findings.map((finding) => [finding.status, finding.what, text(finding)])));
      }
      finish(findings.some(({ status }) => status === 'fail') ? EXIT.harnessFailure : EXIT.ok);
    });
}

function finding(what: string, found: string, status: Finding['status'] = 'ok', remedy = ''): Finding {
  return { what, status, found, remedy };
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const newEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return newEnough
    ? finding('node', process.versions.node)
    : finding('node', process.versions.node, 'fail', `Install Node ${OLDEST_NODE.join('.')} or newer.`);
}

function cores(): Finding {
  const count = availableParallelism();
  return count >= 2
    ? finding('cores', String(count))
    : finding(
        'cores',
        String(count),
        'warn',
        'Background work of stores shares the one core with the pipeline: figures are lower than on two.',
      );
}

function governor(): Finding {
  const found = cpuGovernor();
  if (found === null) return finding('cpu governor', 'not told by this system');
  return found === 'performance'
    ? finding('cpu governor', found)
    : finding('cpu governor', found, 'warn', `Clock speeds may wander; 'cpupower frequency-set -g performance' holds them.`);
}

function quota(): Finding {
  const { cpus, reason } = cpuQuota();
  if (reason !== null) return finding('cpu quota', `not known: ${reason}`);
  return cpus === null
    ? finding('cpu quota', 'none')
    : finding(
        'cpu quota',
        `${cpus} CPUs`,
        'warn',
        'Processes stand still where it is used up: measure without a quota, or with a larger one.',
      );
}

/** Until when a check may take under a CPU quota, on the monotonic clock in ms since the process was started; no limit without one. */
function untilUnderQuota(limitMs: number): number {
  const { cpus } = cpuQuota();
  return cpus === null || cpus >= AMPLE_CPUS ? Number.POSITIVE_INFINITY : limitMs;
}

function memory(): Finding {
  const bytes = memoryBytes();
  return bytes >= LEAST_MEMORY_BYTES
    ? finding('memory', formatBytes(bytes))
    : finding('memory', formatBytes(bytes), 'warn', 'Large states will not fit; keep to small workloads.');
}

/** What disturbs trials, by the evidence that every trial comes with. What was seen once is chance, and what was seen twice is not. */
async function quiet(): Promise<Finding> {
  const watch = new NoiseWatch();
  const looks: Noise[] = [];
  // Two looks at least, as what was seen once is chance.
  for (const untilMs = untilUnderQuota(QUIET_UNTIL_MS); looks.length < LOOKS && (looks.length < 2 || performance.now() < untilMs); ) {
    watch.start();
    await pause(LOOK_MS);
    looks.push(watch.stop({ majorFaults: null, readsFiles: false, usesServer: false }));
  }
  const { spinMedianMs, walkMedianMs } = looks.at(-1)!;
  const off = (times: readonly (number | undefined)[], median: number | undefined) =>
    percent(secondLargest(times.map((ms) => Math.abs(ms! / median! - 1))));
  const share = (of: (noise: Noise) => number | null, text: (percent: string) => string): readonly string[] => {
    const shares = looks.map(of).filter((one) => one !== null);
    return shares.length === 0 ? [] : [text(percent(secondLargest(shares)))];
  };
  const found = [
    `cores within ${off(
      looks.flatMap((noise) => [noise.spinBeforeMs, noise.spinAfterMs]),
      spinMedianMs,
    )} of their usual speed`,
    `memory within ${off(
      looks.flatMap((noise) => [noise.walkBeforeMs, noise.walkAfterMs]),
      walkMedianMs,
    )}`,
    ...share(
      ({ othersShare }) => othersShare,
      (text) => `other processes ${text} of the cores`,
    ),
    ...share(
      ({ stealShare }) => stealShare,
      (text) => `the hypervisor ${text}`,
    ),
    ...(cpuQuota().cpus === null
      ? []
      : share(
          ({ throttledShare = null }) => throttledShare,
          (text) => `the CPU quota used up in ${text} of its periods`,
        )),
  ].join(', ');
  const findings = looks.flatMap((noise) => noise.findings);
  const again = findings.filter(({ what }, i) => findings.findIndex((other) => other.what === what) < i);
  const remedies = [...new Set(again.map(({ remedy }) => sentence(remedy)))];
  return remedies.length === 0 ? finding('quiet', found) : finding('quiet', found, 'warn', remedies.join(' '));
}

function secondLargest(values: readonly number[]): number {
  return values.toSorted((a, b) => b - a)[1] ?? 0;
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

function disk(folder: string): readonly Finding[] {
  const findings: Finding[] = [];
  const kind = fileSystemOf(folder);
  if (kind === null) findings.push(finding('file system', 'not told by this system'));
  else if (kind === 'tmpfs' || kind === 'ramfs') {
    findings.push(
      finding('file system', kind, 'warn', 'This is memory, not a disk: run from a folder on the disk you want to know about.'),
    );
  } else findings.push(finding('file system', kind));
  const free = freeBytes(folder);
  findings.push(
    free >= LEAST_FREE_BYTES
      ? finding('free space', formatBytes(free))
      : finding(
          'free space',
          formatBytes(free),
          'warn',
          `A run may need ${formatBytes(LEAST_FREE_BYTES)}: free some, or name another folder.`,
        ),
  );
  try {
    const fsyncMs = probeFsyncMs(folder);
    const found = `${fsyncMs.toFixed(2)} ms for 4 KiB (median)`;
    findings.push(
      fsyncMs >= CACHED_FSYNC_MS
        ? finding('fsync', found)
        : finding('fsync', found, 'warn', 'A virtual or write-cached disk: durable figures are optimistic.'),
    );
  } catch (error) {
    findings.push(finding('fsync', messageOf(error), 'fail', 'Name a folder that can be written to.'));
  }
  return findings;
}

/** Each backend and storage is really opened, one after another so that they do not disturb each other's servers. */
async function modules(): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of builtIns('backend')) findings.push(await openModule(`backend ${name}`, () => loadBackend(name)));
  for (const name of builtIns('storage')) findings.push(await openModule(`storage ${name}`, () => loadStorage(name)));
  return findings;
}

async function openModule(what: string, load: () => Promise<LoadedModule<Configured>>): Promise<Finding> {
  const untilMs = untilUnderQuota(OPENED_UNTIL_MS);
  const notTried = (why: string) => finding(what, `not tried: ${why}`, 'warn', 'Run doctor without the CPU quota to know.');
  if (performance.now() >= untilMs) return notTried('the CPU quota left no time for it');
  try {
    const loaded = await load();
    if (needsServer(loaded) && Number.isFinite(untilMs)) return notTried('a server takes too long to start under a CPU quota');
    await using started = await startServerFor(loaded);
    const { module } = started;
    const probe = fileURLToPath(new URL('../open-probe.js', import.meta.url));
    const opened = promisify(execFile)(process.execPath, [probe], {
      timeout: Math.max(1, Math.ceil(Math.min(OPEN_TIMEOUT_MS, untilMs - performance.now()))),
    });
    opened.child.stdin?.end(JSON.stringify(refOf(module)));
    await opened;
    return finding(what, module.server === null ? 'opens' : `opens, on ${module.server} started here`);
  } catch (error) {
    if (performance.now() >= untilMs) return notTried('the CPU quota left no time for it');
    return finding(what, whyNotOpened(error), 'warn', 'Runs go on without it.');
  }
}

function whyNotOpened(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('signal' in error && typeof error.signal === 'string') return `died by ${error.signal} when opened`;
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return said === '' ? messageOf(error).replace(/\.$/, '') : said.split('\n')[0]!;
}
