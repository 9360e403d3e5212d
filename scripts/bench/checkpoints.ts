/**
 * `npm run bench:checkpoints`: what a checkpoint costs when a tenth of the keys changed since the one before, full and
 * incremental, at three sizes of state; and what events feel of the checkpoints of a gigabyte in memory.
 *
 * A tenth is either `recent`, all keys of one window out of ten as a windowed job changes them, or `scattered`, every
 * tenth key of each window: the worst for stores that keep pages. `--backends=a,b` and `--keys=10000,…` choose, `--storage=SPEC`
 * puts the checkpoints elsewhere, `--json` prints objects, `--no-events` leaves the gigabyte out, `--backends=` everything else.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import { keyHash, type StateBackend, StateBatch, type StateStore, slotHash, type TableSpec, windowHash } from '../../backends/contract.ts';
import { Checkpointer, type CheckpointRecord } from '../../harness/checkpointing/checkpointer.ts';
import { create, loadBackend, loadStorage } from '../../harness/modules.ts';
import { startServerFor } from '../servers/for-backend.ts';
import { type Figure, figure, print } from './figure.ts';

const BACKENDS = ['memory', 'level', 'lmdb', 'sqlite', 'rocksdb', 'redis'];
const KEYS = [10_000, 100_000, 1_000_000];
const ROUNDS = 5;
const TABLE: TableSpec = { name: 'counts', kind: 'value', keyBytes: 16, groupBytes: 0, valueBytes: 64 };
const BATCH = 1000;
const WINDOWS = 10;

type Spread = 'recent' | 'scattered';
type Mode = 'full' | 'incremental';

/** A store of so many keys, a tenth in each window. */
class Keys {
  readonly #store: StateStore;
  readonly #count: number;
  readonly #batch: StateBatch;
  #sign = 0;

  constructor(store: StateStore, count: number) {
    this.#store = store;
    this.#count = count;
    this.#batch = new StateBatch(BATCH, TABLE);
  }

  async writeAll(): Promise<void> {
    await this.write(this.#count, (i) => i);
  }

  async writeTenth(spread: Spread, round: number): Promise<void> {
    const tenth = this.#count / WINDOWS;
    await this.write(tenth, (i) => (spread === 'recent' ? (round % WINDOWS) * tenth + i : i * WINDOWS + (round % WINDOWS)));
  }

  /** Writes `count` keys, in batches with a turn of the event loop between them. */
  async write(count: number, numberOf: (i: number) => number): Promise<void> {
    const batch = this.#batch;
    this.#sign++;
    for (let i = 0; i < count; ) {
      batch.clear();
      for (; i < count && batch.length < batch.capacity; i++) this.#push(numberOf(i));
      const pending = this.#store.value(TABLE.name).write(batch);
      if (pending) await pending;
      await nextTurn();
    }
  }

  #push(number: number): void {
    const batch = this.#batch;
    const window = Math.floor((number * WINDOWS) / this.#count);
    const slot = batch.push(window);
    const word = (slot * batch.addressStride) / 4 + 2;
    // Scattered over all bits, as hashed keys are: neighbours in number are none in order.
    for (let i = 0; i < TABLE.keyBytes / 4; i++) batch.addressWords[word + i] = Math.imul(number + 1, 0x9e3779b1 + 2 * i);
    batch.hashes[slot] = slotHash(keyHash(batch.addressWords, word, TABLE.keyBytes / 4), windowHash(window));
    const at = (slot * batch.valueStride) / 4;
    for (let i = 0; i < TABLE.valueBytes / 4; i++) batch.valueWords[at + i] = Math.imul(number + this.#sign, 0x85ebca6b + 2 * i);
    batch.present[slot] = 1;
  }
}

async function withKeys<T>(
  backend: StateBackend,
  count: number,
  mode: Mode,
  body: (keys: Keys, checkpointer: Checkpointer) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'statebench-bench-checkpoints-'));
  try {
    await mkdir(join(root, 'store'));
    const store = await backend.open({ directory: join(root, 'store'), tables: [TABLE] });
    const storage = await create<CheckpointStorage>(checkpointStorage.with({ key: 'mode', value: mode }));
    const space = await storage.open(join(root, 'checkpoints'));
    const keys = new Keys(store, count);
    await keys.writeAll();
    const checkpointer = new Checkpointer({ backend, store, space, damaged: [] });
    await checkpointer.cut(
      () => 0,
      () => null,
    );
    await checkpointer.settled();
    const result = await body(keys, checkpointer);
    await store.close();
    await storage.destroy(join(root, 'checkpoints'));
    return result;
  } finally {
    await rm(root, { recursive: true });
  }
}

async function* costs(name: string, backend: StateBackend, count: number): AsyncGenerator<Figure> {
  for (const mode of ['full', 'incremental'] as const) {
    for (const spread of ['recent', 'scattered'] as const) {
      const records = await withKeys(backend, count, mode, async (keys, checkpointer) => {
        for (let round = 0; round < ROUNDS; round++) {
          await keys.writeTenth(spread, round);
          await checkpointer.cut(
            () => 0,
            () => null,
          );
          await checkpointer.settled();
        }
        return checkpointer.records.slice(1);
      });
      const of = (what: string, unit: string, value: (record: CheckpointRecord) => number) =>
        figure(`${name}, ${count.toLocaleString('en')} keys, ${spread} tenth, ${mode}: ${what}`, unit, records.map(value));
      yield of('pause', 'ms', ({ pauseMs }) => pauseMs);
      yield of('persist', 'ms', ({ persistMs }) => persistMs);
      yield of('written', 'MB', ({ bytesWritten }) => bytesWritten / 1e6);
      yield of('referenced', 'MB', ({ bytesReferenced }) => bytesReferenced / 1e6);
    }
  }
}

const GIGABYTE_KEYS = 10_000_000;
const GIGABYTE_CHECKPOINTS = 20;

/** Pauses of a gigabyte in memory, and how long a micro-batch took with the turn of the event loop behind it. */
async function* feltByEvents(): AsyncGenerator<Figure> {
  const backend = await create<StateBackend>(await loadBackend('memory'));
  const beside: number[] = [];
  const without: number[] = [];
  const records = await withKeys(backend, GIGABYTE_KEYS, 'incremental', async (keys, checkpointer) => {
    let random = 1;
    const batches = async (until: () => boolean, times: number[]) => {
      while (!until()) {
        const start = performance.now();
        await keys.write(BATCH, () => {
          random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
          return Math.floor((random / 2 ** 32) * GIGABYTE_KEYS);
        });
        times.push(performance.now() - start);
      }
    };
    for (let i = 0; i < GIGABYTE_CHECKPOINTS; i++) {
      const end = without.length + 500;
      await batches(() => without.length >= end, without);
      await checkpointer.cut(
        () => 0,
        () => null,
      );
      await batches(() => !checkpointer.busy, beside);
    }
    await checkpointer.settled();
    return checkpointer.records.slice(1);
  });
  const percentiles = (what: string, values: readonly number[], percents: readonly number[]) => {
    const sorted = [...values].sort((a, b) => a - b);
    return percents.map((percent): Figure => {
      const value = sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
      return { name: `memory, 1 GB, ${what}: p${percent}`, value, unit: 'ms', low: value, high: value, n: sorted.length };
    });
  };
  yield* percentiles(
    'pause',
    records.map(({ pauseMs }) => pauseMs),
    [50, 99, 100],
  );
  yield* percentiles('a batch of 1,000 beside a persist', beside, [50, 99, 99.9, 100]);
  yield* percentiles('a batch of 1,000 otherwise', without, [50, 99, 99.9, 100]);
  yield figure(
    'memory, 1 GB: persist',
    'ms',
    records.map(({ persistMs }) => persistMs),
  );
  yield figure(
    'memory, 1 GB: written',
    'MB',
    records.map(({ bytesWritten }) => bytesWritten / 1e6),
  );
}

function given(flag: string): string[] | undefined {
  const found = process.argv.find((argument) => argument.startsWith(`--${flag}=`));
  return found
    ?.slice(flag.length + 3)
    .split(',')
    .filter((item) => item !== '');
}

const storageSpec = process.argv.find((argument) => argument.startsWith('--storage='))?.slice('--storage='.length);
await using servedStorage = await startServerFor(await loadStorage(storageSpec ?? 'filesystem'));
const checkpointStorage = servedStorage.module;

for (const name of given('backends') ?? BACKENDS) {
  await using served = await startServerFor(await loadBackend(name));
  for (const count of given('keys')?.map(Number) ?? KEYS) {
    for await (const one of costs(name, await create<StateBackend>(served.module), count)) print(one);
  }
}
if (!process.argv.includes('--no-events')) for await (const one of feltByEvents()) print(one);
