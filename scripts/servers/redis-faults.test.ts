// Proves that a job on Redis whose server stands still for five seconds waits within its limit; that one whose server is killed ends
// with a named error, and goes on from what the server kept once it is there again, also where the end of its append-only file is
// lost, or says that nothing is left to go on from; and that all rows are those of a run without any of that: none lost, none doubled.
import { existsSync, mkdtempSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { builtInFile, type ModuleRef } from '../../harness/modules.ts';
import { writeOutput } from '../../harness/output.ts';
import { startRedis } from './redis.ts';
import { requiredServer } from './required.ts';
import type { RunningServer, ServerRequest } from './server.ts';

const STANDS_STILL_MS = 5_000;
/** Other tests run beside this one. */
const PATIENT_MS = 60_000;
const redis = await requiredServer(test, (directory) => startRedis({ directory, durability: 'volatile' }));

if (redis !== undefined) {
  const root = mkdtempSync(join(tmpdir(), 'statebench-redis-faults-'));
  test.after.always('remove the files', () => rm(root, { recursive: true, force: true }));

  const workload: ModuleRef = {
    kind: 'workload',
    name: 'flights-delays',
    file: builtInFile('workload', 'flights-delays'),
    options: { limit: 12_000, arrivals: 'actual' },
  };

  async function output(name: string, options: ModuleRef['options'], run: string): Promise<string> {
    const to = join(root, `${run}.csv`);
    await writeOutput({
      workload,
      backend: { kind: 'backend', name, file: builtInFile('backend', name), options },
      batchSize: 20,
      parallelism: 1,
      checkpointEveryEvents: 1_000,
      killAfterEvents: [],
      seed: 1,
      directory: join(root, run),
      to,
      signal: new AbortController().signal,
    });
    return readFile(to, 'utf8');
  }

  /** Waits until a job has published this many checkpoints. */
  async function published(run: string, count: number): Promise<void> {
    const checkpoints = join(root, run, 'checkpoints');
    const newest = () =>
      existsSync(checkpoints) ? Math.max(0, ...readdirSync(checkpoints).map((name) => Number(/^chk-(\d+)$/.exec(name)?.[1] ?? 0))) : 0;
    while (newest() < count) await pause(5);
  }

  const right = output('memory', {}, 'memory');

  test.serial('a server that stands still for five seconds is waited for', async (t) => {
    const rows = output('redis', { url: redis.url, timeoutMs: PATIENT_MS }, 'stopped');
    await published('stopped', 1);
    process.kill(redis.pid, 'SIGSTOP');
    await pause(STANDS_STILL_MS);
    process.kill(redis.pid, 'SIGCONT');
    t.true((await rows) === (await right));
  });

  /** A job whose server is killed amid it. `again` starts the server anew where the first was. */
  async function killed(t: ExecutionContext, run: string, durability: ServerRequest['durability']) {
    const directory = mkdtempSync(join(root, 'server-'));
    const start = async (): Promise<RunningServer> => {
      const started = await startRedis({ directory, durability });
      if (started.state !== 'running') throw new Error(started.reason);
      t.teardown(() => started.server.stop());
      return started.server;
    };
    const server = await start();
    const options = { url: server.url, durability, timeoutMs: PATIENT_MS };
    const ended = t.throwsAsync(output('redis', options, run), { message: /no Redis server answers at redis:\/\/127\.0\.0\.1:\d+/ });
    await published(run, 3);
    process.kill(server.pid, 'SIGKILL');
    const error = await ended;
    t.log(error?.message ?? '');
    t.is((error as { code?: string } | undefined)?.code, 'unavailable');
    await server.stop();
    t.false(existsSync(join(root, `${run}.csv`)), 'there are rows of a job that did not end');
    return { directory, again: start, goOn: () => output('redis', options, run) };
  }

  test.serial('a server that is killed ends the job with a named error, and the job goes on once it is there again', async (t) => {
    const { again, goOn } = await killed(t, 'killed', 'process-crash');
    await t.throwsAsync(goOn, { message: /no Redis server answers at .*ECONNREFUSED.*start one there/ });
    await again();
    t.true((await goOn()) === (await right));
  });

  test.serial('a server that kept nothing is told from one that kept the checkpoint', async (t) => {
    const { again, goOn } = await killed(t, 'forgotten', 'volatile');
    await again();
    const error = await t.throwsAsync(goOn, { message: /the server no longer has the state of checkpoint/ });
    t.log(error?.message ?? '');
    t.false(existsSync(join(root, 'forgotten.csv')));
  });

  for (const share of [0.999, 0.75, 0.1]) {
    test.serial(`an append-only file of which ${share} is left gives an older checkpoint or none, never other rows`, async (t) => {
      const run = `truncated-${share}`;
      const { directory, again, goOn } = await killed(t, run, 'process-crash');
      const logs = join(directory, 'appendonlydir');
      const log = join(logs, readdirSync(logs).find((name) => name.endsWith('.incr.aof'))!);
      const { size } = statSync(log);
      const kept = Math.floor(size * share);
      truncateSync(log, kept);
      await again();
      const rows = await goOn().catch((error: Error) => error);
      t.log(`${kept} of ${size} bytes kept: ${rows instanceof Error ? rows.message : 'the right rows'}`);
      if (rows instanceof Error) t.regex(rows.message, /no longer has the state of checkpoint/);
      else t.true(rows === (await right));
    });
  }
}
