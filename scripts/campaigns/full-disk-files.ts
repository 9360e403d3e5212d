/** R5 for what a user keeps: a run's results, its report and table, and rows, on a disk that fills up. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isScratchName } from '../../harness/scratch.ts';
import { readResults } from '../../reports/read-results.ts';
import { fill } from './small-disk.ts';

const PROGRAM = fileURLToPath(new URL('../statebench.js', import.meta.url));
const WORKLOAD = 'synthetic:keys=300,ratePerSecond=3000';
const ROWS_OF = 'synthetic:keys=3000,ratePerSecond=3000,events=60000';

export interface FilesOnFullDisk {
  /** The backend's name. */
  readonly backend: string;
  /** The disk, empty. */
  readonly disk: string;
  readonly signal: AbortSignal;
}

/** A run whose disk fills up after its first trial, and, once it was resumed, its report and tables. @returns what is wrong, or null. */
export async function resultsOnFullDisk({ backend, disk, signal }: FilesOnFullDisk): Promise<string | null> {
  const out = join(disk, 'out');
  const ballast = join(disk, 'ballast');
  const asked = ['run', '--plain', '--profile', 'smoke', '--workload', WORKLOAD, '--backend', backend];
  const full = await statebench([...asked, '--batch-size', '3,2,1', '--out', out], signal, /^1\/3 /m, () => fill(ballast));
  if (full.code !== 1) return `a run on a full disk: ${told(full)}`;
  if (!/the disk is full\. Make space there; [12] of 3 trials are kept\. Then: statebench resume/.test(full.said))
    return `a run on a full disk does not tell that, and what to do: ${told(full)}`;
  const kept = readFileSync(join(out, 'trials.ndjson'), 'utf8');
  const { trials, tornLines } = await readResults(out);
  if (trials.length === 0 || trials.some(({ state }) => state === 'failed') || tornLines !== 0)
    return `a run on a full disk left ${trials.map(({ id, state }) => `${id} ${state}`)} and ${tornLines} torn lines`;
  // The trial that failed leaves a little room, which may do for a report.
  const left = readdirSync(out).filter((name) => isScratchName(name) || !/\.(json|ndjson|html)$/.test(name));
  if (left.length > 0) return `a run on a full disk left ${left}`;
  rmSync(ballast);

  const resumed = await statebench(['resume', '--plain', out], signal);
  const whole = await readResults(out);
  if (resumed.code !== 0 || whole.trials.length !== 3) return `the resume: ${told(resumed)}`;
  if (!readFileSync(join(out, 'trials.ndjson'), 'utf8').startsWith(kept)) return 'the resume changed the trial that was there';

  const report = readFileSync(join(out, 'report.html'), 'utf8');
  fill(ballast);
  const before = filesIn(disk);
  const commands = [
    ['report', out],
    ['report', out, '--to', join(disk, 'page.html')],
    ...['csv', 'md', 'json'].map((form) => ['export', out, '--to', join(disk, `table.${form}`)]),
  ];
  for (const command of commands) {
    const ended = await statebench(command, signal);
    if (ended.code !== 1 || !/cannot write .*: the disk is full\. Make space there/.test(ended.said))
      return `${command.join(' ')} on a full disk: ${told(ended)}`;
  }
  if (filesIn(disk) !== before) return `on a full disk there are now ${filesIn(disk)}, where there were ${before}`;
  return readFileSync(join(out, 'report.html'), 'utf8') === report ? null : 'the report that was there is not what it was';
}

/** Rows written to a full disk, and by a job whose directory is on one. @returns what is wrong, or null. */
export async function rowsOnFullDisk({ backend, disk, signal }: FilesOnFullDisk): Promise<string | null> {
  const [to, ballast, job] = ['rows.csv', 'ballast', 'job'].map((name) => join(disk, name)) as [string, string, string];
  const command = ['output', '--workload', ROWS_OF, '--backend', backend, '--checkpoint-every', '20000', '--to'];
  const good = await statebench([...command, to], signal);
  if (good.code !== 0) return `with room: ${told(good)}`;
  const rows = readFileSync(to, 'utf8');
  fill(ballast);
  for (const target of [to, join(disk, 'others.csv')]) {
    const ended = await statebench([...command, target], signal);
    if (ended.code !== 1 || !ended.said.includes(`cannot write ${target}: the disk is full. Make space there`))
      return `to a full disk: ${told(ended)}`;
  }
  if (filesIn(disk) !== 'ballast,rows.csv') return `a full disk now holds ${filesIn(disk)}`;
  if (readFileSync(to, 'utf8') !== rows) return 'the rows that were there are not what they were';

  const inJob = [...command, to, '--directory', job];
  const noRoom = await statebench(inJob, signal);
  // A store that maps its file dies by SIGBUS, which is the backend's failure as far as anybody can tell.
  if (!(noRoom.code === 1 || noRoom.code === 3) || !/full disk|disk is full/.test(noRoom.said))
    return `a job on a full disk: ${told(noRoom)}`;
  if (readFileSync(to, 'utf8') !== rows) return 'the rows that were there are not what they were, after the job';
  rmSync(ballast);
  rmSync(to);
  const again = await statebench(inJob, signal);
  if (again.code !== 0) return `the job, once there was room: ${told(again)}`;
  return existsSync(to) && readFileSync(to, 'utf8') === rows ? null : 'the rows, once there was room, are others';
}

interface Ended {
  readonly code: number | NodeJS.Signals | null;
  readonly said: string;
}

/** Runs a command line to its end. @param react is called once, when it has said `when`. */
function statebench(args: readonly string[], signal: AbortSignal, when: RegExp | null = null, react = (): void => {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'ignore', 'pipe'], signal });
    let said = '';
    let waiting = when !== null;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (!waiting || !when?.test(said)) return;
      waiting = false;
      react();
    });
    child.on('error', reject);
    child.on('close', (code, signalName) => resolve({ code: signalName ?? code, said }));
  });
}

function told({ code, said }: Ended): string {
  return `it ended with ${code}: ${said.trim().split('\n').slice(-3).join(' / ')}`;
}

function filesIn(disk: string): string {
  return readdirSync(disk).sort().join();
}
