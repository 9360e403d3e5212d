/** R9: however a run is ended, within moments no process, port or unmarked temporary directory of it is left, and its trials are valid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtInFile } from '../../harness/modules.ts';
import { seededRandom } from '../../harness/random.ts';
import { isScratchName, sweepScratch } from '../../harness/scratch.ts';
import { readResults } from '../../reports/read-results.ts';
import { type Campaign, type CaseRequest, type CaseResult, countTo, PASSED } from './campaign.ts';
import { descendants, isAlive, isListening, portsOf } from './processes.ts';

const PROGRAM = fileURLToPath(new URL('../statebench.js', import.meta.url));

/** How a run is ended. `gone reader`: whoever read its words has ended (EPIPE). */
const WAYS = ['SIGINT', 'SIGINT twice', 'SIGTERM', 'SIGHUP', 'gone reader', 'SIGKILL'] as const;
type Way = (typeof WAYS)[number];

/** What is ended. `stuck` is a backend that never returns from a call. */
const JOBS = ['run', 'run with a server', 'run stuck', 'output'] as const;
type StoppedJob = (typeof JOBS)[number];

interface Stop {
  readonly job: StoppedJob;
  /** What it is to measure. */
  readonly backend: string;
  readonly way: Way;
  /** After the start of the process. */
  readonly afterMs: number;
}

const EXPECTED: Readonly<Record<Way, readonly string[]>> = {
  SIGINT: ['130'],
  'SIGINT twice': ['130'],
  SIGTERM: ['143'],
  SIGHUP: ['143'],
  'gone reader': ['130', '0', '3'],
  SIGKILL: ['SIGKILL'],
};
/** A reader that is gone is noticed when the next trial is told of: within a minute where 2 s are the limit, and longer where that is. */
const NOTICED_LIMITS = 30;
const AGAIN_MS = 30;
/** A run has planned by the first and is amid its trials by the last. */
const EARLIEST_MS = 200;
const LATEST_MS = 4500;

/**
 * Starts a job, ends it, and looks what is left of it.
 * @param folder made, and removed afterwards
 * @param limitMs how long something may be left
 * @returns what is wrong, in words; empty if nothing is
 */
async function stopJob({ job, backend, way, afterMs }: Stop, folder: string, limitMs: number): Promise<readonly string[]> {
  const temporary = path.join(folder, 'tmp');
  const out = path.join(folder, 'out');
  mkdirSync(temporary, { recursive: true });
  const problems: string[] = [];
  try {
    const child = spawn(process.execPath, [PROGRAM, ...argumentsOf(job, backend, folder, out)], {
      cwd: folder,
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.resume();
    child.stderr.resume();
    const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(String(signal ?? code))));
    const { pids, ports } = await watched(child, afterMs);
    const stoppedMs = performance.now();
    await stop(child, way);
    const patienceMs = way === 'gone reader' ? NOTICED_LIMITS * limitMs : limitMs;
    // Nothing waits for this once the process has ended.
    const patience = new Promise<string>((resolve) => setTimeout(resolve, patienceMs, 'nothing').unref());
    const end = await Promise.race([ended, patience]);
    // Before it listens, and once it has cleaned up, a process dies of a signal as any would; then nothing may be left at all.
    const died = end === way.split(' ')[0];
    if (!died && !EXPECTED[way].includes(end)) problems.push(`it ended with ${end}`);
    const endedMs = performance.now();
    const left = () =>
      [...pids]
        .filter(isAlive)
        .map((pid) => `process ${pid}`)
        .concat([...ports].filter(isListening).map((port) => `port ${port}`));
    while (left().length > 0 && performance.now() - endedMs < limitMs) await pause(10);
    const goneMs = performance.now() - (way === 'gone reader' ? endedMs : stoppedMs);
    problems.push(...left().map((what) => `${what} is left`));
    if (goneMs > limitMs) problems.push(`something was left for ${Math.round(goneMs)} ms`);
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    const orderly = way !== 'SIGKILL' && (way !== 'SIGINT twice' || died);
    problems.push(...(await leftovers(temporary, out, orderly)));
    return problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function argumentsOf(job: StoppedJob, backend: string, folder: string, out: string): readonly string[] {
  // By single events, slow on purpose: the fewer a trial takes, the sooner the independent answer is there, and the trials begin.
  const run = ['run', '--workload', 'synthetic', '--profile', 'smoke', '--batch-size', '1', '--out', out, '--backend'];
  switch (job) {
    case 'run':
      return [...run, backend, '--backend', `${backend}@again`];
    case 'run with a server':
      return [...run, 'redis@first', '--backend', backend];
    case 'run stuck':
      return [...run, stuckBackend(folder)];
    case 'output':
      return [
        'output',
        '--workload',
        'synthetic:events=5000000',
        '--backend',
        backend,
        '--to',
        path.join(folder, 'rows.csv'),
        '--kill-after',
        '200000',
      ];
  }
}

function stuckBackend(folder: string): string {
  const file = path.join(folder, 'stuck.mjs');
  const memory = JSON.stringify(builtInFile('backend', 'memory'));
  writeFileSync(
    file,
    `import memory, { options } from ${memory}; export { options };
     export default (given) => ({ ...memory(given), name: 'stuck', open: async () => { for (;;); } });`,
  );
  return file;
}

/** Waits, and gathers every process that comes of `child`, and every port that one of them listens on. */
async function watched(child: ChildProcess, forMs: number): Promise<{ readonly pids: Set<number>; readonly ports: Set<number> }> {
  const own = child.pid!;
  const pids = new Set([own]);
  const ports = new Set<number>();
  const look = (): void => {
    for (const pid of descendants(own)) pids.add(pid);
    for (const pid of pids) for (const port of portsOf(pid)) ports.add(port);
  };
  for (const until = performance.now() + forMs; performance.now() < until; ) {
    look();
    await pause(25);
  }
  look();
  return { pids, ports };
}

async function stop(child: ChildProcess, way: Way): Promise<void> {
  if (way === 'gone reader') {
    child.stderr?.destroy();
    child.stdout?.destroy();
  } else if (way === 'SIGINT twice') {
    child.kill('SIGINT');
    await pause(AGAIN_MS);
    child.kill('SIGINT');
  } else child.kill(way);
}

/** @param orderly true if the process had the time to clean up; else what it left must say whose it is, and be swept. */
async function leftovers(temporary: string, out: string, orderly: boolean): Promise<readonly string[]> {
  const problems: string[] = [];
  const found = readdirSync(temporary);
  const results = readdirSync(path.dirname(out)).includes('out') ? readdirSync(out) : [];
  const scratch = [...found, ...results].filter(isScratchName);
  problems.push(...found.filter((name) => !isScratchName(name)).map((name) => `${name} is left in the temporary folder`));
  if (orderly) problems.push(...scratch.map((name) => `${name} is left`));
  for (const folder of [temporary, out]) sweepScratch(folder);
  const kept = [temporary, out].flatMap((folder) => (folder === temporary || results.length > 0 ? readdirSync(folder) : []));
  problems.push(...kept.filter(isScratchName).map((name) => `${name} is left after the sweep`));
  if (results.includes('plan.json')) {
    const { tornLines } = await readResults(out).catch((error: Error) => ({ tornLines: error.message }));
    if (tornLines !== 0) problems.push(`trials.ndjson: ${tornLines}`);
    if (orderly && !results.includes('report.html')) problems.push('there is no report');
  }
  return problems;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The stop that a seed stands for: every way of ending in turn, each with every job, at a moment that the seed decides. */
function stopOf(backend: string, seed: number): Stop {
  const way = WAYS[seed % WAYS.length]!;
  // A step aside after each round of ways, or two numbers with a common divisor would never meet in every pair; and one for each backend,
  // so that a few seeds of each have every pair between them.
  const aside = Math.floor(seed / WAYS.length) + backend.length;
  const job = JOBS[(seed + aside) % JOBS.length]!;
  const afterMs = Math.round(EARLIEST_MS + seededRandom(seed)() * (LATEST_MS - EARLIEST_MS));
  // Who says nothing does not notice that nobody is there to read: `output` until its file is written, a stuck trial until it is given up.
  const isSilent = job === 'output' || job === 'run stuck';
  return { way, job: way === 'gone reader' && isSilent ? 'run' : job, backend, afterMs };
}

async function stopped({ subject, seed, directory }: CaseRequest, limitMs: number): Promise<CaseResult> {
  const stop = stopOf(subject.name, seed);
  // Where others wait for the processors too, everything takes so much longer.
  const waiting = Math.max(1, loadavg()[0]! / availableParallelism());
  const problems = await stopJob(stop, directory, limitMs * waiting);
  if (problems.length === 0) return PASSED;
  return { ...PASSED, problem: `${stop.way} after ${stop.afterMs} ms of ${stop.job}: ${problems.join('; ')}` };
}

/** @param limitMs how long something may be left on a machine that does nothing else; longer where its load is more than its processors. */
export function stopCampaign(seeds: number, limitMs: number): Campaign {
  return {
    name: 'R9',
    what: `a run that is ended by a signal or a reader gone leaves no process, port or unmarked folder after ${limitMs / 1000} s, and its trials are valid`,
    unavailable: () => (existsSync('/proc/self/stat') ? null : 'this system has no /proc to look at processes by'),
    alone: true,
    seeds: () => countTo(seeds),
    try: (request) => stopped(request, limitMs),
  };
}
