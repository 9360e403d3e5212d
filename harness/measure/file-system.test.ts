// Proves that a folder's file system is told from the mounts as the system would, also for folders still to be made.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { environmentSchema } from '../results.ts';
import { readEnvironment } from './environment.ts';
import { fileSystemOf, freeBytes, nearestFolder, probeFsyncMs } from './file-system.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'statebench-disk-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

test('the longest mount wins, the later of two, and octal escapes are read', (t) => {
  const at = nearestFolder(folder);
  const escaped = at.replaceAll('/', '\\057');
  const mounts = (lines: readonly string[]): string => lines.join('\n');
  t.is(fileSystemOf(at, mounts(['/dev/a / ext4 rw 0 0', `none ${at} tmpfs rw 0 0`])), 'tmpfs');
  t.is(fileSystemOf(path.join(at, 'to/be/made'), mounts([`none ${at} tmpfs rw 0 0`, '/dev/a / ext4 rw 0 0'])), 'tmpfs');
  t.is(fileSystemOf(at, mounts([`none ${at} tmpfs rw 0 0`, `/dev/b ${at} xfs rw 0 0`])), 'xfs');
  t.is(fileSystemOf(at, mounts(['/dev/a / ext4 rw 0 0', `none ${at}x tmpfs rw 0 0`])), 'ext4');
  t.is(fileSystemOf(at, `none ${escaped} btrfs rw 0 0`), 'btrfs');
  t.is(fileSystemOf(at, ''), null);
});

test('probes leave nothing behind', (t) => {
  const fsyncMs = probeFsyncMs(folder);
  t.true(fsyncMs > 0 && fsyncMs < 300_000);
  t.true(freeBytes(path.join(folder, 'to/be/made')) > 0);
  t.deepEqual(readdirSync(folder), []);
});

test('the environment is what the results take', (t) => {
  const environment = readEnvironment(folder);
  t.notThrows(() => environmentSchema.parse(environment));
  t.is(environment.fileSystem === null, 'fileSystem' in environment.unavailable);
});
