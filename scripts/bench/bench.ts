/**
 * `npm run bench [-- harness|operators|adapters|redis|cassandra|hbase|epochs|timing|persist|flink …] [--json]`: what the harness itself costs, what every operator costs
 * and how fast it is, what the adapters cost, what checkpoints by epochs cost between them, what timing costs, and how our pipeline
 * compares with Flink's own job, as ratios measured in one run. Every ratio is
 * of pairs taken in turn, so that a machine that drifts drifts for both; the figure is their median, `low` and `high` its
 * 95 % interval by order statistics (for fewer than 6 pairs: the lowest and highest pair).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateBackend } from '../../backends/contract.ts';
import { create, loadBackend } from '../../harness/modules.ts';
import { startCassandra } from '../servers/cassandra.ts';
import { startHBase } from '../servers/hbase.ts';
import { startRedis } from '../servers/redis.ts';
import type { ServerRequest, ServerStart } from '../servers/server.ts';
import { cassandraLoop } from './bare-cassandra.ts';
import { hbaseLoop } from './bare-hbase.ts';
import { adapterLoop, type BareLoop, bareLoops, type OpenLoop, SLOTS } from './bare-loops.ts';
import { redisLoop, rocksdbLoop } from './bare-served.ts';
import { epochFigures } from './epochs.ts';
import { type Figure, figure, print } from './figure.ts';
import { flinkFigures } from './flink-rate.ts';
import { operatorFigures } from './operators.ts';
import { persistFigures } from './persist.ts';
import { pipelineLoop } from './pipeline-loop.ts';
import { inTurn, type Run } from './runs.ts';
import { timingFigures } from './timing.ts';

/** By events alone. */
const WHOLE = { secondsMax: 3_600, batchSize: 1000 };

/** The parts of the benchmark, in order. */
const PARTS: Readonly<Record<string, () => AsyncGenerator<Figure>>> = {
  harness: harnessFigures,
  operators: operatorFigures,
  adapters: embeddedFigures,
  redis: () => servedFigures('redis', startRedis, { durability: 'volatile', option: 'url', bare: redisLoop, blocks: QUICK }),
  cassandra: () =>
    servedFigures('cassandra', startCassandra, { durability: 'process-crash', option: 'contactPoints', bare: cassandraLoop, blocks: SLOW }),
  hbase: () =>
    servedFigures('hbase', startHBase, { durability: 'process-crash', option: 'url', apart: 'table', bare: hbaseLoop, blocks: SLOW }),
  epochs: epochFigures,
  timing: timingFigures,
  persist: persistFigures,
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

async function* embeddedFigures(): AsyncGenerator<Figure> {
  for (const bare of [...bareLoops, rocksdbLoop]) {
    const backend = await create<StateBackend>(await loadBackend(bare.name));
    const [adapter, plain] = await blockTimes([adapterLoop(backend), bare], QUICK);
    yield figure(`${bare.name} adapter ÷ bare loop`, 'x', ratios(plain!, adapter!));
  }
}

interface Served extends Pick<ServerRequest, 'durability'> {
  /** The backend's option that names the server. */
  readonly option: string;
  /** The option that gives the pipeline's store a table of its own, as the bare loop has one: loops of one table share what serves it. */
  readonly apart?: string;
  readonly bare: (url: string) => BareLoop;
  readonly blocks: Blocks;
}

/** A backend with a server, by itself and in the pipeline; left out with the reason where the server cannot be started. */
async function* servedFigures(
  name: string,
  start: (request: ServerRequest) => Promise<ServerStart>,
  { durability, option, apart, bare, blocks }: Served,
): AsyncGenerator<Figure> {
  const directory = await mkdtemp(join(tmpdir(), `statebench-bench-${name}-`));
  const started = await start({ directory, durability });
  if (started.state === 'running') {
    const { server } = started;
    const loaded = (await loadBackend(name)).with({ key: option, value: server.url }).with({ key: 'timeoutMs', value: PATIENT_MS });
    const backend = await create<StateBackend>(loaded);
    const other = apart === undefined ? backend : await create<StateBackend>(loaded.with({ key: apart, value: 'statebench_pipeline' }));
    const [adapter, pipeline, plain] = await blockTimes([adapterLoop(backend), pipelineLoop(other), bare(server.url)], blocks);
    yield figure(`${name} adapter ÷ bare loop`, 'x', ratios(plain!, adapter!));
    yield figure(`${name} in the pipeline ÷ bare loop`, 'x', ratios(plain!, pipeline!));
    const perSecond = (times: readonly number[]) => times.map((ms) => (blocks.batches * SLOTS * 1000) / ms);
    yield figure(`${name} in the pipeline, batches of ${SLOTS}`, 'events/s', perSecond(pipeline!));
    yield figure(`${name} bare loop, batches of ${SLOTS}`, 'events/s', perSecond(plain!));
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
const PATIENT_MS = 60_000;

/** Loops are run in turn, a block of batches each. */
interface Blocks {
  readonly warmUp: number;
  readonly measured: number;
  readonly batches: number;
}

const QUICK: Blocks = { warmUp: 1, measured: 15, batches: 60 };
/** Servers in Java are slower, warm up for longer and are less even: more blocks, and shorter ones. */
const SLOW: Blocks = { warmUp: 15, measured: 40, batches: 6 };

/** How long each loop took, in milliseconds, block by block; every other block in the opposite order. */
async function blockTimes(loops: readonly BareLoop[], { warmUp, measured, batches }: Blocks): Promise<readonly (readonly number[])[]> {
  const root = await mkdtemp(join(tmpdir(), 'statebench-bench-'));
  const open: { readonly loop: OpenLoop; readonly times: number[] }[] = [];
  for (const loop of loops) open.push({ loop: await loop.open(await mkdtemp(join(root, `${loop.name}-`)), { keys: KEYS }), times: [] });
  for (let block = -warmUp; block < measured; block++) {
    for (const { loop, times } of block % 2 === 0 ? open : open.toReversed()) {
      const start = performance.now();
      await loop.run(batches);
      if (block >= 0) times.push(performance.now() - start);
    }
  }
  for (const { loop } of open) await loop.close();
  await rm(root, { recursive: true });
  return open.map(({ times }) => times);
}

/** Of the throughput of one loop over that of another, block by block. */
function ratios(yardstick: readonly number[], times: readonly number[]): number[] {
  return times.map((ms, block) => yardstick[block]! / ms);
}

const asked = process.argv.slice(2).filter((argument) => argument !== '--json');
for (const name of asked) {
  if (PARTS[name] === undefined) throw new RangeError(`the benchmark has no part '${name}'; it has: ${Object.keys(PARTS).join(', ')}`);
}
for (const [name, figures] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for await (const one of figures()) print(one);
}
