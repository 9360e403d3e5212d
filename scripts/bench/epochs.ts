/**
 * What it costs Redis in the steady state to keep two checkpoints restorable: the same work on two stores of one server in turn, of
 * which only one makes checkpoints, every {@link BATCHES} batches. The checkpoints themselves are told apart: they take the same
 * time however much is written between them. CPU time of this process and the server together, as a busy machine disturbs it least.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { keyHash, type StateBackend, StateBatch, type StateStore, slotHash, windowHash } from '../../backends/contract.ts';
import { create, loadBackend } from '../../harness/modules.ts';
import { startRedis } from '../servers/redis.ts';
import { KeyPicker, SLOTS, TABLE } from './bare-loops.ts';
import { type Figure, figure } from './figure.ts';

const KEYS = 20_000;
const ROUNDS = 30;
const WARM_UP_ROUNDS = 5;
/** Of {@link SLOTS} slots. */
const BATCHES = 20;
const SLOTS_PER_ROUND = BATCHES * SLOTS;

/** Which windows a round writes to. */
interface Case {
  readonly name: string;
  /** The window of a batch. */
  readonly window: (round: number, batch: number) => number;
  /** Whether a window goes when the next has come. */
  readonly isDropped: boolean;
}

const CASES: readonly Case[] = [
  // Each checkpoint is cut amid a window: half of it is overwritten since, and then it goes.
  { name: 'windows come and go', window: (round, batch) => Math.floor(round + batch / BATCHES + 0.5), isDropped: true },
  { name: 'one window stays', window: () => 0, isDropped: false },
];

/** A store at work. */
class Worker {
  readonly #store: StateStore;
  readonly #directory: string;
  readonly #batch = new StateBatch(SLOTS, TABLE);
  readonly #pick = new KeyPicker(KEYS);
  readonly #case: Case;
  readonly #kept: number[] = [];
  #window = Number.NaN;
  #id = 0;

  constructor(store: StateStore, directory: string, work: Case) {
    this.#store = store;
    this.#directory = directory;
    this.#case = work;
  }

  async round(round: number): Promise<void> {
    const table = this.#store.value(TABLE.name);
    const batch = this.#batch;
    for (let n = 0; n < BATCHES; n++) {
      const window = this.#case.window(round, n);
      if (window !== this.#window && this.#case.isDropped) await table.drop(this.#window);
      this.#window = window;
      batch.clear();
      for (let slot = 0; slot < SLOTS; slot++) {
        const word = this.#pick.any(slot);
        const at = batch.push(window) * 6 + 2;
        batch.addressWords[at] = word;
        batch.addressWords[at + 1] = word;
        batch.hashes[slot] = slotHash(keyHash(batch.addressWords, at, 4), windowHash(window));
      }
      await table.read(batch);
      for (let slot = 0; slot < SLOTS; slot++) {
        if (batch.present[slot] === 0) {
          batch.lengths[slot] = TABLE.valueBytes;
          batch.valueDoubles[slot * 4] = 0;
        }
        batch.valueDoubles[slot * 4]! += 1;
        batch.present[slot] = 1;
      }
      await table.write(batch);
    }
  }

  /** Makes a checkpoint, and keeps the two newest. */
  async checkpoint(): Promise<void> {
    const id = ++this.#id;
    const directory = await mkdtemp(join(this.#directory, 'checkpoint-'));
    await (await this.#store.checkpoint({ id, directory })).persist();
    await this.#store.published(id);
    this.#kept.push(id);
    if (this.#kept.length > 2) await this.#store.release(this.#kept.shift()!);
  }

  async close(): Promise<void> {
    for (const id of this.#kept) await this.#store.release(id);
    await this.#store.close();
  }
}

/** The steady state with checkpoints over the same without, and what a checkpoint takes. Nothing where no server can be started. */
export async function* epochFigures(): AsyncGenerator<Figure> {
  const root = await mkdtemp(join(tmpdir(), 'statebench-bench-epochs-'));
  const started = await startRedis({ directory: root, durability: 'volatile' });
  if (started.state === 'running') {
    const { url, stop } = started.server;
    const admin = new Redis(url);
    for (const work of CASES) yield* figuresOf(work, url, admin, root);
    admin.disconnect();
    await stop();
  } else process.stderr.write(`redis: ${started.reason}. ${started.remedy}\n`);
  await rm(root, { recursive: true });
}

async function* figuresOf(work: Case, url: string, admin: Redis, root: string): AsyncGenerator<Figure> {
  const backend = await create<StateBackend>((await loadBackend('redis')).with({ key: 'url', value: url }));
  const open = async () => new Worker(await backend.open({ directory: root, tables: [TABLE] }), root, work);
  const [plain, cutting] = [await open(), await open()];
  const spent = async (run: () => Promise<void>) => {
    const before = await cpuUs(admin);
    const start = performance.now();
    await run();
    const wallMs = performance.now() - start;
    return { cpuUs: (await cpuUs(admin)) - before, wallMs };
  };
  const rounds: { readonly none: number; readonly kept: number; readonly cutMs: number }[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const isFirst = round % 2 === 0;
    const early = isFirst ? await spent(() => plain.round(round)) : undefined;
    const kept = await spent(() => cutting.round(round));
    const late = isFirst ? undefined : await spent(() => plain.round(round));
    const cut = await spent(() => cutting.checkpoint());
    if (round >= 0) rounds.push({ none: (early ?? late)!.cpuUs, kept: kept.cpuUs, cutMs: cut.wallMs });
  }
  await plain.close();
  await cutting.close();
  const of = (value: (round: (typeof rounds)[number]) => number) => rounds.map(value);
  yield figure(
    `redis, ${work.name}: CPU with checkpoints ÷ without`,
    'x',
    of(({ none, kept }) => kept / none),
  );
  yield figure(
    `redis, ${work.name}: CPU with checkpoints, per slot read and written`,
    'us',
    of(({ kept }) => kept / SLOTS_PER_ROUND),
  );
  yield figure(
    `redis, ${work.name}: a checkpoint, from the cut until an older one is freed`,
    'ms',
    of(({ cutMs }) => cutMs),
  );
}

/** CPU time of this process and the server, in microseconds. */
async function cpuUs(admin: Redis): Promise<number> {
  const info = await admin.info('cpu');
  const server = ['used_cpu_sys', 'used_cpu_user'].reduce(
    (sum, name) => sum + Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]),
    0,
  );
  const { user, system } = process.cpuUsage();
  return user + system + server * 1e6;
}
