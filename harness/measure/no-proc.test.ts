// Proves that where there is no /proc (macOS, Windows, some containers), or one that tells nothing, all that is read there is null with a
// reason and nothing throws. The real readers are given another root.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { noiseSchema } from '../results-noise.ts';
import { fileSystemOf } from './file-system.ts';
import { NoiseWatch } from './noise.ts';
import { descendantTicks, processorTime } from './processor-time.ts';
import { anonymousBytes, heapBytes, ResidentMemory, residentBytes } from './resident-memory.ts';
import { RunUsage } from './run-usage.ts';
import { ServerTime } from './server-time.ts';

test('without /proc, and with an empty one', async (t) => {
  const empty = await mkdtemp(join(tmpdir(), 'statebench-no-proc-test-'));
  t.teardown(() => rm(empty, { recursive: true, force: true }));
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  for (const proc of [join(empty, 'none'), empty]) {
    t.is(processorTime(proc), null);
    t.is(descendantTicks([], proc), null);
    t.is(await anonymousBytes(proc), null);

    const memory = new ResidentMemory(proc);
    memory.watch(child.pid!);
    await new Promise((resolve) => setTimeout(resolve, 300));
    t.deepEqual([memory.stop(), memory.anonymousBytesMax], [null, null]);

    const servers = new ServerTime(proc);
    servers.look();
    servers.look();
    t.is(servers.seconds, null);

    const usage = await new RunUsage(empty, proc).stop();
    t.is(usage.memoryBytesMax, null);
    t.true(usage.diskBytesMax !== null, 'a folder is there all the same');

    const watch = new NoiseWatch(proc);
    watch.start();
    const noise = watch.stop({ majorFaults: null, readsFiles: false, usesServer: true });
    t.notThrows(() => noiseSchema.parse(JSON.parse(JSON.stringify(noise))));
    for (const name of ['stealShare', 'othersShare', 'swappedPages', 'majorFaults'] as const) {
      t.is(noise[name], null);
      t.true((noise.unavailable[name] ?? '').length > 10, name);
    }
    t.is(noise.throttledShare, null);
    t.regex(noise.unavailable.throttledShare!, /control groups/);
    t.true(noise.spinBeforeMs > 0 && noise.supervisorShare >= 0, 'what takes no /proc is measured');
  }
  t.is(fileSystemOf(empty, ''), null);
});

test('a process that cannot be told its own size', (t) => {
  const unable = () => {
    throw Object.assign(new Error('ENOENT: no such file or directory, uv_resident_set_memory'), { code: 'ENOENT' });
  };
  t.is(residentBytes(unable), null);
  t.true((residentBytes() ?? 1) > 0);
  const { heap, external } = heapBytes();
  t.true(heap > 1e6 && external >= 0);
});
