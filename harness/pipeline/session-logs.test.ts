// Proves over random logs (late, out of order, duplicate, skewed, before 1970, with gaps) that sessions of every length, with allowed
// lateness and without, alone and in chains, give the oracle's rows and hold the oracle's state, whatever the micro-batch.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { StateBackend } from '../../backends/contract.ts';
import { countSumMinMax, mergedCountSumMinMax } from '../../workloads/aggregates/count-sum-min-max.ts';
import { median } from '../../workloads/aggregates/median.ts';
import { EventBatch, type Source, type Stage, type Workload } from '../../workloads/contract.ts';
import randomLog from '../../workloads/sources/random-log.ts';
import { windowed } from '../../workloads/windowed.ts';
import { session } from '../../workloads/windows/session.ts';
import { tumbling } from '../../workloads/windows/tumbling.ts';
import { builtInFile, create } from '../modules.ts';
import { oracle, oracleState } from '../oracle/oracle.ts';
import { seededRandom } from '../random.ts';
import { DigestSink } from './digest-sink.ts';
import { workloadTables } from './operator.ts';
import { Pipeline } from './pipeline.ts';

const LOGS = 25;

function stagesOf({ keyBytes, width }: Source, random: () => number): Stage[] {
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  const gap = () => session(pick(1, 7, 100, 1000, 30_000));
  const latenessMs = pick(0, 0, 3, 500, 20_000);
  switch (pick('one', 'one', 'lists', 'to windows', 'to sessions')) {
    case 'one':
      return [windowed(keyBytes, gap(), countSumMinMax(width), latenessMs)];
    case 'lists':
      return [windowed(pick(keyBytes, 3), gap(), median(width), latenessMs)];
    case 'to windows':
      return [windowed(keyBytes, gap(), countSumMinMax(width)), windowed(pick(1, 3), tumbling(pick(100, 5000)), mergedCountSumMinMax)];
    default:
      return [windowed(keyBytes, gap(), countSumMinMax(width)), windowed(pick(2, 4), gap(), mergedCountSumMinMax, latenessMs)];
  }
}

async function all<T>(generator: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of generator) items.push(item);
  return items;
}

test('sessions over random logs', async (t) => {
  const memory = await create<StateBackend>({ kind: 'backend', name: 'memory', file: builtInFile('backend', 'memory'), options: {} });
  const directory = await mkdtemp(join(tmpdir(), 'session-logs-'));
  let rows = 0;
  let late = 0;
  try {
    for (let log = 0; log < LOGS; log++) {
      const random = seededRandom(log);
      const made = randomLog({ log });
      const source = await made.source({ seed: 0, endless: false });
      const workload: Workload = { ...made, stages: stagesOf(source, random) };
      const stop = Math.floor(random() * source.events);
      const stops = [stop, source.events];
      const answers = await all(oracle(workload, source, stops));
      const states = await all(oracleState(workload, source, stops));
      for (const batchSize of [1, 50, 1000]) {
        const where = `log ${log} by ${batchSize}, stop at ${stop} of ${source.events}: ${JSON.stringify(workload.stages)}`;
        const store = await memory.open({ directory, tables: workloadTables(workload) });
        const sink = new DigestSink();
        const pipeline = new Pipeline({ workload, store, batchSize, sink });
        const batch = new EventBatch(workload.watermark.everyEvents, source);
        source.seek(0);
        for (const [i, { atEvent, fired, ended, late: lateByStage }] of answers.entries()) {
          while (pipeline.events < atEvent) {
            source.fill(batch, Math.min(atEvent - pipeline.events, pipeline.untilWatermark));
            await pipeline.process(batch);
          }
          t.deepEqual({ rows: sink.rows, digest: sink.hex() }, { rows: fired.rows, digest: fired.digest }, where);
          t.deepEqual(pipeline.lateByStage, lateByStage, where);
          t.deepEqual(await pipeline.state(), states[i], where);
          if (atEvent < source.events) continue;
          await pipeline.end();
          t.deepEqual({ rows: sink.rows, digest: sink.hex() }, { rows: ended.rows, digest: ended.digest }, where);
          rows += sink.rows;
          late += pipeline.lateEvents;
        }
        await store.close();
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  t.log(`${LOGS} logs, ${rows} rows, ${late} late`);
  t.true(late > 0);
});
