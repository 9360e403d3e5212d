/** The micro-suite's rescaling: a state of one value a key, taken over by two stores and by one again, in one process. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Bench } from 'tinybench';
import type { StoredCheckpoint } from '../../backends/checkpoints/contract.ts';
import type { StateBackend, StateStore } from '../../backends/contract.ts';
import { type Entries, entriesInRange } from '../portable/entries.ts';
import { KeyGroupFilter, keyGroupsOf } from '../portable/key-groups.ts';
import { checkpointEntries, fillStore } from '../portable/restore.ts';
import type { RescaleName } from './operations.ts';
import { StateLayout, type Widths } from './state-layout.ts';
import { fillState } from './verify.ts';

const WINDOW = 0;
/** For the check before the timing. */
const FEW_KEYS = 1000;

export interface RescaleStateRequest {
  readonly name: RescaleName;
  readonly backend: StateBackend;
  /** Exists and is empty; left so. */
  readonly directory: string;
  readonly keys: number;
  readonly widths: Widths;
  readonly timeMs: number;
}

export interface RescaleTiming {
  readonly iterations: number;
  /** Mean of the iterations. */
  readonly ms: number;
  readonly p50Ms: number;
}

/** @returns what was wrong with the state taken over, or how long it took. */
export async function timeRescale({
  name,
  backend,
  directory,
  keys,
  widths,
  timeMs,
}: RescaleStateRequest): Promise<string | RescaleTiming> {
  const few = await Rescaling.prepare(name, backend, join(directory, 'few'), Math.min(keys, FEW_KEYS), widths);
  await few.begin();
  await few.run();
  const problem = await few.problem();
  await few.end();
  await few.remove();
  if (problem !== null) return problem;
  const all = await Rescaling.prepare(name, backend, join(directory, 'all'), keys, widths);
  const bench = new Bench({ time: timeMs, iterations: 1, warmup: false, throws: true });
  bench.add(name, () => all.run(), { async: true, beforeEach: () => all.begin(), afterEach: () => all.end() });
  const [task] = await bench.run();
  await all.remove();
  const result = task!.result;
  if (result.state !== 'completed') throw new Error(`tinybench ended ${result.state}`);
  return { iterations: result.latency.samplesCount, ms: result.latency.mean, p50Ms: result.latency.p50 };
}

/** Checkpoints of as many stores as there are at first, and the stores made of them. */
class Rescaling {
  readonly #backend: StateBackend;
  readonly #directory: string;
  readonly #keys: number;
  readonly #layout: StateLayout;
  readonly #parts: number;
  #sources: readonly StoredCheckpoint[] = [];
  #stores: StateStore[] = [];
  #run = 0;

  private constructor(parts: number, backend: StateBackend, directory: string, keys: number, widths: Widths) {
    this.#backend = backend;
    this.#directory = directory;
    this.#keys = keys;
    this.#layout = new StateLayout('value', false, widths);
    this.#parts = parts;
  }

  static async prepare(name: RescaleName, backend: StateBackend, directory: string, keys: number, widths: Widths): Promise<Rescaling> {
    await mkdir(directory);
    const out = new Rescaling(2, backend, directory, keys, widths);
    out.#sources = [await out.#firstCheckpoint()];
    if (name === 'rescaleOut') return out;
    await out.begin();
    await out.run();
    const sources: StoredCheckpoint[] = [];
    for (const [part, store] of out.#stores.entries()) sources.push(await checkpointOf(store, backend, join(directory, `part-${part}`)));
    await out.end();
    const into = new Rescaling(1, backend, directory, keys, widths);
    into.#run = out.#run;
    into.#sources = sources;
    return into;
  }

  async #firstCheckpoint(): Promise<StoredCheckpoint> {
    const directory = join(this.#directory, 'first');
    await mkdir(directory);
    const layout = this.#layout;
    const store = await this.#backend.open({ directory, tables: [layout.table] });
    await fillState({ layout, store, window: WINDOW, keys: this.#keys, isExpired: () => false });
    const checkpoint = await checkpointOf(store, this.#backend, join(this.#directory, 'whole'));
    await store.close();
    return checkpoint;
  }

  /** Untimed: directories of the new stores. */
  async begin(): Promise<void> {
    this.#run++;
    for (let part = 0; part < this.#parts; part++) await mkdir(this.#stateOf(part), { recursive: true });
  }

  /** The timed part. */
  async run(): Promise<void> {
    const { table, keyBytes } = this.#layout;
    for (let part = 0; part < this.#parts; part++) {
      const filter = new KeyGroupFilter(keyGroupsOf(part, this.#parts), { stages: [{ keyPrefixBytes: keyBytes }] });
      const entries = this.#parts === 1 ? this.#entries(part) : entriesInRange(this.#entries(part), filter);
      const { store } = await fillStore(this.#backend, { directory: this.#stateOf(part), tables: [table] }, entries);
      this.#stores.push(store);
    }
  }

  async *#entries(part: number): AsyncGenerator<Entries> {
    const stages = [{ open: { [this.#layout.table.name]: [WINDOW] }, lateEvents: 0 }];
    const position = { tables: [this.#layout.table], pipeline: { events: 0, latestMs: null, watermarkMs: null, stages } };
    for (const [index, source] of this.#sources.entries()) {
      const directory = join(this.#runDirectory, `source-${part}-${index}`);
      await mkdir(directory);
      yield* checkpointEntries(source, position, this.#backend, directory);
    }
  }

  /** Untimed: closes the new stores, and removes their directories. */
  async end(): Promise<void> {
    for (const store of this.#stores) await store.close();
    this.#stores = [];
    await rm(this.#runDirectory, { recursive: true });
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }

  /** Whether the new stores together hold what the state was filled with, each key once. */
  async problem(): Promise<string | null> {
    const layout = this.#layout;
    const due = new Map<number, string>();
    const batch = layout.batch(1);
    for (let key = 0; key < this.#keys; key++) {
      batch.clear();
      layout.push(batch, WINDOW, key, 0, 0, 0);
      due.set(key, layout.bytesOf(batch, 0));
    }
    const found = layout.batch(1024);
    for (const [part, store] of this.#stores.entries()) {
      let entries = 0;
      for await (const { length } of store.value(layout.table.name).scan(WINDOW, found)) {
        for (let slot = 0; slot < length; slot++) {
          const key = layout.keyOf(found, slot);
          if (due.get(key) !== layout.bytesOf(found, slot)) return `store ${part + 1} holds a wrong or a second value of key ${key}`;
          due.delete(key);
        }
        entries += length;
      }
      if (entries === 0) return `store ${part + 1} of ${this.#parts} holds nothing`;
    }
    return due.size === 0 ? null : `${due.size} of ${this.#keys} keys are lost`;
  }

  get #runDirectory(): string {
    return join(this.#directory, `run-${this.#run}`);
  }

  #stateOf(part: number): string {
    return join(this.#runDirectory, `state-${part}`);
  }
}

async function checkpointOf(store: StateStore, { name, settings }: StateBackend, directory: string): Promise<StoredCheckpoint> {
  await mkdir(directory);
  const cut = await store.checkpoint({ id: 1, directory });
  await cut.persist();
  await store.published(1);
  return { id: 1, directory, backend: { name, settings }, position: null };
}
