/**
 * HDFS over WebHDFS: where checkpoints of a cluster usually go. Every file there costs some 80 ms, so a checkpoint is one
 * file: what it adds, packed, and its manifest; see `hdfs/pack.ts`.
 *
 * Each job has a folder of its own below `path`, found again by the job's local directory:
 *
 *     .statebench   names the job; what has no such marker is nobody's business here
 *     draft-7.1     a checkpoint, or one more pack of it, while it is written
 *     chk-7         a published checkpoint: its own pack
 *     pack-7.2      one more pack of a large checkpoint
 *     pack-7        what chk-7 was, when it is no checkpoint any more and others still refer to files in it
 */
import { mkdirSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { CheckpointFile } from '../contract.ts';
import {
  type CheckpointContent,
  type CheckpointDraft,
  CheckpointError,
  type CheckpointSpace,
  type CheckpointStorage,
  type PublishedCheckpoint,
  type StoredCheckpoint,
} from './contract.ts';
import { failPoint } from './fail-points.ts';
import { download } from './hdfs/download.ts';
import { HdfsFailure } from './hdfs/failure.ts';
import { giveName } from './hdfs/give-name.ts';
import { checkMarker, openJobFolder, readJobFolder, removeJobFolder } from './hdfs/job-folder.ts';
import { dividePacks, type FreshFile, type PackedFile, type PackedManifest } from './hdfs/pack.ts';
import { type FoundPack, readPackedManifest } from './hdfs/read-manifest.ts';
import { upload } from './hdfs/upload.ts';
import { type FileStatus, WebHdfs } from './hdfs/web-hdfs.ts';
import { bytesOf, checkPath } from './manifest.ts';

/** The kind of server that `url` has to name. Whoever has none to name may start one, and stop it afterwards. */
export const server = 'hdfs';

export const description = 'Checkpoints in HDFS over WebHDFS: a file each, published by rename; files held already are referred to.';

const ADDRESS = /^http:\/\/[^/+@?#]+\/?$/;

export const options = z.strictObject({
  url: z
    .string()
    .refine(
      (url) => url.split('+').length <= 2 && url.split('+').every((address) => ADDRESS.test(address) && URL.canParse(address)),
      'It must look like http://HOST:PORT, or http://ONE:PORT+http://OTHER:PORT. TLS and Kerberos are not spoken.',
    )
    .describe('HTTP address of the NameNode; of two, active and standby in any order, with + between: http://ONE:9870+http://OTHER:9870'),
  user: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/)
    .optional()
    .describe('Whom to be there, as user.name says it. Default: the user of this process.'),
  path: z
    .string()
    .regex(/^\/(?:[^/\\:\0]+(?:\/[^/\\:\0]+)*)?$/)
    .optional()
    .describe('A folder for the folders of jobs; made if it is not there. Default: /user/USER/statebench'),
  mode: z
    .enum(['incremental', 'full'])
    .default('incremental')
    .describe(
      'incremental: files already held are referred to inside the packs of older checkpoints. full: every checkpoint has packs of its own.',
    ),
  parallel: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('Packs of a large checkpoint that are sent at once, and pieces that are fetched at once.'),
  replication: z.int().min(1).max(512).optional().describe("Copies of each block. Default: the cluster's own."),
  timeoutMs: z.int().min(1).default(4_000).describe('How long the NameNodes may take to answer when a job is opened.'),
  waitMs: z
    .int()
    .min(0)
    .default(60_000)
    .describe('How long a job waits for NameNodes or DataNodes that are gone, stand by, or are in safe mode, before it fails.'),
});

export type HdfsOptions = z.input<typeof options>;

/** HDFS with the given options. Nothing is asked of it before `open`. */
export default function hdfs(given: HdfsOptions): CheckpointStorage {
  const { url, mode, parallel, replication, timeoutMs, waitMs, ...asked } = options.parse(given);
  const user = asked.user ?? userInfo().username;
  const path = asked.path ?? `/user/${user}/statebench`;
  const addresses = url.split('+').map((address) => new URL(address));
  const connect = () => new WebHdfs({ addresses, user, timeoutMs, waitMs, replication: replication ?? null });
  return {
    name: 'hdfs',
    settings: {
      url: addresses.map(({ origin }) => origin).join('+'),
      user,
      path,
      mode,
      parallel,
      ...(replication !== undefined && { replication }),
      waitMs,
    },
    async open(directory) {
      const client = connect();
      return await named(async () => {
        const { folder, job } = await openJobFolder(client, directory, path);
        const lastId = Math.max(await tidyLocal(directory), await tidy(client, folder));
        client.patient();
        return new HdfsSpace({ client, folder, job, directory, full: mode === 'full', parallel, lastId });
      });
    },
    async view(directory, scratch) {
      const client = connect();
      return await named(async () => {
        const known = await readJobFolder(directory);
        // What was begun and never came to a checkpoint is an empty job.
        if (known?.made !== true) return { list: async () => [], open: (id: number) => Promise.reject(missing(id, directory)) };
        await checkMarker(client, known);
        client.patient();
        return new HdfsSpace({ client, ...known, directory: scratch, full: mode === 'full', parallel, lastId: 0 });
      });
    },
    async destroy(directory) {
      await named(() => removeJobFolder(connect(), directory));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Tells failures of the service in the words of the contract. */
async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HdfsFailure)) throw error;
    throw new CheckpointError('unavailable', `HDFS cannot hold checkpoints: ${error.message}`, { cause: error });
  }
}

function missing(id: number, where: string): CheckpointError {
  return new CheckpointError('damaged', `checkpoint ${id} is not in ${where}`);
}

/** In the folder of a job: what it is, of which checkpoint, and which of its packs. */
const NAME = /^(chk|draft|pack)-(\d+)(?:\.\d+)?$/;
/** In the local directory of a job. */
const LOCAL = /^(?:draft|open|held)-(\d+)(?:-.*)?$/;

/** Removes what dead processes left locally. @returns the highest id */
async function tidyLocal(directory: string): Promise<number> {
  let lastId = 0;
  for (const name of await readdir(directory)) {
    const id = LOCAL.exec(name)?.[1];
    if (id === undefined) continue;
    lastId = Math.max(lastId, Number(id));
    await rm(join(directory, name), { recursive: true });
  }
  return lastId;
}

/**
 * Removes the drafts of dead processes. A request of theirs that still lies in a NameNode can publish none of them after that.
 * @returns the highest id
 */
async function tidy(client: WebHdfs, folder: string): Promise<number> {
  let lastId = 0;
  for (const { pathSuffix } of await client.list(folder)) {
    const [, kind, id] = NAME.exec(pathSuffix) ?? [];
    if (id !== undefined) lastId = Math.max(lastId, Number(id));
    if (kind === 'draft') await client.delete(`${folder}/${pathSuffix}`, false);
  }
  return lastId;
}

/** What the newest checkpoint holds of immutable files, by path, and what tells them apart from others of their name. */
type Held = ReadonlyMap<string, { readonly identity: string; readonly file: PackedFile }>;

/** Of a pack's bytes, what a checkpoint must need at least for it to be referred to; else its files are written again, and it can go. */
const LIVE_SHARE_MIN = 0.25;

interface SpaceRequest {
  readonly client: WebHdfs;
  readonly folder: string;
  readonly job: string;
  readonly directory: string;
  readonly full: boolean;
  readonly parallel: number;
  readonly lastId: number;
}

class HdfsSpace implements CheckpointSpace {
  readonly lastId: number;
  readonly #client: WebHdfs;
  readonly #folder: string;
  readonly #job: string;
  readonly #directory: string;
  readonly #full: boolean;
  readonly #parallel: number;
  #held: Held = new Map();
  /** Bytes of files in the packs that the newest checkpoint refers to. */
  #packs: PackedManifest['packs'] = {};
  /** Keys of the packs that each checkpoint refers to, as far as its manifest was seen. */
  readonly #references = new Map<number, ReadonlySet<string>>();
  #drafts = 0;
  /** Names of the checkpoint that is being published, as far as they may be there and are ours. */
  readonly #made = new Set<string>();

  constructor({ client, folder, job, directory, full, parallel, lastId }: SpaceRequest) {
    this.lastId = lastId;
    this.#client = client;
    this.#folder = folder;
    this.#job = job;
    this.#directory = directory;
    this.#full = full;
    this.#parallel = parallel;
  }

  async draft(id: number): Promise<CheckpointDraft> {
    const directory = join(this.#directory, `draft-${id}`);
    // Nothing is asked of HDFS: events stand still meanwhile.
    mkdirSync(directory);
    failPoint?.('draft-made');
    return { id, directory };
  }

  async publish(draft: CheckpointDraft, files: readonly CheckpointFile[], content: CheckpointContent): Promise<PublishedCheckpoint> {
    try {
      return await this.#publish(draft, files, content);
    } catch (cause) {
      await this.abandon(draft).catch(({ message }: Error) => {
        const why = `it cannot be told whether checkpoint ${draft.id} was published in ${this.#folder}: ${(cause as Error).message}; ${message}`;
        throw new CheckpointError('unavailable', why, { cause });
      });
      if (cause instanceof CheckpointError) throw cause;
      throw new CheckpointError(
        'not-durable',
        `checkpoint ${draft.id} could not be written to ${this.#folder}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  async #publish(
    { id, directory }: CheckpointDraft,
    files: readonly CheckpointFile[],
    content: CheckpointContent,
  ): Promise<PublishedCheckpoint> {
    const { referenced, fresh } = await this.#divide(directory, files, content.backend.name);
    const [own = [], ...others] = dividePacks(fresh, this.#parallel);
    const ownKey = String(id);
    const { draft, draftBytes, manifest } = await upload({
      hdfs: this.#client,
      directory,
      own: { key: ownKey, files: own },
      others: others.map((other, i) => ({ key: `${id}.${i + 1}`, files: other })),
      nameDraft: () => {
        const draft = `draft-${id}.${++this.#drafts}`;
        this.#made.add(draft);
        return `${this.#folder}/${draft}`;
      },
      giveOther: (key, other, bytes) => this.#giveName(other, `pack-${key}`, bytes),
      held: {
        format: 1,
        id,
        job: this.#job,
        backend: content.backend,
        position: content.position as PackedManifest['position'],
        packs: Object.fromEntries(referenced.map(({ pack }) => [pack, this.#packs[pack]!])),
        files: referenced,
      },
    });
    await this.#giveName(draft, `chk-${id}`, draftBytes);
    failPoint?.('after-rename');
    this.#made.clear();
    this.#remember(id, manifest);
    const identities = new Map(fresh.map(({ path, identity }) => [path, identity]));
    const held = new Map<string, { identity: string; file: PackedFile }>();
    for (const file of manifest.files) {
      const identity = identities.get(file.path) ?? this.#held.get(file.path)?.identity;
      if (file.immutable && identity !== undefined) held.set(file.path, { identity, file });
    }
    this.#held = held;
    this.#packs = manifest.packs;
    await this.#keepLinks(id, directory, files);
    const freshBytes = fresh.reduce((sum, { bytes }) => sum + bytes, 0);
    return {
      bytesWritten: freshBytes + draftBytes - own.reduce((sum, { bytes }) => sum + bytes, 0),
      bytesReferenced: referenced.reduce((sum, { bytes }) => sum + bytes, 0),
      files: files.length + 1,
    };
  }

  /**
   * Leaves a second name to what the next checkpoint may refer to. By it a backend sees that its files are held, and writes what has
   * changed alone; and no other file can have what tells this one apart.
   */
  async #keepLinks(id: number, directory: string, files: readonly CheckpointFile[]): Promise<void> {
    const before = (await readdir(this.#directory)).filter((name) => name.startsWith('held-'));
    if (!this.#full) {
      for (const { path } of files.filter(({ immutable }) => !immutable)) await rm(join(directory, path));
      await rename(directory, join(this.#directory, `held-${id}`));
    } else await rm(directory, { recursive: true });
    for (const name of before) await rm(join(this.#directory, name), { recursive: true });
  }

  /** What the storage holds already, and what has to be written. */
  async #divide(
    directory: string,
    files: readonly CheckpointFile[],
    backend: string,
  ): Promise<{ readonly referenced: PackedFile[]; readonly fresh: FreshFile[] }> {
    const found: { readonly fresh: FreshFile; readonly held: PackedFile | null }[] = [];
    const liveBytes = new Map<string, number>();
    for (const { path, immutable } of files) {
      checkPath(path, `the backend '${backend}'`);
      const fresh = { path, immutable, ...(await identify(join(directory, path))) };
      const before = immutable && !this.#full ? this.#held.get(path) : undefined;
      const held = before?.identity === fresh.identity ? before.file : null;
      if (held !== null) liveBytes.set(held.pack, (liveBytes.get(held.pack) ?? 0) + held.bytes);
      found.push({ fresh, held });
    }
    const referenced: PackedFile[] = [];
    const toWrite: FreshFile[] = [];
    for (const { fresh, held } of found) {
      if (held !== null && liveBytes.get(held.pack)! >= LIVE_SHARE_MIN * this.#packs[held.pack]!) referenced.push(held);
      else toWrite.push(fresh);
    }
    return { referenced, fresh: toWrite };
  }

  async #giveName(draft: string, name: string, bytes: number): Promise<void> {
    await giveName(this.#client, draft, `${this.#folder}/${name}`, bytes, () => this.#made.add(name));
  }

  /** @throws CheckpointError `unavailable` if it may have been published for all that can be told: nobody may be told that it is lost. */
  async abandon({ id, directory }: CheckpointDraft): Promise<void> {
    await rm(directory, { recursive: true, force: true });
    try {
      await named(async () => {
        for (const name of this.#made) await this.#client.delete(`${this.#folder}/${name}`, false);
      });
      this.#made.clear();
    } catch (error) {
      // Mere drafts and packs count for nothing, and the next process removes them.
      if (this.#made.has(`chk-${id}`)) throw error;
    }
    this.#references.delete(id);
  }

  async list(): Promise<number[]> {
    return await named(async () => checkpointsOf(await this.#client.list(this.#folder)));
  }

  async open(id: number): Promise<StoredCheckpoint> {
    return await named(async () => {
      const entries = await this.#client.list(this.#folder);
      const { manifest, where, tail } = await this.#manifestOf(id, entries);
      const paths = new Map<string, string>();
      for (const [pack, bytes] of Object.entries(manifest.packs)) paths.set(pack, this.#checkPack(pack, bytes, { id, entries }));
      const directory = await mkdtemp(join(this.#directory, `open-${id}-`));
      await download({
        hdfs: this.#client,
        files: manifest.files,
        pathOf: (pack) => paths.get(pack)!,
        known: { pack: String(id), ...tail },
        directory,
        parallel: this.#parallel,
      }).catch((error: unknown) => {
        if (!(error instanceof CheckpointError)) throw error;
        throw new CheckpointError(error.code, `checkpoint ${id} in ${where}: ${error.message}`, { cause: error });
      });
      const held = new Map<string, { identity: string; file: PackedFile }>();
      for (const file of manifest.files) {
        if (file.immutable) held.set(file.path, { file, identity: (await identify(join(directory, file.path))).identity });
      }
      this.#held = held;
      this.#packs = manifest.packs;
      return { id, directory, backend: manifest.backend, position: manifest.position, bytes: bytesOf(manifest) };
    });
  }

  async #manifestOf(id: number, entries: readonly FileStatus[]): Promise<FoundPack> {
    const entry = entries.find(({ pathSuffix }) => pathSuffix === `chk-${id}`);
    if (entry === undefined) throw missing(id, this.#folder);
    const found = await readPackedManifest(this.#client, `${this.#folder}/${entry.pathSuffix}`, entry);
    const { manifest, where } = found;
    if (manifest.id !== id) throw new CheckpointError('damaged', `${where} is of checkpoint ${manifest.id}`);
    if (manifest.job !== this.#job) throw new CheckpointError('foreign', `${where} is of another job, ${manifest.job}`);
    this.#remember(id, manifest);
    return found;
  }

  /** Where a pack is. @throws CheckpointError `damaged` unless it is there in its length */
  #checkPack(pack: string, bytes: number, { id, entries }: { readonly id: number; readonly entries: readonly FileStatus[] }): string {
    const chk = entries.find(({ pathSuffix }) => pathSuffix === `chk-${pack}`);
    const entry = chk ?? entries.find(({ pathSuffix }) => pathSuffix === `pack-${pack}`);
    if (entry === undefined) throw new CheckpointError('damaged', `checkpoint ${id} needs pack ${pack}, which is not in ${this.#folder}`);
    const path = `${this.#folder}/${entry.pathSuffix}`;
    // One that was a checkpoint has its manifest behind the files; that of this checkpoint was found at the right place.
    const whole = pack.includes('.') ? entry.length === bytes : entry.length > bytes;
    if (entry.type !== 'FILE' || !whole)
      throw new CheckpointError('damaged', `checkpoint ${id} needs ${path}, which has ${entry.length} bytes, with ${bytes} bytes of files`);
    return path;
  }

  #remember(id: number, { packs }: PackedManifest): void {
    this.#references.set(id, new Set([String(id), ...Object.keys(packs)]));
  }

  async remove(id: number): Promise<void> {
    await named(async () => {
      failPoint?.('before-delete');
      // It stays as a pack as long as any other refers to it. Under its new name it may be there from an attempt whose answer was lost.
      await this.#client.rename(`${this.#folder}/chk-${id}`, `${this.#folder}/pack-${id}`);
      failPoint?.('amid-delete');
      this.#references.delete(id);
      const entries = await this.#client.list(this.#folder);
      if (checkpointsOf(entries).includes(id)) await this.#client.delete(`${this.#folder}/chk-${id}`, false);
      await this.#sweep(entries);
    });
    for (const name of await readdir(this.#directory)) {
      if (name.startsWith(`open-${id}-`)) await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  /** Deletes the packs that no checkpoint refers to; none, if there is a checkpoint of which that cannot be said. */
  async #sweep(entries: readonly FileStatus[]): Promise<void> {
    const needed = new Set<string>();
    for (const id of checkpointsOf(entries)) {
      if (!this.#references.has(id)) {
        try {
          await this.#manifestOf(id, entries);
        } catch (error) {
          if (error instanceof CheckpointError) return;
          throw error;
        }
      }
      for (const pack of this.#references.get(id)!) needed.add(pack);
    }
    for (const { pathSuffix } of entries) {
      const pack = /^pack-(\d+(?:\.\d+)?)$/.exec(pathSuffix)?.[1];
      // A DataNode may have begun a draft of a dead process after this one looked for such.
      const isLate = Number(/^draft-(\d+)\./.exec(pathSuffix)?.[1] ?? Number.POSITIVE_INFINITY) <= this.lastId;
      if (isLate || (pack !== undefined && !needed.has(pack))) await this.#client.delete(`${this.#folder}/${pathSuffix}`, false);
    }
  }

  async allocatedBytes(): Promise<number> {
    return await named(() => this.#client.bytesTaken(this.#folder));
  }

  async hadoopUrl(): Promise<string> {
    return `hdfs://${await named(() => this.#client.rpcAddress())}${this.#folder}`;
  }
}

/** Newest first. */
function checkpointsOf(entries: readonly FileStatus[]): number[] {
  return entries
    .flatMap(({ pathSuffix }) => /^chk-(\d+)$/.exec(pathSuffix)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

/** A file's length, and what no other file has had under its name: a store may use a name again after a restore. */
async function identify(path: string): Promise<{ readonly bytes: number; readonly identity: string }> {
  const { dev, ino, size, mtimeNs, birthtimeNs } = await stat(path, { bigint: true });
  return { bytes: Number(size), identity: [dev, ino, size, mtimeNs, birthtimeNs].join(':') };
}
