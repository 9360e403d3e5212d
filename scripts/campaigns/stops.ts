/** R9: however a run is ended, within moments no process, port or unmarked temporary directory of it is left, and its trials are valid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtInFile } from '../../harness/modules.ts';
import { seededRandom } from '../../harness/random.ts';
import { isScratchName, sweepScratch } from '../../harness/scratch.ts';
import { readResults } from '../../reports/read-results.ts';
import { descendants, isAlive, isListening, portsOf } from './processes.ts';

const PROGRAM = fileURLToPath(new URL('../statebench.js', import.meta.url));

/** How a run is ended. `gone reader`: whoever read its words has ended (EPIPE). */
export const WAYS = ['SIGINT', 'SIGINT twice', 'SIGTERM', 'SIGHUP', 'gone reader', 'SIGKILL'] as const;
export type Way = (typeof WAYS)[number];

/** What is ended. `stuck` is a backend that never returns from a call. */
export const JOBS = ['run', 'run with a server', 'run stuck', 'output'] as const;
export type StoppedJob = (typeof JOBS)[number];

export interface Stop {
  readonly job: StoppedJob;
  readonly way: Way;
  /** After the start of the process. */
  readonly afterMs: number;
}

export interface Stopped {
  /** From the stop until nothing was left. */
  readonly goneMs: number;
  /** What is wrong, in words; empty if nothing is. */
  readonly problems: readonly string[];
}

const EXPECTED: Readonly<Record<Way, readonly string[]>> = {
  SIGINT: ['130'],
  'SIGINT twice': ['130'],
  SIGTERM: ['143'],
  SIGHUP: ['143'],
  'gone reader': ['130', '0', '3'],
  SIGKILL: ['SIGKILL'],
};
/** A reader that is gone is noticed when the next trial is told of. */
const NOTICED_MS = 20_000;
const AGAIN_MS = 30;

/**
 * Starts a job, ends it, and looks what is left of it.
 * @param limitMs how long something may be left
 */
export async function stopJob({ job, way, afterMs }: Stop, limitMs: number): Promise<Stopped> {
  const folder = mkdtempSync(path.join(tmpdir(), 'statebench-stops-'));
  const temporary = path.join(folder, 'tmp');
  const out = path.join(folder, 'out');
  mkdirSync(temporary);
  const problems: string[] = [];
  try {
    const child = spawn(process.execPath, [PROGRAM, ...argumentsOf(job, folder, out)], {
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
    const end = await Promise.race([ended, pause(way === 'gone reader' ? NOTICED_MS : limitMs).then(() => 'nothing')]);
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
    return { goneMs, problems };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function argumentsOf(job: StoppedJob, folder: string, out: string): readonly string[] {
  const run = ['run', '--workload', 'synthetic', '--profile', 'smoke', '--out', out, '--backend'];
  switch (job) {
    case 'run':
      return [...run, 'memory', '--backend', 'sqlite'];
    case 'run with a server':
      return [...run, 'redis', '--backend', 'memory'];
    case 'run stuck':
      return [...run, stuckBackend(folder)];
    case 'output':
      return [
        'output',
        '--workload',
        'synthetic:events=5000000',
        '--backend',
        'lmdb',
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

/** `count` stops: every way of ending every job by turns, at moments that the seed decides. */
export function stopsOf(seed: number, count: number, jobs: readonly StoppedJob[], latestMs: number): readonly Stop[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const way = WAYS[i % WAYS.length]!;
    // A step aside after each round of ways, or two numbers with a common divisor would never meet in every pair.
    const job = jobs[(i + Math.floor(i / WAYS.length)) % jobs.length]!;
    // `output` says nothing until its file is written: nobody has to be there to read.
    return { way, job: way === 'gone reader' && job === 'output' ? 'run' : job, afterMs: Math.round(200 + random() * (latestMs - 200)) };
  });
}

const CAMPAIGN_STOPS = 65;
const CAMPAIGN_LATEST_MS = 6000;
const CAMPAIGN_LIMIT_MS = 2000;

/** The long form, for a machine that does nothing else. */
export const stops = {
  name: 'R9',
  /** @returns a line for each stop and one for all; a line that begins with `FAILED` names what is wrong and the seed that repeats it. */
  async run({ seed }: { readonly seed: number }): Promise<readonly string[]> {
    const lines: string[] = [];
    let failed = 0;
    let slowestMs = 0;
    for (const stop of stopsOf(seed, CAMPAIGN_STOPS, JOBS, CAMPAIGN_LATEST_MS)) {
      const { goneMs, problems } = await stopJob(stop, CAMPAIGN_LIMIT_MS);
      slowestMs = Math.max(slowestMs, goneMs);
      if (problems.length > 0) failed++;
      const verdict = problems.length === 0 ? 'ok' : `FAILED (seed ${seed}): ${problems.join('; ')}`;
      lines.push(`${verdict}: ${stop.way} after ${stop.afterMs} ms of ${stop.job}, gone after ${Math.round(goneMs)} ms`);
    }
    return [...lines, `${CAMPAIGN_STOPS} stops, ${failed} failed; the slowest was gone after ${Math.round(slowestMs)} ms`];
  },
};
