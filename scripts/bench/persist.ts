/**
 * `npm run bench -- persist`: whether the time to persist a checkpoint depends on how often the stream yields. The same events and
 * checkpoints with watermarks and micro-batches of 100 to 10,000, as ratios to the first, which is 1 where the rule holds.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckpointStorage } from '../../backends/checkpoints/contract.ts';
import type { StateBackend } from '../../backends/contract.ts';
import { Job } from '../../harness/job.ts';
import { create, loadBackend, loadStorage, loadWorkload } from '../../harness/modules.ts';
import { DigestSink } from '../../harness/pipeline/digest-sink.ts';
import type { Workload } from '../../workloads/contract.ts';
import { type Figure, figure } from './figure.ts';

const BACKENDS = ['memory', 'lmdb', 'sqlite', 'level', 'rocksdb'];
const ROUNDS = 5;
const KEYS = 20_000;
const EVENTS = 200_000;
const EVERY = 40_000;
/** Watermark interval and batch size; the first is what the others are compared with. */
const SHAPES = [
  { watermarkEvery: 100, batchSize: 100 },
  { watermarkEvery: 1_000, batchSize: 1_000 },
  { watermarkEvery: 10_000, batchSize: 1 },
  { watermarkEvery: 10_000, batchSize: 100 },
  { watermarkEvery: 10_000, batchSize: 10_000 },
] as const;
type Shape = (typeof SHAPES)[number];

/** The shapes in turn, so that a machine that drifts drifts for all. */
export async function* persistFigures(): AsyncGenerator<Figure> {
  for (const name of BACKENDS) {
    const rounds: number[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const row: number[] = [];
      for (const shape of SHAPES) row.push(await persistMs(name, shape));
      rounds.push(row);
    }
    const named = (i: number) => `watermarkEvery=${SHAPES[i]!.watermarkEvery}, batches of ${SHAPES[i]!.batchSize}`;
    yield figure(
      `persist, ${name}, ${named(0)}`,
      'ms',
      rounds.map((row) => row[0]!),
    );
    for (let i = 1; i < SHAPES.length; i++) {
      yield figure(
        `persist, ${name}, ${named(i)} ÷ ${named(0)}`,
        'x',
        rounds.map((row) => row[i]! / row[0]!),
      );
    }
  }
}

/** The median checkpoint of one job, without the first, which writes everything. */
async function persistMs(name: string, { watermarkEvery, batchSize }: Shape): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'statebench-bench-persist-'));
  try {
    const backend = await create<StateBackend>(await loadBackend(name));
    const storage = await create<CheckpointStorage>(await loadStorage('filesystem'));
    const workload = await create<Workload>(await loadWorkload(`synthetic:keys=${KEYS},watermarkEvery=${watermarkEvery}`));
    const source = await workload.source({ seed: 1, endless: true });
    const job = await Job.open({ workload, source, backend, storage, directory, batchSize, sink: new DigestSink() });
    await job.run(EVENTS, { firstEvent: EVERY, everyEvents: EVERY, exact: true });
    await job.checkpointer.settled();
    const times = job.checkpointer.records.slice(1).map((record) => record.persistMs);
    await job.finish();
    return times.sort((a, b) => a - b)[times.length >> 1]!;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
