/**
 * A RocksDB or LevelDB database by its files: fixed in a moment by hard links, put into a checkpoint, put back.
 *
 * Table files (`.sst`, `.ldb`) never change, so a second name keeps one as it is. The MANIFEST, a log of which files are
 * live, only grows: its first bytes are the database as it was when it had that length. A compaction may change the set
 * of files while they are linked; then the MANIFEST has grown, and linking starts over.
 */
import { randomBytes } from 'node:crypto';
import { linkSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, type CheckpointFile, type Pending } from '../contract.ts';
import { checkFile, copyChecked, copyFirstBytes, type FileCheck } from './checked-copy.ts';
import { linkOrCopy } from './link-or-copy.ts';

/** A compaction takes far longer than linking: a second attempt nearly always holds. */
const ATTEMPTS = 100;

/** A {@link TableFileNames} as plain data. */
export interface SavedTableFileNames {
  readonly inherited: ReadonlyMap<string, string>;
  readonly maker: string;
}

/**
 * Names table files in checkpoints. A database numbers its files, and a database restored from an older checkpoint counts
 * again from where that was: the same number, another content. So a file carries, behind its number, who made it. One
 * that came out of a checkpoint keeps the name it had there, and is recognised as already held.
 */
export class TableFileNames {
  readonly #maker: string;
  readonly #inherited: ReadonlyMap<string, string>;

  constructor(inherited: ReadonlyMap<string, string> = new Map(), maker = randomBytes(8).toString('hex')) {
    this.#inherited = inherited;
    this.#maker = maker;
  }

  static of({ inherited, maker }: SavedTableFileNames): TableFileNames {
    return new TableFileNames(inherited, maker);
  }

  save(): SavedTableFileNames {
    return { inherited: this.#inherited, maker: this.#maker };
  }

  /** The name in a checkpoint of the file that the database calls `name`. */
  of(name: string): string {
    return this.#inherited.get(name) ?? name.replace('.', `-${this.#maker}.`);
  }
}

/** A MANIFEST and how much of it there was. */
export interface ManifestPrefix {
  readonly manifest: string;
  readonly bytes: number;
}

/**
 * Fixes the database in `from` in the new directory `to` on the same file system. What only its memtables hold is not in.
 * @param liveFiles says which files the database needs as the MANIFEST has it; others in its directory are leftovers, or
 * not yet finished.
 */
export async function linkDatabase(
  from: string,
  to: string,
  liveFiles: (prefix: ManifestPrefix) => Pending<readonly string[]>,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await mkdir(to);
    try {
      const prefix = await manifestOf(from);
      const { manifest, bytes } = prefix;
      // In this thread: a link takes microseconds, and a trip to another thread more than that.
      for (const name of await liveFiles(prefix)) linkSync(join(from, name), join(to, name));
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
  /** By path, of the files that do not check themselves. */
  readonly checks: Readonly<Record<string, FileCheck>>;
}

/**
 * Puts a fixed database into a checkpoint's directory, all but its logs: table files by links, if that is on the same
 * file system.
 * @param tableCheck sums up a table file, of a database that does not check these by itself.
 */
export async function exportDatabase(
  fixed: string,
  directory: string,
  names: TableFileNames,
  tableCheck?: (path: string, name: string) => Promise<FileCheck>,
): Promise<Exported> {
  const files: CheckpointFile[] = [];
  const checks: Record<string, FileCheck> = {};
  for (const name of (await readdir(fixed)).sort()) {
    if (name.endsWith('.log')) continue;
    const immutable = /\.(sst|ldb)$/.test(name);
    const path = immutable ? names.of(name) : name;
    const from = join(fixed, name);
    if (immutable) {
      await linkOrCopy(from, join(directory, path));
      if (tableCheck !== undefined) checks[path] = await tableCheck(from, path);
    } else checks[path] = await copyFirstBytes(from, join(directory, path), (await stat(from)).size);
    files.push({ path, immutable });
  }
  return { files, checks };
}

/**
 * Puts a checkpoint's files back as a database in the new directory `to`, and returns by the database's name of a table
 * file the one it had in the checkpoint.
 * @param checks of the files that {@link exportDatabase} checked.
 * @throws BackendError `damaged` if a checked file is missing or other than it was. A missing table file, and one that
 * was not checked, is found by the database when it opens.
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
    const [, number, kind] = /^(\d+)-[0-9a-f]+\.(sst|ldb)$/.exec(path) ?? [];
    if (number === undefined) continue;
    const check = checks[path];
    if (check !== undefined) await checkFile(join(directory, path), check);
    inherited.set(`${number}.${kind}`, path);
    await linkOrCopy(join(directory, path), join(to, `${number}.${kind}`));
  }
  for (const [path, check] of Object.entries(checks)) {
    if (/^(CURRENT|MANIFEST-|OPTIONS-)/.test(path)) await copyChecked(join(directory, path), join(to, path), check);
  }
  return inherited;
}

async function manifestOf(directory: string): Promise<ManifestPrefix> {
  const manifest = (await readFile(join(directory, 'CURRENT'), 'utf8')).trim();
  return { manifest, bytes: (await stat(join(directory, manifest))).size };
}
