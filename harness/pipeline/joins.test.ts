// Proves the joins against the oracle: over random two-sided logs (late, out of order, duplicate, skewed, with gaps, before 1970) the
// oracle's rows, late events and held state, whatever the micro-batch, over embedded stores, also when the run is cut by a checkpoint
// and goes on from it in other micro-batches.
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { StateBatch } from '../../backends/contract.ts';
import type { Stage } from '../../workloads/contract.ts';
import { loadBackend } from '../modules.ts';
import { workloadOf } from '../oracle/by-hand.ts';
import { oracle, oracleState } from '../oracle/oracle.ts';
import { seededRandom } from '../random.ts';
import { DigestSink } from './digest-sink.ts';
import { feed, logSource, randomLog } from './join-log.ts';
import { workloadTables } from './operator.ts';
import { Pipeline } from './pipeline.ts';

const KINDS: readonly Stage['kind'][] = ['window-join', 'interval-join', 'continuous-join'];

function randomStage(kind: Stage['kind'], random: () => number, inputWidth: number): Stage {
  const below = (bound: number) => Math.floor(random() * bound);
  const key = { keyPrefixBytes: 2 + below(3), inputWidth };
  const [sizeMs, offsetMs, overlap] = [1 + below(60), below(20) - 10, 1 + below(4)];
  const lowerMs = below(80) - 40;
  switch (kind) {
    case 'window-join':
      if (overlap === 1) return { kind, ...key, window: { kind: 'tumbling', sizeMs, offsetMs } };
      return { kind, ...key, window: { kind: 'sliding', sizeMs: sizeMs * overlap, slideMs: sizeMs, offsetMs, panes: false } };
    case 'interval-join':
      return { kind, ...key, lowerMs, upperMs: lowerMs + below(2) * below(60) };
    default:
      return { kind: 'continuous-join', ...key };
  }
}

const CASES = [
  ['memory', 40],
  ['lmdb', 6],
  ['rocksdb', 4],
] as const;

for (const [name, seeds] of CASES) {
  for (const kind of KINDS) {
    test(`${kind} over ${name}: the oracle's rows and state`, async (t) => {
      const backend = (await loadBackend(name)).create();
      for (let seed = 1; seed <= seeds; seed++) {
        const random = seededRandom(seed + 1000);
        const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
        const width = pick(1, 1, 3);
        const events = randomLog(seed, 400 + Math.floor(random() * 800));
        const workload = workloadOf([randomStage(kind, random, width)], pick(0, 5, 40), pick(1, 10, 333, 5000));
        const tables = workloadTables(workload);
        const cutAt = Math.floor(random() * events.length);
        const batchSizes = [pick(1, 7, 64, 1000), pick(1, 7, 64, 1000)] as const;
        const where = `seed ${seed}: ${JSON.stringify({ ...workload.stages[0], watermark: workload.watermark, cutAt, batchSizes })}`;
        const states = oracleState(workload, logSource(events, width), [cutAt]);
        const { value: held } = await states.next();
        const { value: answer } = await oracle(workload, logSource(events, width), [events.length]).next();
        const directory = mkdtempSync(path.join(tmpdir(), 'statebench-joins-'));
        const fresh = async (folder: string) => {
          await mkdir(path.join(directory, folder));
          return path.join(directory, folder);
        };
        try {
          const store = await backend.open({ directory: await fresh('open'), tables });
          const sink = new DigestSink();
          const pipeline = new Pipeline({ workload, store, batchSize: batchSizes[0], sink });
          const source = logSource(events, width);
          await feed(pipeline, source, cutAt);
          t.deepEqual(await pipeline.state(), held!, `held, ${where}`);
          const checkpoint = { id: 1, directory: await fresh('checkpoint') };
          const [saved, savedSink] = [JSON.stringify(pipeline.save()), JSON.stringify(sink.save())];
          const persisted = (await store.checkpoint(checkpoint)).persist();
          await feed(pipeline, source, events.length);
          await pipeline.end();
          await persisted;
          await store.published(1);

          const restored = await backend.restore({ directory: await fresh('restore'), tables, checkpoint });
          const sinkAgain = new DigestSink();
          sinkAgain.restore(JSON.parse(savedSink));
          const request = { workload, store: restored, sink: sinkAgain, saved: JSON.parse(saved) };
          const again = new Pipeline({ ...request, batchSize: batchSizes[1] });
          t.deepEqual(await again.state(), held!, `restored, ${where}`);
          await feed(again, source, events.length);
          await again.end();

          for (const [run, { late, rows, digest }] of Object.entries({
            through: { late: pipeline.lateByStage, rows: sink.rows, digest: sink.hex() },
            restored: { late: again.lateByStage, rows: sinkAgain.rows, digest: sinkAgain.hex() },
          })) {
            t.deepEqual(
              { late, rows, digest },
              { late: answer!.late, rows: answer!.ended.rows, digest: answer!.ended.digest },
              `${run}, ${where}`,
            );
          }
          if (kind !== 'continuous-join') {
            for (const table of tables) {
              const windows: readonly number[] = request.saved.stages[0].open[table.name];
              for (const window of windows) {
                const scan = restored.list(table.name).scan(window, new StateBatch(1, table));
                for await (const { length } of scan) t.is(length, 0, `${table.name} ${window} was left, ${where}`);
              }
            }
          }
          await Promise.all([store.close(), restored.close()]);
        } finally {
          rmSync(directory, { recursive: true, force: true });
        }
      }
    });
  }
}
