// Proves that a run measures Flink beside our own backends, with right rows also after a TaskManager was killed, and that what stands in
// its way is told by Flink's own root cause, while jobs of others are left alone.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import test from 'ava';
import { startFlink } from '../../scripts/servers/flink.ts';
import { startHdfs } from '../../scripts/servers/hdfs.ts';
import { freePorts } from '../../scripts/servers/ports.ts';
import { requiredServers } from '../../scripts/servers/required.ts';
import { trialSchema } from '../results.ts';
import { parseSpec } from '../spec.ts';
import { JobManager } from './job-manager.ts';
import { run, whyOf } from './run-for-tests.ts';

const { flink, hdfs } = await requiredServers(test, {
  flink: (directory) => startFlink({ directory, durability: 'volatile' }),
  hdfs: (directory) => startHdfs({ directory, durability: 'volatile' }),
});

test('a cluster that is not there is named', async (t) => {
  const [port] = (await freePorts(1)) as [number];
  const why = whyOf(await run(t, [`flink:rocksdb,url=http://127.0.0.1:${port}`]));
  t.regex(why, /^calibrate, unavailable: Flink's JobManager does not answer at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
});

test('another release, and another server, are told', async (t) => {
  const answers = { 'flink-version': '1.20.0', taskmanagers: 1, 'slots-total': 1, 'slots-available': 1, 'jobs-running': 0 };
  for (const [status, body, said] of [
    [
      200,
      answers,
      /^calibrate, unavailable: the Flink at http:\/\/\S+ is 1\.20\.0, and the job is made for 2\.3\.0: name a cluster of 2\.3$/,
    ],
    [
      404,
      { hello: 'world' },
      /^calibrate, unavailable: http:\/\/\S+ answers, but not as Flink's JobManager does \(404 to GET \/v1\/overview\)/,
    ],
    [200, { hello: 'world' }, /^calibrate, unavailable: http:\/\/\S+ answers, but not as Flink's JobManager does \(taskmanagers\)/],
  ] as const) {
    const server = createServer((_, response) => response.writeHead(status).end(JSON.stringify(body))).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      t.regex(whyOf(await run(t, [`flink:rocksdb,url=http://127.0.0.1:${(server.address() as AddressInfo).port}`])), said);
    } finally {
      server.close();
    }
  }
});

for (const [given, spec, said] of [
  [{ workloads: [parseSpec('continuous-join')], parallelisms: [2] }, 'flink', /^workload 'continuous-join' joins an event with those of/],
  [{ parallelisms: [2] }, 'flink:hashmap,chained=true', /^flink:chained=true runs in one task/],
] as const) {
  test(`refused before anything runs: ${spec} ${JSON.stringify(given)}`, async (t) => {
    const error = await t.throwsAsync(run(t, [`${spec}${spec.includes(':') ? ',' : ':'}url=http://127.0.0.1:1`], given));
    t.regex(error?.message ?? '', said);
  });
}

if (flink !== undefined && hdfs !== undefined) {
  const jobManager = new JobManager(flink.url);

  test.serial('more tasks than slots', async (t) => {
    const why = whyOf(await run(t, [`flink:hashmap,url=${flink.url}`], { parallelisms: [3] }));
    t.regex(why, /^calibrate, unavailable: 3 slots are needed, and 2 of 2 are free on the Flink at/);
  });

  test.serial('Flink beside our pipeline, checkpoints in HDFS, memory limited: right rows from both, also after SIGKILL', async (t) => {
    const storages = [parseSpec(`hdfs:url=${hdfs.url},timeoutMs=60000`)];
    const trials = await run(t, ['memory', `flink:rocksdb,url=${flink.url},memoryBytes=64mib`], { storages });
    t.deepEqual(trials.map(({ backend }) => backend.name).sort(), ['flink:rocksdb', 'memory']);
    for (const trial of trials) {
      t.notThrows(() => trialSchema.parse(JSON.parse(JSON.stringify(trial))));
      if (trial.state === 'failed') return t.fail(`${trial.backend.name}: ${trial.phase}: ${trial.message}`);
      t.true(trial.correctness.uninterrupted?.equal);
      t.true(trial.correctness.recovered?.equal);
      t.true((trial.correctness.recovered?.got.rows ?? 0) > 100);
    }
    const trial = trials.find(({ backend }) => backend.name !== 'memory');
    if (trial?.state !== 'completed') return t.fail();
    t.like(trial.backend.settings, {
      state: 'rocksdb',
      incremental: true,
      version: '2.3.0',
      objectReuse: true,
      managedBytes: 64 * 2 ** 20,
    });
    t.regex(String(trial.backend.settings.checkpointsOn), /^hdfs:\/\/127\.0\.0\.1:\d+$/);
    t.true((trial.disk.checkpointBytes ?? 0) > 0);
    const url = `${hdfs.url}/webhdfs/v1/user/${userInfo().username}/statebench?op=LISTSTATUS&user.name=${userInfo().username}`;
    const left = (await (await fetch(url)).json()) as { FileStatuses: { FileStatus: unknown[] } };
    t.deepEqual(left.FileStatuses.FileStatus, [], 'nothing of the trials is left in HDFS');
    const { recovery, throughput, memory, checkpoints, unavailable } = trial;
    // On a machine that has much else to do the measured part may have begun before anybody looked.
    t.true(throughput.cpuSeconds === null ? 'throughput.cpuSeconds' in unavailable : throughput.cpuSeconds > 0);
    t.true((memory.rssBytesMax ?? 0) > 100e6);
    t.true(checkpoints.length > 0 && checkpoints.every(({ flink: told }) => (told?.vertices.length ?? 0) > 0));
    t.true(recovery !== null && recovery.restoredFromEvent < recovery.killedAtEvent);
    t.true((recovery?.killFraction ?? -1) >= 0 && (recovery?.replayRate ?? 0) > 0 && (recovery?.restoredBytes ?? 0) > 0);
    t.like(recovery?.flink, { heartbeatIntervalMs: 1000, heartbeatTimeoutMs: 6000, spareSlots: 1 });
    const { detectedMs = 0 } = recovery?.flink ?? {};
    t.true(detectedMs > 0 && detectedMs <= (recovery?.phases.processMs ?? 0));
    t.true(Object.values(recovery?.phases ?? {}).every((ms = 0) => ms >= 0));
    for (const missing of ['time', 'batchTime', 'calls', 'liveState']) t.true(missing in unavailable, missing);
    t.is((await jobManager.overview())['jobs-running'], 0);
  });

  test.serial('two tasks, each in a TaskManager of its own: one is killed, and another has to come first', async (t) => {
    const [trial] = await run(t, [`flink:rocksdb,url=${flink.url}`], { parallelisms: [2] });
    if (trial?.state !== 'completed') return t.fail(whyOf(trial === undefined ? [] : [trial]));
    t.true(trial.correctness.uninterrupted?.equal);
    t.true(trial.correctness.recovered?.equal);
    t.like(trial.backend.settings, { taskManagers: 2, slotsPerTaskManager: 1 });
    t.is(trial.parts?.length, 2);
    const { recovery } = trial;
    t.like(recovery?.flink, { heartbeatIntervalMs: 1000, heartbeatTimeoutMs: 6000, spareSlots: 0 });
    const { detectedMs = 0 } = recovery?.flink ?? {};
    const { processMs = 0, ...phases } = recovery?.phases ?? {};
    t.true(detectedMs > 0 && detectedMs <= processMs);
    t.true(processMs > 1000, `a Java machine does not start in ${processMs} ms`);
    t.true(Object.values(phases).length === 4 && Object.values(phases).every((ms = 0) => ms >= 0));
    t.true((recovery?.restoredFromEvent ?? 0) > 0 && recovery!.restoredFromEvent < recovery!.killedAtEvent);
  });
}
