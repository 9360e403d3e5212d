// Proves that an HDFS whose disk is full is named within five seconds to a job that is opened, and to a checkpoint that has no room,
// which then counts for nothing; that what was published stays; and that it goes on once there is room.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { fill, smallDisk, whyNoSmallDisk } from '../../../scripts/campaigns/small-disk.ts';
import { startHdfs } from '../../../scripts/servers/hdfs.ts';
import { requiredServer } from '../../../scripts/servers/required.ts';
import hdfs from '../hdfs.ts';
import { publish } from '../proves-storage.ts';
import { namedAtOnce, place } from './named-at-once.ts';

/** A DataNode takes a block only where there is room for a whole one, of 128 MiB, and a NameNode keeps 100 MiB free. */
const DISK_MIB = 600;

const why = whyNoSmallDisk();
if (why !== null) test(`not tried, since ${why}`, (t) => t.pass());
else {
  const root = await mkdtemp(join(tmpdir(), 'statebench-hdfs-full-'));
  const disk = join(root, 'disk');
  await mkdir(disk);
  const mounted = await smallDisk(disk, DISK_MIB);
  const server = await requiredServer(test, () => startHdfs({ directory: disk, durability: 'process-crash' }));
  test.after.always('remove the disk', async () => {
    await server?.stop();
    await mounted[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  if (server !== undefined) {
    test.serial('a disk that is full', async (t) => {
      const { url } = server;
      const directory = await place(t);
      const hurried = await hdfs({ url, waitMs: 1_000 }).open(directory);
      await publish(hurried, 1, { rows: 'one' });

      const ballast = join(disk, 'ballast');
      fill(ballast);
      const full = /make room|disk of the NameNode is full/;
      await namedAtOnce(t, { url }, 'unavailable', full);
      const error = await t.throwsAsync(publish(hurried, 2, { rows: Buffer.alloc(2_000_000) }));
      t.log(error?.message);
      t.is((error as { code?: string } | undefined)?.code, 'not-durable');
      t.regex(error?.message ?? '', full);
      t.deepEqual(await hurried.list(), [1]);

      await rm(ballast);
      const patient = await hdfs({ url }).open(directory);
      await publish(patient, 3, { rows: 'three' });
      t.deepEqual(await patient.list(), [3, 1]);
      await t.notThrowsAsync(patient.open(1));
    });
  }
}
