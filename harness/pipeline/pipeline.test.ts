// Proves R1: over random event logs (late, out of order, duplicate, skewed, before 1970, with gaps) every embedded backend gives
// the oracle's rows, whatever the micro-batch, also when the run is cut by a checkpoint and goes on from it elsewhere.
// STATEBENCH_SEED=n replays one failing log.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { StateBackend } from '../../backends/contract.ts';
import { countSumMinMax, mergedCountSumMinMax } from '../../workloads/aggregates/count-sum-min-max.ts';
import { median } from '../../workloads/aggregates/median.ts';
import { EventBatch, type Source, type Stage, type WindowSpec, type Workload } from '../../workloads/contract.ts';
import { create } from '../modules.ts';
import { oracle } from '../oracle.ts';
import { seededRandom } from '../random.ts';
import { DigestSink } from './digest-sink.ts';
import { Pipeline, workloadTables } from './pipeline.ts';

const BACKENDS = ['memory', 'lmdb', 'level', 'sqlite', 'rocksdb'];
const SEEDS =
  process.env.STATEBENCH_SEED === undefined ? Array.from({ length: 20 }, (_, seed) => seed) : [Number(process.env.STATEBENCH_SEED)];

/** A workload over a log of events in memory. */
function randomWorkload(seed: number): Workload {
  const random = seededRandom(seed);
  const below = (bound: number) => Math.floor(random() * bound);
  const pick = <const T extends readonly unknown[]>(...choices: T): T[number] => choices[below(choices.length)]!;
  const keyBytes = pick(4, 8, 12);
  const keys = pick(1, 3, 40, 1000);
  const count = 1 + below(3000);
  const startMs = pick(0, -5_000_000, 978_307_200_000, 2 ** 41);
  const keyWords = new Uint32Array((count * keyBytes) / 4);
  const timestamps = new Float64Array(count);
  const values = new Float64Array(count);
  let now = startMs;
  for (let i = 0; i < count; i++) {
    // Skewed keys, repeated events, jumps over empty windows, and events from the past, some beyond any delay.
    const key = Math.floor(keys * random() ** pick(1, 3));
    for (let word = 0; word < keyBytes / 4; word++) keyWords[(i * keyBytes) / 4 + word] = Math.imul(key + word, 0x9e3779b1) | 0x80;
    now += pick(0, 0, 1, 7, 100) * (random() < 0.002 ? 10_000 : 1);
    timestamps[i] = now - (random() < 0.2 ? below(pick(10, 1000, 20_000)) : 0);
    values[i] = below(2001) - 1000;
  }
  const window = (): WindowSpec => {
    const sizeMs = pick(1, 10, 1000, 60_000);
    const offsetMs = pick(0, 0, -3, 17);
    const overlap = pick(2, 3, 5);
    return random() < 0.6
      ? { kind: 'tumbling', sizeMs, offsetMs }
      : { kind: 'sliding', sizeMs: sizeMs * overlap, slideMs: sizeMs, offsetMs };
  };
  const stages: Stage[] = [{ keyPrefixBytes: pick(keyBytes, keyBytes - 1, 3), window: window(), aggregate: pick(countSumMinMax, median) }];
  while (stages[0]!.aggregate === countSumMinMax && stages.length < 3 && random() < 0.6) {
    const { keyPrefixBytes } = stages.at(-1)!;
    stages.push({ keyPrefixBytes: 1 + below(keyPrefixBytes), window: window(), aggregate: mergedCountSumMinMax });
  }
  let position = 0;
  const source: Source = {
    keyBytes,
    events: count,
    get position() {
      return position;
    },
    seek(to) {
      position = to;
    },
    fill(batch, limit) {
      const take = Math.min(limit, batch.capacity, count - position);
      batch.keyWords.set(keyWords.subarray((position * keyBytes) / 4, ((position + take) * keyBytes) / 4));
      batch.timestamps.set(timestamps.subarray(position, position + take));
      batch.values.set(values.subarray(position, position + take));
      batch.length = take;
      position += take;
      return take;
    },
  };
  return {
    name: 'random',
    settings: { seed },
    watermark: { delayMs: pick(0, 5, 2000), everyEvents: pick(1, 10, 333, 5000) },
    stages,
    source: async () => source,
  };
}

async function feed(pipeline: Pipeline, workload: Workload, source: Source, until: number): Promise<void> {
  const batch = new EventBatch(workload.watermark.everyEvents, { keyBytes: source.keyBytes, width: 1 });
  source.seek(pipeline.events);
  while (pipeline.events < until && source.fill(batch, Math.min(until - pipeline.events, pipeline.untilWatermark)) > 0) {
    await pipeline.process(batch);
  }
}

for (const name of BACKENDS) {
  test(`${name}: ${SEEDS.length} random logs give the oracle's rows, cut by a checkpoint or not`, async (t) => {
    const root = await mkdtemp(join(tmpdir(), `statebench-pipeline-${name}-`));
    t.teardown(() => rm(root, { recursive: true, force: true }));
    const fresh = async (folder: string) => {
      const directory = join(root, folder);
      await mkdir(directory);
      return directory;
    };
    const file = new URL(`../../backends/${name}.js`, import.meta.url).pathname;
    const backend = await create<StateBackend>({ kind: 'backend', name, file, options: {} });
    for (const seed of SEEDS) {
      const workload = randomWorkload(seed);
      const tables = workloadTables(workload);
      const source = await workload.source({ seed, endless: false });
      const random = seededRandom(seed + 1000);
      const batchSize = [1, 7, 64, 1000][Math.floor(random() * 4)]!;
      const cutAt = Math.floor(random() * source.events);
      const replay = `replay with STATEBENCH_SEED=${seed} (${name}, batch ${batchSize}, cut at ${cutAt} of ${source.events})`;
      source.seek(0);
      const { value: answer } = await oracle(workload, source, [source.events]).next();

      const store = await backend.open({ directory: await fresh(`open-${seed}`), tables });
      const sink = new DigestSink();
      const pipeline = new Pipeline({ workload, store, batchSize, sink });
      await feed(pipeline, workload, source, cutAt);
      const checkpoint = { id: 1, directory: await fresh(`checkpoint-${seed}`) };
      const [saved, savedSink] = [JSON.stringify(pipeline.save()), JSON.stringify(sink.save())];
      const cut = await store.checkpoint(checkpoint);
      const persisted = cut.persist();
      await feed(pipeline, workload, source, source.events);
      await pipeline.end();
      t.deepEqual({ rows: sink.rows, digest: sink.hex() }, { rows: answer!.ended.rows, digest: answer!.ended.digest }, replay);
      t.deepEqual(
        pipeline.lateEvents,
        answer!.late.reduce((sum, late) => sum + late),
        replay,
      );
      await persisted;
      await store.published(1);

      const restored = await backend.restore({ directory: await fresh(`restore-${seed}`), tables, checkpoint });
      const sinkAgain = new DigestSink();
      sinkAgain.restore(JSON.parse(savedSink));
      const again = new Pipeline({ workload, store: restored, batchSize: 1000, sink: sinkAgain, saved: JSON.parse(saved) });
      await feed(again, workload, source, source.events);
      await again.end();
      t.is(sinkAgain.hex(), answer!.ended.digest, `restored: ${replay}`);
      await Promise.all([store.close(), restored.close()]);
    }
  });
}
