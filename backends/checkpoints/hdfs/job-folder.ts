/**
 * Where a job's checkpoints are: a folder of HDFS that the job's local directory names, with a marker in it that names
 * the job. Without the marker nothing in a folder is ours, and nothing of it is changed or removed.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open as openFile, readFile, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../contract.ts';
import { readBytes } from './read-stretch.ts';
import type { WebHdfs } from './web-hdfs.ts';

/** In the job's local directory. */
const LOCAL = 'hdfs.json';
/** In its folder of HDFS. */
const MARKER = '.statebench';
const MARKER_BYTES_MAX = 1 << 16;

const localSchema = z.strictObject({
  format: z.literal(1),
  job: z.string().regex(/^[0-9a-z-]+$/),
  folder: z.string().startsWith('/'),
  /** Whether the folder was made: one that is gone since then was removed by somebody. */
  made: z.boolean(),
});
export type JobFolder = z.infer<typeof localSchema>;

const markerSchema = z.object({ format: z.literal(1), job: z.string() });

/** @throws CheckpointError `foreign` if the file is there and is not ours. @returns null if it is not there. */
export async function readJobFolder(directory: string): Promise<JobFolder | null> {
  const path = join(directory, LOCAL);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return localSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CheckpointError('foreign', `${path} does not say where on HDFS the job's checkpoints are: give the job another directory`, {
      cause,
    });
  }
}

/** A name that no folder has: when it was made, for people, and what no other has. */
export function newJobFolder(path: string): JobFolder {
  const job = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${randomBytes(9).toString('hex')}`;
  return { format: 1, job, folder: `${path === '/' ? '' : path}/job-${job}`, made: false };
}

/** Written durably, at once or not at all. */
async function writeJobFolder(directory: string, folder: JobFolder): Promise<void> {
  const path = join(directory, LOCAL);
  const file = await openFile(`${path}~`, 'w');
  try {
    await file.writeFile(`${JSON.stringify(folder)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}~`, path);
}

/** The job's folder, made if it is not there yet. @throws CheckpointError `foreign`, HdfsFailure */
export async function openJobFolder(hdfs: WebHdfs, directory: string, path: string): Promise<JobFolder> {
  await mkdir(directory, { recursive: true });
  const known = await readJobFolder(directory);
  if (known?.made) {
    await checkMarker(hdfs, known);
    return known;
  }
  // Another name than that of an attempt that was cut short: nobody knows how far it came.
  const named = newJobFolder(path);
  const { job, folder } = named;
  await writeJobFolder(directory, named);
  await hdfs.makeFolder(folder);
  const marker = Buffer.from(`${JSON.stringify({ format: 1, job, host: hostname(), directory, made: new Date().toISOString() })}\n`);
  await hdfs.create(`${folder}/${MARKER}`, bytesOf(marker), marker.length);
  const made = { ...named, made: true };
  await writeJobFolder(directory, made);
  return made;
}

/** Removes what {@link openJobFolder} made, and what was put there since. @throws CheckpointError `foreign`, HdfsFailure */
export async function removeJobFolder(hdfs: WebHdfs, directory: string): Promise<void> {
  const known = await readJobFolder(directory);
  if (known === null) return;
  const { folder, made } = known;
  const status = await hdfs.status(folder);
  if (status === null) return;
  if (!made && (await hdfs.list(folder)).length === 0) return await hdfs.delete(folder, false);
  await checkMarker(hdfs, known);
  await hdfs.delete(folder, true);
}

/** @throws CheckpointError `foreign` unless the folder is there with this job's marker in it. */
export async function checkMarker(hdfs: WebHdfs, { folder, job }: JobFolder): Promise<void> {
  const path = `${folder}/${MARKER}`;
  const status = await hdfs.status(path);
  if (status === null) {
    const what = (await hdfs.status(folder)) === null ? 'is not there any more' : `has no ${MARKER} of this job in it`;
    throw new CheckpointError(
      'foreign',
      `${folder}, where the job's checkpoints were, ${what}: give the right url=…, or begin in another directory`,
    );
  }
  const text =
    status.length > 0 && status.length < MARKER_BYTES_MAX ? await readBytes(hdfs, path, { offset: 0, bytes: status.length }) : '';
  let named: unknown;
  try {
    named = markerSchema.parse(JSON.parse(text.toString())).job;
  } catch {
    named = null;
  }
  if (named !== job) throw new CheckpointError('foreign', `${path} names another job: what is in ${folder} is not ours, and stays`);
}

export async function* bytesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
