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
  /** What else it is given, of a server of this durability. */
  readonly options?: (durability: Durability) => ModuleRef['options'];
  readonly start: (request: ServerRequest) => Promise<ServerStart>;
  /** What is said of a server that is gone, with its address. */
  readonly unreachable: RegExp;
  /** The job, large enough that its server can be killed amid it. */
  readonly job?: { readonly events: number; readonly batchSize: number; readonly checkpointEvery: number };
  /** Takes the end off what a server logged below its directory, so that this share is left. @returns what it did, for the test's log */
  readonly truncateLog: (directory: string, share: number) => string;
  /** Shares of the log to be left, a test each. */
  readonly keptShares?: readonly number[];
  /** Whether a server of durability `volatile` comes back with nothing. */
  readonly forgets?: boolean;
}

type Durability = ServerRequest['durability'];

/** A server that is killed and started again in the same directory. */
interface Host {
  readonly directory: string;
  readonly durability: Durability;
  server: RunningServer;
}

const STANDS_STILL_MS = 5_000;
/** A machine that is busy with other tests may take its time on top of that. */
const PATIENCE_MS = 60_000;
const LARGE_JOB = { events: 30_000, batchSize: 100, checkpointEvery: 2_000 };

/** Registers the tests. To be called before the file declares anything else. */
export async function provesJobOutlivesServer(test: TestFn, subject: FaultySubject): Promise<void> {
  const { backend, option, options = () => ({}), start, unreachable, job = LARGE_JOB } = subject;
  const { truncateLog, keptShares = [0.75], forgets = false } = subject;
  let home = '';
  const first = await requiredServer(test, (directory) => {
    home = directory;
    return start({ directory, durability: 'process-crash' });
  });
  if (first === undefined) return;
  const host: Host = { directory: home, durability: 'process-crash', server: first };
  const root = mkdtempSync(join(tmpdir(), `statebench-${backend}-faults-`));
  test.after.always('remove the files', () => rm(root, { recursive: true, force: true }));

  const workload: ModuleRef = {
    kind: 'workload',
    name: 'flights-delays',
    file: builtInFile('workload', 'flights-delays'),
    options: { limit: job.events, arrivals: 'actual' },
  };

  /** The rows of the job in the directory `run`, which goes on from what is there. */
  async function output(name: string, given: ModuleRef['options'], run: string): Promise<string> {
    const to = join(root, `${run}.csv`);
    await writeOutput({
      workload,
      backend: { kind: 'backend', name, file: builtInFile('backend', name), options: given },
      batchSize: job.batchSize,
      parallelism: 1,
      checkpointEveryEvents: job.checkpointEvery,
      killAfterEvents: [],
      seed: 1,
      directory: join(root, run),
      to,
      signal: new AbortController().signal,
    });
    return readFile(to, 'utf8');
  }

  const outputOn = ({ server, durability }: Host, run: string, timeoutMs = PATIENCE_MS) =>
    output(backend, { [option]: server.url, ...options(durability), timeoutMs }, run);

  /** Waits until the job has published this checkpoint or a later one. */
  async function published(run: string, id: number): Promise<void> {
    const checkpoints = join(root, run, 'checkpoints');
    const newest = () =>
      existsSync(checkpoints) ? Math.max(0, ...readdirSync(checkpoints).map((name) => Number(/^chk-(\d+)$/.exec(name)?.[1] ?? 0))) : 0;
    while (newest() < id) await pause(5);
  }

  /** What a job says whose server is killed amid it. */
  async function killedAfter(of: Host, run: string, id: number): Promise<Error> {
    const ended = outputOn(of, run).then(
      () => new Error('it was through before its server was killed'),
      (error: Error) => error,
    );
    await Promise.race([published(run, id), ended]);
    for (const pid of of.server.pids) process.kill(pid, 'SIGKILL');
    const error = await ended;
    await of.server.stop();
    return error;
  }

  async function startAgain(of: Host): Promise<void> {
    const again = await start(of);
    if (again.state !== 'running') throw new Error(again.reason);
    of.server = again.server;
  }
  test.after.always('stop the server that was started last', () => host.server.stop());

  const right = output('memory', {}, 'memory');

  test.serial('a server that stands still for five seconds is waited for', async (t) => {
    const rows = outputOn(host, 'stopped');
    await published('stopped', 1);
    const before = performance.now();
    for (const pid of host.server.pids) process.kill(pid, 'SIGSTOP');
    await pause(STANDS_STILL_MS);
    for (const pid of host.server.pids) process.kill(pid, 'SIGCONT');
    t.true((await rows) === (await right));
    t.true(performance.now() - before >= STANDS_STILL_MS);
  });

  test.serial('a server that is killed ends the job with a named error, and the job goes on once it is there again', async (t) => {
    const error = await killedAfter(host, 'killed', 2);
    t.log(error.message);
    t.regex(error.message, unreachable);
    t.is((error as { code?: string }).code, 'unavailable');
    t.false(existsSync(join(root, 'killed.csv')), 'there are rows of a job that did not end');
    const absent = await t.throwsAsync(outputOn(host, 'killed', 10_000), { message: unreachable });
    t.is((absent as { code?: string } | undefined)?.code, 'unavailable');
    await startAgain(host);
    t.true((await outputOn(host, 'killed')) === (await right));
  });

  for (const share of keptShares) {
    test.serial(
      `a server with ${share} of its log has an older checkpoint or says that it has none, and never gives other rows`,
      async (t) => {
        const run = `truncated-${share}`;
        const error = await killedAfter(host, run, 3);
        t.regex(error.message, unreachable);
        t.log(truncateLog(host.directory, share));
        await startAgain(host);
        const rows = await outputOn(host, run).catch((failure: Error) => failure);
        if (rows instanceof Error) {
          t.log(rows.message);
          t.regex(rows.message, /none of \d+ checkpoints is whole.*no longer (has|holds) the state/);
          t.is((rows as { code?: string }).code, 'no-whole-checkpoint');
        } else t.true(rows === (await right));
      },
    );
  }

  if (!forgets) return;
  test.serial('a server that kept nothing is told from one that kept the checkpoint', async (t) => {
    const directory = mkdtempSync(join(root, 'server-'));
    const started = await start({ directory, durability: 'volatile' });
    if (started.state !== 'running') return t.fail(started.reason);
    const forgetful: Host = { directory, durability: 'volatile', server: started.server };
    t.teardown(() => forgetful.server.stop());
    t.regex((await killedAfter(forgetful, 'forgotten', 3)).message, unreachable);
    await startAgain(forgetful);
    const error = await t.throwsAsync(outputOn(forgetful, 'forgotten'), { message: /no longer (has|holds) the state of checkpoint/ });
    t.log(error?.message ?? '');
    t.false(existsSync(join(root, 'forgotten.csv')));
    return undefined;
  });
}

/** Takes the end off the log below a folder that most was written to, but for what is empty there beforehand. @returns what it did */
export function shortenLog(folder: string, share: number): string {
  const logs = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return { file, usedBytes: readFileSync(file).findLastIndex((byte) => byte !== 0) + 1 };
    });
  const { file, usedBytes } = logs.toSorted((a, b) => b.usedBytes - a.usedBytes)[0]!;
  const keptBytes = Math.floor(share * usedBytes);
  truncateSync(file, keptBytes);
  return `${keptBytes} of ${usedBytes} bytes of ${file} kept`;
}
