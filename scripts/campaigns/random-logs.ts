/** R1: over random event logs a backend gives the oracle's rows, whatever the micro-batch, cut by a checkpoint or not. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { builtInFile, create } from '../../harness/modules.ts';
import { oracle } from '../../harness/oracle/oracle.ts';
import { DigestSink } from '../../harness/pipeline/digest-sink.ts';
import { workloadTables } from '../../harness/pipeline/operator.ts';
import { Pipeline } from '../../harness/pipeline/pipeline.ts';
import { seededRandom } from '../../harness/random.ts';
import { EventBatch, type Source, type Workload } from '../../workloads/contract.ts';
import { type Campaign, type CaseRequest, type CaseResult, countTo, PASSED } from './campaign.ts';

async function feed(pipeline: Pipeline, workload: Workload, source: Source, until: number): Promise<void> {
  const batch = new EventBatch(workload.watermark.everyEvents, source);
  source.seek(pipeline.events);
  while (pipeline.events < until && source.fill(batch, Math.min(until - pipeline.events, pipeline.untilWatermark)) > 0) {
    await pipeline.process(batch);
  }
}

/** One log in one process, with a checkpoint cut amid it; and again from that checkpoint, in other micro-batches. */
async function oneLog({ subject, seed, directory }: CaseRequest): Promise<CaseResult> {
  const fresh = async (folder: string) => {
    await mkdir(join(directory, folder), { recursive: true });
    return join(directory, folder);
  };
  const file = builtInFile('workload', 'sources/random-log');
  const workload = await create<Workload>({ kind: 'workload', name: 'random-log', file, options: { log: seed } });
  const backend = subject.create();
  const tables = workloadTables(workload);
  const source = await workload.source({ seed, endless: false });
  const random = seededRandom(seed + 1000);
  const batchSize = [1, 7, 64, 1000][Math.floor(random() * 4)]!;
  const cutAt = Math.floor(random() * source.events);
  const { value: answer } = await oracle(workload, source, [source.events]).next();
  if (!answer) throw new Error('the oracle did not answer');
  const late = answer.late.reduce((sum, count) => sum + count, 0);
  const problemOf = (run: string, sink: DigestSink, lateEvents: number): CaseResult | null => {
    if (sink.rows === answer.ended.rows && sink.hex() === answer.ended.digest && lateEvents === late) return null;
    const where = `${run}, micro-batches of ${batchSize}, cut at ${cutAt} of ${source.events}`;
    return {
      ...PASSED,
      problem: `${where}: ${sink.rows} rows and ${lateEvents} late instead of ${answer.ended.rows} and ${late}, or others`,
    };
  };
  try {
    const store = await backend.open({ directory: await fresh('open'), tables });
    const sink = new DigestSink();
    const pipeline = new Pipeline({ workload, store, batchSize, sink });
    await feed(pipeline, workload, source, cutAt);
    const checkpoint = { id: 1, directory: await fresh('checkpoint') };
    const [saved, savedSink] = [JSON.stringify(pipeline.save()), JSON.stringify(sink.save())];
    const cut = await store.checkpoint(checkpoint);
    const persisted = cut.persist();
    await feed(pipeline, workload, source, source.events);
    await pipeline.end();
    await persisted;
    await store.published(1);

    const restored = await backend.restore({ directory: await fresh('restore'), tables, checkpoint });
    const sinkAgain = new DigestSink();
    sinkAgain.restore(JSON.parse(savedSink));
    const again = new Pipeline({ workload, store: restored, batchSize: 1000, sink: sinkAgain, saved: JSON.parse(saved) });
    await feed(again, workload, source, source.events);
    await again.end();
    await Promise.all([store.close(), restored.close()]);
    return problemOf('run through', sink, pipeline.lateEvents) ?? problemOf('restored', sinkAgain, again.lateEvents) ?? PASSED;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export function logCampaign(seeds: number): Campaign {
  return {
    name: 'R1',
    what: "random event logs (late, duplicate, out of order, skewed, before 1970, with gaps) give the oracle's rows",
    unavailable: () => null,
    alone: false,
    seeds: () => countTo(seeds),
    try: oneLog,
  };
}
