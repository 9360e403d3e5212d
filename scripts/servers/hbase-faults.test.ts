// Proves that a job on HBase whose server is killed and comes back, or stands still for five seconds, ends with a named error or waits
// within its limit, and in either case gives the rows of a run without any of that: none lost, none doubled.
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { builtInFile, type ModuleRef } from '../../harness/modules.ts';
import { writeOutput } from '../../harness/output.ts';
import { startHBase } from './hbase.ts';
import { requiredServer } from './required.ts';

const STANDS_STILL_MS = 5_000;

let home = '';
const hbase = await requiredServer(test, (directory) => {
  home = directory;
  return startHBase({ directory, durability: 'process-crash' });
});

if (hbase !== undefined) {
  let server = hbase;

  const root = mkdtempSync(join(tmpdir(), 'statebench-hbase-faults-'));
  test.after.always('remove the files', () => rm(root, { recursive: true, force: true }));

  const workload: ModuleRef = {
    kind: 'workload',
    name: 'flights-delays',
    file: builtInFile('workload', 'flights-delays'),
    options: { limit: 30_000, arrivals: 'actual' },
  };

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

  /** Waits until a job has published a checkpoint. */
  async function published(run: string): Promise<void> {
    const checkpoints = join(root, run, 'checkpoints');
    const isThere = () => existsSync(checkpoints) && readdirSync(checkpoints).some((name) => name.startsWith('chk-'));
    while (!isThere()) await pause(20);
  }

  const right = output('memory', {}, 'memory');

  test.serial('a server that stands still for five seconds is waited for', async (t) => {
    const rows = output('hbase', { url: server.url, timeoutMs: 60_000 }, 'stopped');
    await published('stopped');
    for (const pid of server.pids) process.kill(pid, 'SIGSTOP');
    await pause(STANDS_STILL_MS);
    for (const pid of server.pids) process.kill(pid, 'SIGCONT');
    t.true((await rows) === (await right));
  });

  test.serial('a server that is killed ends the job with a named error, and the job goes on once it is there again', async (t) => {
    const rows = output('hbase', { url: server.url }, 'killed');
    const ended = t.throwsAsync(rows, { message: /thrift2:\/\/127\.0\.0\.1:\d+/ });
    await published('killed');
    for (const pid of server.pids) process.kill(pid, 'SIGKILL');
    const error = await ended;
    t.log(error?.message ?? '');
    t.is((error as { code?: string } | undefined)?.code, 'unavailable');
    await server.stop();
    const again = await startHBase({ directory: home, durability: 'process-crash' });
    if (again.state !== 'running') return t.fail(again.reason);
    server = again.server;
    t.teardown(() => server.stop());
    t.true((await output('hbase', { url: server.url, timeoutMs: 60_000 }, 'killed')) === (await right));
    return undefined;
  });
}
