/**
 * R6 for a served backend: a server that stands still, is killed, or lost the end of its log, under a whole job. The job waits within
 * its limit or ends with a named error, and gives the rows of a run without any of that: none lost, none doubled.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestFn } from 'ava';
import { builtInFile, type ModuleRef } from '../../harness/modules.ts';
import { writeOutput } from '../../harness/output.ts';
import { requiredServer } from './required.ts';
import type { RunningServer, ServerRequest, ServerStart } from './server.ts';

export interface FaultySubject {
  /** Name of the backend. */
  readonly backend: string;
  /** Its option that names the server. */
  readonly option: string;
  readonly start: (request: ServerRequest) => Promise<ServerStart>;
  /** What is said of a server that is gone, with its address. */
  readonly unreachable: RegExp;
  /** Takes the end off what a server logged below its directory. @returns what it did, for the test's log */
  readonly truncateLog: (directory: string) => string;
}

const STANDS_STILL_MS = 5_000;
/** A machine that is busy with other tests may take its time on top of that. */
const PATIENCE_MS = 60_000;
const EVENTS = 30_000;

/** Registers the tests. To be called before the file declares anything else. */
export async function provesJobOutlivesServer(
  test: TestFn,
  { backend, option, start, unreachable, truncateLog }: FaultySubject,
): Promise<void> {
  let home = '';
  const first = await requiredServer(test, (directory) => {
    home = directory;
    return start({ directory, durability: 'process-crash' });
  });
  if (first === undefined) return;
  let server: RunningServer = first;
  const root = mkdtempSync(join(tmpdir(), `statebench-${backend}-faults-`));
  test.after.always('remove the files', () => rm(root, { recursive: true, force: true }));

  const workload: ModuleRef = {
    kind: 'workload',
    name: 'flights-delays',
    file: builtInFile('workload', 'flights-delays'),
    options: { limit: EVENTS, arrivals: 'actual' },
  };

  /** The rows of the job in the directory `run`, which goes on from what is there. */
  async function output(name: string, options: ModuleRef['options'], run: string): Promise<string> {
    const to = join(root, `${run}.csv`);
    await writeOutput({
      workload,
      backend: { kind: 'backend', name, file: builtInFile('backend', name), options },
      batchSize: 100,
      parallelism: 1,
      checkpointEveryEvents: 2_000,
      killAfterEvents: [],
      seed: 1,
      directory: join(root, run),
      to,
      signal: new AbortController().signal,
    });
    return readFile(to, 'utf8');
  }

  const onServer = (run: string, timeoutMs: number) => output(backend, { [option]: server.url, timeoutMs }, run);

  /** Waits until the job has published this checkpoint or a later one. */
  async function published(run: string, id: number): Promise<void> {
    const checkpoints = join(root, run, 'checkpoints');
    const newest = () =>
      existsSync(checkpoints) ? Math.max(0, ...readdirSync(checkpoints).map((name) => Number(/^chk-(\d+)$/.exec(name)?.[1] ?? 0))) : 0;
    while (newest() < id) await pause(20);
  }

  function killServer(): void {
    for (const pid of server.pids) process.kill(pid, 'SIGKILL');
  }

  async function killedAfter(run: string, id: number): Promise<Error> {
    const ended = onServer(run, PATIENCE_MS).then(
      () => new Error('it was through before its server was killed'),
      (error: Error) => error,
    );
    await Promise.race([published(run, id), ended]);
    killServer();
    const error = await ended;
    await server.stop();
    return error;
  }

  async function startAgain(): Promise<void> {
    const again = await start({ directory: home, durability: 'process-crash' });
    if (again.state !== 'running') throw new Error(again.reason);
    server = again.server;
  }
  test.after.always('stop the server that was started last', () => server.stop());

  const right = output('memory', {}, 'memory');

  test.serial('a server that stands still for five seconds is waited for', async (t) => {
    const rows = onServer('stopped', PATIENCE_MS);
    await published('stopped', 1);
    const before = performance.now();
    for (const pid of server.pids) process.kill(pid, 'SIGSTOP');
    await pause(STANDS_STILL_MS);
    for (const pid of server.pids) process.kill(pid, 'SIGCONT');
    t.true((await rows) === (await right));
    t.true(performance.now() - before >= STANDS_STILL_MS);
  });

  test.serial('a server that is killed ends the job with a named error, and the job goes on once it is there again', async (t) => {
    const error = await killedAfter('killed', 2);
    t.log(error.message);
    t.regex(error.message, unreachable);
    t.is((error as { code?: string }).code, 'unavailable');
    t.false(existsSync(join(root, 'killed.csv')), 'there are rows of a job that did not end');
    const absent = await t.throwsAsync(onServer('killed', 10_000), { message: unreachable });
    t.is((absent as { code?: string } | undefined)?.code, 'unavailable');
    await startAgain();
    t.true((await onServer('killed', PATIENCE_MS)) === (await right));
  });

  test.serial('a server whose log lost its end has an older checkpoint or says that it has none, and never gives other rows', async (t) => {
    const error = await killedAfter('truncated', 3);
    t.regex(error.message, unreachable);
    t.log(truncateLog(home));
    await startAgain();
    const rows = await onServer('truncated', PATIENCE_MS).catch((failure: Error) => failure);
    if (rows instanceof Error) {
      t.log(rows.message);
      t.regex(rows.message, /none of \d+ checkpoints is whole.*no longer (has|holds) the state/);
      t.is((rows as { code?: string }).code, 'no-whole-checkpoint');
    } else t.true(rows === (await right));
  });
}

/** What is left of the used part of a log. */
const KEPT_SHARE = 0.75;

/** Takes the end off the log below a folder that most was written to, but for what is empty there beforehand. @returns what it did */
export function shortenLog(folder: string): string {
  const logs = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return { file, usedBytes: readFileSync(file).findLastIndex((byte) => byte !== 0) + 1 };
    });
  const { file, usedBytes } = logs.toSorted((a, b) => b.usedBytes - a.usedBytes)[0]!;
  const keptBytes = Math.floor(KEPT_SHARE * usedBytes);
  truncateSync(file, keptBytes);
  return `${keptBytes} of ${usedBytes} bytes of ${file} kept`;
}
