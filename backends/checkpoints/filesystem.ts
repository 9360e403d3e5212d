import { createHash } from 'node:crypto';
import { constants, mkdirSync } from 'node:fs';
import { copyFile, mkdir, open as openFile, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { CheckpointFile } from '../contract.ts';
import {
  type CheckpointContent,
  type CheckpointDraft,
  CheckpointError,
  type CheckpointSpace,
  type CheckpointStorage,
  type PublishedCheckpoint,
  type SpaceCopy,
  type StoredCheckpoint,
  type WorkerSpace,
} from './contract.ts';
import { failPoint } from './fail-points.ts';
import { bytesOf, checkPath, MANIFEST, type Manifest, type ManifestFile, manifestText, parseManifest } from './manifest.ts';

export const description = 'Checkpoints in a local folder, published by rename after every file is on disk.';

export const options = z.strictObject({
  fsync: z
    .boolean()
    .default(true)
    .describe('Wait until the disk has every file before a checkpoint counts. Without it a checkpoint may be lost with the machine.'),
  mode: z
    .enum(['incremental', 'full'])
    .default('incremental')
    .describe(
      'incremental: files already held are referred to by hard links. full: every checkpoint has files of its own, so that damage to one file harms one checkpoint.',
    ),
});

/**
 * A local folder: `chk-ID/` for each published checkpoint, `draft-ID/` while one is made.
 *
 * Every checkpoint's folder has all its files, in either mode, and any of them can be removed without harm to another.
 * What counts as written: in `incremental`, each file that the checkpoint before did not hold, a hard link of a store's
 * live file included, since these are the bytes the storage did not have; in `full`, every file, and what a backend put
 * there as a hard link really is copied. `incremental` is the default: what large state needs, and what all of the
 * backends here were made for; `full` shows what it saves.
 */
export default function filesystem(given: z.input<typeof options> = {}): CheckpointStorage {
  const { fsync, mode } = options.parse(given);
  return {
    name: 'filesystem',
    settings: { fsync, mode },
    async open(directory) {
      await mkdir(directory, { recursive: true });
      let lastId = 0;
      for (const name of await readdir(directory)) {
        const [, kind, id] = /^(chk|draft|gone)-(\d+)$/.exec(name) ?? [];
        if (id !== undefined) lastId = Math.max(lastId, Number(id));
        if (kind === 'draft' || kind === 'gone') await rm(join(directory, name), { recursive: true });
      }
      return new FilesystemSpace(directory, fsync, mode === 'full', lastId);
    },
    // Where the files lie is where they are read: nothing has to be fetched.
    view: async (directory) => new FilesystemSpace(directory, fsync, mode === 'full', 0),
    destroy: (directory) => rm(directory, { recursive: true, force: true }),
  };
}

/** What the newest published checkpoint holds, by path: immutable files found in it again need no second look. */
type Held = ReadonlyMap<string, { readonly inode: bigint; readonly file: ManifestFile }>;

/** A space as plain data. */
export interface FilesystemCopy {
  readonly root: string;
  readonly fsync: boolean;
  readonly full: boolean;
  readonly held: Held;
}

/** A space of the same folder, for a worker thread. */
export function spaceOfCopy({ root, fsync, full, held }: FilesystemCopy): WorkerSpace {
  const space = new FilesystemSpace(root, fsync, full, 0);
  space.learn(held);
  return space;
}

class FilesystemSpace implements CheckpointSpace, WorkerSpace {
  readonly lastId: number;
  readonly #root: string;
  readonly #fsync: boolean;
  readonly #full: boolean;
  #held: Held = new Map();

  constructor(root: string, fsync: boolean, full: boolean, lastId: number) {
    this.lastId = lastId;
    this.#root = root;
    this.#fsync = fsync;
    this.#full = full;
  }

  copy(): SpaceCopy {
    const input: FilesystemCopy = { root: this.#root, fsync: this.#fsync, full: this.#full, held: this.#held };
    return { module: new URL('./filesystem-copy.js', import.meta.url).href, input };
  }

  memory(): Held {
    return this.#held;
  }

  learn(memory: unknown): void {
    this.#held = memory as Held;
  }

  async draft(id: number): Promise<CheckpointDraft> {
    const directory = join(this.#root, `draft-${id}`);
    // In this thread: events stand still meanwhile, and a trip to another thread takes longer than a folder.
    mkdirSync(directory);
    failPoint?.('draft-made');
    return { id, directory };
  }

  async publish(draft: CheckpointDraft, files: readonly CheckpointFile[], content: CheckpointContent): Promise<PublishedCheckpoint> {
    try {
      return await this.#publish(draft, files, content);
    } catch (cause) {
      await this.abandon(draft);
      // Under its name already, and not known to stay there: who is told that it is lost must not find it.
      if ((await this.list()).includes(draft.id)) await this.remove(draft.id);
      if (cause instanceof CheckpointError) throw cause;
      throw new CheckpointError(
        'not-durable',
        `checkpoint ${draft.id} could not be written to ${this.#root}: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
  }

  async #publish(draft: CheckpointDraft, files: readonly CheckpointFile[], content: CheckpointContent): Promise<PublishedCheckpoint> {
    const held = new Map<string, { inode: bigint; file: ManifestFile }>();
    let bytesWritten = 0;
    let bytesReferenced = 0;
    for (const { path, immutable } of files) {
      checkPath(path, `the backend '${content.backend.name}'`);
      if (this.#full) await ownCopy(join(draft.directory, path));
      if (path === files[files.length >> 1]?.path) failPoint?.('half-written');
      const { ino: inode } = await stat(join(draft.directory, path), { bigint: true });
      const before = immutable && !this.#full ? this.#held.get(path) : undefined;
      if (before !== undefined && before.inode === inode) {
        held.set(path, before);
        bytesReferenced += before.file.bytes;
        continue;
      }
      const sum = await checksum(join(draft.directory, path), this.#fsync);
      held.set(path, { inode, file: { path, immutable, ...sum } });
      bytesWritten += sum.bytes;
    }
    failPoint?.('after-fsync');
    const manifest: Manifest = {
      format: 1,
      id: draft.id,
      backend: content.backend,
      position: content.position as Manifest['position'],
      files: [...held.values()].map(({ file }) => file),
    };
    await this.#syncFolders(draft.directory, files);
    const text = manifestText(manifest);
    failPoint?.('before-manifest');
    await writeDurably(join(draft.directory, MANIFEST), text, this.#fsync);
    await this.#syncFolder(draft.directory);
    failPoint?.('after-manifest');
    await rename(draft.directory, join(this.#root, `chk-${draft.id}`));
    failPoint?.('after-rename');
    await this.#syncFolder(this.#root);
    this.#held = held;
    return { bytesWritten: bytesWritten + Buffer.byteLength(text), bytesReferenced, files: files.length + 1 };
  }

  async abandon(draft: CheckpointDraft): Promise<void> {
    await rm(draft.directory, { recursive: true, force: true });
  }

  async list(): Promise<number[]> {
    const ids = (await readdir(this.#root)).flatMap((name) => /^chk-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
    return ids.sort((a, b) => b - a);
  }

  async open(id: number): Promise<StoredCheckpoint> {
    const directory = join(this.#root, `chk-${id}`);
    const where = join(directory, MANIFEST);
    let text: string;
    try {
      text = await readFile(where, 'utf8');
    } catch (cause) {
      throw new CheckpointError('damaged', `checkpoint ${id} has no readable manifest at ${where}`, { cause });
    }
    const manifest = parseManifest(text, where);
    if (manifest.id !== id) throw new CheckpointError('damaged', `${where} is of checkpoint ${manifest.id}`);
    const found = await filesBelow(directory);
    const listed = new Set([MANIFEST, ...manifest.files.map(({ path }) => path)]);
    const extra = found.find((path) => !listed.has(path));
    if (extra !== undefined)
      throw new CheckpointError('damaged', `checkpoint ${id} has a file it was not published with: ${join(directory, extra)}`);
    const held = new Map<string, { inode: bigint; file: ManifestFile }>();
    for (const file of manifest.files) held.set(file.path, { file, inode: await verify(join(directory, file.path), file) });
    this.#held = held;
    return { id, directory, backend: manifest.backend, position: manifest.position, bytes: bytesOf(manifest) };
  }

  async remove(id: number): Promise<void> {
    const gone = join(this.#root, `gone-${id}`);
    failPoint?.('before-delete');
    await rename(join(this.#root, `chk-${id}`), gone);
    failPoint?.('amid-delete');
    await rm(gone, { recursive: true });
  }

  async allocatedBytes(): Promise<number> {
    const seen = new Set<bigint>();
    let bytes = 0n;
    for (const path of await filesBelow(this.#root)) {
      const { ino, blocks } = await stat(join(this.#root, path), { bigint: true });
      if (!seen.has(ino)) bytes += blocks * 512n; // a hard link takes its room once
      seen.add(ino);
    }
    return Number(bytes);
  }

  async hadoopUrl(): Promise<string> {
    return pathToFileURL(this.#root).href;
  }

  /** Makes the names of a draft's files durable: every folder between them and the draft. */
  async #syncFolders(directory: string, files: readonly CheckpointFile[]): Promise<void> {
    const folders = new Set<string>();
    for (const { path } of files) {
      const parts = path.split('/').slice(0, -1);
      for (let depth = parts.length; depth > 0; depth--) folders.add(parts.slice(0, depth).join('/'));
    }
    for (const folder of folders) await this.#syncFolder(join(directory, folder));
  }

  async #syncFolder(path: string): Promise<void> {
    // Windows refuses to flush a folder, whose names its file system keeps in a journal of its own.
    if (!this.#fsync || process.platform === 'win32') return;
    const folder = await openFile(path);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

async function writeDurably(path: string, text: string, fsync: boolean): Promise<void> {
  await writeFile(path, text, { flag: 'wx', flush: fsync });
}

/** Puts a copy in place of a file that has another name somewhere. */
async function ownCopy(path: string): Promise<void> {
  if ((await stat(path)).nlink === 1) return;
  const copy = `${path}.copy`;
  await copyFile(path, copy, constants.COPYFILE_EXCL);
  await rename(copy, path);
}

/** Summed in one go, while events wait: a fraction of a millisecond. */
const CHUNK_BYTES = 1 << 18;

/** Length and SHA-256 of a file, read as it stands on disk; synced first if asked, so that what is summed is what stays. */
async function checksum(path: string, fsync: boolean): Promise<{ bytes: number; sha256: string }> {
  const file = await openFile(path, fsync ? 'r+' : 'r');
  try {
    if (fsync) await file.sync();
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, bytes);
      if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
      hash.update(chunk.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** @throws CheckpointError `damaged` unless the file is there with the bytes it was published with. Returns its inode. */
async function verify(path: string, { bytes, sha256 }: ManifestFile): Promise<bigint> {
  let got: { bytes: number; sha256: string };
  let inode: bigint;
  try {
    const info = await stat(path, { bigint: true });
    inode = info.ino;
    if (Number(info.size) !== bytes)
      throw new CheckpointError('damaged', `${path} has ${info.size} bytes, but was published with ${bytes}`);
    got = await checksum(path, false);
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError('damaged', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (got.bytes !== bytes || got.sha256 !== sha256) throw new CheckpointError('damaged', `${path} differs from what was published`);
  return inode;
}

/** Every file below a folder, as paths with `/` between folders. */
async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}
