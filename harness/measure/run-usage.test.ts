// Proves that what a run took at most counts the files of its folder and the memory of processes that it started, also after both are gone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RunUsage } from './run-usage.ts';

const MB = 1e6;

test('the most of a folder and of processes, though they are gone in the end', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'statebench-usage-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const before = await new RunUsage(folder).stop();
  await writeFile(join(folder, 'large'), Buffer.alloc(20 * MB, 1));
  const child = spawn(
    process.execPath,
    ['-e', 'const kept = Buffer.alloc(150e6, 1); console.log(kept.length); setInterval(() => kept, 1000)'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(child.stdout, 'data');
  const during = await new RunUsage(folder).stop();
  child.kill('SIGKILL');
  await once(child, 'close');
  await rm(join(folder, 'large'));
  const after = await new RunUsage(folder).stop();
  t.true((during.diskBytesMax ?? 0) >= 20 * MB && (after.diskBytesMax ?? 0) < MB);
  if (process.platform === 'linux') {
    t.true((during.memoryBytesMax ?? 0) - (before.memoryBytesMax ?? 0) > 150 * MB);
    t.true((during.memoryBytesMax ?? 0) - (after.memoryBytesMax ?? 0) > 150 * MB);
  } else t.is(during.memoryBytesMax, null);
});
