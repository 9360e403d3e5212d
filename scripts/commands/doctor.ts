/** `statebench doctor`: is this machine fit to measure on, and what to do where it is not. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { EXIT, messageOf } from '../../harness/errors.ts';
import { cpuGovernor, memoryBytes } from '../../harness/measure/environment.ts';
import { CACHED_FSYNC_MS, fileSystemOf, freeBytes, probeFsyncMs } from '../../harness/measure/file-system.ts';
import { builtIns, type Configured, type LoadedModule, loadBackend, loadStorage, refOf } from '../../harness/modules.ts';
import { formatBytes } from '../../harness/units.ts';
import { columns, printJson, say, wrapped } from '../console.ts';
import type { Finish } from '../finish.ts';
import { startServerFor } from '../servers/for-backend.ts';

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

export function doctorCommand(finish: Finish): Command {
  return new Command('doctor')
    .description('is this machine fit to measure on? Exit 1 where it is not')
    .argument('[folder]', 'where results would be written', '.')
    .option('--json', 'one JSON document on stdout')
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const findings = [node(), cores(), governor(), memory(), ...disk(folder), ...(await modules())];
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

function memory(): Finding {
  const bytes = memoryBytes();
  return bytes >= LEAST_MEMORY_BYTES
    ? finding('memory', formatBytes(bytes))
    : finding('memory', formatBytes(bytes), 'warn', 'Large states will not fit; keep to small workloads.');
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
  try {
    await using started = await startServerFor(await load());
    const { module } = started;
    const probe = fileURLToPath(new URL('../open-probe.js', import.meta.url));
    const opened = promisify(execFile)(process.execPath, [probe], { timeout: OPEN_TIMEOUT_MS });
    opened.child.stdin?.end(JSON.stringify(refOf(module)));
    await opened;
    return finding(what, module.server === null ? 'opens' : `opens, on ${module.server} started here`);
  } catch (error) {
    return finding(what, whyNotOpened(error), 'warn', 'Runs go on without it.');
  }
}

function whyNotOpened(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('signal' in error && typeof error.signal === 'string') return `died by ${error.signal} when opened`;
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return said === '' ? messageOf(error).replace(/\.$/, '') : said.split('\n')[0]!;
}
