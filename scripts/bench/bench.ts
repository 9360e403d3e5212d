/**
 * `npm run bench [-- harness|operators|adapters|flink …] [--json]`: what the harness itself costs, what every operator costs and how fast it is,
 * what the adapters cost, and how both compare with Flink's own job, as ratios measured in one run. Every ratio is
 * of pairs taken in turn, so that a machine that drifts drifts for both; the figure is their median, `low` and `high` its
 * 95 % interval by order statistics (for fewer than 6 pairs: the lowest and highest pair).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateBackend } from '../../backends/contract.ts';
import { create, loadBackend } from '../../harness/modules.ts';
import { startHBase } from '../servers/hbase.ts';
import { startRedis } from '../servers/redis.ts';
import type { ServerRequest, ServerStart } from '../servers/server.ts';
import { hbaseLoop } from './bare-hbase.ts';
import { adapterLoop, type BareLoop, bareLoops } from './bare-loops.ts';
import { redisLoop, rocksdbLoop } from './bare-served.ts';
import { type Figure, figure, print } from './figure.ts';
import { flinkFigures } from './flink-rate.ts';
import { operatorFigures } from './operators.ts';
import { inTurn, type Run } from './runs.ts';

/** By events alone. */
const WHOLE = { secondsMax: 3_600, batchSize: 1000 };

/** The parts of the benchmark, in order. */
const PARTS: Readonly<Record<string, () => AsyncGenerator<Figure>>> = {
  harness: harnessFigures,
  operators: operatorFigures,
  adapters: adapterFigures,
  flink: flinkFigures,
};

async function* harnessFigures(): AsyncGenerator<Figure> {
  const workload = 'synthetic:keys=200000';
  const nulls = await inTurn(7, [{ kind: 'rate', backend: 'null', workload, events: 6e6, warmUp: 2e6, ...WHOLE }]);
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
  yield* memoryOverMap('200,000', { workload, events: 3e6, warmUp: 2e6 }, 7);
  yield* memoryOverMap('2,000,000', { workload: 'synthetic:keys=2000000,size=60000', events: 4e6, warmUp: 5e6 }, 3);
}

async function* adapterFigures(): AsyncGenerator<Figure> {
  for (const bare of [...bareLoops, rocksdbLoop])
    yield figure(`${bare.name} adapter ÷ bare loop`, 'x', await adapterOverBare(bare, bare.name));
  yield* servedFigures('redis', startRedis, { durability: 'volatile', bare: redisLoop });
  yield* servedFigures('hbase', startHBase, { durability: 'process-crash', bare: hbaseLoop });
}

/** The adapter of a backend with a server, which is left out with the reason where that cannot be started. */
async function* servedFigures(
  name: string,
  start: (request: ServerRequest) => Promise<ServerStart>,
  { durability, bare }: Pick<ServerRequest, 'durability'> & { readonly bare: (url: string) => BareLoop },
): AsyncGenerator<Figure> {
  const directory = await mkdtemp(join(tmpdir(), `statebench-bench-${name}-`));
  const started = await start({ directory, durability });
  if (started.state === 'running') {
    const { server } = started;
    yield figure(`${name} adapter ÷ bare loop`, 'x', await adapterOverBare(bare(server.url), `${name}:url=${server.url}`));
    await server.stop();
  } else process.stderr.write(`${name}: ${started.reason}. ${started.remedy}\n`);
  await rm(directory, { recursive: true });
}

async function* memoryOverMap(keys: string, shape: Pick<Run, 'workload' | 'events' | 'warmUp'>, rounds: number): AsyncGenerator<Figure> {
  const pairs = await inTurn(
    rounds,
    ['memory', 'map-of-objects'].map((backend) => ({ kind: 'rate' as const, backend, ...WHOLE, ...shape })),
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

const asked = process.argv.slice(2).filter((argument) => argument !== '--json');
for (const name of asked) {
  if (PARTS[name] === undefined) throw new RangeError(`the benchmark has no part '${name}'; it has: ${Object.keys(PARTS).join(', ')}`);
}
for (const [name, figures] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for await (const one of figures()) print(one);
}
