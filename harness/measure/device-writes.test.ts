// Proves that bytes written to a file come to be counted at the disk under it, less what the disk writes anyway, and that what has no disk,
// or no counters, is told with the reason.
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { DeviceWrites, deviceOf, sectorsWritten } from './device-writes.ts';

test('a disk is found by its numbers, and its seventh counter read', (t) => {
  const proc = join(tmpdir(), `statebench-diskstats-${process.pid}`);
  mkdirSync(proc);
  t.teardown(() => rm(proc, { recursive: true, force: true }));
  writeFileSync(
    join(proc, 'diskstats'),
    '   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n 254       0 vda 230047 15979 9277106 270124 1182851 325201 43812328 561215 0 288416 1061002 482731\n 254       1 vda1 1\n',
  );
  t.is(sectorsWritten({ major: 254, minor: 0 }, proc), 43812328);
  t.is(sectorsWritten({ major: 7, minor: 0 }, proc), 0, 'a disk that wrote nothing is a disk');
  t.is(sectorsWritten({ major: 254, minor: 1 }, proc), null);
  t.is(sectorsWritten({ major: 8, minor: 0 }, proc), null);
  const found = deviceOf(proc, join(proc, 'none'));
  t.regex('reason' in found ? found.reason : '', /no \/proc\/diskstats/);
});

test('what is in memory has no disk', async (t) => {
  const writes = await DeviceWrites.prepare('/proc');
  await writes.end();
  t.true('reason' in writes.written && writes.written.reason.length > 20);
});

test('what is written to a file is written to its disk', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'statebench-device-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const found = deviceOf(folder);
  if ('reason' in found) {
    t.log(`not shown here: ${found.reason}`);
    t.pass();
    return;
  }
  const writes = await DeviceWrites.prepare(folder);
  await writes.begin();
  await writeFile(join(folder, 'large'), Buffer.alloc(24e6, 1));
  await writes.end();
  const { written } = writes;
  // Others may write as much at the same time, and no less than nothing.
  if ('bytes' in written) t.true(written.bytes > 8e6, `${written.bytes}`);
  else t.regex(written.reason, /others write/);
});
