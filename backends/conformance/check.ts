import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CheckpointCut, CheckpointFile, CheckpointPlace, StateBackend, StateStore, TableSpec } from '../contract.ts';
import { copyModel, type Model, ModelledStore, type Seen } from './modelled-store.ts';
import type { CreateBackend } from './subject.ts';

/** One rule of the contract and how it is tried. */
export interface ConformanceCheck {
  readonly name: string;
  /** The contract's words, or what follows from them. */
  readonly rule: string;
  /** Rejects with an error that names the check, the rule, and what was seen instead. Leaves nothing behind. */
  run(create: CreateBackend): Promise<void>;
}

export function check(name: string, rule: string, body: (bench: Workbench) => Promise<void>): ConformanceCheck {
  return {
    name,
    rule,
    async run(create) {
      const bench = new Workbench(create, await create(), await mkdtemp(join(tmpdir(), 'statebench-conformance-')));
      try {
        await body(bench);
        await bench.closeAll();
      } catch (cause) {
        const seen = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`${bench.backend.name} breaks a rule of the contract: ${rule}\nCheck: ${name}\nSeen: ${seen}`, { cause });
      } finally {
        // After a failure a store may well fail to close; what is reported is the failure.
        await bench.closeAll().catch(() => undefined);
        await rm(bench.root, { recursive: true, force: true });
      }
    },
  };
}

export const COUNTS: TableSpec = { name: 'counts', kind: 'value', keyBytes: 8, groupBytes: 4, valueBytes: 20 };
export const EVENTS: TableSpec = { name: 'events', kind: 'list', keyBytes: 8, groupBytes: 4, valueBytes: 12 };
export const TIMERS: TableSpec = { name: 'timers', kind: 'value', keyBytes: 4, groupBytes: 0, valueBytes: 0 };
export const TABLES: readonly TableSpec[] = [COUNTS, EVENTS, TIMERS];

/** A cut whose bytes need not be on disk yet, and what it must hold. */
export interface ModelledCut {
  readonly place: CheckpointPlace;
  readonly cut: CheckpointCut;
  readonly tables: readonly TableSpec[];
  readonly model: Model;
}

export interface ModelledCheckpoint extends ModelledCut {
  readonly files: readonly CheckpointFile[];
}

/** The stores, directories and checkpoints of one check. */
export class Workbench {
  readonly create: CreateBackend;
  readonly backend: StateBackend;
  readonly root: string;
  readonly #open = new Set<ModelledStore>();
  readonly #seen: Seen = new Map();
  readonly #immutable = new Map<string, string>();
  #directories = 0;
  #checkpoints = 0;

  constructor(create: CreateBackend, backend: StateBackend, root: string) {
    this.create = create;
    this.backend = backend;
    this.root = root;
  }

  async directory(): Promise<string> {
    const directory = join(this.root, `${++this.#directories}`);
    await mkdir(directory);
    return directory;
  }

  async open(tables = TABLES, backend = this.backend): Promise<ModelledStore> {
    return this.#track(new ModelledStore(await backend.open({ directory: await this.directory(), tables }), tables, new Map(), this.#seen));
  }

  /** Opens what a checkpoint holds; the model is that of its cut. */
  async restore(checkpoint: ModelledCheckpoint, place = checkpoint.place): Promise<ModelledStore> {
    const { tables } = checkpoint;
    const store = await this.backend.restore({ directory: await this.directory(), tables, checkpoint: place });
    return this.#track(new ModelledStore(store, tables, copyModel(checkpoint.model), this.#seen));
  }

  async close(store: ModelledStore): Promise<void> {
    if (this.#open.delete(store)) await store.store.close();
  }

  async closeAll(): Promise<void> {
    for (const store of this.#open) await this.close(store);
  }

  async place(id = this.#checkpoints + 1): Promise<CheckpointPlace> {
    this.#checkpoints = Math.max(this.#checkpoints, id);
    return { id, directory: await this.directory() };
  }

  async cut(store: ModelledStore, place?: CheckpointPlace): Promise<ModelledCut> {
    const at = place ?? (await this.place());
    const cut = await store.store.checkpoint(at);
    return { place: at, cut, tables: store.tables, model: copyModel(store.model) };
  }

  /** Persists a cut and looks at every file that it lists. */
  async persist(cut: ModelledCut): Promise<ModelledCheckpoint> {
    const files = await cut.cut.persist();
    for (const { path, immutable } of files) {
      assert(
        path !== '' && !path.startsWith('/') && !path.split(/[/\\]/).includes('..'),
        `persist() lists '${path}', which is not relative to the checkpoint's directory`,
      );
      const found = await stat(join(cut.place.directory, path)).catch(() => undefined);
      assert(found?.isFile(), `persist() lists '${path}', but the checkpoint's directory holds no such file`);
      if (!immutable) continue;
      const digest = digestOf(await readFile(join(cut.place.directory, path)));
      assert.equal(
        this.#immutable.get(path) ?? digest,
        digest,
        `'${path}' is listed as immutable, but an earlier checkpoint held other bytes under this name`,
      );
      this.#immutable.set(path, digest);
    }
    assert.equal(new Set(files.map(({ path }) => path)).size, files.length, 'persist() lists a file twice');
    return { ...cut, files };
  }

  /** A whole checkpoint: cut, persisted and published. */
  async checkpoint(store: ModelledStore, place?: CheckpointPlace): Promise<ModelledCheckpoint> {
    const checkpoint = await this.persist(await this.cut(store, place));
    await store.store.published(checkpoint.place.id);
    return checkpoint;
  }

  /** A directory with copies of the files that a checkpoint lists, and nothing else: what comes back from storage. */
  async copy({ place, files }: ModelledCheckpoint, except?: CheckpointFile): Promise<CheckpointPlace> {
    const directory = await this.directory();
    for (const file of files) {
      if (file === except) continue;
      await mkdir(dirname(join(directory, file.path)), { recursive: true });
      await copyFile(join(place.directory, file.path), join(directory, file.path));
    }
    return { id: place.id, directory };
  }

  /** The model that `writes` leave behind, on nothing or on an earlier checkpoint, without a store. */
  async expectation(from: ModelledCheckpoint | undefined, writes: (store: ModelledStore) => Promise<void>): Promise<Model> {
    const store = new ModelledStore(DEAF_STORE, TABLES, from === undefined ? new Map() : copyModel(from.model), this.#seen);
    await writes(store);
    return store.model;
  }

  #track(store: ModelledStore): ModelledStore {
    this.#open.add(store);
    return store;
  }
}

const ignore = () => undefined;
const DEAF_TABLE = { read: ignore, write: ignore, append: ignore, remove: ignore, drop: ignore, scan: () => [] };

/** Hears everything and keeps nothing: for writes of which only the model is wanted. */
const DEAF_STORE: StateStore = {
  value: () => DEAF_TABLE,
  list: () => DEAF_TABLE,
  checkpoint: () => ({ persist: async () => [] }),
  published: ignore,
  release: ignore,
  close: async () => undefined,
};

/** Every path below a directory with a digest of its bytes: equal if nothing was added, removed or changed. */
export async function contentsOf(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const contents: Record<string, string> = {};
  for (const entry of entries.sort((a, b) => (join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1))) {
    const path = join(entry.parentPath, entry.name);
    contents[path.slice(directory.length)] = entry.isFile() ? digestOf(await readFile(path)) : 'directory';
  }
  return contents;
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
