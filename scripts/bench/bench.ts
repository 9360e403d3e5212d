/**
 * `npm run bench`: what the harness itself costs and what the adapters cost, as ratios measured in one run. Every ratio is
 * of pairs taken in turn, so that a machine that drifts drifts for both; the figure is their median, `low` and `high` its
 * 95 % interval by order statistics (for fewer than 6 pairs: the lowest and highest pair).
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { StateBackend } from '../../backends/contract.ts';
import { create, loadBackend, loadWorkload } from '../../harness/modules.ts';
import type { Workload } from '../../workloads/contract.ts';
import { startRedis } from '../servers/redis.ts';
import { adapterLoop, type BareLoop, bareLoops } from './bare-loops.ts';
import { redisLoop, rocksdbLoop } from './bare-served.ts';
import { type Figure, figure, print } from './figure.ts';
import { mapOfObjects } from './map-of-objects.ts';
import { type PipelineRate, pipelineRate } from './pipeline-rate.ts';

/** One measurement in a process of its own, so that no other has warmed or spoilt its code. */
interface Run {
  readonly backend: string;
  readonly workload: string;
  readonly events: number;
  readonly warmUp: number;
  readonly batchSize: number;
}

const BATCH_SIZE = 1000;

async function* figures(): AsyncGenerator<Figure> {
  const null200k = { backend: 'null', workload: 'synthetic:keys=200000', events: 6e6, warmUp: 2e6, batchSize: BATCH_SIZE };
  const nulls = await inTurn(7, [null200k]);
  yield figure(
    'pipeline on null, per event',
    'ns',
    nulls.map(([rate]) => rate!.nsPerEvent),
  );
  yield figure(
    'making a synthetic event',
    'ns',
    nulls.map(([rate]) => rate!.sourceNsPerEvent),
  );
  yield* memoryOverMap('200,000', { workload: 'synthetic:keys=200000', events: 3e6, warmUp: 2e6 }, 7);
  yield* memoryOverMap('2,000,000', { workload: 'synthetic:keys=2000000,size=60000', events: 4e6, warmUp: 5e6 }, 3);
  for (const bare of [...bareLoops, rocksdbLoop])
    yield figure(`${bare.name} adapter ÷ bare loop`, 'x', await adapterOverBare(bare, bare.name));
  const directory = await mkdtemp(join(tmpdir(), 'statebench-bench-redis-'));
  const started = await startRedis({ directory, durability: 'volatile' });
  if (started.state === 'running') {
    const { server } = started;
    yield figure('redis adapter ÷ bare loop', 'x', await adapterOverBare(redisLoop(server.url), `redis:url=${server.url}`));
    await server.stop();
  } else process.stderr.write(`redis: ${started.reason}. ${started.remedy}\n`);
  await rm(directory, { recursive: true });
}

async function* memoryOverMap(keys: string, shape: Pick<Run, 'workload' | 'events' | 'warmUp'>, rounds: number): AsyncGenerator<Figure> {
  const pairs = await inTurn(
    rounds,
    ['memory', 'map-of-objects'].map((backend) => ({ backend, batchSize: BATCH_SIZE, ...shape })),
  );
  yield figure(
    `memory, ${keys} keys`,
    'events/s',
    pairs.map(([memory]) => 1e9 / memory!.nsPerEvent),
  );
  yield figure(
    `memory ÷ Map of objects, ${keys} keys`,
    'x',
    pairs.map(([memory, map]) => map!.nsPerEvent / memory!.nsPerEvent),
  );
}

/** Measures each run once a round, one after the other. */
async function inTurn(rounds: number, runs: readonly Run[]): Promise<PipelineRate[][]> {
  const results: PipelineRate[][] = [];
  for (let round = 0; round < rounds; round++) {
    const row: PipelineRate[] = [];
    for (const run of runs) {
      const args = ['--max-old-space-size=8192', fileURLToPath(import.meta.url), '--one', JSON.stringify(run)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      row.push(JSON.parse(stdout) as PipelineRate);
    }
    results.push(row);
  }
  return results;
}

async function measureOne({ backend, workload, ...shape }: Run): Promise<PipelineRate> {
  const made = backend === mapOfObjects.name ? mapOfObjects : await create<StateBackend>(await loadBackend(backend));
  return pipelineRate(made, await create<Workload>(await loadWorkload(workload)), shape);
}

const KEYS = 100_000;
const BLOCKS = 15;
const BATCHES = 60;

/** Throughput of the adapter over that of the bare loop, block by block. */
async function adapterOverBare(bare: BareLoop, spec: string): Promise<number[]> {
  const root = await mkdtemp(join(tmpdir(), 'statebench-bench-'));
  const backend = await create<StateBackend>(await loadBackend(spec));
  const open = async (loop: BareLoop, folder: string) => loop.open(await mkdtemp(join(root, folder)), { keys: KEYS });
  const [adapter, plain] = [await open(adapterLoop(backend), 'adapter-'), await open(bare, 'bare-')];
  const ms = async (loop: typeof adapter) => {
    const start = performance.now();
    await loop.run(BATCHES);
    return performance.now() - start;
  };
  const ratios: number[] = [];
  for (let block = -1; block < BLOCKS; block++) {
    const [first, second] = block % 2 === 0 ? [adapter, plain] : [plain, adapter];
    const [a, b] = [await ms(first), await ms(second)];
    if (block >= 0) ratios.push(first === plain ? a / b : b / a);
  }
  await adapter.close();
  await plain.close();
  await rm(root, { recursive: true });
  return ratios;
}

const given = process.argv.indexOf('--one');
if (given >= 0) process.stdout.write(JSON.stringify(await measureOne(JSON.parse(process.argv[given + 1]!))));
else for await (const one of figures()) print(one);
