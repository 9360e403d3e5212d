// Proves that a cluster of somebody else's is left as it was, whatever becomes of our trials there: jobs that were begun are cancelled, and
// that a checkpoint that fails, a heap that is full, a gateway or a JobManager that goes are each told by name and without a stack, while
// what else the run measures is kept.
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { startFlink } from '../../scripts/servers/flink.ts';
import { requiredServer } from '../../scripts/servers/required.ts';
import { parseSpec } from '../spec.ts';
import { jobName } from './abandoned-jobs.ts';
import { JobManager } from './job-manager.ts';
import { run, whyOf } from './run-for-tests.ts';
import { SqlSession } from './sql-gateway.ts';

/** Of a TaskManager, in MiB: little enough to be filled in seconds. */
const HEAP = { frameworkHeap: 48, taskHeap: 16 };
const { signal } = new AbortController();
const flink = await requiredServer(test, (directory) => startFlink({ directory, durability: 'volatile' }, HEAP));

if (flink !== undefined) {
  const jobManager = new JobManager(flink.url);
  const gateway = async (): Promise<string> => (await jobManager.settings()).get('statebench.gateway') ?? '';
  const shared = mkdtempSync(path.join(tmpdir(), 'statebench-shared-'));
  test.after.always('remove the shared folder', () => rmSync(shared, { recursive: true, force: true }));

  /** The same cluster without what says that it was started here, as one is that was not. */
  const elsewhere = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      try {
        const { method = 'GET', url = '', headers } = request;
        const type = headers['content-type'];
        const hasBody = method !== 'GET' && parts.length > 0;
        const answer = await fetch(`${flink.url}${url}`, {
          method,
          ...(type !== undefined && { headers: { 'content-type': type } }),
          ...(hasBody && { body: Buffer.concat(parts) }),
        });
        const text = await answer.text();
        response.writeHead(answer.status).end(url === '/v1/jobmanager/config' ? text.replaceAll('statebench.', 'other.') : text);
      } catch {
        response.destroy();
      }
    });
  }).listen(0, '127.0.0.1');
  test.after.always('close the way to it', () => elsewhere.close());
  const foreign = (): string => `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  const onForeign = (more = ''): string => `flink:hashmap,url=${foreign()},shared=${shared}${more}`;

  const query = async (name: string): Promise<string> => {
    await using session = await SqlSession.open(await gateway(), {
      'execution.target': 'remote',
      'rest.address': '127.0.0.1',
      'rest.port': new URL(flink.url).port,
      'pipeline.name': name,
    });
    await session.execute("CREATE TEMPORARY TABLE a (i BIGINT) WITH ('connector'='datagen', 'rows-per-second'='10')", signal);
    await session.execute("CREATE TEMPORARY TABLE b (i BIGINT) WITH ('connector'='blackhole')", signal);
    return await session.insert('INSERT INTO b SELECT i FROM a', signal);
  };
  const ours = async (): Promise<readonly string[]> =>
    (await jobManager.runningJobs()).filter(({ name }) => name.startsWith('statebench')).map(({ name }) => name);
  let stranger = '';

  test.serial("somebody else's job takes one of two slots", async (t) => {
    stranger = await query('of somebody else');
    const why = whyOf(await run(t, [onForeign()], { parallelisms: [2] }));
    t.regex(why, /^calibrate, unavailable: 2 slots are needed, and 1 of 2 are free on the Flink at/);
  });

  test.serial('a cluster that was not started here, without a folder that it shares with this machine', async (t) => {
    const why = whyOf(await run(t, [`flink:hashmap,url=${foreign()}`]));
    t.regex(why, /^calibrate, unavailable: the Flink at \S+ was not started here, so that .* give flink:shared=FOLDER/);
    const none = whyOf(await run(t, [`flink:hashmap,url=${foreign()},shared=${path.join(shared, 'none')}`]));
    t.regex(none, /^calibrate, bad-folder: cannot write/);
  });

  test.serial('the gateway in the place of the JobManager, and the other way round', async (t) => {
    const why = whyOf(await run(t, [`flink:hashmap,url=${await gateway()}`]));
    t.regex(why, /^calibrate, unavailable: http:\S+ answers, but not as Flink's JobManager does \(404 to GET \/v1\/overview\)/);
    const other = whyOf(await run(t, [onForeign(`,gateway=${foreign()}`)]));
    t.regex(other, /^calibrate, unavailable: http:\S+ answers, but not as Flink's SQL gateway does \(404 to GET \/v3\/info\)/);
  });

  test.serial('a checkpoint that cannot be written, with the reason from the log; what else the run has is kept', async (t) => {
    let hidden = false;
    let moved = 0;
    let isCalibrated = false;
    const watch = setInterval(() => {
      if (!isCalibrated || hidden) return;
      try {
        const names = readdirSync(shared, { recursive: true, encoding: 'utf8' });
        const made = names.find((name) => /\/[0-9a-f]{32}\/chk-\d+$/.test(name));
        if (made === undefined) return;
        const folder = path.join(shared, path.dirname(path.dirname(made)));
        renameSync(folder, `${folder}-${++moved}`);
        writeFileSync(folder, '');
        hidden = true;
      } catch {
        // Flink was faster, and has made or removed it: the next time.
      }
    }, 5);
    const trials = await run(t, ['memory', onForeign(',interval=100')], {}, ({ type }) => {
      isCalibrated ||= type === 'trial-started';
    }).finally(() => clearInterval(watch));
    const why = whyOf(trials);
    t.true(hidden);
    // The first checkpoint may be asked for before it was seen that the job has begun.
    t.regex(
      why,
      /^(open|warm-up|measure), backend-failed: the job ended as FAILED: a checkpoint failed: \w+Exception: .*; see that every TaskManager/,
    );
    t.notRegex(why, /\tat |Exceeded checkpoint tolerable/);
    t.is(trials.find(({ backend }) => backend.name === 'memory')?.state, 'completed');
    t.deepEqual([await ours(), readdirSync(shared)], [[], []], 'no job of ours and no file is left');
  });

  test.serial('a job that outlived its run is ended, and no other is', async (t) => {
    const abandoned = await query(jobName('cell').replace(/\d+ (\d+|-)\)$/, '4194304 1)'));
    await run(t, [onForeign()], { parallelisms: [2] });
    t.is((await jobManager.job(abandoned)).state, 'CANCELED');
    t.is((await jobManager.job(stranger)).state, 'RUNNING');
    await jobManager.cancel(stranger);
    while ((await jobManager.runningJobs()).length > 0) await pause(50);
  });

  test.serial('a heap that is full', async (t) => {
    const why = whyOf(await run(t, [`flink:hashmap,url=${flink.url}`], { workloads: [parseSpec('synthetic:keys=1000000,fill=1000000')] }));
    t.log(why);
    t.regex(
      why,
      /^calibrate, backend-failed: .*(OutOfMemoryError: Java heap space|its heap was full, \d+ of 64 MiB).*; the state is more than the heap/,
    );
    t.notRegex(why, /\tat /);
    t.deepEqual(await ours(), []);
  });

  test.serial('a gateway that goes amid a statement', async (t) => {
    const session = await SqlSession.open(await gateway(), {});
    await session.execute("CREATE TEMPORARY TABLE a (i BIGINT) WITH ('connector'='datagen')", signal);
    const answer = session.execute('SELECT COUNT(*) FROM a', signal);
    process.kill(flink.pids[1]!, 'SIGKILL');
    const error = await t.throwsAsync(answer, { code: 'unavailable' });
    t.regex(error?.message ?? '', /^Flink's SQL gateway does not answer at http:\/\/127\.0\.0\.1:\d+ \([A-Z]\w+\)/);
  });

  test.serial('a JobManager that is killed amid a trial', async (t) => {
    let isKilled = false;
    const trials = await run(t, ['memory', onForeign()], {}, (event) => {
      if (event.type !== 'progress' || !event.cell.startsWith('flink') || event.phase !== 'warm-up' || isKilled) return;
      isKilled = true;
      process.kill(flink.pids[0]!, 'SIGKILL');
    });
    t.regex(
      whyOf(trials),
      /^warm-up, unavailable: Flink's JobManager does not answer at http:\/\/127\.0\.0\.1:\d+ \(\S+.*\): see that it runs/,
    );
    t.is(trials.find(({ backend }) => backend.name === 'memory')?.state, 'completed');
    t.deepEqual(readdirSync(shared), []);
  });
}
