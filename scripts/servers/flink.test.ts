// Proves that Flink listens on loopback alone, that a TaskManager which is killed has another in its place while the rest goes on, and that
// nothing of it outlives an owner that is killed.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { isAlive, killOwner, onLoopbackAlone, requests, startOwned } from './owned-server.ts';
import { requiredServer } from './required.ts';

const REPLACED_MS = 120_000;

const flink = await requiredServer(test, (directory) => startOwned('flink', 'startFlink', directory));

if (flink !== undefined) {
  const described = path.join(requests.get('flink')!.directory, 'flink', 'task-managers');
  const taskManagers = (): Map<string, number> =>
    new Map(readdirSync(described).map((file) => [file, JSON.parse(readFileSync(path.join(described, file), 'utf8')).process.pid]));
  const overview = async (): Promise<Record<string, unknown>> =>
    (await (await fetch(`${flink.url}/v1/overview`)).json()) as Record<string, unknown>;

  test.serial('all of it listens on loopback alone, and it says what it is', async (t) => {
    onLoopbackAlone(t, flink);
    t.like(await overview(), { 'flink-version': '2.3.0', taskmanagers: 2, 'slots-total': 2, 'slots-available': 2 });
    const settings = (await (await fetch(`${flink.url}/v1/jobmanager/config`)).json()) as { key: string; value: string }[];
    const gateway = settings.find(({ key }) => key === 'statebench.gateway')?.value;
    t.like((await (await fetch(`${gateway}/v3/info`)).json()) as object, { productName: 'Apache Flink', version: '2.3.0' });
  });

  test.serial('a TaskManager that is killed has another in its place', async (t) => {
    const before = taskManagers();
    t.is(before.size, 2);
    const [[killed, pid]] = [...before] as [[string, number]];
    process.kill(pid, 'SIGKILL');
    const registered = async (): Promise<readonly string[]> => {
      const { taskmanagers } = (await (await fetch(`${flink.url}/v1/taskmanagers`)).json()) as { taskmanagers: { id: string }[] };
      return taskmanagers.map(({ id }) => `${id}.json`).sort();
    };
    const isReplaced = async (): Promise<boolean> => {
      const now = [...taskManagers().keys()].sort();
      return now.length === 2 && !now.includes(killed) && `${now}` === `${await registered()}`;
    };
    for (const deadline = performance.now() + REPLACED_MS; !(await isReplaced()) && performance.now() < deadline; ) await pause(100);
    t.true(await isReplaced());
    t.false(isAlive(pid));
  });

  test.serial('nothing outlives its owner', async (t) => {
    const pids = [...new Set([...flink.pids, ...taskManagers().values()])].filter(isAlive);
    t.is(pids.length, 4, 'a JobManager, a gateway and two TaskManagers');
    await killOwner(t, { ...flink, pids });
  });
}
