/**
 * A RocksDB database by its files: fixed in a moment by hard links, put into a checkpoint, put back.
 *
 * SST files never change, so a second name keeps one as it is. The MANIFEST, a log of which files are live, only grows:
 * its first bytes are the database as it was when it had that length. A compaction may change the set of files while
 * they are linked; then the MANIFEST has grown, and linking starts over.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, type CheckpointFile } from '../contract.ts';
import { copyChecked, copyFirstBytes, type FileCheck } from '../rows/checked-copy.ts';

/** A compaction takes far longer than linking: a second attempt nearly always holds. */
const ATTEMPTS = 100;

/**
 * Names SST files in checkpoints. RocksDB numbers its files, and a database restored from an older checkpoint counts
 * again from where that was: the same number, another content. So a file carries, behind its number, who made it. One
 * that came out of a checkpoint keeps the name it had there, and is recognised as already held.
 */
export class SstNames {
  readonly #maker = randomBytes(8).toString('hex');
  readonly #inherited: ReadonlyMap<string, string>;

  constructor(inherited: ReadonlyMap<string, string> = new Map()) {
    this.#inherited = inherited;
  }

  /** The name in a checkpoint of the file that the database calls `name`. */
  of(name: string): string {
    return this.#inherited.get(name) ?? name.replace('.sst', `-${this.#maker}.sst`);
  }
}

/**
 * Fixes the database in `from`, whose memtables have been written out, in the new directory `to` on the same file system.
 * @param liveFiles asks the database for its live SST files; others in its directory are leftovers, or not yet finished.
 */
export async function linkDatabase(from: string, to: string, liveFiles: () => Promise<readonly string[]>): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await mkdir(to);
    try {
      const { manifest, bytes } = await manifestOf(from);
      for (const name of await liveFiles()) await link(join(from, name), join(to, name));
      await copyFirstBytes(join(from, manifest), join(to, manifest), bytes);
      await copyFile(join(from, 'CURRENT'), join(to, 'CURRENT'));
      const optionFiles = (await readdir(from)).filter((name) => /^OPTIONS-\d+$/.test(name));
      for (const name of optionFiles.sort().slice(-1)) await copyFile(join(from, name), join(to, name));
      const now = await manifestOf(from);
      if (now.manifest === manifest && now.bytes === bytes) return;
    } catch (error) {
      // Compacted away between being listed and being linked.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await rm(to, { recursive: true });
  }
  throw new Error(`the files of ${from} changed ${ATTEMPTS} times in a row while they were linked`);
}

/** What {@link exportDatabase} put into a checkpoint. */
export interface Exported {
  readonly files: readonly CheckpointFile[];
  /** By path, of the files that do not check themselves. RocksDB checks the length of an SST file and each of its blocks. */
  readonly checks: Readonly<Record<string, FileCheck>>;
}

/** Puts a fixed database into a checkpoint's directory: SST files by links, if that is on the same file system. */
export async function exportDatabase(fixed: string, directory: string, names: SstNames): Promise<Exported> {
  const files: CheckpointFile[] = [];
  const checks: Record<string, FileCheck> = {};
  for (const name of (await readdir(fixed)).sort()) {
    const immutable = name.endsWith('.sst');
    const path = immutable ? names.of(name) : name;
    if (immutable) await linkOrCopy(join(fixed, name), join(directory, path));
    else checks[path] = await copyFirstBytes(join(fixed, name), join(directory, path), (await stat(join(fixed, name))).size);
    files.push({ path, immutable });
  }
  return { files, checks };
}

/**
 * Puts a checkpoint's files back as a database in the new directory `to`, and returns by the database's name of an SST
 * file the one it had in the checkpoint.
 * @throws BackendError `damaged` if a checked file is missing or other than it was. A missing or shortened SST file is
 * found by RocksDB when it opens.
 */
export async function importDatabase(
  directory: string,
  checks: Readonly<Record<string, FileCheck>>,
  to: string,
): Promise<ReadonlyMap<string, string>> {
  if (checks.CURRENT === undefined) throw new BackendError('damaged', `${directory} lists no CURRENT: restore another checkpoint`);
  await mkdir(to);
  const inherited = new Map<string, string>();
  for (const path of await readdir(directory)) {
    const number = /^(\d+)-[0-9a-f]+\.sst$/.exec(path)?.[1];
    if (number === undefined) continue;
    inherited.set(`${number}.sst`, path);
    await linkOrCopy(join(directory, path), join(to, `${number}.sst`));
  }
  for (const [path, check] of Object.entries(checks)) await copyChecked(join(directory, path), join(to, path), check);
  return inherited;
}

async function manifestOf(directory: string): Promise<{ readonly manifest: string; readonly bytes: number }> {
  const manifest = (await readFile(join(directory, 'CURRENT'), 'utf8')).trim();
  return { manifest, bytes: (await stat(join(directory, manifest))).size };
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    // Another file system, one without hard links, or one with too many of them.
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
}
